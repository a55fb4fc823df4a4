"""From a line to arguments: positions first, then `name value` or `name=value`; several words where they are clear.

Every way of giving the words to the arguments is weighed and the one with the fewest mistakes wins, so that `/buy
costa rica yes 10` needs no quotes and a slip in one argument is not reported as three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.invocation import ParseContext
from bot.grammar.command import Command, Param
from bot.grammar.types import Wrong
from bot.words import usage as words

LONGEST_LINE = 2_000
MOST_WORDS = 240
FLAG = "yes"  # what a flag's name alone stands for
_OPEN, _CLOSE = '"“„«', '"”“»'  # typed quotes, and those a phone makes of them
_WRONG, _MISSING, _EXTRA = 10, 12, 11
_NEVER = 1_000_000


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the line, quotes taken off; `start` and `end` are its place with them."""

    text: str
    start: int
    end: int
    name: str | None = None  # of `name=value`; then text is the value
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """`values` by argument name, and how each was `typed`; or what is wrong, all of it, and the line as it might have
    been meant."""

    values: Mapping[str, object] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    corrected: str | None = None  # complete, ready to send
    choices: tuple[str, ...] = ()  # complete lines, of which one was meant
    template: str | None = None  # what was understood, with names where something is to be filled in
    only_lacks: bool = False  # nothing said is wrong, but something that must be said is missing
    given: frozenset[str] = frozenset()  # arguments that were given
    so_far: str | None = None  # the line with what was said alone
    said: Mapping[str, str] = field(default_factory=dict)  # the same by argument, as it is typed
    known: Mapping[str, object] = field(default_factory=dict)  # the values there are, whatever is wrong with the rest


def split(line: str) -> list[Word]:
    """The words of a line; the last of very many is all the rest. A quote that is never closed is a sign like any
    other."""
    words_of_line: list[Word] = []
    at, size = 0, len(line)
    while at < size and len(words_of_line) < MOST_WORDS:
        if line[at].isspace():
            at += 1
            continue
        start, name = at, None
        if len(words_of_line) == MOST_WORDS - 1:
            end = len(line.rstrip())
            words_of_line.append(Word(line[start:end], start, end))
            break
        end = _word_end(line, at)
        equals = line.find("=", at, end)
        if equals > at and line[at:equals].isidentifier():
            name, at = line[at:equals].casefold(), equals + 1
        if at < size and line[at] in _OPEN:
            closing = min((i for i in (line.find(sign, at + 1) for sign in _CLOSE) if i > 0), default=-1)
            if closing > 0:
                words_of_line.append(Word(line[at + 1 : closing], start, closing + 1, name, True))
                at = closing + 1
                continue
        end = max(_word_end(line, at), at)
        words_of_line.append(Word(line[at:end], start, end, name))
        at = max(end, start + 1)
    return words_of_line


def _word_end(line: str, at: int) -> int:
    while at < len(line) and not line[at].isspace():
        at += 1
    return at


def _blank(name: str) -> str:
    """What stands for an argument that is still to be said: sent as it stands, it is asked for."""
    return f"<{name}>"


def _said(command: Command, line: list[Word]) -> list[Word]:
    """Without blanks that were left as they stood, and the names before them."""
    blanks = {_blank(param.name) for param in command.params}
    left = [word.quoted or word.text not in blanks for word in line]
    names = {param.name for param in command.params if param.kind.named}
    return [
        word
        for place, word in enumerate(line)
        if left[place] and (word.text not in names or all(left[place + 1 : place + 2]))
    ]


def parse(command: Command, rest: str, context: ParseContext, given: Mapping[str, str] | None = None) -> Parsed:
    """Read what follows a command's name, plus arguments given by name (`given`, from a form). Never raises."""
    if len(rest) > LONGEST_LINE:
        return Parsed(problems=(words.line_too_long(len(rest), LONGEST_LINE),))
    line = _said(command, split(rest))
    asked = {name.casefold(): value for name, value in (given or {}).items() if value.strip()}
    readings = [_Reading(command, rest, line, context, asked, pairs).read() for pairs in (True, False)]
    return min(readings, key=lambda reading: reading.weight).result()


