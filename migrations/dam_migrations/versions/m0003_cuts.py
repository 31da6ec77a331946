"""timelines: cut and cut_clip"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0003'
down_revision = 'm0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cut',
    sa.Column('asset_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('rate', sa.Float(), nullable=True),
    sa.Column('duration_s', sa.Float(), nullable=True),
    sa.Column('tool', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('reader', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reader_version', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('clip_count', sa.Integer(), nullable=False),
    sa.Column('sequences', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_cut_asset_id')),
    sa.PrimaryKeyConstraint('asset_id', name=op.f('pk_cut'))
    )
    op.create_table('cut_clip',
    sa.Column('asset_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('media', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('start_s', sa.Float(), nullable=True),
    sa.Column('duration_s', sa.Float(), nullable=True),
    sa.Column('track', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('source_start_s', sa.Float(), nullable=True),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('sequence', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('reel', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('others', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_cut_clip_asset_id')),
    sa.PrimaryKeyConstraint('asset_id', 'position', name=op.f('pk_cut_clip'))
    )


def downgrade() -> None:
    op.drop_table('cut_clip')
    op.drop_table('cut')
