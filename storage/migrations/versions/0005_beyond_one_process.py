"""Several processes on one database: who holds what; what may be tried only so often; what Telegram reported; which
orders of a member wait, found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can


def upgrade() -> None:
    _upgrades()
    _leases()
    _attempts()
    _room()
    _telegram_inbox()
    op.create_index("ix_orders_market_status_user", "orders", ["market", "status", "user"])
    if op.get_bind().dialect.name == "postgresql":
        _wake_other_processes()


def _upgrades() -> None:
    """Which programs can use the tables: one that is older than they are looks here."""
    op.create_table(
        "upgrades",
        sa.Column("version", sa.String(8), nullable=False),
        sa.Column("compatible_from", sa.String(8), nullable=False),
        sa.Column("program", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_upgrades"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), server_default="", nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("until_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _room() -> None:
    """Which request a message answers: once, whichever process answers it."""
    op.add_column("room_messages", sa.Column("request_id", sa.String(128), nullable=True))
    op.create_index("ix_room_messages_request_id", "room_messages", ["request_id"], unique=True)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_key_at_ms", "attempts", ["key", "at_ms"])
    op.create_index("ix_attempts_at_ms", "attempts", ["at_ms"])


def _telegram_inbox() -> None:
    op.create_table(
        "telegram_inbox",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(32), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("update_id", name="pk_telegram_inbox"),
    )
    waits = sa.text("payload IS NOT NULL")
    op.create_index(
        "ix_telegram_inbox_waiting", "telegram_inbox", ["update_id"], postgresql_where=waits, sqlite_where=waits
    )


def _wake_other_processes() -> None:
    """Every commit that changes what others wait for says so (`storage.waking.Topic`), whatever program it comes from:
    one of an older version wakes those of a newer one."""
    op.execute(
        "CREATE OR REPLACE FUNCTION outcry_wake() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_notify('outcry', TG_ARGV[0]); RETURN NULL; END $$"
    )
    for table, change, topic in (
        ("outbox", "INSERT", "outbox"),
        ("room_messages", "INSERT OR UPDATE", "room"),
        ("people", "UPDATE OF merged_into", "people"),  # two became one
        ("links", "DELETE", "people"),  # one was erased
        ("telegram_inbox", "INSERT", "telegram_inbox"),
    ):
        op.execute(f"DROP TRIGGER IF EXISTS wake_{topic} ON {table}")
        op.execute(
            f"CREATE TRIGGER wake_{topic} AFTER {change} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION outcry_wake('{topic}')"
        )
