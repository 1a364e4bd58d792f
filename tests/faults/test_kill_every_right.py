"""peers test 1 for every flow: SIGKILL at each step boundary, then recovery without hands, as if nothing had happened.

A boundary `before` a step that changes a system lies behind the change and before its record: the hardest place.
"""

import os

import pytest
import sqlalchemy as sa
from sqlmodel import select

from models.audit import verify
from models.choice_words import WORDS
from models.database import reading
from models.questions import Choice
from models.tables import Letter, LetterState, Receipt, RequestState
from tests.faults.boundaries import LETTERS, PASSED
from tests.support.world import CAMILLE, request_mail

HARDEST = {"rectification": "rectify-site_db", "erasure": "erase-0-site_db"}
"""Where `make test` kills: just after a system changed, just before we know."""
ON_POSTGRES = {"erasure"}
SECOND = "Samir Benali"
EXCESSIVE = "Refus : la demande est manifestement excessive"
SCRIPTS: dict[str, list[dict[str, str]]] = {
    "contested": [
        {"decision": WORDS[Choice.RESTRICT_MEANWHILE].fr},
        {"decision": WORDS[Choice.ASK_PERSON].fr},
        {"decision": WORDS[Choice.CORRECT].fr},
    ],
    "extended": [
        {
            "decision": WORDS[Choice.EXTEND].fr,
            "ground": "Prolongation : le volume",
            "reason": "Vos échanges remplissent plusieurs boîtes que nous relisons.",
        },
        {
            "decision": WORDS[Choice.REFUSE].fr,
            "ground": EXCESSIVE,
            "reason": "Douzième demande identique en un mois.",
        },
        {"decision": WORDS[Choice.CONFIRM].fr, "officer": SECOND},
    ],
}
ASKED = {
    "contested": "Merci de rectifier mes données personnelles, elles sont inexactes.",
    "extended": "access",
}
OUTCOMES = {"extended": "refused"}
SHARED = {
    *("acknowledge", "send acknowledge", "locate", "ask-identity-0", "send identity-0", "suspend identity-0"),
    *(
        "identity-settled",
        "ask-colleagues",
        "suspend colleagues-0",
        "reply",
        "send reply",
        "close",
        "after close",
    ),
}
"""Boundaries that access has too: its own test kills there each time."""


CONTESTED = {"restrict", "read-wish-1", "announce-end", "lift", "restriction-ends", "rectify-site_db"}
"""Of the longest story, the boundaries beside what it alone does."""


def how_often(db: str, asks: str, step: str) -> tuple[pytest.MarkDecorator, ...]:
    if db == "sqlite" and step == HARDEST.get(asks):
        return ()
    rarely = db == "postgres" or step in SHARED or (asks == "contested" and step not in CONTESTED)
    return (pytest.mark.exhaustive if rarely else pytest.mark.long,)


CASES = [
    pytest.param(db, asks, step, marks=how_often(db, asks, step))
    for db in ("sqlite", "postgres")
    for asks, steps in PASSED.items()
    for step in [*steps, "after close"]
    if db == "sqlite" or asks in ON_POSTGRES
]
AFTERWARDS = {
    "rectification": ("SELECT count(*) FROM contacts WHERE full_name = 'Camille Durand-Lefort'", 1),
    "erasure": ("SELECT count(*) FROM contacts WHERE email = :mail", 0),
    "objection": ("SELECT count(*) FROM contacts WHERE email = :mail AND opted_out_at IS NOT NULL", 1),
    "objection-other": ("SELECT count(*) FROM contacts WHERE email = :mail AND restricted_at IS NOT NULL", 1),
    "portability": ("SELECT count(*) FROM contacts WHERE email = :mail", 1),
    "restriction": ("SELECT count(*) FROM contacts WHERE email = :mail AND restricted_at IS NOT NULL", 1),
    "consent_withdrawal": ("SELECT count(*) FROM form_submissions WHERE email = :mail", 0),
    "contested": (
        "SELECT count(*) FROM contacts WHERE full_name = 'Camille Lefort' AND restricted_at IS NULL",
        1,
    ),
    "extended": ("SELECT count(*) FROM contacts WHERE email = :mail", 1),
}


def begin(world, asks: str) -> str:
    """Receive the request, and have the officers' answers ready."""
    world.script = [dict(answer) for answer in SCRIPTS.get(asks, [])]
    if asks == "extended":
        world.add_officer(SECOND)
    return str(world.receive(request_mail(asks=ASKED.get(asks, asks))))


@pytest.mark.parametrize(("db", "asks", "step"), CASES, indirect=["db"])
def test_a_run_killed_there_ends_as_if_nothing_had_happened(small_world, asks, step):
    ref = begin(small_world, asks)
    kill = ("after", "close") if step == "after close" else ("before", step)
    closed = small_world.live(ref, kill=kill)
    assert small_world.kills == 1
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, OUTCOMES.get(asks, "answered"))
    steps = [name for name in PASSED[asks] if not name.startswith(("send ", "suspend "))]
    assert sorted(small_world.steps(ref)) == sorted(steps)
    assert sorted(small_world.kinds_taken()) == LETTERS[asks]
    with reading() as session:
        assert {letter.state for letter in session.exec(select(Letter))} == {LetterState.SENT}
        assert verify(session) == []
        receipts = [(one.kind, one.system, one.record) for one in session.exec(select(Receipt))]
    assert len(receipts) == len(set(receipts))
    statement, expected = AFTERWARDS[asks]
    assert count(statement) == expected
    assert small_world.engine.repair(ahead_seconds=7200) == 0
    assert sorted(small_world.kinds_taken()) == LETTERS[asks]


@pytest.mark.parametrize("db", [pytest.param("sqlite", marks=pytest.mark.long)], indirect=True)
@pytest.mark.parametrize("asks", PASSED)
def test_the_list_of_boundaries_is_the_flow_s_own(small_world, asks, tmp_path):
    passed = tmp_path / "boundaries"
    ref = begin(small_world, asks)
    small_world.record_to = passed
    small_world.live(ref)
    before = [line[7:] for line in passed.read_text().splitlines() if line.startswith("before ")]
    assert list(dict.fromkeys(before)) == PASSED[asks]


def count(statement: str) -> int:
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"])
    with engine.connect() as connection:
        found = int(connection.execute(sa.text(statement), {"mail": CAMILLE}).scalar_one())
    engine.dispose()
    return found
