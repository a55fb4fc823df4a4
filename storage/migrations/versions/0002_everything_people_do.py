"""Settings, links between people, approvals, chats that fall silent, seasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "lines",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("chat_ext", sa.String(length=200), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_lines")),
    )
    op.create_table(
        "chat_settings",
        sa.Column("chat", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("admin_role", sa.String(length=200), nullable=True),
        sa.Column("ping_role", sa.String(length=200), nullable=True),
        sa.Column("ping_kinds", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_chat_settings_chat")),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_chat_settings")),
    )
    op.create_table(
        "pings",
        sa.Column("person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_pings_chat")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_pings_person")),
        sa.PrimaryKeyConstraint("person", "chat", "kind", name=op.f("pk_pings")),
    )
    op.create_index("ix_pings_chat_kind", "pings", ["chat", "kind"], unique=False)
    op.create_table(
        "preferences",
        sa.Column("person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("slippage", sa.BigInteger(), nullable=True),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("autofill", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_preferences_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preferences")),
    )
    op.create_table(
        "seasons",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_seasons_chat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("chat", "number", name=op.f("uq_seasons_chat_number")),
    )
    op.create_table(
        "approvals",
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcomes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("proposer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name=op.f("fk_approvals_market")),
        sa.ForeignKeyConstraint(["proposer"], ["people.id"], name=op.f("fk_approvals_proposer")),
        sa.PrimaryKeyConstraint("market", "number", name=op.f("pk_approvals")),
    )
    op.create_table(
        "codes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name=op.f("fk_codes_market")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_codes_person")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_codes")),
    )
    op.create_index("ix_codes_person", "codes", ["person"], unique=False)
    op.add_column("chats", sa.Column("lost_ms", sa.BigInteger(), nullable=True))
    op.add_column("chats", sa.Column("lost_why", sa.String(length=16), nullable=True))
    op.add_column("config", sa.Column("rules", sa.Integer(), server_default="1", nullable=False))
    op.add_column(
        "people", sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
    )
    op.create_index("ix_people_merged_into", "people", ["merged_into"], unique=False)
    op.add_column("ticks", sa.Column("took_us", sa.BigInteger(), nullable=True))
