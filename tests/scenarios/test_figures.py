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
from bot.words import proofs as words_proofs
from bot.words.charts import gained, leaderboard_title
from engine.risk import house_cash
from engine.units import MICRO, whole_cents
from storage import export
from storage.proofs.checking import ProvedLeaf, check_proof
from storage.proofs.proof_files import InclusionProof
from storage.proofs.proving import prove_order
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
        assert f"You now hold 200 in Cup; worth {row['Worth']}, $200.00 if right." in receipt
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


async def test_an_orders_money_is_one_amount_in_its_receipt_in_lists_and_in_its_proof(tmp_path: Path) -> None:
    rng = Random(3)
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=NAMES)
        for _ in range(4):
            number = await _alone(harness, f"/buy germany yes {rng.randrange(10**7, 10**8) / 10**6}")
            await _alone(harness, "/sell germany yes 33%")
            both = table(await harness.say("ada", "/orders"))[:2]
            trades = table(await harness.say("ada", "/trades"))[:2]
            for row, trade_, sign in zip(both, trades, (-1, 1), strict=True):
                assert _cents(row["With gas"]) == _cents(trade_["Before gas"]) + sign, (row, trade_)
            for order, row in zip((number + 1, number), both, strict=True):
                proof = await _proved(harness, order)
                assert f" on average, {row['With gas']} {'got' if order > number else 'paid'} (" in proof, (row, proof)
                last = next(text for text in reversed(harness.platform.texts("tell", "ada")) if row["With gas"] in text)
                fee = re.findall(r"fee \S+\d", last)
                assert all(part in proof for part in fee), (last, proof)


async def test_after_the_end_the_monitor_says_what_the_house_won_or_lost(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=NAMES)
        await harness.confirmed("ada", "/buy germany yes 200")
        await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin resolve germany"), "Confirm")
        await harness.tick()
        text = plain_text.text(await harness.say(ADMIN, "/admin monitor"))
        async with harness.db.reading() as uow:
            market, state = await uow.markets.get_one(1), await uow.markets.state(1)
        assert market.over
        has = house_cash(state)
        lost = money(whole_cents(market.params.z) - whole_cents(has))
        assert f"The house lost {lost} in the end: it staked {money(market.params.z)} and has {money(has)}." in text
        assert "right now" not in text
        users = plain_text.text(await harness.say(ADMIN, "/admin users"))
        assert "/admin grant" not in users


async def _alone(harness: ChatHarness, line: str) -> int:
    """The number of the order it made, run alone."""
    await harness.confirmed("ada", line)
    await harness.tick()
    return int(table(await harness.say("ada", "/orders"))[0]["Order"])


async def _proved(harness: ChatHarness, number: int) -> str:
    """What anybody reads in the order's proof."""
    async with harness.db.reading() as uow:
        proof = await prove_order(uow, await uow.markets.get_one(1), number)
    assert isinstance(proof, InclusionProof)
    leaf = check_proof(proof.write())
    assert isinstance(leaf, ProvedLeaf)
    return "\n".join(words_proofs.holds(leaf))


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
