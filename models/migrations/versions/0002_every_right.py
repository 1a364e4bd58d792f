"""every right."""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('disclosure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recipient', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('address', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('disclosed_on', sa.Date(), nullable=False),
    sa.Column('what', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disclosure_digest'), ['digest'], unique=False)

    op.create_table('suppression',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('scope', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=False),
    sa.Column('request_ref', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('kind', 'key_id', 'digest', 'scope')
    )
    with op.batch_alter_table('suppression', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_suppression_digest'), ['digest'], unique=False)

    op.create_table('reappearance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('suppression_id', sa.Integer(), nullable=False),
    sa.Column('system', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('record', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['suppression_id'], ['suppression.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('suppression_id', 'system', 'record')
    )
    with op.batch_alter_table('reappearance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reappearance_suppression_id'), ['suppression_id'], unique=False)

    op.create_table('erasure_plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('system', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('storage_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('deletes', sa.Integer(), nullable=False),
    sa.Column('minimises', sa.Integer(), nullable=False),
    sa.Column('keeps', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('request_id', 'round', 'system')
    )
    with op.batch_alter_table('erasure_plan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasure_plan_request_id'), ['request_id'], unique=False)

    op.create_table('notification',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('recipient', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('letter_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('not_told_because', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('request_id', 'recipient')
    )
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notification_request_id'), ['request_id'], unique=False)

    op.create_table('restriction',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('ground', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_because', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('request_id')
    )
    with op.batch_alter_table('case', schema=None) as batch_op:
        batch_op.add_column(sa.Column('identity_settled_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('manual_task', schema=None) as batch_op:
        batch_op.add_column(sa.Column('action', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default='search'))
        batch_op.add_column(sa.Column('brief_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=''))
    with op.batch_alter_table('receipt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('record', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=''))
    _replace_unique('manual_task', ['request_id', 'system', 'round'], ['request_id', 'system', 'action', 'round'])
    _replace_unique('receipt', ['request_id', 'kind', 'system'], ['request_id', 'kind', 'system', 'record'])


def _replace_unique(table: str, old: list[str], new: list[str]) -> None:
    """SQLite never named the old constraint, PostgreSQL named it by its own rule."""
    name = '_'.join([table, *old, 'key'])
    naming = {'uq': '%(table_name)s_%(column_0_N_name)s_key'}
    with op.batch_alter_table(table, naming_convention=naming) as batch_op:
        batch_op.drop_constraint(name, type_='unique')
        batch_op.create_unique_constraint('_'.join([table, *new, 'key']), new)


def downgrade() -> None:
    _replace_unique('receipt', ['request_id', 'kind', 'system', 'record'], ['request_id', 'kind', 'system'])
    _replace_unique('manual_task', ['request_id', 'system', 'action', 'round'], ['request_id', 'system', 'round'])
    with op.batch_alter_table('receipt', schema=None) as batch_op:
        batch_op.drop_column('record')
    with op.batch_alter_table('manual_task', schema=None) as batch_op:
        batch_op.drop_column('brief_key')
        batch_op.drop_column('action')
    with op.batch_alter_table('case', schema=None) as batch_op:
        batch_op.drop_column('identity_settled_at')

    op.drop_table('restriction')
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notification_request_id'))

    op.drop_table('notification')
    with op.batch_alter_table('erasure_plan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_erasure_plan_request_id'))

    op.drop_table('erasure_plan')
    with op.batch_alter_table('reappearance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reappearance_suppression_id'))

    op.drop_table('reappearance')
    with op.batch_alter_table('suppression', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_suppression_digest'))

    op.drop_table('suppression')
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_disclosure_digest'))

    op.drop_table('disclosure')
