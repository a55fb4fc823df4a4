"""What synthetic traders write to each other, a line now and then. None of it is a sentence of the bot."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from bot.scenarios.observation import SeenBoard
from bot.scenarios.traders import Strategy, Trader

BIG_MOVE = 15_000  # a point and a half within a few ticks is worth a word
RECENT_TICKS = 2  # ticks after a round in which everybody speaks of it

ROUND = (
    "gg {gone}",
    "what a night",
    "my NO on {gone} just paid for dinner",
    "still can't believe {gone} is out",
    "{lead} it is then",
    "so who is buying {lead}?",
    "I had {gone} to go all the way. Oh well",
    "told you about {gone}",
)
UP = (
    "{name} is flying",
    "who keeps buying {name}?",
    "{name} at {price}, wow",
    "too late for {name}?",
    "selling a bit of {name} here",
    "{name} {name} {name}!",
)
DOWN = (
    "{name} on sale",
    "everyone leaving {name}?",
    "bought the dip in {name}, let's see",
    "should have sold {name} yesterday",
)
IDLE = (
    "morning all",
    "I just watch the board and drink tea",
    "{lead} still in front",
    "how much is everybody holding?",
    "anyone shorting {lead}?",
    "one more buy and then I stop. Really",
)
INFORMED = (
    "{lead} looks dear to me",
    "read the ticket before you confirm, the impact is real",
    "numbers this morning say otherwise",
)


def remark(trader: Trader, board: SeenBoard, names: Sequence[str], gone: Sequence[str], rng: Random) -> str | None:
    """A line the trader writes now; mostly None. `gone` are the names that left in the last round."""
    chance = trader.talkativeness * (3 if board.info.ticks_since_round < RECENT_TICKS else 1)
    if not board.live or rng.randrange(4_000) >= chance:
        return None
    lead = max(board.live, key=lambda each: (board.yes[each], -each))
    moves = {outcome: board.change(outcome, trader.lookback) for outcome in board.live}
    most = max(moves, key=lambda each: (abs(moves[each]), -each))
    template = rng.choice(_about(trader, board, moves[most], bool(gone)))
    price = f"{board.yes[most] // 10_000}¢"
    return template.format(gone=" and ".join(gone), lead=names[lead], name=names[most], price=price)


def _about(trader: Trader, board: SeenBoard, move: int, after_a_round: bool) -> Sequence[str]:
    if after_a_round and board.info.ticks_since_round < RECENT_TICKS:
        return ROUND
    if abs(move) > BIG_MOVE:
        return UP if move > 0 else DOWN
    return INFORMED if trader.strategy is Strategy.INFORMED else IDLE
