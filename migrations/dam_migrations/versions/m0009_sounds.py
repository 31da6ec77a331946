"""fingerprints of sounds

Sounds that are in the catalogue are asked to be listened to.
"""

import uuid

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0009'
down_revision = 'm0008'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table('sound',
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('asset_id', TEXT(), nullable=False),
    sa.Column('engine', TEXT(), nullable=False),
    sa.Column('code', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_sound_asset_id')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_sound')),
    sa.UniqueConstraint('asset_id', 'engine', name=op.f('uq_sound_asset_id_engine')),
    sqlite_autoincrement=True
    )
    job = sa.table('job', *(sa.column(name) for name in ('id', 'asset_id', 'stage', 'version', 'state', 'tries', 'not_before',
                                                         'changed_at')))
    there = op.get_bind().execute(sa.text("SELECT id, admitted_at FROM asset WHERE kind = 'audio'")).all()
    rows = [
        {'id': str(uuid.uuid4()), 'asset_id': asset_id, 'stage': 'sound', 'version': '1', 'state': 'due', 'tries': 0,
         'not_before': 0.0, 'changed_at': admitted_at}
        for asset_id, admitted_at in there
    ]
    for at in range(0, len(rows), 500):
        op.bulk_insert(job, rows[at:at + 500])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM job WHERE stage = 'sound'"))
    op.drop_table('sound')
