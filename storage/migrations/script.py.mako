"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Outcry never goes back: restore the backup."""
    raise RuntimeError("restore the backup that was made before the upgrade")
