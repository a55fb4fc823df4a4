"""What a proof says in plain words: `outcry prove`, `outcry check`, `/receipt`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.reply import Attachment, Reply, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, limit_price, money, price, tokens
from bot.text.numbers import moment as minute
from bot.words.receipts import fee_and_gas
from bot.words.shared import listed, no, plural, say
from engine.units import MICRO
from storage.proofs.checking import Comparison, ProvedLeaf, Relation
from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import Problem
from storage.proofs.proving import Unproved

_LONGEST = 300
_NUMBER_ONLY = "An account is a number here: a proof names nobody."
_STATUS = {
    "filled": "it was filled",
    "partly": "it was filled in part",
    "resting": "it waited in the book",
    "refused": "it was refused",
    "cancelled": "what was left of it was given back",
}

# -- what was checked


def holds(leaf: ProvedLeaf) -> list[str]:
    """Line by line: what is proved, of whom and when, by whose word."""
    told = {"order": _order, "fill": _fill, "restored": _restore}.get(leaf.kind, _other)(leaf)
    place = f"entry {leaf.index + 1:,} of the {leaf.head.checkpoint.size:,} that its signed head covers"
    return [*told, f"It stands in the history of market {leaf.market}: {place}."]


def _order(leaf: ProvedLeaf) -> list[str]:
    row = leaf.row
    bounds = [
        f" at {limit_price(row['limit'])} or better" if _is_number(row.get("limit")) else "",
        f" for at most {money(row['spend'])}" if _is_number(row.get("spend")) else "",
    ]
    what = f"{tokens(row['size'])} {_token(row)}"
    asked = f"{'buy' if row['buy'] else 'sell'} {what}{''.join(bounds)}"
    reason = f" ({clean(str(row['reason']), 40)})" if row.get("reason") else ""
    became = _STATUS.get(row["status"], clean(row["status"], 20))
    return [
        f"Holds: order {row['number']} of account {row['user']}, accepted {minute(row['accepted_ms'])}: {asked}. "
        f"{_NUMBER_ONLY}",
        f"In tick {leaf.tick:,}, {minute(leaf.ts_ms)}, {became}{reason}: {_traded(row)}. "
        "What happened to it later (other fills, a cancel, a cut that undid it) is not in this proof.",
    ]


def _traded(row: Mapping[str, Any]) -> str:
    """How much, for how much, at what price, as its receipt has it: all that was paid or got, gas in."""
    size, amount, fee, gas, buy = row["size"] - row["remaining"], row["amount"], row["fee"], row["gas"], row["buy"]
    if size <= 0:
        return f"nothing traded; gas {money(gas, Cut.UP)}"
    before_fees = amount - fee if buy else amount + fee
    charged = listed([part for part in fee_and_gas(amount, fee, gas, buy=buy) if part])
    total = money(amount + gas, Cut.UP) if buy else money(amount - gas)
    taken = f" ({'with' if buy else 'after'} {charged})" if charged else ""
    average = price(before_fees * MICRO // size)
    return f"{tokens(size)} traded at {average} on average, {total} {'paid' if buy else 'got'}{taken}"


def _fill(leaf: ProvedLeaf) -> list[str]:
    row = leaf.row
    buyer, seller = (_account(row.get(name)) for name in ("buy_user", "sell_user"))
    orders = [f"order {row[name]}" for name in ("order", "resting") if _is_number(row.get(name))]
    return [
        f"Holds: in tick {leaf.tick:,}, {minute(leaf.ts_ms)}, {buyer} bought {tokens(row['size'])} {_token(row)} from "
        f"{seller} at {price(row['price'])}, for {money(row['amount'])} before fees. {_NUMBER_ONLY}",
        f"It is fill {row['trade_id']}, of {' and '.join(orders) or 'no order'}.",
    ]


def _restore(leaf: ProvedLeaf) -> list[str]:
    return [
        f"Holds: market {leaf.market} was restored from a backup, {minute(leaf.ts_ms)}, to how it stood after tick "
        f"{leaf.tick:,}, with {_entries(leaf.row['size'])}. What had been written after them is gone."
    ]


def _other(leaf: ProvedLeaf) -> list[str]:
    row = json.dumps(leaf.row, ensure_ascii=True, sort_keys=True)
    shown = row if len(row) <= _LONGEST else f"{row[:_LONGEST]}..."
    return [f"Holds: this was written in tick {leaf.tick:,}, {minute(leaf.ts_ms)}, as {clean(leaf.kind, 20)}: {shown}"]


def signed(head: SignedCheckpoint, *, known: bool) -> str:
    """By whom; `known`: the key was given by whoever asks."""
    if known:
        return f"It is signed by the key you gave, {head.key.name}."
    return (
        f"It is signed by the key {head.key.name}. Anybody can have a key: compare this one with the key in the heads "
        "the market's bot posted, or give that key by --key."
    )


def does_not_hold(problem: Problem) -> str:
    return f"Does not hold: {_PROBLEMS[problem]}"


_PROBLEMS: Mapping[Problem, str] = {
    Problem.NOT_A_PROOF: "this is no proof file as Outcry writes them, or it was changed on its way.",
    Problem.NOT_A_NOTE: "the signed head in it is not one, or was changed on its way.",
    Problem.NOT_A_CHECKPOINT: "the signed head in it is not one, or was changed on its way.",
    Problem.NOT_A_LEAF: "what it proves is nothing a market writes.",
    Problem.NO_SIGNATURE: "the key it is held against has not signed it.",
    Problem.WRONG_SIGNATURE: "the signature is not of this head: one of them was changed on its way, or is forged.",
    Problem.WRONG_PATH: "what it says is not in the history that was signed: it was changed, or is forged.",
}

# -- heads against each other


def compared(comparison: Comparison, heads: Sequence[SignedCheckpoint]) -> list[str]:
    """Whether the later history goes on from the earlier one."""
    if comparison.restored is not None and comparison.later is not None:
        return _restored(comparison, comparison.restored, comparison.later, heads)
    one, other = sorted((head.checkpoint for head in heads), key=lambda head: head.size)
    market, entries = one.market, _entries(one.size)
    sentences: Mapping[Relation, Sequence[str]] = {
        Relation.SAME: (f"Holds: both are the same head of market {market}, of {entries}.",),
        Relation.FOLLOWS: (
            f"Holds: the history of market {market} with {other.size:,} entries begins with the one of {one.size:,}.",
            "Nothing of it was changed, taken out or put in.",
        ),
        Relation.FORKED: (
            f"Convicts: market {market} has two histories of {entries}, and one key has signed both.",
            "Whoever holds that key has changed the history. Keep both files: they prove it to anybody. Only a restore "
            "from a backup, which is told to everybody and stands in the history, could explain it: outcry prove HEAD "
            "HEAD writes that down, and outcry check HEAD HEAD PROOF tests it.",
        ),
        Relation.BROKEN: (
            f"Does not hold: the proof does not join these heads of market {market} ({one.size:,} and {other.size:,} "
            "entries).",
            "Whoever runs the bot can write the one that does (outcry prove HEAD HEAD). If none does, the history was "
            "changed between the two.",
        ),
        Relation.NOT_PROVED: (
            f"Both are signed heads of market {market}, of {one.size:,} and {other.size:,} entries.",
            "Whether one goes on from the other takes a proof, which whoever runs the bot writes by outcry prove HEAD "
            "HEAD; then outcry check HEAD HEAD PROOF.",
        ),
        Relation.OTHER_MARKET: (
            f"These are heads of two markets, {market} and {other.market}: only those of one market can be compared.",
        ),
        Relation.OTHER_KEY: (
            "Does not hold: two keys have signed these heads, and a database has one.",
            "Compare them with the key in the other heads that the market's bot has posted.",
        ),
    }
    return list(sentences[comparison.relation])


def _restored(
    comparison: Comparison, leaf: ProvedLeaf, later: Checkpoint, heads: Sequence[SignedCheckpoint]
) -> list[str]:
    """Two histories that part where one of them was restored. Of heads from after the restore it explains nothing."""
    lost = next(head.checkpoint for head in heads if head.checkpoint != later)
    size, when = leaf.row["size"], minute(leaf.ts_ms)
    rest = _entries(lost.size - size)
    told = [
        f"Restored: market {leaf.market} was restored from a backup, {when}, to its first {_entries(size)} (tick "
        f"{leaf.tick:,}); the history of {_entries(later.size)} says so, signed, and goes on from there.",
        f"What came after them is gone: {rest} of the history of {_entries(lost.size)}.",
    ]
    if comparison.relation is Relation.RESTORED:
        return [*told, f"Nothing of the first {_entries(size)} was changed, taken out or put in."]
    return [
        *told,
        f"Not shown is that both had the same first {_entries(size)}: the history that was lost would show it (outcry "
        "prove HEAD HEAD --lost URL, where its database is still there), and so would a head that was posted before "
        "the backup, held against the later one (outcry check).",
        "A head that was posted after that restore is not explained by it: two such heads that do not join convict.",
    ]


def only_a_head(head: SignedCheckpoint, path: str) -> list[str]:
    """Alone it shows nothing yet."""
    size, name = _entries(head.checkpoint.size), clean(path, 100)
    return [
        f"This is a posted head, of market {head.checkpoint.market} with {size}. By itself it proves nothing yet.",
        f"Give a second head to compare it with (outcry check {name} HEAD), or the proof of an order, which has its "
        "own head in it; outcry verify --head finds it in a database.",
    ]


def not_a_head(path: str, problem: Problem) -> str:
    name = clean(path, 100)
    if problem is Problem.WRONG_SIGNATURE:
        return f"Does not hold: {name} has a head and a signature of something else; one was changed, or is forged."
    if problem is Problem.NO_SIGNATURE:
        return f"Does not hold: the key it is held against has not signed the head in {name}."
    return f"{name} holds no signed head. Copy the whole block of a post: three lines, an empty one, the signature."


def bad_key() -> str:
    return "--key takes a key as /verify shows it: outcry/…+…+…"


def cannot_read(path: str, why: str) -> str:
    return f"{clean(path, 100)} cannot be read: {clean(why, 200)}."


def usage() -> str:
    return "outcry prove takes an order's number, or two files with posted heads."


# -- why there is no proof


def unproved(reason: Unproved, number: int = 0, market: int = 0) -> str:
    sentences: Mapping[Unproved, str] = {
        Unproved.NO_SUCH_ORDER: f"There is no order {number} in market {market}.",
        Unproved.NO_SUCH_FILL: f"There is no fill {number} in market {market}.",
        Unproved.WAITS: f"Order {number} has not run yet: there is a proof once its tick is over.",
        Unproved.TOO_OLD: f"Order {number} ran before this bot wrote proofs.",
        Unproved.DIFFERS: f"Order {number} is not what was written when it ran: outcry verify names the row.",
        Unproved.NO_HEAD: f"Market {market} has no signed head yet.",
        Unproved.OTHER_KEY: "One of these heads was signed by another key, or is of another market than the first.",
        Unproved.OTHER_ROOT: (
            "Convicts: this database's own key signed a head whose history the database does not hold. It was changed, "
            "or is a backup from before that head, put in place by hand: outcry restore would have written that down."
        ),
        Unproved.GONE: (
            f"Market {market} was restored from a backup since: what one of these heads sealed is gone, the other is "
            "from before the restore. Hold it against a head from after the restore; /verify shows the newest."
        ),
    }
    return sentences[reason]


# -- in the chat


def receipt(number: int, files: Sequence[Attachment], *, undone: bool = False) -> Reply:
    """To its owner alone. `undone`: by a cut, of which the proof, being of the order's own tick, says nothing."""
    fills = len(files) - 1
    later = f", and of {plural(fills, 'later fill')} of it" if fills else ""
    check = line(
        "Whoever has the file can check it on any computer with ",
        code(f"outcry check {files[0].name}"),
        ", without the bot's database; ",
        code("/verify"),
        " shows the key to compare.",
    )
    names = line("It names your account by its number only.")
    rows = [check, names]
    if undone:
        rows.insert(
            0,
            line(
                "A cut has undone this order since: nothing of it holds. The proof says what was written when it ran."
            ),
        )
    reply = say(f"The proof of your order {number}{later}.", blocks=rows)
    return replace(reply, files=tuple(files))


def no_receipt(reason: Unproved, number: int) -> Reply:
    if reason is Unproved.DIFFERS:
        return no(
            f"Order {number} is not what was written when it ran.", blocks=(line("Tell an admin of the market."),)
        )
    return no(unproved(reason, number), blocks=(line(code("/orders"), " lists yours."),))


def _token(row: Mapping[str, Any]) -> str:
    """`YES of Germany (outcome 2)`."""
    named = row.get("name")
    place = f"outcome {row['outcome'] + 1}"
    return f"{clean(row['side'], 3).upper()} of {f'{clean(named, 60)} ({place})' if isinstance(named, str) else place}"


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _account(number: object) -> str:
    return f"account {number}" if _is_number(number) else "the house"


def _is_number(value: object) -> bool:
    return type(value) is int
