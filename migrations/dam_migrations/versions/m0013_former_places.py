"""where contents stood that were saved over: others may still name them as their source
"""

import sqlalchemy as sa
from alembic import op

revision = 'm0013'
down_revision = 'm0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'former_location',
        sa.Column('asset_id', sa.String(), nullable=False),
        sa.Column('root_id', sa.String(), nullable=False),
        sa.Column('path', sa.String(), nullable=False),
        sa.Column('name_key', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_former_location_asset_id')),
        sa.PrimaryKeyConstraint('asset_id', 'root_id', 'path', name=op.f('pk_former_location')),
    )
    op.create_index('ix_former_location_name_key', 'former_location', ['name_key'], unique=False)


def downgrade() -> None:
    op.drop_table('former_location')
