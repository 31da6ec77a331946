"""moments of videos, by which a still or a piece of one is recognised

Videos that are in the catalogue are asked to be looked through.
"""

import uuid

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0007'
down_revision = 'm0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('moment',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('asset_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('at_s', sa.Float(), nullable=False),
    sa.Column('until_s', sa.Float(), nullable=False),
    sa.Column('code64', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('code256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_moment_asset_id')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_moment')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('moment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_moment_asset_id'), ['asset_id'], unique=False)
    _ask_for_them()


def _ask_for_them() -> None:
    job = sa.table('job', *(sa.column(name) for name in ('id', 'asset_id', 'stage', 'version', 'state', 'tries', 'not_before',
                                                         'changed_at')))
    there = op.get_bind().execute(sa.text("SELECT id, admitted_at FROM asset WHERE kind = 'video'")).all()
    rows = [
        {'id': str(uuid.uuid4()), 'asset_id': asset_id, 'stage': 'moments', 'version': '1', 'state': 'due', 'tries': 0,
         'not_before': 0.0, 'changed_at': admitted_at}
        for asset_id, admitted_at in there
    ]
    for at in range(0, len(rows), 500):
        op.bulk_insert(job, rows[at:at + 500])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM job WHERE stage = 'moments'"))
    op.drop_table('moment')
