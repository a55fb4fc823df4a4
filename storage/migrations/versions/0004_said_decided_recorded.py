"""Members who are barred or kept out of ranks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("barred", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("unranked", sa.Boolean(), server_default=sa.false(), nullable=False))
