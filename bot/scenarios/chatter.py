"""What synthetic traders write to each other: about what has just happened, in their own words. None of it is a
sentence of the bot, and none is said of anybody who did not do it.

A line is a template for one kind of fact. A template comes again only when all others of its kind have been used, and
no line is ever said twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from random import Random

from bot.scenarios.happenings import Fact
from bot.scenarios.traders import Trader, by_weight, seeded_random

LINES: Mapping[str, tuple[str, ...]] = {
    "bought_yes": (
        "In on {name}: {size} at {each}.",
        "Put {money} on {name}. Talk me out of it.",
        "{money} on {name}, done. No regrets yet.",
        "Took {size} {name}, {each} a piece with the fee.",
        "Couldn't watch {name} any longer. {size} tokens, {each}.",
        "Call me a fan of {name}. {money} says so.",
        "{size} {name} for me. {each} felt fair.",
    ),
    "bought_no": (
        "Not buying the {name} story: {money} on NO.",
        "{size} {name} NO at {each}. Somebody has to.",
        "{name} won't win it. {money} on that.",
        "Betting against {name} here, {each} for a NO.",
        "Loaded up on {name} NO, {money}.",
    ),
    "sold_yes": (
        "Out of some {name}, {money} back in my pocket.",
        "Sold {size} {name} at {each}. Taking what I can get.",
        "Trimmed {name}. {money} is {money}.",
        "Let {size} {name} go at {each}.",
    ),
    "sold_no": (
        "Sold {name} NO for {money}.",
        "Sold {size} {name} NO at {each}. Maybe they do win it.",
        "Less against {name} now: {money} back.",
    ),
    "bids": (
        "My bid for {name} {side} waits at {limit}.",
        "Left an order: {name} {side} at {limit} or less. Patience.",
        "If {name} {side} dips to {limit}, some of it is mine.",
        "Not chasing. {limit} for {name} {side}, take it or leave it.",
    ),
    "offers": (
        "Selling {name} {side} at {limit}, if anybody wants it.",
        "My {name} {side} is for sale at {limit}. Not a cent less.",
        "Offer is up: {name} {side}, {limit}.",
    ),
    "up": (
        "{name} from {before} to {now}, just like that.",
        "Look at {name}: {now}. It was {before}.",
        "{name} wakes up: {before} to {now}.",
        "{name} {now} and climbing from {before}.",
    ),
    "down": (
        "{name} slides: {before} to {now}.",
        "Nobody catching {name}? {now} after {before}.",
        "{name} at {now}, was {before}. On sale.",
        "Ouch, {name}. {before}, now {now}.",
    ),
    "up_by": (
        "{mover} just walked {name} from {before} to {now}.",
        "That was {mover}: {name} {before} to {now}.",
        "{name} at {now}. What do you know, {mover}?",
        "Easy, {mover}! {name} went {before} to {now} on that.",
    ),
    "down_by": (
        "{mover} leans on {name}: {before} to {now}.",
        "{name} down to {now} from {before}. Was that needed, {mover}?",
        "{mover} wants out of {name}? {before}, now {now}.",
        "And {mover} takes {name} down to {now}. It was {before}.",
    ),
    "leads": (
        "{name} in front now! {now}, {second} at {other}.",
        "New favourite: {name} at {now}. {second} is down to second with {other}.",
        "There it is, {name} passes {second}. {now} to {other}.",
    ),
    "inherits": (
        "{name} is the favourite now, at {now}.",
        "So it's {name} everybody has to beat: {now}.",
        "New board, new favourite: {name}, {now}.",
    ),
    "frozen": (
        "Trading stopped. Now we wait.",
        "Market's frozen, nothing to do but watch.",
        "And... hands off. Here comes the result.",
        "Frozen. Whatever you hold, you hold.",
        "That's it, no more orders until we know.",
    ),
    "paid": (
        "My {name} NO just paid {money}.",
        "{money} for being right about {name}. Drinks on me.",
        "{name} out, {money} in.",
        "Sorry {name} fans, that's {money} for my NO.",
        "{money} from {name} NO. I'll take that every day.",
        "Knew it. {name} NO, {money} paid.",
    ),
    "lost": (
        "There goes {name}, and {money} of mine with it.",
        "{size} {name} YES, worth nothing now. Gone: {money}.",
        "I believed in {name}. That cost me {money}.",
        "{name} out. {money} down the drain, moving on.",
        "Don't ask me about {name}. {money}.",
    ),
    "won": (
        "{name}!!! {money} for me.",
        "{money}. Thank you, {name}.",
        "Right to the end: {money} on {name}.",
        "And that is how you do it. {money} from {name}.",
    ),
    "round": (
        "The freeze is close. Next to go: {count} of them. {name} is cheapest at {now}.",
        "Last trades before the freeze, then {count} out. {name} is down at {now}.",
        "Freeze coming up. Anybody still holding {name} at {now}?",
    ),
    "final": (
        "Last chance before the final: {name} {now}, {second} {other}.",
        "{name} or {second}? {now} against {other}, and the freeze is close.",
    ),
    "forecast": (
        "Fresh forecast out: {name} at {chance}. The board says {now}.",
        "The new numbers have {name} at {chance}, we have {now}. Hm.",
        "Forecast for {name}: {chance}. Price here: {now}. Do with that what you want.",
    ),
    "joined": (
        "Hi {who}! You are just in time.",
        "Welcome, {who}. {name} leads at {now}, tell us why that's wrong.",
        "Hey {who}. Tap a price to see what it would cost, nothing happens before you confirm.",
        "{who} is here, hello! Who do you think wins?",
        "Good to see you, {who}. Read the ticket before you press Confirm, that's all the advice I have.",
    ),
    "asked_of": (
        "{who}, {name}? {now} right now, {opinion}",
        "{name} is at {now}, {who}. {opinion}",
        "{now} for {name} as we speak, {who}. {opinion}",
    ),
    "asked": (
        "{who}: try /board, or tap a price. It only counts once you confirm.",
        "{who}, /help lists it all. Most look at {name} first, it's at {now}.",
        "No idea, {who}. {name} leads at {now}, that's all I know.",
    ),
    "said": (
        "{who} gets it.",
        "Ha, {who}. Say it with an order: {name} is at {now}.",
        "Noted, {who}. {name} still leads at {now}.",
        "You may be right, {who}.",
        "Bold words, {who}!",
    ),
    "first_trade": (
        "First trade for {who}. Welcome to the floor!",
        "{who} is in the market now. Good luck!",
        "And {who} has bought a first token. Here we go.",
    ),
    "opinion": (
        "I have none and I sleep well.",
        "Too dear for me.",
        "I'd wait.",
        "Ask me again after the next round.",
        "Your money, your call.",
        "I've seen worse ideas.",
    ),
}
APART = 3  # whoever has written is quiet for so many lines


class Chatter:
    """Turns facts into lines: who says what. `crowd` are traders by their number in the market."""

    def __init__(self, crowd: Mapping[int, Trader], seed: int) -> None:
        self._crowd = crowd
        self._rng: Random = seeded_random("talk", seed)
        self._unused: dict[str, list[str]] = {}
        self._said: set[str] = set()
        self._latest: deque[int] = deque(maxlen=APART)
        self._told: list[Fact] = []

    def say(self, facts: Sequence[Fact], most: int) -> list[tuple[Trader, str]]:
        """At most so many lines about the best of these facts, which are in order; no kind twice, no fact again."""
        lines: list[tuple[Trader, str]] = []
        kinds: set[tuple[str, str]] = set()
        for fact in facts:
            subject = fact.kind, fact.values.get("name", "") if fact.kind in ("paid", "lost", "won") else ""
            if len(lines) >= most:
                break
            if subject in kinds or fact in self._told:
                continue
            line = self._line(fact)
            if line is not None:
                kinds.add(subject)
                self._told.append(fact)
                lines.append(line)
        return lines

    def _line(self, fact: Fact) -> tuple[Trader, str] | None:
        speaker = self._speaker(fact)
        if speaker is None:
            return None
        for _ in LINES[fact.kind]:
            template = self._template(fact.kind)
            opinion = self._template("opinion") if "{opinion}" in template else ""
            text = template.format(opinion=opinion, **fact.values)
            if text not in self._said:
                self._said.add(text)
                self._latest.append(speaker)
                return self._crowd[speaker], text
        return None

    def _speaker(self, fact: Fact) -> int | None:
        if fact.by is not None:
            return fact.by if fact.by in self._crowd and fact.by not in self._latest else None
        able = [person for person in self._crowd if person != fact.of and person not in self._latest]
        weights = [self._crowd[person].talkativeness for person in able]
        return able[by_weight(self._rng, weights)] if able else None

    def _template(self, kind: str) -> str:
        left = self._unused.get(kind) or list(LINES[kind])
        chosen = left.pop(self._rng.randrange(len(left)))
        self._unused[kind] = left
        return chosen
