"""End a restriction that outlived its request: tell the person, lift it everywhere, remind the officers (law.md R4).

Repeating is safe: an end is announced once and lifted once, what is lifted already stays as it is, and each letter has a
key of its own.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.cases import find_request, lock_request
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.grounds import RestrictionCase
from models.letters import LetterKind, one_line
from models.replies import RestrictionEnds, ReviewDue
from models.settings import settings
from models.tables import Case, Letter, LetterState, Officer, Receipt, Request, Restriction
from tasks.changes.change_systems import change_rows, close_restriction, restriction_of, storing_brief
from tasks.colleagues.manual_changes import ask_changes
from tasks.identify import search_identifiers
from tasks.letters.correspondence import case_link, requester_facts
from tasks.letters.notify_recipients import tell_lifted
from tasks.letters.write_letter import write_letter
from tasks.officers import deciding
from tasks.steps import Scene

NOTICE = timedelta(days=7)
"""From the announcement to the end: time to object before the data are used again (GDPR 18(3) names no length)."""
SHORTEST_REASON = 10
LEFT = (LetterState.SENT, LetterState.UNCERTAIN)


class Standing(NamedTuple):
    """A restriction that is not lifted; days in Paris. `letter`: the state of the announcement, empty before it."""

    request_ref: str
    ground: str
    since: date
    review_on: date
    announced_on: date | None
    ends_on: date | None
    letter: str


def standing(session: Session) -> list[Standing]:
    """Return every restriction that is not lifted, earliest review first."""
    return [
        Standing(
            request_ref=request.ref,
            ground=row.ground,
            since=paris_date(row.since),
            review_on=row.review_on,
            announced_on=paris_date(row.announced_at) if row.announced_at else None,
            ends_on=_ends_on(row),
            letter=_letter_state(session, request, row),
        )
        for row, request, _ in _open_rows(session)
    ]


def announce(request_ref: str, because: str, by: str, now: datetime) -> date:
    """Queue the notice to the person and return the day on which the restriction ends (GDPR 18(3)).

    `because`: one sentence to the person, in the language of the case. `NotFound` where there is no such restriction;
    `Rejected` where its request is open, its end announced, or it is lifted. An announcement that could not be sent is
    written anew.
    """
    because, by = one_line(because), one_line(by)
    if not by:
        raise Rejected("say who lifts it: the name is kept")
    if len(because) < SHORTEST_REASON:
        raise Rejected(f"say why in a sentence of {SHORTEST_REASON} characters or more: the person reads it")
    with unit_of_work() as session:
        scene, row = _locked(session, request_ref, now)
        _check_announceable(scene, row)
        row.announced_at, row.lifted_because = now, because
        ends_on = paris_date(now) + NOTICE
        _write_notice(scene, row, ends_on)
        scene.audit("restriction_end_announced", actor=by, ground=row.ground, ends_on=ends_on.isoformat())
        return ends_on


def keep_until(request_ref: str, until: date, by: str, now: datetime) -> None:
    """Put off the review of a restriction to `until`, a later day in Paris: it stands, and is looked at again then.

    `NotFound` where there is no such restriction; `Rejected` where it is lifted, its end announced, or the day not ahead.
    """
    by = one_line(by)
    if not by:
        raise Rejected("say who decides it: the name is kept")
    if until <= paris_date(now):
        raise Rejected("name a day that is still ahead: a restriction is looked at again on that day")
    with unit_of_work() as session:
        scene, row = _locked(session, request_ref, now)
        if row.lifted_at is not None:
            raise Rejected(f"the restriction of {request_ref} is lifted already: nothing was changed")
        if row.announced_at is not None:
            raise Rejected(
                f"its end on {_ends_on(row)} is announced to the person already: nothing was changed"
            )
        row.review_on = until
        scene.audit("restriction_kept", actor=by, ground=row.ground, review_on=until.isoformat())


def due_to_lift(session: Session, now: datetime) -> list[str]:
    """Return the requests whose restriction ends now: its day has come, and the person was told.

    Not while another restriction of the same data stands; those that end together do not wait for one another.
    """
    ripe: list[tuple[Request, Case]] = []
    others: list[tuple[Request, Case]] = []
    for row, request, case in _open_rows(session):
        (ripe if _is_ripe(session, row, request, now) else others).append((request, case))
    kept = set().union(*(_restricted_by(session, *other) for other in others))
    return [request.ref for request, case in ripe if kept.isdisjoint(_restricted_by(session, request, case))]


def stands_besides(session: Session, request: Request) -> bool:
    """Whether another restriction of the same data stands: then the rows stay as they are when this one ends."""
    rows = _open_rows(session)
    own = [_restricted_by(session, one, case) for _, one, case in rows if one.id == request.id]
    others = [_restricted_by(session, one, case) for _, one, case in rows if one.id != request.id]
    return not set().union(*own).isdisjoint(set().union(*others))


def lift_restriction(request_ref: str, now: datetime) -> bool:
    """Lift in every database, then note it, ask the colleagues for their systems and tell the recipients (GDPR 19).

    False where it is not due.

    Raises `Unavailable` where a database could not be reached: the restriction stands, and lifting again is harmless.
    """
    with reading() as session:
        if request_ref not in due_to_lift(session, now):
            return False
        case = session.get_one(Case, find_request(session, request_ref).case_id)
    identifiers = search_identifiers(case)
    rows = change_rows("lift", identifiers, now)
    colleagues = ask_changes("lift", storing_brief(case), 0)
    with unit_of_work() as session:
        scene, row = _locked(session, request_ref, now)
        if row.lifted_at is not None:
            return False
        state = scene.request.state
        for effect in (rows, colleagues, tell_lifted(identifiers), close_restriction(row.lifted_because)):
            effect(scene)
        scene.request.state = state  # the request was answered long ago: nothing runs it again
    return True


def tell_reviews(now: datetime) -> list[str]:
    """Write to every officer about restrictions to be looked at again, once per review date; return their requests."""
    with reading() as session:
        due = [
            request.ref
            for row, request, _ in _open_rows(session)
            if row.announced_at is None and row.review_on <= paris_date(now)
        ]
    for request_ref in due:
        with unit_of_work() as session:
            _write_reminders(*_locked(session, request_ref, now))
    return due


def _open_rows(session: Session) -> Sequence[tuple[Restriction, Request, Case]]:
    return session.exec(
        select(Restriction, Request, Case)
        .join(Request, col(Restriction.request_id) == Request.id)
        .join(Case, col(Request.case_id) == Case.id)
        .where(col(Restriction.lifted_at).is_(None))
        .order_by(col(Restriction.review_on), col(Restriction.id))
    ).all()


def _ends_on(row: Restriction) -> date | None:
    return paris_date(row.announced_at) + NOTICE if row.announced_at else None


def _notice_key(request: Request, announced_at: datetime) -> str:
    return f"{request.ref}:restriction-ends-{announced_at.astimezone(UTC):%Y%m%dT%H%M%S}"


def _letter_state(session: Session, request: Request, row: Restriction) -> str:
    if row.announced_at is None:
        return ""
    key = _notice_key(request, row.announced_at)
    return session.exec(select(Letter.state).where(Letter.key == key)).first() or ""


def _is_ripe(session: Session, row: Restriction, request: Request, now: datetime) -> bool:
    ends_on = _ends_on(row)
    come = ends_on is not None and ends_on <= paris_date(now)
    return come and _letter_state(session, request, row) in LEFT


def _restricted_by(session: Session, request: Request, case: Case) -> set[tuple[str, str]]:
    """What a restriction is about: the rows its receipts name, and the address it was made for."""
    receipts = session.exec(
        select(Receipt.system, Receipt.record).where(
            Receipt.request_id == request.id, Receipt.kind == "restricted"
        )
    )
    return {*receipts, *(("", one.value.casefold()) for one in search_identifiers(case))}


def _locked(session: Session, request_ref: str, now: datetime) -> tuple[Scene, Restriction]:
    request = lock_request(session, request_ref)
    row = restriction_of(session, request)
    if row is None:
        raise NotFound(f"{request_ref} restricted nothing: `dsr restriction list` shows what is restricted")
    return Scene(session, session.get_one(Case, request.case_id), request, now), row


def _check_announceable(scene: Scene, row: Restriction) -> None:
    request = scene.request
    if row.lifted_at is not None:
        raise Rejected(f"the restriction of {request.ref} is lifted already: nothing was changed")
    if row.announced_at is not None and _letter_state(scene.session, request, row) != LetterState.FAILED:
        raise Rejected(f"its end on {_ends_on(row)} is announced to the person already: nothing was changed")
    if request.closed_at is None:
        raise Rejected(f"{request.ref} is still open: decide in its form, and the restriction ends with it")


def _write_notice(scene: Scene, row: Restriction, ends_on: date) -> None:
    context = RestrictionEnds(
        **requester_facts(scene.case),
        case=RestrictionCase(row.ground),
        restricted_since=paris_date(row.since),
        ends_on=ends_on,
        because=row.lifted_because,
    )
    recipient = scene.case.verified_address or scene.case.requester_address
    write_letter(
        scene.session,
        scene.case,
        scene.request,
        LetterKind.RESTRICTION_ENDS,
        context,
        recipient,
        _notice_key(scene.request, scene.now),
        scene.now,
    )


def _write_reminders(scene: Scene, row: Restriction) -> None:
    context = ReviewDue(ref=scene.case.ref, since=paris_date(row.since), case_link=case_link(scene.case))
    for officer in scene.session.exec(select(Officer).where(deciding())).all():
        write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.REVIEW_DUE,
            context,
            officer.address,
            f"{scene.request.ref}:review-{row.review_on}-{officer.id}",
            scene.now,
            language=settings().officer_language,
        )
