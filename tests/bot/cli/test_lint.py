"""What would happen in a market is told before it does: on the command line, and to an admin who sets one up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply
from bot.cli import database
from bot.cli.lint import lint_file, lint_preset
from bot.words import event_file as words_event_file
from engine.lint import Code, lint
from engine.params import build_params
from engine.state import Status
from engine.terms import MarketParams
from tests.bot.harness import ADMIN, START, chat_harness, every_row
from tests.paths import EXAMPLE_EVENT, ROOT

NAMES = ["Germany", "Brazil", "Costa Rica", "Chile"]
ROUNDS = [{"decide_at": "1h", "count": 2}, {"decide_at": "2h", "winner": "ask"}]

# what is set, the warning it brings, and what its sentence must say
TOLD: tuple[tuple[dict[str, object], str, tuple[str, ...]], ...] = (
    (
        {"preset": "classic"},
        "classic_start",
        ("starts at $2.00 and pays $3.00 whoever wins", "is sure to gain $486.10", "Take start fair"),
    ),
    ({"preset": "classic", "z": 100, "gas_fee": 10}, "classic_start", ("sold below its value. Take start fair",)),
    (
        {"floor_enabled": False, "mu_start": 3},
        "weights_over_convexity",
        ("mu 3 and nu 1 at the start, selling", "brings $1.28 less", "kappa_start to 0.000037500001 or more", "on."),
    ),
    (
        {"preset": "classic", "nu_end": 3},
        "weights_over_convexity",
        ("mu 1 and nu 3 at the end, buying", "more than in small ones", "kappa_end to 0.0001 or more", "nu alike."),
    ),
    (
        {"floor_enabled": False, "mu": 10, "kappa": 0, "l0": 3, "z": 1000},
        "weights_over_convexity",
        ("no floor stands behind it. Make mu and nu alike",),
    ),
    (
        {"zeta_end": "0.2"},
        "little_stays",
        ("With 4 in, only 40% of a trade's money", "when trading freezes", "now 0.2 there, at 0.166666666666 or less"),
    ),
    ({"z": 1000}, "fifty_dollars", ("Germany YES from 25.0¢ to 43.4¢ at the start", "Set z to $2,220 or more.")),
    ({"l0": 700}, "fifty_dollars", ("Set l0 to $1,510 or more, or leave it out.",)),
    ({"l0": 70, "z": 1000}, "fifty_dollars", ("Set z to $2,220 or more and leave l0 out.",)),
    (
        {"preset": "classic", "rounds": ROUNDS},
        "sum_over_cap",
        ("start at $2.00 together; the 2 that round 1 leaves can hold $1.90 at most", "stands at 95.0¢ after it, fav"),
    ),
    (
        {"band": "0.1", "zeta": "0.1"},
        "band_with_diversion",
        ("30% of a trade's money", "$500 on Germany YES takes YES + NO of Brazil to 99.3¢", "at 90.0¢ the band trades"),
    ),
    ({"floor_allowance": 50}, "allowance", ("be sure of up to $50.00", "0.5% of z", "Take floor_allowance 0.")),
    (
        {"rounds": [{"decide_at": "1h", "losers": ["Chile"]}, {"decide_at": "2h", "winner": "Germany"}]},
        "named_timetable",
        ("names who is out in 1 round and who wins", "everybody who reads it is sure of a profit", "Take ask"),
    ),
    (
        {"z": 400},
        "whole_balance",
        ("$1,000.00 on Germany YES at the start", "past the highest price of 99.0¢", "Set z to $1,080 or more"),
    ),
    (
        {"odds": [0.96, 0.014, 0.013, 0.013], "fee": 0.05, "p_max": 0.999, "p_min": 0.001, "set_cap": 0.97},
        "whole_balance",
        ("No z cures it", "lower its odds"),
    ),
)


def built(**values: object) -> MarketParams:
    found = build_params({"outcome_names": NAMES, **values})
    assert isinstance(found, MarketParams), found
    return found


@pytest.mark.parametrize(("values", "code", "parts"), TOLD)
def test_a_warning_says_what_will_happen_in_numbers_and_what_to_change(
    values: dict[str, object], code: str, parts: tuple[str, ...]
) -> None:
    market = built(**values)
    sentence = next(words_event_file.sentence(one, market) for one in lint(market) if one.code == code)
    for part in parts:
        assert part in sentence, sentence
    assert re.fullmatch(r"[A-Za-z0-9].*\d.*\.", sentence)


@pytest.mark.parametrize(("code", "z"), [("fifty_dollars", 2_220), ("whole_balance", 1_080)])
def test_the_stake_a_warning_names_cures_it_and_a_smaller_one_does_not(code: str, z: int) -> None:
    assert code not in [warning.code for warning in lint(built(z=z))]
    assert code in [warning.code for warning in lint(built(z=z - 10))]


def test_every_warning_has_a_sentence() -> None:
    assert {code for _, code, _ in TOLD} == set(get_args(Code)) == set(words_event_file._SENTENCES)


# -- the command line, as a child process


def outcry(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error of one command run in an empty folder."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'o.db'}", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_lint_answers_clean_warned_or_invalid_by_its_exit_code(tmp_path: Path) -> None:
    assert outcry(tmp_path, "lint", str(EXAMPLE_EVENT)) == (
        0,
        "Office chess cup: 4 outcomes, nothing to warn of.\n",
        "",
    )
    code, out, err = outcry(tmp_path, "lint", "--preset", "classic", "-n", "4", "-Z", "500")
    assert (code, err) == (1, "")
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "WARN classic_start",
        "WARN fifty_dollars",
        "WARN whole_balance",
    ]
    (tmp_path / "bad.toml").write_text(
        EXAMPLE_EVENT.read_text(encoding="utf-8").replace('"1%"', '"6%"'), encoding="utf-8"
    )
    code, out, err = outcry(tmp_path, "lint", "bad.toml")
    assert (code, out) == (2, "")
    assert err == "bad.toml:21: fee lies between 0 and 0.05; 0.06 does not.\n"
    assert outcry(tmp_path, "lint", "--preset", "hype")[0] == 2
    assert not (tmp_path / "o.db").exists()


@pytest.mark.parametrize("outcomes", range(2, 26))
def test_the_defaults_follow_the_number_of_outcomes_and_warn_of_nothing(outcomes: int) -> None:
    """$50 can be spent on any of them, and a member's whole balance."""
    assert lint_preset("hype", outcomes, None, as_json=False) == 0


