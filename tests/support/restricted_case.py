"""A sample person's data that are only stored, after the request is closed; and how such a restriction ends."""

import os
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from models.database import reading, unit_of_work
from models.grounds import RestrictionCase
from models.letters import LetterKind
from models.rights import Right
from models.tables import Case, Letter, LetterState, Request, RequestState
from tasks.changes.change_systems import change_rows, open_restriction
from tasks.changes.lift_restriction import announce, due_to_lift, lift_restriction
from tasks.identify import search_identifiers
from tasks.samples.sample_systems import CAMILLE
from tasks.steps import Effect, Scene
from tests.support.case_rows import NOW, add_case

DAY = timedelta(days=1)
WEEK = 7 * DAY
BECAUSE = "L’exactitude de vos données est vérifiée."


def restricted(
    case: RestrictionCase = RestrictionCase.CLAIMS,
    at: datetime = NOW,
    *,
    address: str = CAMILLE.email,
    closed: bool = True,
) -> str:
    """A request under which a sample person's data are only stored; its reference."""
    with unit_of_work() as session:
        of, [request] = add_case(session, Right.RESTRICTION, received_at=at)
        of.verified_address = address
    play(request.ref, change_rows("restrict", search_identifiers(of), at), at)
    play(request.ref, open_restriction(case), at)
    if closed:
        with unit_of_work() as session:
            row = session.get_one(Request, request.id)
            row.closed_at = session.get_one(Case, of.id).closed_at = at
            row.state = RequestState.CLOSED
    return request.ref


def play(ref: str, effect: Effect, now: datetime) -> None:
    """Play an effect on a request."""
    with unit_of_work() as session:
        request = session.exec(select(Request).where(Request.ref == ref)).one()
        effect(Scene(session, session.get_one(Case, request.case_id), request, now))


def told(ref: str, now: datetime = NOW, state: LetterState = LetterState.SENT) -> None:
    """Announce the end, and have the letter leave."""
    announce(ref, BECAUSE, "Claire Martin", now)
    with unit_of_work() as session:
        newest = select(Letter).where(Letter.kind == LetterKind.RESTRICTION_ENDS)
        session.exec(newest.order_by(col(Letter.id).desc())).first().state = state  # type: ignore[union-attr]


def lifted(now: datetime) -> list[str]:
    """Lift what is due, as the flow does."""
    with reading() as session:
        found = due_to_lift(session, now)
    return [ref for ref in found if lift_restriction(ref, now)]


def stored_only(address: str = CAMILLE.email) -> bool:
    """Whether the sample site says so of this person."""
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"], poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = sa.text("SELECT restricted_at FROM contacts WHERE email = :mail")
        return connection.execute(query, {"mail": address}).scalar_one() is not None
