"""which drive a root is, how it is watched, and what each of its folders looked like when it was last unchanged
"""

import sqlalchemy as sa
from alembic import op

revision = 'm0011'
down_revision = 'm0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('root', schema=None) as batch_op:
        batch_op.add_column(sa.Column('watch_mode', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('file_system', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('drive_id', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('marker', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('full_scan_at', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('full_scan_s', sa.Float(), nullable=True))
    with op.batch_alter_table('location', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unverified', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index('ix_location_inode', ['inode', 'size_bytes'], unique=False)
    op.create_index('ix_intake_inode', 'intake', ['inode'], unique=False)
    op.create_index('ix_location_unverified', 'location', ['id'], sqlite_where=sa.text('unverified = 1'))
    op.create_table(
        'folder',
        sa.Column('root_id', sa.String(), nullable=False),
        sa.Column('path', sa.String(), nullable=False),
        sa.Column('mtime_ns', sa.BigInteger(), nullable=False),
        sa.Column('digest', sa.LargeBinary(), nullable=False),
        sa.Column('files', sa.Integer(), nullable=False),
        sa.Column('ignored', sa.Integer(), nullable=False),
        sa.Column('listed_at', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(['root_id'], ['root.id'], name=op.f('fk_folder_root_id')),
        sa.PrimaryKeyConstraint('root_id', 'path', name=op.f('pk_folder')),
    )


def downgrade() -> None:
    op.drop_table('folder')
    op.drop_index('ix_intake_inode', table_name='intake')
    op.drop_index('ix_location_unverified', table_name='location')
    with op.batch_alter_table('location', schema=None) as batch_op:
        batch_op.drop_index('ix_location_inode')
        batch_op.drop_column('unverified')
    with op.batch_alter_table('root', schema=None) as batch_op:
        for name in ('full_scan_s', 'full_scan_at', 'marker', 'drive_id', 'file_system', 'watch_mode'):
            batch_op.drop_column(name)
