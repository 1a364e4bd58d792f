"""Indexes in the order in which the figures for management count: by day, by kind, and the few that were refused or extended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WIDE = {
    "ix_request_dates_answered": ["right", "in_promise", "in_law", "answer_days", "language"],
    "ix_request_dates_kind": ["outcome", "channel", "identity_checked", "right", "language"],
}
FEW = {
    "ix_request_dates_refused": ("refusal_ground", "outcome = 'refused'"),
    "ix_request_dates_extended": ("extension_ground", "extension_ground <> ''"),
}


def upgrade() -> None:
    for name, columns in WIDE.items():
        op.create_index(name, "request_dates", ["received_on", *columns])
    for name, (column, condition) in FEW.items():
        where = sa.text(condition)
        op.create_index(name, "request_dates", ["received_on", column], postgresql_where=where, sqlite_where=where)
    op.drop_index("ix_request_dates_received_on", "request_dates")


def downgrade() -> None:
    op.create_index("ix_request_dates_received_on", "request_dates", ["received_on"])
    for name in (*WIDE, *FEW):
        op.drop_index(name, "request_dates")
