"""Outcomes whose names are numbers or words of a line: an exact name first, then a number, then a clear beginning;
`#2` is always the number; what could be read in two ways is asked back."""

from __future__ import annotations

import pytest

from bot.chat.invocation import ParseContext
from bot.commands import COMMANDS
from bot.grammar import parser
from bot.grammar.command import Command
from bot.grammar.outcomes import OutcomesType, OutcomeType
from bot.grammar.types import Wrong
from bot.market import timetable as timetables
from bot.market.draft import Names
from bot.text.names import WORDS_OF_LINES, quoted_name
from bot.text.outcome_names import joined_names, split_names, typed_outcome

COMMAND = {command.name: command for command in COMMANDS}
GOALS = ("0", "1", "2", "3+")
WORDS = ("limit", "all", "preset", "Z", "yes", "no", "half", "out", "winner", "ask", "confirm", "reason", "and")


def scene(*names: str) -> ParseContext:
    return ParseContext(now_ms=0, outcomes=names)


@pytest.mark.parametrize(
    ("names", "typed", "outcome"),
    [
        (GOALS, "0", 0),
        (GOALS, "1", 1),
        (GOALS, "2", 2),
        (GOALS, "3+", 3),
        (GOALS, "3", 3),
        (GOALS, "#1", 0),
        (GOALS, "# 4", 3),
        (GOALS, '"1"', 1),
        (GOALS, '"#1"', 0),
        (("C", "C#", "C++"), "c", 0),
        (("C", "C#", "C++"), "c#", 1),
        (("C", "C#", "C++"), "c+", 2),
        (("C", "C#", "C++"), "3", 2),
        (("A+", "A", "A-"), "a", 1),
        (("A+", "A", "A-"), "a-", 2),
        (("-5", "5", "0"), "5", 1),
        (("-5", "5", "0"), "-5", 0),
        (("-5", "5", "0"), "\u22125", 0),
        (("-5", "5", "0"), "1", 0),
        (("1.5", "15", "150"), "1.5", 0),
        (("1.5", "15", "150"), "15", 1),
        (("1.5", "15", "150"), "150", 2),
        (("1.5", "15", "150"), "2", 1),
        (("0-500", "500-1000", "over 1000"), "500-1000", 1),
        (("0-500", "500-1000", "over 1000"), "500", 1),
        (("0-500", "500-1000", "over 1000"), "over", 2),
        (("1:0", "10", "0:1"), "10", 1),
        (("Germany", "Brazil", "2"), "2", 2),
        (("Germany", "Brazil", "2"), "#2", 1),
        (("Germany", "A, B", "A"), "a, b", 1),
    ],
)
def test_an_exact_name_goes_before_a_number_and_a_number_before_a_beginning(
    names: tuple[str, ...], typed: str, outcome: int
) -> None:
    assert OutcomeType().parse(typed, scene(*names)) == outcome


@pytest.mark.parametrize(
    ("names", "typed", "words"),
    [
        (GOALS, "4", "so a number is typed with #; there are #1 0, #2 1, #3 2 and #4 3+."),
        (GOALS, "#5", "so a number is typed with #"),
        (("Germany", "Brazil", "2"), "1", "there are #1 Germany, #2 Brazil and #3 2."),
        (("Germany", "Brazil"), "3", "there are 1 Germany and 2 Brazil."),
        (("2nd", "1st"), "2", None),
    ],
)
def test_where_a_name_reads_as_the_number_of_another_plain_numbers_are_neither_shown_nor_taken(
    names: tuple[str, ...], typed: str, words: str | None
) -> None:
    read = OutcomeType().parse(typed, scene(*names))
    if words is None:
        assert read == 0, "the beginning of a name, not the number of another"
    else:
        assert isinstance(read, Wrong)
        assert words in read.sentence


@pytest.mark.parametrize(
    ("names", "typed", "read"),
    [
        (("A", "B", "A, B", "C"), "A, B", "say #3 for the one of that name, or #1, #2 for them all"),
        (("A", "B", "A, B", "C"), '"A, B"', (2,)),
        (("A", "B", "A, B", "C"), '"A", B', (0, 1)),
        (("A", "B", "A, B", "C"), "C, B", (3, 1)),
        (("A", "B", "A, B", "C"), '"A, B", C', (2, 3)),
        (("A", "C", "A, B", "D"), "A, B", (2,)),
        (("A", "B", "C"), '"A, B"', (0, 1)),
        (("A", "B", "AB", "C"), "A, B", (0, 1)),
        (("Rock", "Roll", "Rock and Roll"), "rock and roll", "say #3 for the one of that name, or #1, #2 for them all"),
        (("Rock", "Jazz", "Rock and Roll"), "rock and roll, jazz", (2, 1)),
        (GOALS, "1, 2", (1, 2)),
        (GOALS, "#1 and 1", (0, 1)),
        (GOALS, "0, 4", "a number is typed with #"),
    ],
)
def test_a_list_that_can_be_read_in_two_ways_is_asked_back(
    names: tuple[str, ...], typed: str, read: tuple[int, ...] | str
) -> None:
    outcomes = OutcomesType().parse(typed, scene(*names))
    if isinstance(read, tuple):
        assert outcomes == read
    else:
        assert isinstance(outcomes, Wrong)
        assert read in outcomes.sentence


