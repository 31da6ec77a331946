"""what has the same seed is found without reading every generation
"""

from alembic import op

revision = 'm0010'
down_revision = 'm0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('generation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_generation_seed'), ['seed'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('generation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_generation_seed'))
