"""collections: assets that people put together, and searches that they saved
"""

import sqlalchemy as sa
from alembic import op

revision = 'm0016'
down_revision = 'm0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'collection',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('name_key', sa.String(), nullable=False),
        sa.Column('query', sa.String(), nullable=True),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('created_at', sa.String(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_collection')),
        sa.UniqueConstraint('name_key', name=op.f('uq_collection_name_key')),
    )
    op.create_table(
        'collection_item',
        sa.Column('collection_id', sa.String(), nullable=False),
        sa.Column('asset_id', sa.String(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('added_at', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_collection_item_asset_id')),
        sa.ForeignKeyConstraint(
            ['collection_id'], ['collection.id'], name=op.f('fk_collection_item_collection_id')
        ),
        sa.PrimaryKeyConstraint('collection_id', 'asset_id', name=op.f('pk_collection_item')),
    )


def downgrade() -> None:
    op.drop_table('collection_item')
    op.drop_table('collection')
