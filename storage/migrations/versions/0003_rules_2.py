"""Budgets of orders, several winners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

market = sa.Column("market", sa.BigInteger())
winner, winners = sa.Column("winner", sa.Integer()), sa.Column("winners", sa.JSON(none_as_null=True))
config = sa.table("config", market, winner, winners)


def upgrade() -> None:
    op.add_column("orders", sa.Column("spend", sa.BigInteger(), nullable=True))
    op.add_column("config", sa.Column("winners", sa.JSON(none_as_null=True), server_default="[]", nullable=False))
    connection = op.get_bind()
    won = sa.select(config.c.market, config.c.winner).where(config.c.winner.is_not(None))
    for number, outcome in connection.execute(won).all():
        here = sa.update(config).where(config.c.market == number)
        connection.execute(here.values(winners=[outcome]))
    op.drop_column("config", "winner")
