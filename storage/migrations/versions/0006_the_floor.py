"""The trading floor: every process hears which commits change a market; members are told when a price is passed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can

_ALERT = ("market", "user", "outcome", "side", "price")


def upgrade() -> None:
    _alerts()
    if op.get_bind().dialect.name == "postgresql":
        _wake_other_processes()


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(3), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("above", sa.Boolean(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name="fk_alerts_market"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint(*_ALERT, name="uq_alerts_market_user_outcome_side_price"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_market_outcome", "alerts", ["market", "outcome", "side", "above", "price"])


def _wake_other_processes() -> None:
    """A tick, what admins change, who comes and goes (`storage.waking.Topic.MARKET`). Not each order that is accepted:
    a commit that notifies waits for others that do, and there may be hundreds in a second."""
    for table, change in (
        ("config", "INSERT OR UPDATE OF status, tick, head, title, params, planned_start_ms, halted"),
        ("users", "INSERT OR DELETE OR UPDATE OF display_name, barred, unranked"),
        ("wordings", "INSERT OR DELETE"),
        ("alerts", "INSERT OR DELETE"),
    ):
        op.execute(f"DROP TRIGGER IF EXISTS wake_market ON {table}")
        op.execute(
            f"CREATE TRIGGER wake_market AFTER {change} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION outcry_wake('market')"
        )
