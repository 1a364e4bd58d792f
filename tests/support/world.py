"""A whole small world for flow tests: sample systems, an officer, a real relay, and people who act from outside."""

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import httpx
import sqlalchemy as sa
from sqlmodel import col, select

from flows.demo.billing_tool import carry_out
from flows.demo.people import code_in, link_in, text_of
from models.cases import find_request
from models.choice_words import WORDS
from models.database import reading, unit_of_work
from models.questions import Choice
from models.records import Document
from models.tables import Case, Letter, LetterState, ReferenceCounter, Request, RequestState, Step, WaitsFor
from tasks.challenges import answer
from tasks.colleagues.manual_tasks import answer_task, look_task
from tasks.mail.handle_mail import handle_kept
from tasks.mail.keep_mail import keep_message
from tasks.officers import add_officer
from tasks.ring import ring
from tasks.samples.sample_systems import create_sample_systems
from tests.support.engine import Engine
from tests.support.smtp import Relay, smtp_relay

OFFICER = "Claire Martin"
CAMILLE = "camille.durand@atelier-lumiere.example"
ROUNDS = 40


ASKS = {
    "access": "Quelles données personnelles détenez-vous sur moi ? Merci de m'en envoyer une copie.",
    "rectification": "Merci de corriger mes données : mon nom est Camille Durand-Lefort.",
    "erasure": "Je vous demande d'effacer toutes les données personnelles que vous détenez sur moi.",
    "objection": "Je m'oppose à recevoir votre newsletter et toute prospection de votre part.",
    "objection-other": "Pour des raisons tenant à ma situation particulière, je m'oppose au traitement de mes données.",
    "portability": "Je demande la portabilité de mes données dans un format structuré et lisible par machine.",
    "restriction": "Je demande la limitation du traitement de mes données : conservez-les mais ne les utilisez plus.",
    "consent_withdrawal": "Je retire mon consentement au traitement de mes données personnelles.",
    "access+erasure": "Envoyez-moi une copie de mes données personnelles, puis effacez toutes mes données.",
}


def request_mail(address: str = CAMILLE, name: str = "Camille Durand", asks: str = "access") -> bytes:
    text = f"Bonjour,\n\n{ASKS.get(asks, asks)}\n\n"
    return (
        f"From: {name} <{address}>\nTo: privacy@nexoris.com\nSubject: Mes données personnelles\n"
        f"Message-ID: <{abs(hash((address, asks)))}@people.example>\nMIME-Version: 1.0\n"
        f'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n{text}{name}\n'
    ).encode()


