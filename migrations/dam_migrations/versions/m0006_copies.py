"""how a root is protected; where a signed copy stands in the place of its original

Roots that exist keep making copies in the vault (NULL = "copy"); every location holds its asset's own bytes.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0006'
down_revision = 'm0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('root', schema=None) as batch_op:
        batch_op.add_column(sa.Column('protect_mode', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    with op.batch_alter_table('location', schema=None) as batch_op:
        batch_op.add_column(sa.Column('copy_sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_table('placement',
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('asset_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('root_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('path', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('temp', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('changed_at', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_placement_asset_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placement')),
    sa.UniqueConstraint('asset_id', 'root_id', 'path', name=op.f('uq_placement_asset_id_root_id_path'))
    )
    with op.batch_alter_table('placement', schema=None) as batch_op:
        batch_op.create_index(op.f('ix_placement_sha256'), ['sha256'], unique=False)


def downgrade() -> None:
    op.drop_table('placement')
    with op.batch_alter_table('location', schema=None) as batch_op:
        batch_op.drop_column('copy_sha256')
    with op.batch_alter_table('root', schema=None) as batch_op:
        batch_op.drop_column('protect_mode')
