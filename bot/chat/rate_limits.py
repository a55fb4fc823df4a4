"""What a platform lets us send, counted in sliding windows: at every moment, not per calendar minute.

One `Budget` a platform and process, shared: the announcer asks it before each send, an adapter counts in it every
answer it sends by itself, and whichever of the two is told to wait makes both wait. Where several processes serve a
platform one after the other, each hands its windows to the next (`to_json`, `take_over`): what the two of them send is
within the limits too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice

from storage.records import Json, Payload

UNSEEN_MS = 3_000  # how long a process may go on sending after it last wrote down what it had sent: its lease
MOST_LISTED = 40  # keys of a window that are handed over one by one, the busiest: a few KB
TENTH_MS = 100
LONGEST_WAIT_MS = 3_600_000  # that one process believes another: if it is longer the platform says so again
TURN_MS = 2_000  # after its wait: so long an urgent message's turn is kept for it


class Urgency(IntEnum):
    """How much of a window a message may use up: what cannot wait finds its share of it, whatever else is said."""

    NOTICE = 0  # what people are told without having asked
    ANSWER = 1  # what somebody waits for
    URGENT = 2  # what changes what everybody may do, and what its admins are answered


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `window_ms`. `urgent` of them are left to what is urgent, and notices leave `spare` more
    to the answers people wait for."""

    count: int
    window_ms: int
    spare: int = 0
    urgent: int = 0

    def share(self, urgency: Urgency) -> int:
        """How many there may have been in the window with one of this urgency among them."""
        if urgency is Urgency.URGENT:
            return self.count
        return self.count - self.urgent - (self.spare if urgency is Urgency.NOTICE else 0)


