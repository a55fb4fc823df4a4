"""One amount reads the same everywhere: in the chat, in private, in tables, on charts and in files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from random import Random

import pytest

from bot.charts import queries
from bot.chat import plain_text
from bot.chat.chart_data import LeaderboardData
from bot.chat.reply import Picture, Reply, Table
from bot.text.numbers import money, places
from bot.words.charts import gained, leaderboard_title
from engine.units import MICRO
from storage import export
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running

NAMES = ("ada", "bob", "cy", "dee", "eve")
Figures = dict[str, tuple[str, str, str]]  # by name: place, gain in percent, amount


def table(reply: Reply) -> list[dict[str, str]]:
    """The rows of the reply's table by the titles of its columns; those without a title by their number."""
    (found,) = [block for block in reply.blocks if isinstance(block, Table)]
    titles = [column.title or str(number) for number, column in enumerate(found.columns)]
    return [dict(zip(titles, map(plain_text.line_text, row), strict=True)) for row in found.rows]


async def said_in_public(harness: ChatHarness) -> Figures:
    reply = await harness.say("spectator", "/leaderboard")
    if not any(isinstance(block, Table) for block in reply.blocks):
        return {}
    return {row["Name"]: (row["0"], row["Gain"], row["Worth"]) for row in table(reply)}


async def said_to_admins(harness: ChatHarness) -> Figures:
    rows = table(await harness.say(ADMIN, "/admin users"))
    return {row["Name"]: (row["0"], row["6"], row["Worth"]) for row in rows}


async def drawn(harness: ChatHarness) -> tuple[Figures, LeaderboardData]:
    async with harness.db.reading() as uow:
        market = await uow.markets.get_one(1)
        data = await queries.load(uow, Picture(kind="leaderboard", market=1, tick=market.tick))
    assert isinstance(data, LeaderboardData)
    return {row.name: (row.place, gained(row.worth, row.stake), money(row.worth)) for row in data.rows}, data


