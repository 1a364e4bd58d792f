"""SLA: dates to search by, stretches, alerts, heartbeats, reports, managers."""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_letter_bounced_at", "letter", ["bounced_at"]),
    ("ix_finding_status", "finding", ["status"]),
    ("ix_finding_system", "finding", ["system", "status", "request_id"]),
    ("ix_manual_task_outcome", "manual_task", ["outcome"]),
)


def upgrade() -> None:
    op.create_table('heartbeat',
    sa.Column('flow', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('every', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('flow')
    )
    op.create_table('sent_report',
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('letter_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_table('alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('limit', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('epoch', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('reached_on', sa.Date(), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_request_id'), ['request_id'], unique=False)

    op.create_table('request_dates',
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('right', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('language', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('commitment', sa.Date(), nullable=False),
    sa.Column('statutory', sa.Date(), nullable=False),
    sa.Column('binding', sa.Date(), nullable=False),
    sa.Column('reply_due', sa.Date(), nullable=False),
    sa.Column('refusal_latest', sa.Date(), nullable=False),
    sa.Column('paused_days', sa.Integer(), nullable=False),
    sa.Column('pause_open', sa.Boolean(), nullable=False),
    sa.Column('extended', sa.Boolean(), nullable=False),
    sa.Column('extension_ground', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('replied_on', sa.Date(), nullable=True),
    sa.Column('answer_days', sa.Integer(), nullable=True),
    sa.Column('in_promise', sa.Boolean(), nullable=True),
    sa.Column('in_law', sa.Boolean(), nullable=True),
    sa.Column('outcome', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('refusal_ground', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('identity_checked', sa.Boolean(), nullable=False),
    sa.Column('computed_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], ),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('request_id')
    )
    with op.batch_alter_table('request_dates', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_dates_binding'), ['binding'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_dates_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_dates_received_on'), ['received_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_dates_replied_on'), ['replied_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_dates_right'), ['right'], unique=False)

    op.create_table('stretch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('waits_for', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('stretch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stretch_request_id'), ['request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stretch_since'), ['since'], unique=False)

    with op.batch_alter_table('officer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('role', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default='officer'))



    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table('officer', schema=None) as batch_op:
        batch_op.drop_column('role')

    with op.batch_alter_table('stretch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stretch_since'))
        batch_op.drop_index(batch_op.f('ix_stretch_request_id'))

    op.drop_table('stretch')
    with op.batch_alter_table('request_dates', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_request_dates_right'))
        batch_op.drop_index(batch_op.f('ix_request_dates_replied_on'))
        batch_op.drop_index(batch_op.f('ix_request_dates_received_on'))
        batch_op.drop_index(batch_op.f('ix_request_dates_case_id'))
        batch_op.drop_index(batch_op.f('ix_request_dates_binding'))

    op.drop_table('request_dates')
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alert_request_id'))

    op.drop_table('alert')
    op.drop_table('sent_report')
    op.drop_table('heartbeat')
