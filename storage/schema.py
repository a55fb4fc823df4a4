"""The tables. Money and tokens are BigInteger millionths, times epoch milliseconds, payloads canonical JSON.

The first tables are CONTRACT's, each keyed by market; the rest is what a chat needs around them. A change here needs a
migration; a test compares the two. Nothing is ever deleted by cascade.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
JsonColumn = JSON(none_as_null=True)


def _market(*, checked: bool = True) -> Column[int]:
    """The key of everything. Tables that only a tick writes, under the lock of its market, spare the reference: on
    PostgreSQL it costs a lookup for each of a thousand rows."""
    return Column("market", BigId, *([ForeignKey("config.market")] if checked else []), nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, default=0, server_default="0")


config = Table(
    "config",
    metadata,
    Column("market", BigId, primary_key=True),
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("params", JsonColumn, nullable=False),
    Column("start_ts", BigInteger),
    Column("start_params", JsonColumn),  # as they were at the start: where a replay begins
    Column("draft", JsonColumn, nullable=False),
    Column("creator", BigId, ForeignKey("people.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("planned_start_ms", BigInteger),
    Column("tick", BigInteger, nullable=False, default=0),
    Column("tick_ms", BigInteger),
    Column("head", String(64), nullable=False, default=""),
    Column("state", JsonColumn),  # what of the engine's state is not in binaries, users and positions
    Column("house", BigInteger, nullable=False, default=0),  # sum of the house's ledger entries
    Column("halted", Text),
    Column("rules", Integer, nullable=False, default=1, server_default="1"),  # those its parameters are written by
    Column("memo", JsonColumn, nullable=False),  # what was announced last: leader, digest, reminder
    Column("winners", JsonColumn, nullable=False, default=list, server_default="[]"),  # several in a dead heat
    Column("ended_ms", BigInteger),
    Column("next_kind", String(8)),
    Column("next_ms", BigInteger),
    Column("next_round", Integer),
    _count("intents"),  # numbers given so far to orders and actions, trades, entries, events
    _count("trades"),
    _count("entries"),
    _count("events"),
    _count("leaves"),  # of its tree
    _count("volume"),
    Column("public", Boolean, nullable=False, default=False, server_default=false()),  # whoever has its link may watch
    Column("keys", String(8), nullable=False, default="on", server_default="on"),  # trades by key: on | hidden | off
    Index("ix_config_status", "status"),
    Index("ix_config_chat", "chat"),
)

users = Table(
    "users",
    metadata,
    _market(),
    Column("user", BigId, ForeignKey("people.id"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("balance", BigInteger, nullable=False, default=0),
    Column("net_pnl", BigInteger, nullable=False, default=0),  # the engine's `net` with the other sign
    Column("trade_count", BigInteger, nullable=False, default=0),
    Column("joined_ms", BigInteger, nullable=False),
    Column("funded", Boolean, nullable=False, default=False),
    Column("coming", BigInteger, nullable=False, default=0),
    Column("stake", BigInteger, nullable=False, default=0),
    Column("volume", BigInteger, nullable=False, default=0),
    Column("fees", BigInteger, nullable=False, default=0),
    Column("gas", BigInteger, nullable=False, default=0),
    Column("escrow", BigInteger, nullable=False, default=0),
    Column("barred", Text),  # why they may not buy any more, "" without a reason; none: they may
    Column("unranked", Boolean, nullable=False, default=False, server_default=false()),  # kept out of ranks
    PrimaryKeyConstraint("market", "user"),
    Index("ix_users_user", "user"),
)

positions = Table(
    "positions",
    metadata,
    _market(checked=False),
    Column("user", BigId, nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("side", String(3), nullable=False),
    Column("tokens", BigInteger, nullable=False),
    PrimaryKeyConstraint("market", "user", "outcome", "side"),
)

binaries = Table(
    "binaries",
    metadata,
    _market(checked=False),
    Column("outcome", Integer, nullable=False),
    Column("v", BigInteger, nullable=False),
    Column("q_yes", BigInteger, nullable=False),
    Column("q_no", BigInteger, nullable=False),
    Column("s_yes", BigInteger, nullable=False),
    Column("s_no", BigInteger, nullable=False),
    Column("e", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    PrimaryKeyConstraint("market", "outcome"),
)

orders = Table(
    "orders",
    metadata,
    _market(),
    Column("number", BigInteger, nullable=False),
    Column("user", BigId, nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("side", String(3), nullable=False),
    Column("is_buy", Boolean, nullable=False),
    Column("type", String(8), nullable=False),  # market | limit
    Column("size", BigInteger, nullable=False),
    Column("limit_price", BigInteger),
    Column("worst_price", BigInteger),
    Column("max_slippage", BigInteger),
    Column("spend", BigInteger),  # the most a market buy may cost, gas beside it
    Column("af_opt_in", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("reserve", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False, default=0),
    Column("fee", BigInteger, nullable=False, default=0),
    Column("gas", BigInteger, nullable=False, default=0),
    Column("rebate", BigInteger, nullable=False, default=0),
    Column("rest_fee", BigInteger),  # the largest fee it may be charged, fixed when it came to rest
    Column("reason", String(32)),
    Column("detail", JsonColumn, nullable=False),
    Column("request_id", String(200), nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),  # engine time
    Column("tick_id", BigInteger),
    Column("turn", JsonColumn),  # how it stood at the end of that tick: what its leaf says
    Column("ticket", BigId),
    Column("key", BigInteger),  # by which it came; none: by hand
    PrimaryKeyConstraint("market", "number"),
    UniqueConstraint("request_id"),
    Index("ix_orders_market_status", "market", "status"),
    Index("ix_orders_market_status_user", "market", "status", "user"),
    Index("ix_orders_market_user", "market", "user", "number"),
    Index("ix_orders_market_tick_id", "market", "tick_id"),
)

lob_pools = Table(
    "lob_pools",
    metadata,
    _market(checked=False),
    Column("outcome", Integer, nullable=False),
    Column("side", String(3), nullable=False),
    Column("is_buy", Boolean, nullable=False),
    Column("tick", Integer, nullable=False),
    Column("volume", BigInteger, nullable=False),
    Column("shares", JsonColumn, nullable=False),
    PrimaryKeyConstraint("market", "outcome", "side", "is_buy", "tick"),
)

trades = Table(
    "trades",
    metadata,
    _market(checked=False),
    Column("trade_id", BigInteger, nullable=False),
    Column("tick_id", BigInteger, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("side", String(3), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("buy_user", BigId),
    Column("sell_user", BigId),
    Column("price", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),  # both sides together
    Column("amount", BigInteger, nullable=False),
    Column("buy_fee", BigInteger, nullable=False),
    Column("sell_fee", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("order", BigInteger),
    Column("resting", BigInteger),  # the resting order it filled
    Column("parts", JsonColumn, nullable=False),
    Column("undone_tick", BigInteger),  # that of the cut since which it never was
    PrimaryKeyConstraint("market", "trade_id"),
    Index("ix_trades_market_buy_user", "market", "buy_user"),
    Index("ix_trades_market_sell_user", "market", "sell_user"),
    Index("ix_trades_market_order", "market", "order"),
    Index("ix_trades_market_resting", "market", "resting"),
)

ticks = Table(
    "ticks",
    metadata,
    _market(checked=False),
    Column("tick_id", BigInteger, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("summary", JsonColumn, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("state_hash", String(64), nullable=False),
    _count("leaves"),  # of the market's tree, this tick's among them
    Column("root", String(64), nullable=False, default="", server_default=""),  # of that tree
    Column("took_us", BigInteger),  # how long it took, by the wall's clock: no part of the hash
    Column("journal", BigInteger),  # rows of the market's journal before it, and of the shared one: their hashes at
    Column("shared_journal", BigInteger),  # that moment are part of its own
    PrimaryKeyConstraint("market", "tick_id"),
    Index("ix_ticks_market_ts_ms", "market", "ts_ms"),
)

tiles = Table(  # the hashes of a market's tree: see `storage.proofs.tiles`
    "tiles",
    metadata,
    _market(checked=False),
    Column("level", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("market", "level", "number"),
)

events = Table(
    "events",
    metadata,
    _market(checked=False),
    Column("event_id", BigInteger, nullable=False),
    Column("tick_id", BigInteger, nullable=False),
    Column("type", String(32), nullable=False),
    Column("payload", JsonColumn, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("market", "event_id"),
    Index("ix_events_market_type", "market", "type"),
)

metrics = Table(
    "metrics",
    metadata,
    _market(checked=False),
    Column("tick_id", BigInteger, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("volume", BigInteger, nullable=False),
    Column("mm_risk", BigInteger, nullable=False),
    Column("mm_profit", BigInteger, nullable=False),
    Column("sources", JsonColumn, nullable=False),
    PrimaryKeyConstraint("market", "tick_id"),
)

ledger = Table(
    "ledger",
    metadata,
    _market(checked=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("tick_id", BigInteger, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("account", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("ref", String(32), nullable=False),
    PrimaryKeyConstraint("market", "entry_id"),
    Index("ix_ledger_market_account", "market", "account"),
)

actions = Table(
    "actions",
    metadata,
    _market(),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("payload", JsonColumn, nullable=False),
    Column("actor", BigId),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("request_id", String(200), nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("tick_id", BigInteger),
    PrimaryKeyConstraint("market", "number"),
    UniqueConstraint("request_id"),
    Index("ix_actions_market_status", "market", "status"),
    Index("ix_actions_market_tick_id", "market", "tick_id"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", BigId, primary_key=True),
    _market(),
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("draft", JsonColumn, nullable=False),
    Column("reserve", BigInteger, nullable=False),
    Column("terms", JsonColumn, nullable=False),
    Column("order", BigInteger),
    Column("platform", String(16)),
    Column("chat_ext", String(200)),
    Column("ref", String(200)),
    Column("request_id", String(200), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("request_id"),
    Index("ix_tickets_market_person", "market", "person"),
)

people = Table(
    "people",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("market", BigId),  # the one their private commands speak of
    Column(
        "merged_into", BigId
    ),  # whose identities theirs have become: their accounts in markets stay under this number
    Index("ix_people_merged_into", "merged_into"),
)

links = Table(
    "links",
    metadata,
    Column("platform", String(16), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("platform", "external_id"),
    Index("ix_links_person", "person"),
)

chats = Table(
    "chats",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("platform", String(16), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("lost_ms", BigInteger),  # since when nothing reaches it
    Column("lost_why", String(16)),  # bot.platform.Why
    UniqueConstraint("platform", "external_id"),
)

chat_admins = Table(
    "chat_admins",
    metadata,
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("chat", "person"),
)

announcements = Table(
    "announcements",
    metadata,
    _market(),
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),
    PrimaryKeyConstraint("market", "chat"),
    Index("ix_announcements_chat", "chat"),
)

message_refs = Table(
    "message_refs",
    metadata,
    _market(),
    Column("platform", String(16), nullable=False),
    Column("chat_ext", String(200), nullable=False),
    Column("slot", String(64), nullable=False),
    Column("ref", String(200), nullable=False),
    PrimaryKeyConstraint("market", "platform", "chat_ext", "slot"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("market", BigId, ForeignKey("config.market")),
    Column("kind", String(32), nullable=False),
    Column("audience", String(8), nullable=False),
    Column("platform", String(16), nullable=False),
    Column("target", String(200), nullable=False),
    Column("person", BigId),
    Column("payload", JsonColumn, nullable=False),
    Column("slot", String(64)),
    Column("ticket", BigId),
    Column("key", String(300)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("revision", Integer, nullable=False, default=0),
    Column("created_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("lease_ms", BigInteger, nullable=False, default=0),  # nobody else's until then
    Column("error", Text),
    Column("dropped", Boolean, nullable=False, default=False),
    Column("salt", String(32)),  # of its digest in the journal; gone with the row
    UniqueConstraint("key"),
    Index("ix_outbox_platform_due_ms", "platform", "due_ms"),
)

room_messages = Table(
    "room_messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("room", String(200), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("person", BigId),
    Column("author", Text, nullable=False),
    Column("body", JsonColumn, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("edited_ms", BigInteger),
    Column("request_id", String(128)),  # what it answers, once whichever process answers it
    UniqueConstraint("seq"),
    Index("ix_room_messages_request_id", "request_id", unique=True),
    Index("ix_room_messages_room_seq", "room", "seq"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("market", BigId, ForeignKey("config.market")),
    Column("chat", BigId),
    Column("actor", BigId),
    Column("action", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", JsonColumn, nullable=False),
    Column("after", JsonColumn, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Index("ix_audit_log_market", "market"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("person", BigId, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("slippage", BigInteger),  # a rate; none: the bot's own default
    Column("confirm", Boolean, nullable=False),
    Column("autofill", Boolean, nullable=False),
    Column("quiet", JsonColumn, nullable=False),  # kinds of private notices they do not want
    Column("named", Boolean, nullable=False, default=False, server_default=false()),  # shown by name to who watches
)

pings = Table(
    "pings",
    metadata,
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    PrimaryKeyConstraint("person", "chat", "kind"),
    Index("ix_pings_chat_kind", "chat", "kind"),
)

codes = Table(
    "codes",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the code: whoever reads the table cannot use it
    # person: joins two identities; chat: announces a market in a chat; room: opens the room as oneself; app: what
    # Telegram signed for a Mini App, noted when it is used
    Column("kind", String(16), nullable=False),
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("market", BigId, ForeignKey("config.market")),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("about", JsonColumn),  # what else it opens
    Index("ix_codes_person", "person"),
)

sessions = Table(  # browsers and Mini Apps that are somebody known from a chat
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),  # of its token: whoever reads the table cannot use it
    Column("kind", String(8), nullable=False),  # room: a cookie, for a link that was used; app: a Mini App's
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("platform", String(16), nullable=False),  # as whom they came: rights are asked for this identity
    Column("external_id", String(200), nullable=False),
    Column("chat", BigId, ForeignKey("chats.id")),  # from where; whether they are in it is asked anew
    Column("created_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_sessions_person", "person"),
)

keys = Table(  # by which programs act for a person in a market
    "keys",
    metadata,
    Column("id", BigId, primary_key=True),
    _market(),
    Column("person", BigId, ForeignKey("people.id"), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scope", String(8), nullable=False),  # read | trade | run
    Column("name", Text, nullable=False),  # what they call it
    Column("allowance", BigInteger),  # the most it can ever cost them; none: it cannot trade
    Column("platform", String(16), nullable=False),  # as whom they asked for it: rights are asked for this identity
    Column("external_id", String(200), nullable=False),
    Column("chat", BigId, ForeignKey("chats.id")),  # whose admin they were, of a key to run a market
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("settled", JsonColumn),  # what its orders that are done with come to: `storage.allowance`
    UniqueConstraint("hash"),
    Index("ix_keys_person", "person"),
    Index("ix_keys_market", "market"),
    sqlite_autoincrement=True,  # a number stands behind buttons: none is given twice
)

webhooks = Table(  # addresses that are sent a market's news
    "webhooks",
    metadata,
    Column("id", BigId, primary_key=True),
    _market(),
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),  # whose admin asked for it
    Column("creator", BigId, ForeignKey("people.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("failing_ms", BigInteger),  # since when nothing arrives
    Column("ended_ms", BigInteger),  # taken back, or given up
    Index("ix_webhooks_market", "market"),
    sqlite_autoincrement=True,
)

approvals = Table(
    "approvals",
    metadata,
    _market(),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("outcomes", JsonColumn, nullable=False),
    Column("asked", JsonColumn, nullable=False, default=dict, server_default="{}"),  # what else than outcomes
    Column("reason", Text, nullable=False),
    Column("code", String(16), nullable=False),  # of what the proposer was shown
    Column("proposer", BigId, ForeignKey("people.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    Column("decided_by", BigId),
    Column("decided_ms", BigInteger),
    PrimaryKeyConstraint("market", "number"),
)

chat_settings = Table(
    "chat_settings",
    metadata,
    Column("chat", BigId, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("admin_role", String(200)),  # the platform's id of a role whose holders are admins here
    Column("ping_role", String(200)),  # and of the role to mention
    Column("ping_kinds", JsonColumn, nullable=False),  # for these kinds of events
    Column("routes", JsonColumn),  # which of its posts go to another channel: its platform id, by the posts' kind
    Column("silent", Boolean, nullable=False, default=True, server_default=true()),  # small news makes no sound
)

attempts = Table(  # wrong guesses at secrets and joins of strangers, within the last hour
    "attempts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(64), nullable=False),  # a hash of what was tried and by whom
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_attempts_key_at_ms", "key", "at_ms"),
    Index("ix_attempts_at_ms", "at_ms"),
)
alerts = Table(  # what members asked to be told once, when a price is passed
    "alerts",
    metadata,
    Column("id", BigId, primary_key=True),
    _market(),
    Column("user", BigId, nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("side", String(3), nullable=False),
    Column("price", BigInteger, nullable=False),  # as prices are shown
    Column("above", Boolean, nullable=False),  # told from there on up, else from there on down
    Column("ts_ms", BigInteger, nullable=False),
    UniqueConstraint("market", "user", "outcome", "side", "price"),
    Index("ix_alerts_market_outcome", "market", "outcome", "side", "above", "price"),
    sqlite_autoincrement=True,  # a number stands behind buttons: none is given twice
)

lines = Table(  # lines too long for a button, and those a link leads back to
    "lines",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("line", Text, nullable=False),
    Column("person", BigId),
    Column("chat_ext", String(200)),
    Column("created_ms", BigInteger, nullable=False),
)

facts = Table(  # small things an adapter must remember, such as the hash of the commands it has registered
    "facts",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

secrets = Table(  # what this database alone knows: in its backups, and in nothing else that leaves it
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

seasons = Table(
    "seasons",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("chat", BigId, ForeignKey("chats.id"), nullable=False),
    Column("number", Integer, nullable=False),  # counted per chat from 1
    Column("title", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger),
    UniqueConstraint("chat", "number"),
)

wordings = Table(  # what decides a market, in its admins' words
    "wordings",
    metadata,
    _market(),
    Column("number", Integer, nullable=False),  # 1: the first text; then what was added after the start
    Column("text", Text, nullable=False),
    Column("actor", BigId, nullable=False),
    Column("ts_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("market", "number"),
)

journal = Table(  # `storage.journal`; market 0: what belongs to none
    "journal",
    metadata,
    _market(checked=False),
    Column("number", BigInteger, nullable=False),  # counted per market from 1
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("content", JsonColumn),  # none: forgotten, with its salt
    Column("salt", String(32)),  # of names and free texts
    Column("commitment", String(64), nullable=False),  # of salt, kind, subject, content
    Column("hash", String(64), nullable=False),  # of the row before and of this one's commitment
    PrimaryKeyConstraint("market", "number"),
    Index("ix_journal_market_kind_subject", "market", "kind", "subject"),
)

journal_heads = Table(  # how many rows each journal has, and the hash of the last
    "journal_heads",
    metadata,
    Column("market", BigId, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

upgrades = Table(  # which programs can use the tables; written by `storage.migrate` alone
    "upgrades",
    metadata,
    Column("version", String(8), primary_key=True),  # of the tables
    Column("compatible_from", String(8), nullable=False),  # that of the oldest program that can use them
    Column("program", String(32), nullable=False),  # of Outcry, that made them
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False, server_default=""),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("until_ms", BigInteger, nullable=False, server_default="0"),  # by the database's clock
    Column("state", JsonColumn),  # what the next holder must know
)

telegram_inbox = Table(  # what Telegram reported, until it is done with
    "telegram_inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(32)),  # whose doing it is, by their id on Telegram
    Column("payload", Text),  # none: done with; the number is kept a while, so that it is not done twice
    Column("received_ms", BigInteger, nullable=False),
)
Index(
    "ix_telegram_inbox_waiting",
    telegram_inbox.c.update_id,
    postgresql_where=telegram_inbox.c.payload.is_not(None),
    sqlite_where=telegram_inbox.c.payload.is_not(None),
)
