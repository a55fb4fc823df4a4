"""Keys of programs: made, listed, revoked; what a program may not; how a market takes what they do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.chat.reply import (
    Action,
    Audience,
    Block,
    CodeBlock,
    Column,
    Line,
    Reply,
    Stamp,
    Table,
    Tone,
    bold,
    code,
    line,
    quiet,
)
from bot.text.names import clean
from bot.text.numbers import Cut, money, tokens, typed_money
from bot.words.shared import listed, no, plural, say, token_name
from engine.state import Status
from storage.allowance import MOST_OPEN, Spending
from storage.keys import HIDDEN, MOST, OFF, Key, Scope
from storage.records import Declined, Market, OrderDraft, OrderRow

MAY: Mapping[Scope, str] = {
    Scope.READ: "read what you see",
    Scope.TRADE: "trade for you",
    Scope.RUN: "run the market as you",
}
"""What a program may by a key, as a choice of `/apikey` and in sentences."""

SWITCH: Mapping[str, str] = {
    "on": "programs trade here, each trade marked",
    HIDDEN: "programs trade here, and the tape shows only what people do",
    OFF: "programs do not trade here",
}
"""What an admin can set for a market's programs."""

# -- made, listed, revoked


def made(key: Key, token: str, market: Market, address: str | None) -> Reply:
    """The only time a key is shown. `address`: of the room, where it has one."""
    title = clean(market.title)
    rows: list[Block] = [
        CodeBlock(text=token),
        line(bold("This is the only time it is shown."), " Whoever has it can ", _may(key), "; keep it out of chats."),
    ]
    if key.scope is Scope.RUN:
        rows.append(line("Each use asks whether you are an admin at that moment, and needs what you would need."))
    if key.scope is Scope.TRADE:
        rows.append(line(f"It can never cost you more than {_allowed(key)}, and sells only what it bought itself."))
    where = f"{address}/api/v1/openapi.json" if address else "/api/v1/openapi.json at the room's address"
    rows.append(line("A program sends it as ", code("Authorization: Bearer …"), f"; {where} says what it can ask for."))
    rows.append(line("To take it back: ", code(revoke_line(key))))
    reply = say(f"Key {key.id} is made: a program can ", _may(key), f" in {title}.", blocks=rows, tone=Tone.GOOD)
    return _once(reply)


def _once(reply: Reply) -> Reply:
    return Reply(head=reply.head, blocks=reply.blocks, tone=reply.tone, secret=True)


def _may(key: Key) -> str:
    return f"trade for you, for {_allowed(key)} in all" if key.scope is Scope.TRADE else MAY[key.scope]


def _allowed(key: Key) -> str:
    return typed_money(key.allowance or 0)


def makes(scope: str) -> str:
    """The line that makes a key of this scope, as it can be sent."""
    return "/apikey trade $200" if scope == Scope.TRADE else f"/apikey {scope}"


def revoke_line(key: Key) -> str:
    return f"/apikey revoke {key.id}"


def listing(market: Market, keys: Sequence[tuple[Key, Spending]], owner: int | None) -> Reply:
    """One's own in a market, with what each has spent of its allowance and a button that revokes it."""
    title = clean(market.title)
    how = line(
        "A program trades for you by ", code("/apikey trade $200"), ", only looks by ", code("/apikey read"), "."
    )
    if not keys:
        return say(f"You have no key in {title}.", blocks=(how, *_closed(market)))
    columns = (
        Column(title="Key", numeric=True),
        Column(title="Name"),
        Column(title="May"),
        Column(title="Costs at most", numeric=True),
        Column(title="Used"),
    )
    rows = tuple(_row(key, spent) for key, spent in keys)
    actions = [Action(label=f"Revoke {key.id}", text=revoke_line(key), person=owner, danger=True) for key, _ in keys]
    return say(
        f"You have {plural(len(keys), 'key')} in {title}.",
        blocks=(Table(columns=columns, rows=rows), *_closed(market), how),
        actions=actions,
    )


def _row(key: Key, spent: Spending) -> tuple[Line, ...]:
    of = f"{money(max(0, spent.cost), Cut.UP)} of {_allowed(key)}" if key.scope is Scope.TRADE else ""
    return (
        line(f"{key.id}"),
        line(clean(key.name) or "—"),
        line(key.scope.value),
        line(of),
        line(Stamp(key.used_ms) if key.used_ms else "never"),
    )


def _closed(market: Market) -> tuple[Line, ...]:
    return (line("Orders by key are off in this market, as an admin has set it."),) if market.keys == OFF else ()


def revoked(key: Key, orders: int) -> Reply:
    """`orders` of it were waiting, and are taken back."""
    waited = f" {plural(orders, 'order')} of it that {'waits' if orders == 1 else 'wait'} "
    taken = f"{waited}{'is' if orders == 1 else 'are'} taken back." if orders else ""
    bought = line("What it bought stays yours.") if key.scope is Scope.TRADE else ()
    rows = [line(f"No program can use it any more.{taken}"), *([bought] if bought else [])]
    return say(f"Key {key.id} is revoked.", blocks=rows, tone=Tone.GOOD)


def not_yours(number: int) -> Reply:
    return no(f"You have no key with number {number}.", blocks=(line(code("/apikey"), " lists yours."),))


