"""At home in a chat: which of its posts go to another channel, and whether small news makes a sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can


def upgrade() -> None:
    op.add_column("chat_settings", sa.Column("routes", sa.JSON(none_as_null=True)))
    op.add_column("chat_settings", sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.true()))
