"""The trading floor: every process hears which commits change a market."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _wake_other_processes()


def _wake_other_processes() -> None:
    """A tick, what admins change, who comes and goes (`storage.waking.Topic.MARKET`). Not each order that is accepted:
    a commit that notifies waits for others that do, and there may be hundreds in a second."""
    for table, change in (
        ("config", "INSERT OR UPDATE OF status, tick, head, title, params, planned_start_ms, halted"),
        ("users", "INSERT OR DELETE OR UPDATE OF display_name, barred, unranked"),
        ("wordings", "INSERT OR DELETE"),
    ):
        op.execute(f"DROP TRIGGER IF EXISTS wake_market ON {table}")
        op.execute(
            f"CREATE TRIGGER wake_market AFTER {change} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION outcry_wake('market')"
        )