def too_many() -> Reply:
    how = line("Revoke one first: ", code("/apikey"), " lists them.")
    return no(f"You have {MOST} keys in this market, as many as anybody may.", blocks=(how,))


def which_allowance() -> Reply:
    how = line("Say the most it may ever cost you: ", code("/apikey trade $200"))
    return no("A key that trades needs an allowance.", blocks=(how,))


def no_allowance(scope: Scope) -> Reply:
    how = line("Without it: ", code(f"/apikey {scope.value}"))
    return no(f"A key to {scope.value} cannot spend anything, so it has no allowance.", blocks=(how,))


def is_over(market: Market) -> Reply:
    how = line("A key to look on can still be made: ", code("/apikey read"))
    return no(f"{clean(market.title)} is over.", blocks=(how,))


def made_before(key: Key) -> Reply:
    """The same request again, whose answer may not have arrived; only the hash is kept."""
    how = line("If you have not seen it, take it back and make another: ", code(revoke_line(key)))
    return no(f"Key {key.id} was made by this request, and is not shown again.", blocks=(how,))


# -- what a program may not


def gone() -> Reply:
    return no(
        "This key is not good any more.",
        blocks=(line("Nothing was done. Its maker makes another: ", code("/apikey")),),
        code="unknown_key",
    )


def other_key(command: str, scopes: Collection[Scope]) -> Reply:
    """A command that keys of these scopes can say, or none."""
    if not scopes:
        return no(
            f"/{command} is for people, not for programs.",
            blocks=(line("Nothing was done."),),
            code="key_scope",
        )
    need = listed(sorted(scope.value for scope in scopes), "or")
    how = line("Nothing was done. Its maker makes one: ", code(makes(min(scopes))))
    return no(f"This needs a key to {need}.", blocks=(how,), code="key_scope")


def not_its_order(order: OrderRow) -> Reply:
    how = line("Nothing was taken back. Its maker can, by ", code(f"/cancel {order.number}"))
    return no(f"Order {order.number} was not sent by this key.", blocks=(how,), code="not_its_order")


def declined(why: Declined, market: Market, draft: OrderDraft) -> Reply | None:
    """Why a program's order was not taken; None where it is not because of its key."""
    if why.code == "allowance":
        left, needed = money(why.available, Cut.DOWN), money(why.needed, Cut.UP)
        return _refused(
            f"This order could cost {needed}, and {left} of the key's allowance is left.",
            "Send a smaller one, cancel one that waits, or sell what the key bought; another allowance is another key.",
            why.code,
        )
    if why.code == "not_its_tokens":
        what = token_name(market.params, draft.outcome, draft.side)
        return _refused(
            f"A key sells only what it bought, and this one has {tokens(why.available)} {what} to sell.",
            "Send a smaller one. What else its maker holds is theirs to sell.",
            why.code,
        )
    sentences = {
        "keys_off": ("An admin has forbidden orders by key in this market.", "People can order by hand."),
        "key_gone": ("This key is not good any more.", "Its maker makes another: /apikey trade $200"),
        "key_scope": ("This key cannot trade.", "Its maker makes one that can: /apikey trade $200"),
        "terms_change": ("The market's terms change with the next tick.", "Send the order again after it."),
        "key_busy": (f"{MOST_OPEN} orders of this key wait already.", "Cancel one first."),
    }
    if why.code not in sentences:
        return None
    return _refused(*sentences[why.code], why.code)


def _refused(head: str, how: str, name: str) -> Reply:
    return no(head, blocks=(line(f"Nothing was ordered. {how}"),), code=name)


# -- how a market takes it


def ask_switch(market: Market) -> Reply:
    """`/admin set keys` without a value."""
    actions = [Action(label=word.capitalize(), text=switch_line(word)) for word in SWITCH if word != market.keys]
    rows = [line(bold(word), f": {about}.") for word, about in SWITCH.items()]
    return say(f"Keys are {market.keys}: {SWITCH[market.keys]}.", blocks=rows, actions=actions)


def switch_line(word: str) -> str:
    return f"/admin set keys {word}"


def no_switch(text: str) -> Reply:
    how = line("Say one of ", code("on"), ", ", code("hidden"), " and ", code("off"), ".")
    return no(f"{clean(text)} is nothing that keys can be.", blocks=(how,))


def switched_already(word: str) -> Reply:
    return say(f"Keys are {word} already: {SWITCH[word]}.")


def is_told(market: Market) -> bool:
    """Whether its chats hear of it: what is no draft any more."""
    return market.status is not Status.DRAFT and not market.over


def switched(market: Market, word: str) -> Reply:
    also = ", and the market's chats are told" if is_told(market) else ""
    rows = (line(quiet(f"It is in the log{also}.")),)
    return say(f"Keys are {word} now: {SWITCH[word]}.", blocks=rows, tone=Tone.GOOD)


def told_switched(word: str) -> Reply:
    """In the chats of a market."""
    sentences = {
        "on": ("Programs may trade here for their makers.", "What they trade is marked. Yours: /apikey"),
        HIDDEN: (
            "Programs may trade here for their makers, and the tape shows only what people do.",
            "Volume and prices count everything. Yours: /apikey",
        ),
        OFF: ("Programs may not trade here any more.", "Orders by hand go on as before."),
    }
    head, rest = sentences[word]
    return say(head, blocks=(line(rest),), audience=Audience.CHAT)
