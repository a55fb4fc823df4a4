"""Members who are barred or unranked; what decides a market in words; proposals of more; the tree; the journal;
trades that a cut undid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _members()
    _wordings()
    _proofs()
    _journal()
    op.add_column("trades", sa.Column("undone_tick", sa.BigInteger()))


def _members() -> None:
    op.add_column("users", sa.Column("barred", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("unranked", sa.Boolean(), server_default=sa.false(), nullable=False))


def _wordings() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "wordings",
        sa.Column("market", big_id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", big_id, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["market"], ["config.market"], name="fk_wordings_market"),
        sa.PrimaryKeyConstraint("market", "number", name="pk_wordings"),
    )
    op.create_index("ix_tickets_market_person", "tickets", ["market", "person"])
    op.add_column("approvals", sa.Column("asked", sa.JSON(none_as_null=True), server_default="{}", nullable=False))


def _proofs() -> None:
    op.add_column("config", sa.Column("leaves", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("turn", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("ticks", sa.Column("leaves", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("ticks", sa.Column("root", sa.String(64), server_default="", nullable=False))
    op.create_table(
        "tiles",
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("market", "level", "number", name="pk_tiles"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True)),
        sa.Column("salt", sa.String(32)),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("market", "number", name="pk_journal"),
    )
    op.create_index("ix_journal_market_kind_subject", "journal", ["market", "kind", "subject"])
    op.create_table(
        "journal_heads",
        sa.Column("market", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("market", name="pk_journal_heads"),
    )
    op.add_column("ticks", sa.Column("journal", sa.BigInteger()))
    op.add_column("ticks", sa.Column("shared_journal", sa.BigInteger()))
    op.add_column("outbox", sa.Column("salt", sa.String(32)))