def test_lint_as_json_carries_the_numbers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def told() -> dict[str, object]:
        found = json.loads(capsys.readouterr().out)
        assert isinstance(found, dict)
        return found

    assert lint_preset("hype", 5, None, as_json=True) == 0
    assert told() == {"clean": True, "warnings": [], "problems": []}
    assert lint_preset("hype", 3, "1000", as_json=True) == 1
    (warning,) = json.loads(json.dumps(told()["warnings"]))
    assert (warning["code"], warning["numbers"]["least_z"]) == ("fifty_dollars", 1_460_000_000)
    assert "$1,460" in warning["sentence"]
    for preset, n, z in (
        ("hyp", 3, None),
        ("hype", 1, None),
        ("hype", 26, None),
        ("hype", 3, "much"),
        ("hype", 3, "0"),
    ):
        assert lint_preset(preset, n, z, as_json=True) == 2
        found = told()
        assert (found["clean"], found["warnings"]) == (False, [])
        assert found["problems"]
    (tmp_path / "latin").write_bytes(b"title = '\xe9'")
    for file in (tmp_path / "latin", tmp_path / "none", tmp_path):
        assert lint_file(file, 0, as_json=True) == 2
        assert told()["problems"]


# -- create


CUP = 'title = "Cup"\noutcomes = ["Germany", "Brazil", "Costa Rica"]\n'
FINAL = '[[rounds]]\nfreeze_at = "2h"\ndecide_at = "2h10m"\nwinner = "ask"\n'


def test_create_drafts_a_market_in_the_room_and_the_chat_goes_on_from_it(tmp_path: Path) -> None:
    code, out, err = outcry(tmp_path, "create", str(EXAMPLE_EVENT))
    assert (code, err) == (0, "")
    assert out.startswith(
        "Created market 1: Office chess cup is drafted in the room; nobody sees it yet.\nNext: outcry run"
    )
    before = (tmp_path / "o.db").read_bytes()
    code, out, err = outcry(tmp_path, "create", str(EXAMPLE_EVENT))
    assert (code, out) == (1, "")
    assert "The room has a market already: Office chess cup (market 1)" in err
    assert (tmp_path / "o.db").read_bytes() == before


async def create(folder: Path, text: str) -> int:
    """`outcry create` of a file with this text, in the database `town` opens next; its exit code."""
    (folder / "cup.toml").write_text(text, encoding="utf-8")
    return await database.create(f"sqlite:///{folder / 'play.db'}", folder / "cup.toml", START)


def rows(folder: Path) -> str:
    """All there is in the database."""
    return every_row(folder / "play.db")


