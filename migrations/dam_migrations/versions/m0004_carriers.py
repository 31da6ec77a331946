"""every carrier is kept; claims point to them

Existing claims keep their own raw bytes: what was not kept when a file was read cannot be made up. Such assets have no
row in carrier_pack, which is how they are told apart.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0004'
down_revision = 'm0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('carrier_pack',
    sa.Column('asset_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('carriers', sa.Integer(), nullable=False),
    sa.Column('unread', sa.Integer(), nullable=False),
    sa.Column('packed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_carrier_pack_asset_id')),
    sa.PrimaryKeyConstraint('asset_id', name=op.f('pk_carrier_pack'))
    )
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.add_column(sa.Column('blob', sa.Integer(), nullable=True))
        batch_op.alter_column('raw', existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.drop_column('blob')
    op.drop_table('carrier_pack')