@dataclass(slots=True)
class _Reading:
    """One way to read a line. With `pairs`, a word that is an argument's name takes the next word as its value;
    without, only `name=value` and the names of arguments that have no place do."""

    command: Command
    rest: str
    words: list[Word]
    context: ParseContext
    asked: Mapping[str, str]
    pairs: bool
    values: dict[str, object] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # what the corrected line says for each argument
    unclear: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)  # values one of which was meant, by argument
    weight: int = 0
    only_lacks: bool = False

    def read(self) -> _Reading:
        for name, value in self.asked.items():
            param = self.command.param(name)
            if param is None:
                self._problem(words.unknown_argument(name, self.command.usage), _EXTRA)
            else:
                self._take(param, value, value if value.startswith('"') else param.kind.typed(value))
        self._allocate(self._named())
        self.only_lacks = not self.problems
        for param in self.command.params:
            if param.required and param.name not in self.shown and param.name not in self.unclear:
                self._problem(words.missing_argument(param.name, param.about), _MISSING)
                self.unclear.add(param.name)
        return self

    def _named(self) -> list[Word]:
        """Take the arguments given by name out of the line; returns the words that are left."""
        left: list[Word] = []
        at = 0
        while at < len(self.words):
            word = self.words[at]
            at += 1
            if word.name is not None:
                param = self._by_name(word.name)
                if param is None:
                    self._problem(words.unknown_argument(word.name, self.command.usage), _EXTRA)
                else:
                    at += self._take_pair(param, [word, *self._up_to_next_name(at, param)])
                continue
            param = None if word.quoted else self._by_name(word.text.casefold())
            if param is not None and param.kind.flag and not self._says_more(param, at):
                self._take(param, FLAG, FLAG)
                continue
            if param is None or not (self.pairs or param.kind.named) or at >= len(self.words):
                left.append(word)
                continue
            first = self.words[at]
            if first.name is not None:
                left.append(word)
                continue
            at += 1
            at += self._take_pair(param, [first, *self._up_to_next_name(at, param)])
        return left

    def _says_more(self, param: Param, at: int) -> bool:
        """Whether the word after a flag's name is its value."""
        if at >= len(self.words) or self.words[at].name is not None:
            return False
        return not isinstance(param.kind.parse(self.words[at].text, self.context), Wrong)

    def _by_name(self, name: str) -> Param | None:
        param = self.command.param(name)
        return None if param is None or param.name in self.shown else param

    def _up_to_next_name(self, at: int, param: Param) -> list[Word]:
        """Further words a wide argument may take: up to the next argument's name."""
        most = {0: MOST_WORDS}.get(param.kind.words, param.kind.words) - 1
        taken: list[Word] = []
        for word in self.words[at:]:
            if len(taken) >= most or word.name is not None or self.command.param(word.text.casefold()):
                break
            taken.append(word)
        return taken

    def _take_pair(self, param: Param, run: list[Word]) -> int:
        """Give `param` as many words of the run as still make sense; returns how many beyond the first."""
        for size in range(len(run), 0, -1):
            text = self._text(param, run[:size], value_of_first=True)
            if size == 1 or not isinstance(param.kind.parse(text, self.context), Wrong):
                self._take(param, text, self._shown(param, text, run[:size]))
                return size - 1
        return 0

    def _text(self, param: Param, run: Sequence[Word], *, value_of_first: bool = False) -> str:
        if len(run) == 1 and not (param.kind.keeps_quotes and run[0].name is None):
            return run[0].text
        start = run[0].end - len(run[0].text) if value_of_first and run[0].name and not run[0].quoted else run[0].start
        return self.rest[start : run[-1].end]

    def _shown(self, param: Param, text: str, run: Sequence[Word]) -> str:
        """How a value is typed again: in the quotes it had, else in those it needs."""
        if len(run) == 1 and run[0].quoted:
            return self.rest[run[0].end - len(run[0].text) - 2 : run[0].end]
        if param.kind.words == 0 and [other for other in self.command.params if not other.kind.named][-1:] == [param]:
            return text  # free text at the end needs no quotes
        return param.kind.typed(text)

    def _take(self, param: Param, text: str, shown: str) -> None:
        if len(text) > LONGEST_LINE:
            self._problem(words.line_too_long(len(text), LONGEST_LINE), _WRONG)
            self.unclear.add(param.name)
            return
        value = param.kind.parse(text, self.context)
        if isinstance(value, Wrong):
            self._problem(value.sentence, _WRONG)
            self.choices[param.name] = value.choices
            if value.instead is None:
                self.unclear.add(param.name)
            else:
                self.shown[param.name] = value.instead
        else:
            self.values[param.name] = value
            self.shown[param.name] = shown

    def _problem(self, sentence: str, weight: int) -> None:
        if sentence not in self.problems:
            self.problems.append(sentence)
        self.weight += weight

    def _allocate(self, left: list[Word]) -> None:
        """Give the remaining words to the arguments that have a place, in order."""
        places = [
            p
            for p in self.command.params
            if not p.kind.named and p.name not in self.shown and p.name not in self.unclear
        ]
        plan = _Allocation(self, places, left).best(0, 0)[1]
        for param, run in plan.taken:
            text = self._text(param, run)
            self._take(param, text, self._shown(param, text, run))
        if plan.extra:
            extra = self.rest[plan.extra[0].start : plan.extra[-1].end]
            self._problem(words.extra_words(extra, self.command.usage, self._meant(extra)), _EXTRA)

    def _meant(self, extra: str) -> str | None:
        """An argument that is only taken by name, given without it."""
        for param in self.command.params:
            if param.kind.named and param.name not in self.shown:
                value = param.kind.parse(extra, self.context)
                if not isinstance(value, Wrong):
                    self.shown[param.name] = extra
                    return f"{param.name} {extra}"
        return None

    def result(self) -> Parsed:
        if not self.problems:
            return Parsed(values=self.values, typed=self.shown)
        open_ = [p for p in self.command.params if p.name not in self.shown]
        missing = [p for p in open_ if p.required or p.name in self.unclear]
        line = self._line({p.name: _blank(p.name) for p in missing})
        guessed = bool(self.shown) and line != f"/{self.command.name} {self.rest}".strip()
        return Parsed(
            problems=tuple(self.problems),
            corrected=line if not missing and guessed else None,
            choices=self._choices(missing),
            template=line if missing else None,
            only_lacks=self.only_lacks,
            given=frozenset(self.shown),
            said=self.shown,
            so_far=self._line({}),
            known=self.values,
        )

    def _choices(self, missing: Sequence[Param]) -> tuple[str, ...]:
        """The line with each value that may have been meant, where nothing else is wrong with it."""
        if len(self.problems) != 1 or len(missing) != 1:
            return ()
        name = missing[0].name
        return tuple(self._line({name: value}) for value in self.choices.get(name, ()))

    def _line(self, blanks: Mapping[str, str]) -> str:
        return typed_line(self.command, {**blanks, **self.shown})


