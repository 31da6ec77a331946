"""in how many deaths of a worker a file or stage was in hand, and until when each worker is known to live
"""

import sqlalchemy as sa
from alembic import op

revision = 'm0012'
down_revision = 'm0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('intake', 'job'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('crashes', sa.Integer(), nullable=False, server_default='0'))
        op.create_index(f'ix_{table}_crashes', table, ['crashes'], sqlite_where=sa.text('crashes > 0'))
    op.create_table(
        'lease',
        sa.Column('worker', sa.String(), nullable=False),
        sa.Column('until', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('worker', name=op.f('pk_lease')),
    )


def downgrade() -> None:
    op.drop_table('lease')
    for table in ('intake', 'job'):
        op.drop_index(f'ix_{table}_crashes', table_name=table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('crashes')
