"""The day on which a letter reached the person otherwise, and the clock as Prefect shows it.

What was settled before keeps its day; letters of a reply that never left are to do again.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LETTER = sa.table(
    "letter", *(sa.column(name) for name in ("id", "key", "state", "bounced_at")), sa.column("reached_on", sa.Date)
)
TODO = sa.table(
    "todo",
    *(sa.column(name) for name in ("kind", "letter_id", "done_by")),
    sa.column("done_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reached_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("reached_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("clock_shown", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
    _keep_settled_days()
    stuck = sa.select(LETTER.c.id).where(
        LETTER.c.key.like("%:reply"), LETTER.c.state.in_(["failed", "uncertain"])
    )
    again = sa.update(TODO).where(
        TODO.c.letter_id.in_(stuck), TODO.c.kind.in_(["letter_failed", "letter_uncertain"])
    )
    op.execute(again.values(done_at=None, done_by=""))


def _keep_settled_days() -> None:
    """The to-do of a letter that came back held the day until now; it is purged with the case."""
    settled = (
        sa.select(LETTER.c.id, TODO.c.done_at)
        .join(TODO, TODO.c.letter_id == LETTER.c.id)
        .where(TODO.c.kind == "bounced", TODO.c.done_at.is_not(None), LETTER.c.bounced_at.is_not(None))
    )
    connection = op.get_bind()
    for number, done_at in connection.execute(settled).all():
        day = _aware(done_at).astimezone(ZoneInfo("Europe/Paris")).date()
        connection.execute(sa.update(LETTER).where(LETTER.c.id == number).values(reached_on=day))


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def downgrade() -> None:
    op.drop_column("case", "clock_shown")
    op.drop_column("letter", "reached_by")
    op.drop_column("letter", "reached_on")
