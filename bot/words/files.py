"""What goes with a file or a chart an admin asked for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.reply import Attachment, Picture, Reply, code, line
from bot.text.names import clean
from bot.words.shared import no, plural, say
from storage.records import Market

EXPORTS: Mapping[str, str] = {
    "trades": "every trade, leg by leg",
    "config": "every term of the market",
    "metrics": "volume, risk and profit by source, tick by tick",
    "rankings": "everybody's result, best first",
    "ledger": "every movement of money, two sides each",
}
GRAPHS: Mapping[str, str] = {
    "prices": "YES of every outcome",
    "outcome": "YES, NO and volume of one outcome",
    "maker": "what the house risks and earns",
    "leaderboard": "who is ahead",
    "volume": "what was traded, by outcome",
}


def exported(market: Market, what: str, rows: int, file: Attachment) -> Reply:
    reply = say(f"{file.name}: {plural(rows, 'row')}, {EXPORTS[what]}.", blocks=(line(_as_of(market)),))
    return Reply(head=reply.head, blocks=reply.blocks, files=(file,))


def _as_of(market: Market) -> str:
    return f"{clean(market.title)}, as of tick {market.tick:,}." if market.start_ms is not None else clean(market.title)


def too_large(what: str, most_mb: int, market: int) -> Reply:
    return no(
        f"The {what} have grown past {most_mb} MB, more than a chat takes as a file.",
        blocks=(line("Whoever runs the bot can write them: ", code(f"outcry export {what} --market {market}")),),
    )


def graph(picture: Picture) -> Reply:
    return say(picture.alt, blocks=(picture,))


def which_outcome() -> Reply:
    return no("Which outcome?", blocks=(line("Name it, as in ", code("/admin graph outcome 1")),))


def graph_title(market: Market, what: str) -> str:
    return f"{clean(market.title)}: {GRAPHS[what]}."
