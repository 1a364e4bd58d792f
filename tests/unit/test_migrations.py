from datetime import UTC, date, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel, select

from models.database import database, reading, unit_of_work
from models.migrate import alembic_config, migrate
from models.tables import FindingRow, Letter, RequestDates, Todo
from tests.support.case_rows import NOW, add_case


def test_the_migrated_schema_is_the_models_schema(db):
    with database().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrations_go_down_and_up_again(db):
    with database().begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    migrate(database())
    migrate(database())


def test_what_was_settled_before_keeps_its_day_and_what_never_left_is_to_do_again(db):
    """Until 0005 the to-do of a letter that came back held the day on which an officer settled it."""
    done = datetime(2026, 12, 3, 23, 30, tzinfo=UTC)  # the fourth in Paris
    with unit_of_work() as session:
        _, [request] = add_case(session)
        for kind, state, bounced in (("bounced", "sent", NOW), ("letter_failed", "failed", None)):
            letter = Letter(
                key=f"{kind}:reply", case_id=request.case_id, request_id=request.id, kind="nothing_held", language="fr", recipient="",
                subject="", message_id=kind, storage_key="", sha256="", state=state, written_at=NOW, bounced_at=bounced,
            )  # fmt: skip
            session.add(letter)
            session.flush()
            session.add(
                Todo(key=kind, kind=kind, letter_id=letter.id, noted_at=NOW, done_at=done, done_by="Dana")
            )
    with database().begin() as connection:
        command.downgrade(alembic_config(connection), "0004")
    migrate(database())
    with reading() as session:
        letters = {letter.key: letter.reached_on for letter in session.exec(select(Letter))}
        todos = {todo.key: todo.done_at for todo in session.exec(select(Todo))}
    assert letters == {"bounced:reply": date(2026, 12, 4), "letter_failed:reply": None}
    assert todos == {"bounced": done, "letter_failed": None}


def test_the_systems_and_the_month_of_older_requests_are_filled_in(db):
    with unit_of_work() as session:
        _, [request] = add_case(session)
        for number, system, status in (
            (1, "site_db", "found"),
            (1, "billing", "none"),
            (2, "elay", "waiting"),
        ):
            session.add(
                FindingRow(request_id=request.id, round=number, system=system, status=status, searched_at=NOW)
            )
    with database().begin() as connection:
        command.downgrade(alembic_config(connection), "0008")
    migrate(database())
    with reading() as session:
        [dates] = session.exec(select(RequestDates)).all()
    assert dates.systems == ",elay,site_db,"
    assert dates.received_month == 12 * NOW.year + NOW.month - 1