@dataclass
class World:
    """What a test holds in its hands. `environment` is what every forked run is given."""

    engine: Engine
    relay: Relay
    home: Path
    decisions: list[str] = field(default_factory=list)
    kills: int = 0
    record_to: Path | None = None
    script: list[dict[str, str]] = field(default_factory=list)
    """What officers answer in `live`, in order; then the first decision of each form."""

    # ---- what arrives

    def receive(self, raw: bytes) -> str:
        """Take a message in and start its runs; return the request's reference."""
        now = datetime.now(UTC)
        keep_message(raw, "privacy@nexoris.com", now, now)
        [handled] = handle_kept(now)
        assert handled.new_requests, f"no request: {handled}"
        self.engine.repair()
        return handled.new_requests[0]

    def write_again(self, ref: str, text: str) -> None:
        """The requester answers our newest letter in the thread; the engine hears the bell."""
        case = case_of(ref)
        with reading() as session:
            to_them = col(Letter.recipient).in_([case.requester_address, case.verified_address])
            ours = select(Letter.message_id).where(Letter.case_id == case.id, to_them)
            answered = session.exec(ours.order_by(col(Letter.id).desc())).first()
        raw = (
            f"From: {case.requester_name} <{case.requester_address}>\nTo: privacy@nexoris.com\n"
            f"In-Reply-To: {answered}\n"
            f"Subject: Re: {case.ref}\nMessage-ID: <{abs(hash((ref, text)))}@people.example>\nMIME-Version: 1.0\n"
            f'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n{text}\n'
        ).encode()
        now = datetime.now(UTC)
        keep_message(raw, "privacy@nexoris.com", now, now)
        for handled in handle_kept(now):
            assert handled.case_ref == case.ref, handled
        ring(ref, now)

    def add_officer(self, name: str) -> None:
        """Somebody else who decides."""
        with unit_of_work() as session:
            address = f"{name.lower().replace(' ', '.')}@nexoris.com"
            add_officer(session, name, address, "a long password", datetime.now(UTC), totp=False)

    def newest_request(self) -> str:
        """The reference of the request that was opened last."""
        with reading() as session:
            return session.exec(select(Request.ref).order_by(col(Request.id).desc())).first() or ""

    def letters(self, kind: str = "") -> list[EmailMessage]:
        """The letters that the relay took, oldest first; of one kind, by our own record of their Message-IDs."""
        mails = [BytesParser(policy=policy.default).parsebytes(taken.content) for taken in self.relay.taken]
        if not kind:
            return mails
        with reading() as session:
            ids = set(session.exec(select(Letter.message_id).where(Letter.kind == kind)))
        return [mail for mail in mails if mail["message-id"] in ids]

    # ---- what people do

    def request(self, ref: str) -> Request:
        with reading() as session:
            return find_request(session, ref)

    def enter_code(self, ref: str) -> None:
        letter = self.letters("ask_identity")[-1]
        answer(link_in(letter, "identity").rpartition("/")[2], code_in(letter), datetime.now(UTC))
        ring(ref, datetime.now(UTC))

    def search_by_hand(
        self, ref: str, documents: tuple[Document, ...] = (), note: str = "", outcome: str = "done"
    ) -> None:
        """Answer every task that waits: a search found these documents or nothing, a change has this outcome.

        What is done in the billing tool is done: its cards are exported anew, as the task says.
        """
        for letter in self.letters("manual_task"):
            token = link_in(letter, "task").rpartition("/")[2]
            task = look_task(token)
            if task is not None and not task.answered:
                search = "found" if documents else "none"
                answered = search if task.action == "search" else outcome
                said = note or (
                    "Searched by hand." if task.action == "search" else "Done by hand, bin included."
                )
                if answered == "done" and task.system == "billing":
                    addresses = [one.value for one in task.brief.identifiers]
                    carry_out(Path(os.environ["DSR_BILLING_CSV"]), addresses, task.brief.lines)
                answer_task(token, answered, said, documents, datetime.now(UTC))
        ring(ref, datetime.now(UTC))

    def form(self, ref: str) -> tuple[str, dict[str, object], str]:
        """The form that waits: its run, its schema and its Markdown, as the UI reads them."""
        run = self.engine.api("GET", f"/flow_runs/{self.request(ref).flow_run_id}")
        keys = run["state"]["state_details"]["run_input_keyset"]  # type: ignore[index,call-overload]
        schema = self.engine.api("GET", f"/flow_runs/{run['id']}/input/{keys['schema']}")
        text = self.engine.text(f"/flow_runs/{run['id']}/input/{keys['description']}")
        return str(run["id"]), schema, text

    def inputs(self, flow_run_id: str) -> list[object]:
        """What Prefect holds of a run's forms and their answers."""
        url = f"{self.engine.environment['PREFECT_API_URL']}/flow_runs/{flow_run_id}/input/filter"
        return list(httpx.post(url, json={"prefix": "", "limit": 200}, timeout=30).raise_for_status().json())

    def decide(self, ref: str, choice: int | str = 0, **values: object) -> str:
        """Answer the form that waits with its `choice`-th decision, or with these words; return the words chosen.

        A `ground` may be given by its first words. What is left after an erasure is about others, unless said otherwise.
        """
        run, schema, _ = self.form(ref)
        properties = schema["properties"]
        listed = _choices(properties["decision"])  # type: ignore[index]
        words = choice if isinstance(choice, str) else listed[choice]
        if choice == 0 and WORDS[Choice.LEAVE].fr in listed:
            words = WORDS[Choice.LEAVE].fr
        answers = {"decision": words, "officer": OFFICER, "reason": "Everything was searched and read."}
        answers |= {name: field["default"] for name, field in properties.items() if name.startswith("value_")}  # type: ignore[union-attr]
        if "texts_read" in properties:  # type: ignore[operator]
            answers["texts_read"] = _choices(properties["texts_read"])[0]  # type: ignore[index]
        if words == WORDS[Choice.RESTRICT].fr:
            values.setdefault("ground", "Limitation : nous n’en avons plus")
        if start := str(values.get("ground", "")):
            values["ground"] = next(w for w in _choices(properties["ground"]) if w.startswith(start))  # type: ignore[index]
        answered = self.engine.api("POST", f"/flow_runs/{run}/resume", json={"run_input": answers | values})
        assert answered["status"] == "ACCEPT", answered
        self.decisions.append(words)
        return words

    # ---- how it goes on

    def advance(self, ref: str, kill: tuple[str, str] | None = None) -> Request:
        """Run what is due until the request waits for a person or is closed; SIGKILL once at `kill`."""
        for _ in range(ROUNDS):
            request = self.request(ref)
            if request.state == RequestState.CLOSED:
                return request
            state = self.engine.state_of(request.flow_run_id) if request.flow_run_id else "none"
            if state in {"Scheduled", "Resuming", "AwaitingRetry", "Pending", "Late"}:
                status = self.engine.run(request.flow_run_id, None if self.kills else kill, self.record_to)
                self.kills += status == -9
            elif state == "Suspended" and request.waits_for and not self._is_rung(request):
                return request
            else:
                self.engine.repair(ahead_seconds=3600)
        raise AssertionError(f"{ref} does not come to rest: {self.request(ref)}")

    def _is_rung(self, request: Request) -> bool:
        """Whether it goes on by itself; a letter that is held back waits for an officer."""
        with reading() as session:
            state = session.exec(select(Letter.state).where(Letter.key == request.waits_on)).first()
        return request.waits_for == WaitsFor.RELAY and state != LetterState.HELD

    def live(self, ref: str, kill: tuple[str, str] | None = None) -> Request:
        """Let everybody do their part until the request is closed."""
        acts = {
            WaitsFor.REQUESTER: self.enter_code,
            WaitsFor.COLLEAGUE: self.search_by_hand,
            WaitsFor.OFFICER: self._follow_script,
            WaitsFor.MESSAGE: lambda ref: self.write_again(ref, "Mon nom est Camille Lefort."),
        }
        for _ in range(ROUNDS):
            request = self.advance(ref, kill)
            if request.state == RequestState.CLOSED:
                return request
            acts[WaitsFor(request.waits_for)](ref)
        raise AssertionError(f"{ref} is never closed")

    def _follow_script(self, ref: str) -> str:
        values = dict(self.script.pop(0)) if self.script else {}
        return self.decide(ref, values.pop("decision", 0), **values)

    def steps(self, ref: str) -> list[str]:
        with reading() as session:
            return list(
                session.exec(
                    select(Step.name)
                    .where(Step.request_id == find_request(session, ref).id)
                    .order_by(col(Step.id))
                )
            )

    def kinds_taken(self) -> list[str]:
        """The kinds of the letters that the relay took, in order."""
        with reading() as session:
            kinds = {letter.message_id: letter.kind for letter in session.exec(select(Letter))}
        return [kinds[str(mail["message-id"])] for mail in self.letters()]

    def site(self, statement: str, **values: object) -> None:
        """Change the sample site database."""
        engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"])
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values)
        engine.dispose()