def typed_line(command: Command, typed: Mapping[str, str]) -> str:
    """The line of these texts, by argument name; what follows a place that is left out goes by its name."""
    parts, skipped = [f"/{command.name}"], False
    for param in command.params:
        if param.name not in typed:
            skipped = skipped or not param.kind.named
            continue
        lead = f"{param.name} " if param.kind.named else f"{param.name}=" if skipped and param.kind.words else ""
        parts.append(f"{lead}{typed[param.name]}")
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class _Plan:
    taken: tuple[tuple[Param, tuple[Word, ...]], ...] = ()
    extra: tuple[Word, ...] = ()


@dataclass(slots=True)
class _Allocation:
    """Finds the cheapest way to cut the words into arguments; among equals the earlier argument takes more."""

    reading: _Reading
    places: list[Param]
    left: list[Word]
    known: dict[tuple[int, int], tuple[int, _Plan]] = field(default_factory=dict)

    def best(self, place: int, at: int) -> tuple[int, _Plan]:
        if place == len(self.places):
            extra = tuple(self.left[at:])
            return (_EXTRA + len(extra) if extra else 0), _Plan(extra=extra)
        if (place, at) not in self.known:
            self.known[place, at] = self._cheapest(place, at)
        return self.known[place, at]

    def _cheapest(self, place: int, at: int) -> tuple[int, _Plan]:
        """Reading a value costs most here: what is dearer without it than the best so far is not read."""
        param = self.places[place]
        lowest, plan = (_NEVER, 0), _Plan()
        for cost, nth, size in sorted(self._rests(place, at)):
            if (cost, nth) > lowest:
                break
            rest = self.best(place + 1, at + size)[1]
            run = tuple(self.left[at : at + size])
            if not size:
                lowest, plan = (cost, nth), rest
                continue
            total = (cost + self._blame(param, run, at), nth)
            if total < lowest:
                lowest, plan = total, _Plan(((param, run), *rest.taken), rest.extra)
        return lowest[0], plan

    def _rests(self, place: int, at: int) -> list[tuple[int, int, int]]:
        """What all after it costs, rank among equals, and how many words this argument would take: 0 for none."""
        param = self.places[place]
        rests: list[tuple[int, int, int]] = []
        for size in self._sizes(param, place, at):
            if not self._goes_on(param, at + size):
                rests.append((self.best(place + 1, at + size)[0], len(rests), size))
        if not rests or param.required or not self._free_text(place + 1):
            rests.append((self.best(place + 1, at)[0] + (_MISSING if param.required else 0), len(rests), 0))
        return rests

    def _blame(self, param: Param, run: tuple[Word, ...], at: int) -> int:
        """What it costs to take these words, from place `at` on, for this argument: nothing where they are right."""
        value = param.kind.parse(self.reading._text(param, run), self.reading.context)
        if not isinstance(value, Wrong) or value.whole:
            return _WRONG if isinstance(value, Wrong) else 0
        end = at + len(run)
        free = next((size for size in range(1, len(run)) if self._goes_on(param, end - size)), len(run))
        blame = _WRONG + free + (free > 1)  # one right word and words too many, rather
        if param.kind.never and any(param.kind.never in word.text for word in run):
            blame += _WRONG  # the mistake is in what such a sign belongs to
        return blame

    def _goes_on(self, param: Param, at: int) -> bool:
        """Whether a joint stands before or after this place: what is joined is not cut there."""
        if at == len(self.left):
            return False
        last, following = ("" if w.quoted else w.text.casefold() for w in (self.left[at - 1], self.left[at]))
        return any(
            joint in (last, following) or (joint == "," and (last.endswith(joint) or following.startswith(joint)))
            for joint in param.kind.joints
        )

    def _free_text(self, place: int) -> bool:
        """Whether the next argument would swallow anything; then the one before it cannot be left out silently."""
        return place < len(self.places) and self.places[place].kind.words == 0

    def _sizes(self, param: Param, place: int, at: int) -> range | list[int]:
        remaining = len(self.left) - at
        if param.kind.words == 0 and place == len(self.places) - 1:
            return [remaining] if remaining else []
        most = min(remaining, param.kind.words or remaining, 40)
        return range(most, 0, -1)


def known_words(
    command: Command, rest: str, context: ParseContext, given: Mapping[str, str] | None = None
) -> dict[str, object]:
    """The arguments an unfinished line or form already gives without a mistake, by name; for completion."""
    asked = {name.casefold(): value for name, value in (given or {}).items() if value.strip()}
    parsed = _Reading(command, rest, _said(command, split(rest)), context, asked, True).read()
    return dict(parsed.values)
