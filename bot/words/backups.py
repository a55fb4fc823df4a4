"""What is said of a backup that was made or brought back: on the terminal, and in the chats whose market was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.chat.reply import Block, Reply, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import moment as minute
from bot.words.audit import CHECK, sealed
from storage.backups.contents import MarketContents
from storage.records import Market

# -- on the terminal


def made(path: Path, size: int, gone: Sequence[Path]) -> list[str]:
    return [f"{path}: {size:,} bytes.", *(f"{old}: deleted, newer ones are kept." for old in gone)]


def restored(file: Path, contents: Sequence[MarketContents], aside: Path | None) -> list[str]:
    """What came back, and what did not."""
    rows = [f"Restored from {file}.", *map(_market, contents)]
    if not contents:
        rows.append("There is no market in it.")
    rows.append("What was written after these moments is gone; chats and admins are told so once it runs.")
    if aside is not None:
        rows.append(f"What was there before is in {aside}. Remove it when nobody needs it any more.")
    rows.append("`outcry verify` runs every market again and compares every row; then `outcry run` goes on.")
    return rows


def _market(market: MarketContents) -> str:
    name = f"Market {market.market} ({clean(market.title)}), {market.status.value.lower()}"
    if market.tick is None or market.tick_ms is None:
        return f"{name}: not begun."
    return f"{name}: up to tick {market.tick:,}, {minute(market.tick_ms)}, {market.size:,} entries."


# -- in the chat


def notice(market: Market, facts: Mapping[str, Any]) -> Reply:
    """`facts`: tick, tick_ms, size and head, None where it had not begun; at_ms: of the restore; admins: whether it is
    for them."""
    rows: list[Block] = []
    if facts["tick"] is None:
        rows.append(line("It had not begun. Who joined since the backup, and what was changed since, is gone."))
    else:
        rows.append(
            line(
                f"It stands as after tick {facts['tick']:,}, ",
                Stamp(int(facts["tick_ms"])),
                ". Every order, trade, join and decision after that is gone, as if it had never been.",
            )
        )
        shown = line(code("/positions"), " and ", code("/orders"), " show what is yours now; it goes on from there.")
        rows.append(shown)
    if facts["admins"]:
        rows.append(line("What you decided since then has to be decided again. ", code("/admin log"), " has this."))
    if facts["head"] is not None:
        rows.append(
            line(
                f"The history says so itself, after its first {int(facts['size']):,} entries. A head that was posted "
                "for what is gone joins no later one; ",
                code("outcry check"),
                " tells why.",
            )
        )
        rows.append(sealed(str(facts["head"])))
    actions = (CHECK,) if facts["head"] is not None else ()
    head = line(bold(f"{clean(market.title)} was restored from a backup"), ", ", Stamp(int(facts["at_ms"])), ".")
    return Reply(head=head, blocks=tuple(rows), actions=actions, tone=Tone.LOUD)
