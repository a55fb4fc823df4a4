"""What the crowd says to each other, a line now and then. Not the bot's words: people's, and nobody's in particular."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from bot.scenarios.observation import SeenBoard
from bot.scenarios.traders import Temper, Trader

MOVED = 15_000  # a point and a half within a few ticks is worth a word
JUST = 2  # ticks after a round in which everybody speaks of it

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


def remark(person: Trader, look: SeenBoard, names: Sequence[str], gone: Sequence[str], draw: Random) -> str | None:
    """Something she says now, or mostly nothing. `gone` are those who left in the last round."""
    chance = person.chatty * (3 if look.news.since_round < JUST else 1)
    if not look.live or draw.randrange(4_000) >= chance:
        return None
    lead = max(look.live, key=lambda each: (look.yes[each], -each))
    moves = {outcome: look.change(outcome, person.span) for outcome in look.live}
    most = max(moves, key=lambda each: (abs(moves[each]), -each))
    said = draw.choice(_about(person, look, moves[most], bool(gone)))
    price = f"{look.yes[most] // 10_000}¢"
    return said.format(gone=" and ".join(gone), lead=names[lead], name=names[most], price=price)


def _about(person: Trader, look: SeenBoard, move: int, after_a_round: bool) -> Sequence[str]:
    if after_a_round and look.news.since_round < JUST:
        return ROUND
    if abs(move) > MOVED:
        return UP if move > 0 else DOWN
    return INFORMED if person.temper is Temper.INFORMED else IDLE
