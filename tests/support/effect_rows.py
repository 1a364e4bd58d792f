"""A case in which data were erased, restricted and extended, as the flows leave it; persons are invented."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlmodel import Session

from models import storage
from models.controller import Text
from models.erasure_plan import ErasurePlan, PlannedRow
from models.records import Document, Mention, Shortfall
from models.rights import Right
from models.tables import Case, ClockEvent, Decision, ManualTask, Receipt, Request, Restriction, Step
from tasks.changes.carry_out_erasure import Leftover, Looked, receipts, store_look
from tasks.changes.plan_erasure import Drawn, Round, store_plans
from tasks.steps import Effect, Scene
from tests.support.case_rows import ON_FILE, add_case

BASIS = Text(
    fr="article 17, paragraphe 3, point b, du RGPD ; article L123-22 du code de commerce (dix ans)",
    en="Article 17(3)(b) GDPR; Article L123-22 of the French Commercial Code (ten years)",
)
MENTIONS = 70
EVIDENCE = (
    Document(name="capture.png", media_type="image/png", content=b"a picture"),
    Document(name="../../<b>évil.html", media_type="text/html", content=b"<script>alert(1)</script>"),
)
_documents = [document.model_dump(mode="json") for document in EVIDENCE]


def a_plan(extra: int = 0) -> ErasurePlan:
    """A plan with every action; `extra` forms more make it another plan."""
    invoice = PlannedRow(
        table="invoices", key={"id": 155}, action="keep", masked=("billing_mail",), keep_until=date(2035, 12, 31),
        hold="invoice_10_years", basis=BASIS, why="hold",
    )  # fmt: skip
    card = PlannedRow(
        table="contacts", key={"id": 81}, action="minimise", masked=("email", "phone", "full_name", "notes"),
        keep_until=date(2035, 12, 31), hold="invoice", basis=BASIS, why="hold",
    )  # fmt: skip
    forms = [
        PlannedRow(table="form_submissions", key={"id": 81 + n}, action="delete", why="table")
        for n in range(2 + extra)
    ]
    return ErasurePlan(system="site_db", rows=(invoice, *forms, card))


def erased_case(session: Session, now: datetime, name: str = "Hugo Noirot") -> tuple[Case, Request]:
    """An erasure: a plan that no longer fitted, one that was carried out, a look that found many mentions."""
    case, [request] = add_case(session, Right.ERASURE, name=name, address=ON_FILE, received_at=now)
    _round(
        session,
        request,
        0,
        a_plan(),
        now + timedelta(hours=1),
        refused="the data in site_db changed: plan again",
    )
    _round(session, request, 1, a_plan(extra=28), now + timedelta(hours=2), refused="")
    scene = Scene(session, case, request, now + timedelta(hours=3))
    receipts("site_db", a_plan(extra=28))(scene)
    mentions = tuple(Mention(table="contacts", key={"id": n}, column="notes") for n in range(1, MENTIONS + 1))
    short = Shortfall(table="contacts", key={"id": 900}, problem="not_masked", columns=("notes",))
    site = Leftover(system="site_db", rows=1955, shortfalls=(short,), mentions=mentions)
    _step(scene, "look-0", store_look(0, Looked(systems=(site, Leftover(system="elay")))))
    session.add(_task(request, now))
    session.flush()
    return case, request


def _round(
    session: Session, request: Request, number: int, plan: ErasurePlan, at: datetime, refused: str
) -> None:
    scene = Scene(session, session.get_one(Case, request.case_id), request, at)
    _step(scene, f"draw-{number}", store_plans(Round(number, {"site_db": Drawn(plan=plan)}, {}, ("elay",))))
    session.add(
        Decision(
            request_id=request.id, question="plan", round=number, officer="Dana Privacy", choice="erase",
            reason="Rien ne reste que ce que la loi exige.", accepted=True, content_hash=plan.digest(),
            decided_at=at + timedelta(minutes=10),
        )
    )  # fmt: skip
    _step(scene, f"erase-{number}-site_db", lambda _: {"refused": refused})


def _step(scene: Scene, name: str, effect: Effect) -> None:
    result = effect(scene) or {}
    step = Step(request_id=scene.request.id, name=name, done_at=scene.now, lease_version=1, result=result)
    scene.session.add(step)
    scene.session.flush()


def _task(request: Request, now: datetime) -> ManualTask:
    return ManualTask(
        request_id=request.id, round=0, system="elay", action="erase", person="Elay administrator",
        address="elay@nexoris.com", due_on=now.date() + timedelta(days=7), token_hash=f"hash of {request.ref}",
        outcome="done", note="Fait, corbeille comprise.", answered_at=now + timedelta(hours=3),
        evidence_key=storage.keep("manual", json.dumps(_documents).encode()),
    )  # fmt: skip


def restricted_case(session: Session, now: datetime) -> tuple[Case, Request]:
    """A restriction in force since `now`, in a case whose period was extended."""
    case, [request] = add_case(session, Right.RESTRICTION, name="Inès Maurel", received_at=now)
    session.add_all(
        [
            Restriction(
                request_id=request.id, ground="accuracy", since=now, review_on=now.date() + timedelta(days=90)
            ),
            ClockEvent(
                case_id=case.id, kind="extended", at=now + timedelta(days=2), recorded_by="Dana Privacy",
                reason="volume: Vos messages de dix ans sont à relire un par un.",
            ),
            *_set(request, "restricted", range(3), now),
        ]
    )  # fmt: skip
    session.flush()
    return case, request


def _set(request: Request, kind: str, numbers: Iterable[int], now: datetime) -> list[Receipt]:
    return [
        Receipt(
            request_id=request.id, kind=kind, system="site_db", at=now, detail={"columns": ["restricted_at"], "changed": True},
            record=json.dumps({"table": "contacts", "key": {"id": number}}, sort_keys=True),
        )
        for number in numbers
    ]  # fmt: skip