def values(line: str, *names: str) -> parser.Parsed:
    name = next(name for name in sorted(COMMAND, key=len, reverse=True) if line.startswith(f"/{name}"))
    return parser.parse(COMMAND[name], line.removeprefix(f"/{name}").strip(), scene(*names))


@pytest.mark.parametrize("line", ["/admin eliminate germany, brasil lost", "/admin eliminate germany and brasil"])
def test_a_list_is_never_cut_at_a_comma_and_the_rest_taken_for_a_reason(line: str) -> None:
    parsed = values(line, "Germany", "Brazil", "Chile")
    assert parsed.problems
    assert "no outcome “brasil” here" in parsed.problems[0]


def typed_ways(names: tuple[str, ...], outcome: int) -> list[str]:
    return [f'"{names[outcome]}"', f"#{outcome + 1}", typed_outcome(names, outcome), f"{outcome + 1}"]


@pytest.mark.parametrize("outcome", range(len(WORDS)))
def test_names_that_are_words_of_a_line_go_by_quotes_or_number_in_every_command(outcome: int) -> None:
    for typed in typed_ways(WORDS, outcome):
        for line, name, value in (
            (f"/buy {typed} yes 10 limit 55c", "outcome", outcome),
            (f"/sell {typed} no half", "outcome", outcome),
            (f"/quote {typed} yes all", "outcome", outcome),
            (f"/chart {typed} 6h", "outcome", outcome),
            (f"/book {typed}", "outcome", outcome),
            (f"/depth {typed}", "outcome", outcome),
            (f"/tape {typed}", "outcome", outcome),
            (f"/admin graph maker {typed}", "outcome", outcome),
            (f"/admin eliminate {typed} it rained confirm=abc", "outcomes", (outcome,)),
            (f"/admin resolve {typed}", "winner", (outcome,)),
            (f"/admin correct {typed} the goal was offside", "outcomes", (outcome,)),
        ):
            parsed = values(line, *WORDS)
            assert not parsed.problems, (line, parsed.problems)
            assert parsed.values[name] == value, line


def test_what_is_corrected_keeps_the_quotes_it_needs() -> None:
    assert values('/buy "limit" yess 10', *WORDS).corrected == '/buy "limit" yes 10'
    given = parser.parse(COMMAND["buy"], "", scene(*WORDS), {"outcome": "limit", "side": "yess", "amount": "10"})
    assert given.corrected == '/buy "limit" yes 10'


def test_every_argument_beside_an_outcome_or_a_member_is_a_word_that_gets_quotes() -> None:
    def names_something(command: Command) -> bool:
        kinds = [param.kind for param in command.params if not command.hidden]  # those come with names of arguments
        return any(isinstance(kind, OutcomeType | OutcomesType) or kind.of_people for kind in kinds)

    beside = {param.name for command in COMMANDS if names_something(command) for param in command.params}
    assert beside <= WORDS_OF_LINES
    assert all(quoted_name(name) == f'"{name}"' for name in beside)


@pytest.mark.parametrize(
    "names",
    [
        ("C", "C#", "C++"),
        ("-5", "5", "0"),
        ("1.5", "15", "150"),
        ("0-500", "500-1000", "over 1000"),
        ("A+", "A", "A-"),
        ("A", "A, B", "B"),
        WORDS,
    ],
)
def test_lists_of_such_names_are_legal_and_read_back(names: tuple[str, ...]) -> None:
    assert Names().parse(joined_names(names), scene()) == names
    quotes = ", ".join(f'"{name}"' for name in names)
    assert Names().parse(quotes, scene()) == names
    assert [name for name, _ in split_names(joined_names(names))] == list(names)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("A, #2, C", "“#2” cannot be a name: a # and a number always mean"),
        ("A, a!, C", "reads like one of the outcomes before it"),
        ("A, B; C, D", "has a semicolon or a quote in it"),
        ('A, Bo "the" Lee, D', "has a semicolon or a quote in it"),
    ],
)
def test_names_nobody_could_type_are_refused_at_set_up(typed: str, words: str) -> None:
    wrong = Names().parse(typed, scene())
    assert isinstance(wrong, Wrong)
    assert words in wrong.sentence


@pytest.mark.parametrize(
    ("names", "typed", "shown"),
    [
        (GOALS, "+1h out 2; +2h winner", "say out #3 for the outcome of that name, or out 2 ask for as many"),
        (GOALS, '+1h out "2"; +2h winner', '+1h out "2"; +2h winner ask'),
        (GOALS, "+1h out 2 ask; +2h winner 1", '+1h out 2 ask; +2h winner "1"'),
        (GOALS, "+1h out #1, 3+; +2h winner #4", '+1h out "0", 3+; +2h winner 3+'),
        (GOALS, "+1h out 3; +2h winner", "+1h out 3; +2h winner ask"),
        (("ask", "out", "A, B", "10m"), '+1h out out, #3; +2h winner "ask"', '+1h out "out", #3; +2h winner "ask"'),
        (("3 Bo", "Ada", "Cy"), "+1h out 3 bo; +2h winner", '+1h out "3 Bo"; +2h winner ask'),
    ],
)
def test_a_timetable_reads_names_by_the_same_rule(names: tuple[str, ...], typed: str, shown: str) -> None:
    table = timetables.read(typed, names, 0)
    if not isinstance(table, timetables.Timetable):
        assert shown in table[0].sentence
        return
    assert timetables.render(table, names) == shown
    for line in (shown, timetables.render(table, names, kept=True)):
        assert timetables.read(line, names, 0) == table
