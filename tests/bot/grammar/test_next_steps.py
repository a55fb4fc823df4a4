"""Who reads an answer alone gets what it suggests as buttons: which, how many, and about which market."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.reply import Action, Audience, Reply, code, line
from bot.commands import COMMANDS
from bot.grammar.next_steps import MOST, of_market, with_next_steps

BY_NAME = {command.name: command for command in COMMANDS}


def labels(reply: Reply) -> list[str]:
    return [action.label for action in with_next_steps(reply, BY_NAME).actions]


def saying(*shown: str, actions: tuple[Action, ...] = ()) -> Reply:
    return Reply(head=line("No."), blocks=tuple(line(code(text), " would do.") for text in shown), actions=actions)


@pytest.mark.parametrize(
    ("shown", "label"),
    [
        ("/buy germany yes $52.53", "/buy germany yes $52.53"),
        ("/help buy", "/help buy"),
        ("/join", "Join"),
        ("/buy", "Buy"),
        ("/admin eliminate brazil", "/admin eliminate brazil"),  # shows the numbers first
        ("/admin start", "Start"),
        ("/admin set", "Set"),
        ("/admin set fee 2%", None),  # an admin's line that acts at once
        ("/admin freeze", None),
        ("/ticket confirm 5", None),  # nobody types it
        ("/buy germany <side> 10", None),
        ("germany", None),
    ],
)
def test_a_suggested_line_is_a_button_where_one_person_reads_it(shown: str, label: str | None) -> None:
    reply = saying(shown)
    assert labels(reply) == ([] if label is None else [label])
    assert labels(replace(reply, audience=Audience.CHAT)) == []
    assert labels(replace(reply, examples=True)) == []
    assert labels(replace(reply, actions=(Action(label="Do", text=shown),))) == ["Do"]


def test_what_lacks_something_asks_for_it() -> None:
    [buy] = with_next_steps(saying("/buy"), BY_NAME).actions
    [board] = with_next_steps(saying("/board"), BY_NAME).actions
    assert (buy.asks, board.asks) == (True, False)


def test_three_are_enough_and_whole_lines_come_first() -> None:
    own = Action(label="Close", text="/close")
    assert labels(saying("/board", "/rules", "/join", "/help")) == ["Board", "Rules", "Join"]
    assert labels(saying("/board", "/rules", "/buy a yes 5", actions=(own,))) == ["Close", "/buy a yes 5"]
    whole = [f"/buy a yes {number}" for number in range(1, 9)]
    assert labels(saying(*whole)) == whole[:MOST]
    tap = Action(label="Buy A", text="/buy a", asks=True)
    assert labels(saying("/buy", actions=(tap,))) == ["Buy A"]


def test_a_button_read_in_private_stays_about_its_market() -> None:
    actions = tuple(
        Action(label=text, text=text)
        for text in ("/sell a yes all", "/in 3 /board", "/order cancel 2 7", "/markets", "/settings", "/nonsense")
    )
    told = of_market(Reply(head=line("Filled."), actions=actions), 2, BY_NAME)
    assert [action.text for action in told.actions] == [
        "/in 2 /sell a yes all", "/in 3 /board", "/order cancel 2 7", "/markets", "/settings", "/nonsense",
    ]  # fmt: skip
