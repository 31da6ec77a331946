"""characters with their bibles, scenes and other terms, which asset shows what, and what people said of it
"""

import sqlalchemy as sa
from alembic import op

revision = 'm0015'
down_revision = 'm0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'term',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('name_key', sa.String(), nullable=False),
        sa.Column('retired', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('created_at', sa.String(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_term')),
        sa.UniqueConstraint('kind', 'name_key', name=op.f('uq_term_kind_name_key')),
    )
    op.create_table(
        'bible',
        sa.Column('term_id', sa.String(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('detail', sa.JSON(), nullable=False),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('created_at', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['term_id'], ['term.id'], name=op.f('fk_bible_term_id')),
        sa.PrimaryKeyConstraint('term_id', 'number', name=op.f('pk_bible')),
    )
    op.create_table(
        'asset_tag',
        sa.Column('asset_id', sa.String(), nullable=False),
        sa.Column('term_id', sa.String(), nullable=False),
        sa.Column('source', sa.String(), nullable=False),
        sa.Column('confidence', sa.Float(), nullable=False),
        sa.Column('detail', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_asset_tag_asset_id')),
        sa.ForeignKeyConstraint(['term_id'], ['term.id'], name=op.f('fk_asset_tag_term_id')),
        sa.PrimaryKeyConstraint('asset_id', 'term_id', 'source', name=op.f('pk_asset_tag')),
    )
    op.create_index('ix_asset_tag_term_id', 'asset_tag', ['term_id'], unique=False)
    op.create_table(
        'tag_verdict',
        sa.Column('asset_id', sa.String(), nullable=False),
        sa.Column('term_id', sa.String(), nullable=False),
        sa.Column('confirmed', sa.Boolean(), nullable=False),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('said_at', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name=op.f('fk_tag_verdict_asset_id')),
        sa.ForeignKeyConstraint(['term_id'], ['term.id'], name=op.f('fk_tag_verdict_term_id')),
        sa.PrimaryKeyConstraint('asset_id', 'term_id', name=op.f('pk_tag_verdict')),
    )
    op.create_index('ix_tag_verdict_term_id', 'tag_verdict', ['term_id'], unique=False)
    with op.batch_alter_table('root', schema=None) as batch_op:
        batch_op.add_column(sa.Column('template', sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('root', schema=None) as batch_op:
        batch_op.drop_column('template')
    for name in ('tag_verdict', 'asset_tag', 'bible', 'term'):
        op.drop_table(name)
