"""What came by post, telephone, in person or through a colleague: its clock, what is kept, and never two cases of one form."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from models import audit, storage
from models.by_hand import ByHand, Opened
from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.cases import find_case
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.mandates import AgentKind, MandateGiven
from models.records import Document
from models.rights import Right
from models.tables import (
    AuditEvent,
    Case,
    Channel,
    Letter,
    LetterState,
    Mandate,
    Message,
    Request,
    Todo,
    TodoKind,
)
from tasks.letters.acknowledge import acknowledge
from tasks.letters.post_letter import paper_letter, posted
from tasks.letters.render import TEXT_WIDTH
from tasks.mail.mandates import acknowledge_to, check_mandate, mandate_of, mandate_scan, record_mandate
from tasks.mail.open_by_hand import LooksKnown, open_by_hand
from tasks.mail.paper_mail import postal_lines
from tasks.mail.read_mail import read_mail
from tasks.steps import Scene
from tasks.waits import letter_settled
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, add_case
from tests.support.mail_in import mail
from tests.tasks.test_cli import dsr

OFFICER = "Dana Privacy"
SCAN = Document(name="lettre.pdf", media_type="application/pdf", content=b"%PDF-1.7 scan")
LAWYER = MandateGiven(
    kind=AgentKind.LAWYER,
    agent_name="Maître Roux",
    agent_address="roux@avocats.example",
    purpose="accès aux données",
)


def given(**more: object) -> ByHand:
    facts: dict[str, object] = {
        "rights": (Right.ACCESS,),
        "channel": Channel.POST,
        "received_at": NOW - timedelta(days=3),
        "name": "Camille Durand",
        "notes": "Je veux une copie de mes données.",
        "files": (SCAN,),
    }
    return ByHand.model_validate(facts | more)


def message() -> Message:
    with reading() as session:
        return session.exec(select(Message)).one()


def test_the_clock_runs_from_the_arrival_at_the_company(db: str) -> None:
    """law.md D2, D3: whoever received it."""
    opened = open_by_hand(given(), OFFICER, NOW)
    with reading() as session:
        case = find_case(session, opened.ref)
        dates = deadlines_of(session, case, NOW)
        assert dates.received_on == paris_date(NOW - timedelta(days=3))
        assert (case.channel, case.recorded_by, case.requester_address) == ("post", OFFICER, "")
        assert audit.verify(session) == []
        assert {"case_opened", "opened_by_hand"} <= set(session.exec(select(AuditEvent.kind)))
    assert (opened.requests, opened.already, opened.late) == ((f"{opened.ref}/access",), False, False)


def test_what_was_received_is_kept_as_a_message(db: str) -> None:
    open_by_hand(given(postal=("12 rue des Lilas", "75011 Paris")), OFFICER, NOW)
    kept = message()
    raw = storage.fetch(kept.storage_key)
    parsed = read_mail(raw)
    assert kept.state == "case"
    assert storage.sha256(raw) == kept.content_hash
    assert parsed.text.strip() == "Je veux une copie de mes données."
    assert [(file.name, file.media_type, file.size) for file in parsed.attachments] == [
        ("lettre.pdf", "application/pdf", len(SCAN.content))
    ]
    assert postal_lines(raw) == ["12 rue des Lilas", "75011 Paris"]


def test_a_colleague_s_forward_shows_the_words_of_the_mail(db: str) -> None:
    forwarded = Document(
        name="demande.eml", media_type="message/rfc822", content=mail("Effacez tout, merci.")
    )
    open_by_hand(given(channel=Channel.FORWARD, notes="", files=(forwarded,)), OFFICER, NOW)
    parsed = read_mail(storage.fetch(message().storage_key))
    assert "Effacez tout, merci." in parsed.text
    assert [file.name for file in parsed.attachments] == ["demande.eml"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rights": ()},
        {"channel": Channel.MAIL},
        {"received_at": NOW + timedelta(minutes=1)},
        {"received_at": datetime(2018, 5, 24, tzinfo=UTC)},
        {"name": "", "address": ""},
        {"address": "not an address"},
        {"notes": "x" * 20_001},
        {"files": (SCAN,) * 21},
        {"mandate": LAWYER, "address": "Roux@avocats.example"},
        {"mandate": LAWYER.model_copy(update={"agent_name": ""})},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_stays(db: str, wrong: dict[str, object]) -> None:
    with pytest.raises(Rejected):
        open_by_hand(given(**wrong), OFFICER, NOW)
    with reading() as session:
        assert session.exec(select(Case)).all() == []


def test_what_is_late_already_is_opened_and_said(db: str) -> None:
    opened = open_by_hand(given(received_at=NOW - timedelta(days=60)), OFFICER, NOW)
    assert opened.late
    assert not open_by_hand(given(received_at=NOW - timedelta(days=20), name="Ann"), OFFICER, NOW).late


def test_one_form_opens_one_case(db: str) -> None:
    first = open_by_hand(given(key="form-1"), OFFICER, NOW)
    again = open_by_hand(given(key="form-1", name="Camille Durant"), OFFICER, NOW)
    assert (again.ref, again.already) == (first.ref, True)
    with reading() as session:
        assert len(session.exec(select(Case)).all()) == 1


def test_the_same_typed_in_twice_is_asked_about(db: str) -> None:
    first = open_by_hand(given(key="form-1"), OFFICER, NOW)
    with pytest.raises(LooksKnown, match=first.ref):
        open_by_hand(given(key="form-2", name="camille  DURAND"), OFFICER, NOW)
    assert open_by_hand(given(key="form-2", another=True), OFFICER, NOW).ref != first.ref
    assert open_by_hand(given(key="form-3", rights=(Right.ERASURE,)), OFFICER, NOW).requests
    with reading() as session:
        assert sorted(session.exec(select(Case.ref))) == [
            "DSR-2026-0001",
            "DSR-2026-0002",
            "DSR-2026-0003",
        ], "no gap"


def test_two_who_press_at_once_open_one_case(db: str) -> None:
    opened = at_once(*[lambda: open_by_hand(given(key="form-1"), OFFICER, NOW)] * 4)
    assert len({one.ref for one in opened if isinstance(one, Opened)}) == 1
    assert all(isinstance(one, Opened) for one in opened), opened
    with reading() as session:
        assert len(session.exec(select(Case)).all()) == 1


def test_a_letter_to_somebody_without_an_address_is_posted_and_the_request_goes_on(db: str) -> None:
    opened = open_by_hand(given(postal=("12 rue des Lilas", "75011 Paris")), OFFICER, NOW)
    with unit_of_work() as session:
        case = find_case(session, opened.ref)
        request = session.exec(select(Request)).one()
        key = acknowledge(Scene(session, case, request, NOW))["letter"]
        letter = session.exec(select(Letter)).one()
        letter.request_id = request.id
        assert not letter_settled(session, key)
    shown = paper_letter(letter.id)
    assert shown.postal == ("12 rue des Lilas", "75011 Paris")
    assert any(opened.ref in line for block in shown.paragraphs for line in block)
    longest = max((line for block in shown.paragraphs for line in block), key=len)
    assert len(longest) > TEXT_WIDTH, "paper has its own width"
    with pytest.raises(Rejected):
        posted(letter.id, paris_date(NOW) + timedelta(days=1), OFFICER, NOW)
    assert posted(letter.id, paris_date(NOW), OFFICER, NOW) == request.ref
    with reading() as session:
        assert letter_settled(session, key)
        assert session.get_one(Letter, letter.id).state == LetterState.SENT
        assert session.exec(select(Todo).where(Todo.done_by == OFFICER)).one().kind == TodoKind.LETTER_TO_POST


def test_a_mandate_is_recorded_with_its_case_and_proves_nothing_about_the_person(db: str) -> None:
    """law.md I13, I15: the agent hears that it arrived; the person stays the requester."""
    opened = open_by_hand(given(mandate=LAWYER.model_copy(update={"document": SCAN})), OFFICER, NOW)
    with reading() as session:
        case = find_case(session, opened.ref)
        assert case.requester_address == case.verified_address == ""
        assert acknowledge_to(session, case) == "roux@avocats.example"
        mandate = mandate_of(session, case)
        assert mandate is not None
        assert (mandate.kind, mandate.checked_by, mandate.may_receive) == ("lawyer", "", False)
        assert mandate_scan(session, case) == SCAN
        assert session.exec(select(Todo)).one().kind == TodoKind.MANDATE
        detail = session.exec(select(AuditEvent.detail).where(AuditEvent.kind == "mandate_recorded")).one()
        assert "Roux" not in json.dumps(detail)


def test_a_mandate_is_recorded_once_and_checked_once(db: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        record_mandate(session, case, LAWYER, OFFICER, NOW)
    with pytest.raises(Rejected), unit_of_work() as session:
        record_mandate(session, find_case(session, case.ref), LAWYER, OFFICER, NOW)
    with pytest.raises(Rejected):
        check_mandate(case.ref, " ", OFFICER, NOW, holds=True)
    check_mandate(case.ref, "enrolled at the Paris bar", OFFICER, NOW, holds=True)
    check_mandate(case.ref, "again", "Somebody else", NOW, holds=False)
    with reading() as session:
        mandate = session.exec(select(Mandate)).one()
        assert (mandate.checked_by, mandate.evidence) == (OFFICER, "enrolled at the Paris bar")
        assert session.exec(select(Todo)).one().done_by == OFFICER
    with pytest.raises(NotFound):
        check_mandate("DSR-2020-0001", "why", OFFICER, NOW, holds=True)


def test_a_mandate_that_does_not_hold_stays_unchecked(db: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        record_mandate(session, case, LAWYER, OFFICER, NOW)
    check_mandate(case.ref, "it has run out", OFFICER, NOW, holds=False)
    with reading() as session:
        assert session.exec(select(Mandate.checked_by)).one() == ""
        assert session.exec(select(Todo)).one().done_at is not None


def test_the_command_opens_a_case(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(SCAN.content)
    words = ("case", "open", "--right", "access", "--right", "erasure", "--name", "Ann Lee", "--channel", "post",
             "--received-at", "2026-09-01T09:00", "--file", str(scan), "--on-behalf", "Maître Roux",
             "--on-behalf-as", "lawyer", "--by", OFFICER, "--json")  # fmt: skip
    assert dsr(*words) == 0
    opened = json.loads(capsys.readouterr().out)
    assert opened["requests"] == [f"{opened['ref']}/access", f"{opened['ref']}/erasure"]
    assert opened["late"]
    assert dsr(*words) == 0
    assert json.loads(capsys.readouterr().out)["already"]
    assert dsr("todo", "list", "--json") == 0
    (todo,) = json.loads(capsys.readouterr().out)
    assert (todo["kind"], todo["case_ref"]) == ("mandate", opened["ref"])
    assert dsr("todo", "done", str(todo["number"]), "--by", OFFICER) == 1
    assert "mandate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--channel", "pigeon"),
        ("--right", "everything"),
        ("--received-at", "2199-01-01T09:00"),
        ("--file", "nowhere.pdf"),
        ("--on-behalf", "X", "--on-behalf-as", "friend"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(
    db: str, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]
) -> None:
    words = {"--right": "access", "--channel": "post", "--received-at": "2026-11-20T09:00", "--name": "Ann"}
    words |= dict(zip(wrong[::2], wrong[1::2], strict=True))
    assert dsr("case", "open", *[word for pair in words.items() for word in pair]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