def _choices(found: dict[str, object]) -> list[str]:
    return [str(found["const"])] if "const" in found else [str(word) for word in found["enum"]]  # type: ignore[attr-defined]


@contextmanager
def world(environment: dict[str, str], home: Path) -> Iterator[World]:
    """Sample systems, an officer and a relay around the database that the settings name."""
    now = datetime.now(UTC)
    os.environ |= create_sample_systems(home / "systems", now)
    with unit_of_work() as session:
        session.add(ReferenceCounter(year=now.year, last=random.randrange(10_000, 10**8)))
        add_officer(session, OFFICER, "claire.martin@nexoris.com", "a long password", now, totp=False)
    with smtp_relay() as running:
        os.environ |= {
            "DSR_SMTP_PORT": str(running.port),
            "DSR_SMTP_TLS": "none",
            "DSR_PREFECT_URL": environment["DSR_PREFECT_URL"],
        }
        from tests.conftest import forget_settings

        forget_settings()
        ours = {name: value for name, value in os.environ.items() if name.startswith(("DSR_", "PREFECT_"))}
        # the fork server may have been started by a test on the other database
        own_database = {"DSR_DATABASE_URL": os.environ.get("DSR_DATABASE_URL", "")}
        yield World(Engine(environment | ours | own_database), running, home)


def words_of(mail: EmailMessage) -> str:
    """A letter's text on one line."""
    return re.sub(r"\s+", " ", text_of(mail))


def case_of(ref: str) -> Case:
    with reading() as session:
        return session.get_one(Case, find_request(session, ref).case_id)
