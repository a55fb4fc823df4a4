"""Entrances: one person everywhere by a link, keys for programs, markets to watch, news sent to addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
breaking = None  # why programs of the version before cannot use the tables any more; none: they can


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("config", sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("config", sa.Column("keys", sa.String(8), nullable=False, server_default="on"))
    op.add_column("orders", sa.Column("key", sa.BigInteger()))
    op.add_column("preferences", sa.Column("named", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("codes", sa.Column("about", sa.JSON()))
    _sessions()
    _keys()
    _webhooks()
    if op.get_bind().dialect.name == "postgresql":
        _wake_other_processes()


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("person", _id(), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("chat", _id()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_sessions_person"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_sessions_chat"),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", _id(), nullable=False),
        sa.Column("market", _id(), nullable=False),
        sa.Column("person", _id(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("allowance", sa.BigInteger()),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("chat", _id()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
        sa.Column("revoked_ms", sa.BigInteger()),
        sa.Column("settled", sa.JSON()),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name="fk_keys_market"),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_keys_person"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_keys_chat"),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("hash", name="uq_keys_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_keys_person", "keys", ["person"])
    op.create_index("ix_keys_market", "keys", ["market"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", _id(), nullable=False),
        sa.Column("market", _id(), nullable=False),
        sa.Column("chat", _id(), nullable=False),
        sa.Column("creator", _id(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("failing_ms", sa.BigInteger()),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name="fk_webhooks_market"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_webhooks_chat"),
        sa.ForeignKeyConstraint(["creator"], ["people.id"], name="fk_webhooks_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_market", "webhooks", ["market"])


def _wake_other_processes() -> None:
    """Whether a market can be watched, and what is shown of keys, changes what people see of it; so does whether
    somebody is shown by name."""
    change = "INSERT OR UPDATE OF status, tick, head, title, params, planned_start_ms, halted, public, keys"
    op.execute("DROP TRIGGER IF EXISTS wake_market ON config")
    op.execute(
        f"CREATE TRIGGER wake_market AFTER {change} ON config FOR EACH STATEMENT EXECUTE FUNCTION outcry_wake('market')"
    )
    op.execute("DROP TRIGGER IF EXISTS wake_people ON preferences")
    op.execute(
        "CREATE TRIGGER wake_people AFTER INSERT OR UPDATE OF named ON preferences"
        " FOR EACH STATEMENT EXECUTE FUNCTION outcry_wake('people')"
    )
