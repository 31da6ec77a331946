"""Ids from XMP: an asset's own, and those that it names as its sources

Revision ID: m0002
Revises: m0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "m0002"
down_revision = "m0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_id",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asset_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_document_id_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_id")),
    )
    op.create_index(op.f("ix_document_id_asset_id"), "document_id", ["asset_id"])
    op.create_index("ix_document_id_value_kind", "document_id", ["value", "kind"])


def downgrade() -> None:
    op.drop_table("document_id")