async def test_a_draft_from_a_file_is_changed_opened_and_started_in_the_chat(tmp_path: Path) -> None:
    assert await create(tmp_path, CUP + "fee = 0.02\nodds = [5, 3, 2]\n" + FINAL) == 0
    async with chat_harness(tmp_path) as harness:
        assert "no market in this chat" in plain_text.text(await harness.say("ada", "/join"))
        reply = plain_text.text(await harness.say(ADMIN, "/admin set"))
        assert "fee 2%" in reply
        assert "50.0¢, 30.0¢, 20.0¢" in reply
        assert "+2h to +2h10m winner ask" in plain_text.text(await harness.say(ADMIN, "/admin schedule"))
        assert (await harness.say(ADMIN, "/admin set gas $0.01")).ok
        assert (await harness.say(ADMIN, "/admin open")).ok
        assert (await harness.say("ada", "/join")).ok
        assert (await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")).ok
        async with harness.db.reading() as uow:
            found = await uow.markets.get_one(1)
        assert (found.status, found.params.fee) == (Status.RUNNING, 2 * 10**10)
        assert [(step.freeze_at, step.winner) for step in found.params.rounds] == [(7_200_000, "ask")]


async def test_a_file_may_open_the_doors_and_plan_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = CUP + "start_at = 2014-07-04T16:00:00Z\nopen = true\nz = 500\n"
    assert await create(tmp_path, head + FINAL) == 0
    told = capsys.readouterr()
    assert "market 1: Cup is open to join in the room" in told.out
    assert "trading starts 4 July 2014 16:00 UTC" in told.out
    assert told.err.startswith("WARN fifty_dollars: A $50 order moves Germany YES")
    async with chat_harness(tmp_path) as harness:
        await harness.announcer.step()
        assert any("the doors are open" in text for text in harness.platform.texts("post"))
        assert (await harness.say("ada", "/join")).ok
        async with harness.db.reading() as uow:
            found = await uow.markets.get_one(1)
            log = await uow.audit.of(1)
        assert (found.status, found.planned_start_ms) == (Status.LOBBY, 1_404_489_600_000)
        assert [(row.action, row.actor) for row in log] == [("create", found.creator)]


async def test_create_refuses_what_it_cannot_use_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await create(tmp_path, CUP + "fee = 3\n") == 2
    assert await create(tmp_path, CUP + "start_at = 2014-07-03T06:00:00Z\n") == 2
    assert "has passed: it was 3 July 2014 06:00 UTC, 46 min 40 s ago" in capsys.readouterr().err
    assert not (tmp_path / "play.db").exists()
    async with chat_harness(tmp_path):
        assert await create(tmp_path, CUP) == 3  # somebody else has the database
    assert await create(tmp_path, CUP) == 0
    drafted = rows(tmp_path)
    assert await create(tmp_path, CUP.replace("Cup", "Another")) == 1
    assert rows(tmp_path) == drafted
    async with chat_harness(tmp_path) as harness:
        assert (await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")).ok
    assert await create(tmp_path, CUP.replace("Cup", "Another")) == 0


# -- in the chat


def careful(reply: Reply) -> list[str]:
    assert reply.ok, plain_text.text(reply)
    return [line for line in plain_text.text(reply).splitlines() if "Careful" in line]


async def test_an_admin_is_warned_on_create_set_and_open(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        created = await harness.say(ADMIN, "/admin create Cup Germany, Brazil, Chile preset classic z $500")
        first, second, third = careful(created)
        assert "NO on every outcome together starts at $1.50 and pays $2.00 whoever wins" in first
        assert "A $50 order moves Germany YES" in second
        assert "A whole starting balance of $1,000.00" in third
        assert "/admin open" in plain_text.text(created).split(third)[1]  # what to do next comes last
        assert careful(await harness.say(ADMIN, "/admin set gas $0.01")) != []  # the sure gain is another one now
        assert careful(await harness.say(ADMIN, "/admin set set_cap 0.9")) == []
        assert careful(await harness.say(ADMIN, "/admin set title Bowl")) == []
        assert any("only 40% of a trade's" in told for told in careful(await harness.say(ADMIN, "/admin set zeta 0.3")))
        opened = careful(await harness.say(ADMIN, "/admin open"))
        assert len(opened) == 5
        assert "nothing is written on what decides" in opened[-1]
        assert "only 40% of a trade's money" in opened[1]


async def test_of_a_harmless_market_nothing_is_said_but_of_the_change_that_harms_it(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert careful(await harness.say(ADMIN, "/admin create Cup Germany, Brazil, Chile")) == []
        assert careful(await harness.say(ADMIN, "/admin set band 10%")) == []
        (warned,) = careful(await harness.say(ADMIN, "/admin set zeta_start 0.11"))
        assert "22% of a trade's money goes to the other outcomes at the start" in warned
        assert careful(await harness.say(ADMIN, "/admin set zeta_start 0.1")) == []
        assert careful(await harness.say(ADMIN, "/admin set about The official table counts.")) == []
        assert careful(await harness.say(ADMIN, "/admin open")) == []
        assert (await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")).ok
        await harness.tick()
        (warned,) = careful(await harness.say(ADMIN, "/admin set zeta 0.12"))
        assert "24% of a trade's money" in warned
