"""what a verdict was made by, and verdicts on copies

Verdicts of before have no `judged_by`: they know no time stamps and no flags, and are judged again.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'm0005'
down_revision = 'm0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('copy_verdict',
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tier', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('judged_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('checked_at', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_copy_verdict'))
    )
    with op.batch_alter_table('copy_verdict', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_copy_verdict_judged_by'), ['judged_by'], unique=False)
    with op.batch_alter_table('manifest', schema=None) as batch_op:
        batch_op.add_column(sa.Column('judged_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.create_index(batch_op.f('ix_manifest_judged_by'), ['judged_by'], unique=False)
    op.execute(
        "INSERT INTO copy_verdict (sha256, state, detail, checked_at) SELECT DISTINCT sha256, '', '{}', '' FROM copy"
    )


def downgrade() -> None:
    with op.batch_alter_table('manifest', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_manifest_judged_by'))
        batch_op.drop_column('judged_by')
    op.drop_table('copy_verdict')