@dataclass(slots=True)
class Windows:
    """Uses per key under one or more limits. Times are the caller's monotonic milliseconds; nothing here reads a clock.

    `born_ms`: when counting began. What was sent before is not known then, so half of each window counts as used, or
    `assumed` uses where that is more.
    """

    limits: tuple[Limit, ...]
    most_keys: int = 10_000
    born_ms: int | None = None
    assumed: int = 0
    _used: dict[str, deque[int]] = field(default_factory=dict)

    def wait(self, key: str, monotonic_ms: int, urgency: Urgency = Urgency.ANSWER) -> int:
        """Milliseconds until one more is within its share of every limit; 0: it is now."""
        used = self._used.get(key) or self._unknown(monotonic_ms)
        wait = 0
        for limit in self.limits:
            count = limit.share(urgency)
            if len(used) >= count:
                wait = max(wait, used[-count] + limit.window_ms - monotonic_ms)
        return wait

    def room(
        self, key: str, monotonic_ms: int, urgency: Urgency = Urgency.ANSWER, *, limit: Limit | None = None
    ) -> int:
        """How many more are within their share of every limit now, or of one of them; a large number where there is
        none."""
        used = self._used.get(key) or self._unknown(monotonic_ms)
        return min(
            (
                max(0, limit.share(urgency) - _since(used, monotonic_ms - limit.window_ms))
                for limit in (self.limits if limit is None else (limit,))
            ),
            default=1_000_000,
        )

    def use(self, key: str, monotonic_ms: int) -> None:
        """Count one."""
        if not self.limits:
            return
        used = self._used.get(key)
        if used is None:
            used = self._used[key] = deque(
                self._unknown(monotonic_ms), maxlen=max(limit.count for limit in self.limits)
            )
        used.append(max(monotonic_ms, used[-1]) if used else monotonic_ms)
        if len(self._used) > self.most_keys:
            self._forget(monotonic_ms)

    def _unknown(self, monotonic_ms: int) -> deque[int]:
        """What is supposed to have been sent to a key nothing is known of, as late as may be."""
        longest = max((limit.window_ms for limit in self.limits), default=0)
        if self.born_ms is None or monotonic_ms >= self.born_ms + longest:
            return deque()
        moments: list[int] = []
        at_ms = self.born_ms
        for limit in sorted(self.limits, key=lambda window: window.window_ms):
            used = max((limit.count + 1) // 2, min(limit.count, self.assumed))
            moments += [at_ms] * (used - len(moments))
            at_ms = self.born_ms - limit.window_ms
        return deque(reversed(moments))

    def to_json(self, monotonic_ms: int) -> dict[str, Json]:
        """How long ago each of the busiest keys was used, in tenths of a second, and how often others may have been at
        most; {} where no window has anything in it."""
        start_ms = monotonic_ms - max((limit.window_ms for limit in self.limits), default=0)
        counts = {key: _since(used, start_ms) for key, used in self._used.items() if used[-1] > start_ms}
        busiest = sorted(counts, key=lambda key: -counts[key])
        rest = [counts[key] for key in busiest[MOST_LISTED:][:1]] + [_since(self._unknown(monotonic_ms), start_ms)]
        ages: dict[str, Json] = {
            key: [(monotonic_ms - at_ms) // TENTH_MS for at_ms in self._used[key] if at_ms > start_ms]
            for key in busiest[:MOST_LISTED]
        }
        return ({"used": ages} if ages else {}) | ({"rest": max(rest)} if max(rest) else {})

    def take_over(self, state: Json, written_ms: int, last_ms: int, unseen: int) -> None:
        """Go on from what another process wrote down at `written_ms`, by this one's clock; it may have used each key
        `unseen` times since, until `last_ms`."""
        ages, rest = _part(state, "used"), _part(state, "rest")
        self.born_ms, self.assumed = last_ms, unseen + (rest if isinstance(rest, int) else 0)
        most = max((limit.count for limit in self.limits), default=0)
        self._used = {
            key: deque([*_moments(used, written_ms), *[last_ms] * unseen], maxlen=most)
            for key, used in (_lists(ages) if most else ())
        }

    def _forget(self, monotonic_ms: int) -> None:
        longest = max(limit.window_ms for limit in self.limits)
        for key in [key for key, used in self._used.items() if used[-1] + longest <= monotonic_ms]:
            del self._used[key]
        if len(self._used) > self.most_keys:  # strangers without number: half are forgotten before their time
            latest = sorted(self._used, key=lambda key: self._used[key][-1])[len(self._used) // 2 :]
            self._used = {key: self._used[key] for key in latest}


def _since(used: deque[int], start_ms: int) -> int:
    """How many of the uses came after a moment; they are in order."""
    count = 0
    for at_ms in reversed(used):
        if at_ms <= start_ms:
            break
        count += 1
    return count


def _possible(limits: tuple[Limit, ...], ms: int) -> int:
    """How often one key may be used in so long under these limits."""
    return min((limit.count * (ms // limit.window_ms + 1) for limit in limits), default=0)


def _part(state: Json, name: str) -> Json:
    return state.get(name) if isinstance(state, dict) else None


def _lists(ages: Json) -> list[tuple[str, list[int]]]:
    """Of what another process has written: only what can be read, whichever version it runs."""
    rows = ages.items() if isinstance(ages, dict) else ()
    lists = {key: [age for age in used if isinstance(age, int)] for key, used in rows if isinstance(used, list)}
    return [(key, used) for key, used in lists.items() if used]


def _moments(ages: list[int], written_ms: int) -> list[int]:
    """In order; nothing was used after it was written down."""
    return sorted(min(written_ms, written_ms - age * TENTH_MS) for age in ages)


def _one_kind(chat_ext: str) -> bool:
    return False


def _telegram_group(chat_ext: str) -> bool:
    """Telegram numbers people from 1 up and everything else from -1 down."""
    return not chat_ext.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Over all chats, per chat, per group (a chat that `is_group`) on top of that, and how far apart one board's edits
    are."""

    overall: tuple[Limit, ...] = ()
    chat: tuple[Limit, ...] = ()
    group: tuple[Limit, ...] = ()
    is_group: Callable[[str], bool] = _one_kind
    board_ms: int = 0


HEAVY = (Limit(10, 60_000),)  # commands that cost much more than a line (exports, checks, rehearsals), a person
HEAVY_CHAT = (Limit(30, 60_000),)  # and a chat
PERSON = (Limit(15, 10_000), Limit(60, 60_000))  # lines a person may send: faster than anybody reads the answers

ALLOWANCES: Mapping[str, Allowance] = {
    "discord": Allowance(
        overall=(Limit(50, 1_000, spare=5, urgent=5),), chat=(Limit(5, 5_000, urgent=1),), board_ms=2_000
    ),
    "telegram": Allowance(
        overall=(Limit(30, 1_000, spare=5, urgent=3),),
        chat=(Limit(1, 1_000),),
        group=(Limit(8, 20_000, spare=1, urgent=2), Limit(20, 60_000, spare=2, urgent=4)),
        is_group=_telegram_group,
        board_ms=5_000,
    ),
}
"""Discord documents 5 per 5 s and channel, 50 a second over all; Telegram 30 a second over all, 1 a second per chat,
20 a minute per group, edits included. The 8 in 20 s are ours: they spread a busy minute, so that the board never waits
for the end of it. What is urgent waits for no more than the second between two messages to a chat, as long as no more
of it comes than is left to it. The room is our own and has no limits."""
FREE = Allowance()


class Budget:
    """One platform's. A chat is its id as everywhere (`-100123:77`: a topic counts as its group); times are
    monotonic milliseconds. With `born_ms`, half of every window counts as used at that moment: after a restart nobody
    knows."""

    def __init__(self, allowance: Allowance = FREE, born_ms: int | None = None) -> None:
        self.allowance = allowance
        self._overall = Windows(allowance.overall, born_ms=born_ms)
        self._chat = Windows(allowance.chat, born_ms=born_ms)
        self._group = Windows(allowance.group, born_ms=born_ms)
        self._until: dict[str, int] = {}  # by chat, "" over all: the platform asked us to wait
        self._kept: dict[str, int] = {}  # by chat: until when the next turn is an urgent message's

    @classmethod
    def of(cls, platform: str, born_ms: int | None = None) -> Budget:
        """The allowance of a platform by its name; one nobody has heard of has no limits."""
        return cls(ALLOWANCES.get(platform, FREE), born_ms)

    def wait(self, chat_ext: str, monotonic_ms: int, urgency: Urgency = Urgency.ANSWER) -> int:
        """Milliseconds until one more message, edits included, may go to this chat; 0: now. Of an urgent one that has
        to wait the turn is kept: nothing else goes there before it."""
        chat = _chat(chat_ext)
        waits = [
            self.pause(monotonic_ms, chat_ext),
            self._overall.wait("", monotonic_ms, urgency),
            self._chat.wait(chat, monotonic_ms, urgency),
        ]
        if self.allowance.is_group(chat):
            waits.append(self._group.wait(chat, monotonic_ms, urgency))
        wait = max(0, *waits)
        if urgency is not Urgency.URGENT:
            return max(wait, self._kept.get(chat, 0) - monotonic_ms)
        if wait > 0:
            self._kept = {other: until for other, until in self._kept.items() if until > monotonic_ms}
            self._kept[chat] = monotonic_ms + wait + TURN_MS
        return wait

    def use(self, chat_ext: str, monotonic_ms: int, urgency: Urgency = Urgency.ANSWER) -> None:
        """Count one message, edit or answer that is being sent to this chat."""
        chat = _chat(chat_ext)
        if urgency is Urgency.URGENT:
            self._kept.pop(chat, None)
        self._overall.use("", monotonic_ms)
        self._chat.use(chat, monotonic_ms)
        if self.allowance.is_group(chat):
            self._group.use(chat, monotonic_ms)

    def room(self, monotonic_ms: int, urgency: Urgency = Urgency.NOTICE) -> int:
        """How many may leave now, whichever chats they are for."""
        return 0 if self.pause(monotonic_ms) > 0 else self._overall.room("", monotonic_ms, urgency)

    def nearly_full(self, chat_ext: str, monotonic_ms: int) -> bool:
        """Whether less than a third of a group's window is left for notices."""
        chat, limits = _chat(chat_ext), self.allowance.group
        if not limits or not self.allowance.is_group(chat):
            return False
        last = max(limits, key=lambda limit: limit.window_ms)
        return 3 * self._group.room(chat, monotonic_ms, Urgency.NOTICE, limit=last) < last.share(Urgency.NOTICE)

    def pause(self, monotonic_ms: int, chat_ext: str = "") -> int:
        """Milliseconds for which nothing may leave at all, or for this chat, because the platform said so."""
        return max(0, *(self._until.get(key, 0) - monotonic_ms for key in ("", _chat(chat_ext))))

    def overall_wait(self, monotonic_ms: int) -> int:
        """Milliseconds until a notice may leave, whichever chat it is for."""
        return max(self.pause(monotonic_ms), self._overall.wait("", monotonic_ms, Urgency.NOTICE))

    def refused(self, chat_ext: str, after_ms: int, monotonic_ms: int, *, overall: bool = False) -> None:
        """The platform answered 429: nothing more to this chat, or to any, for so long."""
        key = "" if overall else _chat(chat_ext)
        self._until[key] = max(self._until.get(key, 0), monotonic_ms + after_ms)
        self._until = {chat: until for chat, until in self._until.items() if until > monotonic_ms}

    def to_json(self, monotonic_ms: int) -> Payload:
        """What the next process that sends there must know; {} where it need know nothing."""
        longest_first = sorted(self._until.items(), key=lambda waits: (waits[0] != "", -waits[1]))
        waits: dict[str, Json] = {
            chat: until - monotonic_ms for chat, until in islice(longest_first, MOST_LISTED) if until > monotonic_ms
        }
        parts: dict[str, Json] = {name: windows.to_json(monotonic_ms) for name, windows, _ in self._windows()}
        parts["until"] = waits
        return {name: part for name, part in parts.items() if part}

    def take_over(self, state: Payload, age_ms: int, monotonic_ms: int, unseen_ms: int = UNSEEN_MS) -> None:
        """Go on from what the process before us wrote down `age_ms` ago. It may have gone on sending for `unseen_ms`
        after that (0: it had ended), as fast as it was allowed to; that counts as sent. Of chats it did not name half
        of every window counts as used."""
        written_ms = monotonic_ms - age_ms
        last_ms = min(monotonic_ms, written_ms + unseen_ms)
        for name, windows, limits in self._windows():
            windows.take_over(state.get(name), written_ms, last_ms, _possible(limits, unseen_ms) if unseen_ms else 0)
        waits = state.get("until")
        self._until = {
            chat: written_ms + min(wait, LONGEST_WAIT_MS)
            for chat, wait in (waits.items() if isinstance(waits, dict) else ())
            if isinstance(wait, int) and written_ms + wait > monotonic_ms
        }

    def _windows(self) -> tuple[tuple[str, Windows, tuple[Limit, ...]], ...]:
        """Each by its name, with all limits that hold for its keys."""
        allowance = self.allowance
        return (
            ("overall", self._overall, allowance.overall),
            ("chat", self._chat, allowance.chat),
            ("group", self._group, (*allowance.chat, *allowance.group)),
        )


def _chat(chat_ext: str) -> str:
    return chat_ext.partition(":")[0]
