"""clusters of pictures that look alike, and people's stacks

Clusters of what is in the catalogue are made by the next pass.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0008'
down_revision = 'm0007'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table('cluster',
    sa.Column('asset_id', TEXT(), nullable=False),
    sa.Column('representative_id', TEXT(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_cluster_asset_id')),
    sa.ForeignKeyConstraint(['representative_id'], ['asset.id'], name=op.f('fk_cluster_representative_id')),
    sa.PrimaryKeyConstraint('asset_id', name=op.f('pk_cluster'))
    )
    with op.batch_alter_table('cluster', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cluster_representative_id'), ['representative_id'], unique=False)
    op.create_table('follower',
    sa.Column('name', TEXT(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_follower'))
    )
    op.create_table('stack',
    sa.Column('id', TEXT(), nullable=False),
    sa.Column('asset_id', TEXT(), nullable=False),
    sa.Column('front_id', TEXT(), nullable=False),
    sa.Column('person', TEXT(), nullable=False),
    sa.Column('reason', TEXT(), nullable=True),
    sa.Column('stacked_at', TEXT(), nullable=False),
    sa.Column('retracted_at', TEXT(), nullable=True),
    sa.Column('retracted_by', TEXT(), nullable=True),
    sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_stack_asset_id')),
    sa.ForeignKeyConstraint(['front_id'], ['asset.id'], name=op.f('fk_stack_front_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stack'))
    )
    with op.batch_alter_table('stack', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stack_asset_id'), ['asset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stack_front_id'), ['front_id'], unique=False)


def downgrade() -> None:
    for name in ('stack', 'follower', 'cluster'):
        op.drop_table(name)
