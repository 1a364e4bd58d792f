"""Kept with the dates of a request: the systems it involves and its month, so that the figures are counted in indexes alone."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ANSWERED = ["right", "in_promise", "in_law", "answer_days", "language"]
KIND = ["outcome", "channel", "identity_checked", "right", "language"]
FINDING = sa.table("finding", *(sa.column(name) for name in ("request_id", "system", "status")))
DATES = sa.table(
    "request_dates",
    sa.column("request_id"),
    sa.column("received_on", sa.Date),
    sa.column("received_month", sa.Integer),
    sa.column("systems", sa.String),
)


def upgrade() -> None:
    with op.batch_alter_table("request_dates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("systems", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("received_month", sa.Integer(), nullable=False, server_default="0"))
    _fill_months()
    _fill_systems()
    _index(["received_month", *ANSWERED, "systems"], [*KIND, "systems"])
    # Both were taken where they lead to most rows: every request of a right, every one answered.
    op.drop_index("ix_request_dates_right", "request_dates")
    op.drop_index("ix_request_dates_replied_on", "request_dates")
    few = sa.text("replied_on IS NULL")
    op.drop_index("ix_finding_system", "finding")  # the systems of a request are known without it
    name, columns = "ix_request_dates_unanswered", ["right", "language"]
    op.create_index(name, "request_dates", columns, postgresql_where=few, sqlite_where=few)


def downgrade() -> None:
    op.drop_index("ix_request_dates_unanswered", "request_dates")
    op.create_index("ix_finding_system", "finding", ["system", "status", "request_id"])
    op.create_index("ix_request_dates_replied_on", "request_dates", ["replied_on"])
    op.create_index("ix_request_dates_right", "request_dates", ["right"])
    _index(ANSWERED, KIND)
    with op.batch_alter_table("request_dates", schema=None) as batch_op:
        batch_op.drop_column("received_month")
        batch_op.drop_column("systems")


def _fill_months() -> None:
    """Since the year 0."""
    connection = op.get_bind()
    for day in connection.scalars(sa.select(DATES.c.received_on).distinct()).all():
        here = sa.update(DATES).where(DATES.c.received_on == day)
        connection.execute(here.values(received_month=12 * day.year + day.month - 1))


def _fill_systems() -> None:
    """`,elay,site_db,`: one system after the other, in the order of their names."""
    involved = FINDING.c.status != "none"
    connection = op.get_bind()
    for system in sorted(connection.scalars(sa.select(FINDING.c.system).where(involved).distinct())):
        these = sa.select(FINDING.c.request_id).where(involved, FINDING.c.system == system)
        before = sa.case((DATES.c.systems == "", ","), else_=DATES.c.systems)
        connection.execute(
            sa.update(DATES).where(DATES.c.request_id.in_(these)).values(systems=before.concat(f"{system},"))
        )


def _index(answered: list[str], kind: list[str]) -> None:
    for name, columns in (("ix_request_dates_answered", answered), ("ix_request_dates_kind", kind)):
        op.drop_index(name, "request_dates")
        op.create_index(name, "request_dates", ["received_on", *columns])