async def written(harness: ChatHarness) -> list[dict[str, str]]:
    out = io.StringIO()
    async with harness.db.reading() as uow:
        await export.write_rankings(uow, await uow.markets.get_one(1), out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def in_all(reply: Reply) -> tuple[str, str]:
    """(amount, gain in percent) of `In all $988.20, −$11.80 (−1.18%) on the ...`."""
    found = re.search(r"In all (\S+), \S+ \((\S+)\) on", plain_text.text(reply))
    assert found, plain_text.text(reply)
    return found[1], found[2]


async def trade(harness: ChatHarness, rng: Random) -> None:
    """Somebody orders something, mostly of awkward sizes; many a limit waits."""
    who, outcome = rng.choice(NAMES[:4]), rng.choice(("germany", "brazil", '"costa rica"'))
    line = f"/buy {outcome} {rng.choice(('yes', 'no'))} {rng.randrange(10**5, 10**8) / 10**6}"
    if rng.random() < 0.3:
        line += f" limit {rng.randrange(20, 60)}c"
    if rng.random() < 0.3:
        line = f"/sell {outcome} {rng.choice(('yes', 'no'))} {rng.choice(('half', '33%', 'all'))}"
    ticket = await harness.say(who, line)
    if ticket.ticket:
        await harness.press(who, ticket, "Confirm")


async def agree(harness: ChatHarness) -> None:
    """Whoever says how somebody stands says the same."""
    public, (chart, data), file = await said_in_public(harness), await drawn(harness), await written(harness)
    assert chart == public
    admins = await said_to_admins(harness)
    assert {name: row for name, row in admins.items() if row[0]} == public
    ranked = [row for row in file if row["rank"]]
    assert [name for name, _ in zip(public, ranked, strict=True)] == [row["name"] for row in ranked]
    assert places([row["rank"] for row in ranked]) == [place for place, _, _ in public.values()]
    for row in ranked:
        assert money(round(float(row["final"]) * MICRO)) == public[row["name"]][2]
        assert row["trades"] != "0"
    for name in NAMES:
        stands = public.get(name.title()) or admins[name.title()]
        assert in_all(await harness.say(name, "/balance")) == stands[:0:-1]
        positions = await harness.say(name, "/positions")
        assert not positions.blocks[1:] or in_all(positions) == stands[:0:-1]
    head = plain_text.line_text((await harness.say("spectator", "/leaderboard")).head)
    assert head.startswith(leaderboard_title(data, [row.name for row in data.rows]).split(" yet")[0])


@pytest.mark.parametrize("seed", range(3))
async def test_public_private_table_chart_and_file_never_differ(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=NAMES)
        for _ in range(6):
            for _ in range(4):
                await trade(harness, rng)
            await harness.tick()
            await agree(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
        await harness.tick()
        await agree(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin resolve germany"), "Confirm")
        await harness.tick()
        public = await said_in_public(harness)
        (end,) = [text for text in harness.platform.texts("post") if "wins Cup" in text]
        podium = re.findall(r"^(?:🥇|🥈|🥉|\d\w\w=?) (\w+) (\S+), \S+ \((\S+)\)", end, re.MULTILINE)
        assert podium == [(name, amount, share) for name, (_, share, amount) in list(public.items())[: len(podium)]]
        assert len(podium) >= min(3, len(public))


async def test_what_a_holding_is_worth_is_what_the_ticket_of_its_sale_says(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=NAMES)
        await harness.say(ADMIN, "/admin set gas 0")
        await harness.confirmed("ada", "/buy germany yes 200")
        await harness.confirmed("bob", "/buy brazil no $80")
        await harness.tick()
        (receipt,) = harness.platform.texts("tell", "ada")
        before = table(await harness.say("ada", "/positions"))
        (row,) = before
        ticket = plain_text.text(await harness.say("ada", "/sell germany yes all"))
        assert f"get about {row['Worth']}" in ticket.replace(",", "") or row["Worth"] in ticket
        assert f"You now hold 200; worth {row['Worth']}, $200.00 if right." in receipt
        assert row["If right"] == "$200.00"
        await harness.confirmed("cy", "/buy germany yes 300 limit 45c")
        await harness.tick()
        assert [row["Worth"] for row in table(await harness.say("ada", "/positions"))] == [row["Worth"]], (
            "a bid is no worth"
        )


async def test_what_stands_beside_its_sum_adds_up_to_it(tmp_path: Path) -> None:
    rng = Random(7)
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=NAMES)
        for _ in range(8):
            for _ in range(3):
                await trade(harness, rng)
            await harness.tick()
            for name in NAMES[:4]:
                await trade(harness, rng)  # some wait for their turn
                balance = plain_text.text(await harness.say(name, "/balance"))
                free, besides, total = _amounts(balance)
                assert free + besides == total, balance
                positions = await harness.say(name, "/positions")
                if any(isinstance(block, Table) for block in positions.blocks):
                    head = plain_text.line_text(positions.head)
                    rows = sum(_cents(row["Worth"]) for row in table(positions))
                    assert rows == _cents(re.findall(r"\$[\d,.]+\d", head)[0]), head


def _cents(text: str) -> int:
    return int(text.strip("$").replace(",", "").replace(".", ""))


def _amounts(balance: str) -> tuple[int, int, int]:
    """(to spend, all besides, in all) in cents."""
    free, *rest = balance.splitlines()
    besides = [
        _cents(amount) for line in rest if line.startswith("Besides") for amount in re.findall(r"\$[\d,.]+\d", line)
    ]
    (total,) = [in_all_line for in_all_line in rest if in_all_line.startswith("In all")]
    return _cents(re.findall(r"\$[\d,.]+\d", free)[0]), sum(besides), _cents(re.findall(r"\$[\d,.]+\d", total)[0])
