"""indexes that answer what every page counts, without reading the rows
"""

from alembic import op

revision = 'm0014'
down_revision = 'm0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_asset_counted', 'asset', ['kind', 'review_status', 'credential_state'], unique=False
    )
    op.create_index('ix_location_counted', 'location', ['root_id', 'availability'], unique=False)
    op.create_index('ix_job_state_code', 'job', ['state', 'code'], unique=False)
    op.drop_index('ix_intake_state', table_name='intake')
    op.create_index('ix_intake_state_root_id', 'intake', ['state', 'root_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_asset_counted', table_name='asset')
    op.drop_index('ix_location_counted', table_name='location')
    op.drop_index('ix_job_state_code', table_name='job')
    op.drop_index('ix_intake_state_root_id', table_name='intake')
    op.create_index('ix_intake_state', 'intake', ['state'], unique=False)
