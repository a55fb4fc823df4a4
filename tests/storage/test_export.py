"""CSV files and the summary say what the rows say, to the last digit, and run no formulas."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import pytest

from engine.state import PROFIT_SOURCES, Side
from engine.units import MICRO
from scheduler.tick import run_tick
from storage import export
from storage.database import Database
from storage.records import OrderRow
from tests.storage.worlds import MINUTE, START, World, append, buy, sell, started

HEADERS = {
    "trades": "trade_id,tick_id,ts_ms,outcome,outcome_name,side,kind,buy_user,sell_user,price,size,fee",
    "rankings": "rank,user,name,stake,final,gain,gain_pct,trades,volume,fees,gas",
    "metrics": "tick_id,ts_ms,volume,mm_risk,mm_profit," + ",".join(PROFIT_SOURCES),
    "ledger": "entry_id,tick_id,ts_ms,account,amount_micro,kind,ref",
    "config": "name,value",
}


async def played(db: Database) -> World:
    """Two buy, one sells, one is refused, Ant goes, Bee wins."""
    world = await started(db)
    ann, bob, cid = world.people
    orders = [(ann, buy(2, 100)), (bob, buy(1, 50, Side.NO)), (cid, buy(0, 30)), (cid, sell(0, 999))]
    for number, (person, draft) in enumerate(orders):
        row = await append(db, world, person, draft, f"r{number}", at_ms=START + 1_000 * number, reserve=100 * MICRO)
        assert isinstance(row, OrderRow)
    for minute in (1, 25, 45):
        await run_tick(db, world.market, START + minute * MINUTE)
    return world


async def written(db: Database, world: World, kind: str) -> str:
    async with db.reading() as uow:
        market = await uow.markets.get(world.market)
        assert market is not None
        out = io.StringIO()
        count = await export.EXPORTS[kind](uow, market, out)
    assert out.getvalue().count("\n") == count + 1
    return out.getvalue()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("kind", HEADERS)
async def test_every_export_has_its_header_and_ends_lines_with_lf(db: Database, kind: str) -> None:
    world = await played(db)
    text = await written(db, world, kind)
    assert text.splitlines()[0] == HEADERS[kind]
    assert "\r" not in text
    assert await written(db, world, kind) == text


async def test_trades_count_outcomes_from_one_and_leave_the_house_empty(db: Database) -> None:
    world = await played(db)
    found = rows(await written(db, world, "trades"))
    assert [(row["outcome"], row["outcome_name"], row["side"], row["buy_user"], row["sell_user"]) for row in found] == [
        ("3", "Cat", "yes", str(world.people[0]), ""),
        ("2", "Bee", "no", str(world.people[1]), ""),
        ("1", "Ant", "yes", str(world.people[2]), ""),
    ]
    assert [row["size"] for row in found] == ["100.000000", "50.000000", "30.000000"]
    assert all(len(row[name].split(".")[1]) == 6 for row in found for name in ("price", "size", "fee"))


async def test_rankings_add_up_and_are_best_first(db: Database) -> None:
    world = await played(db)
    found = rows(await written(db, world, "rankings"))
    assert [row["rank"] for row in found] == ["1", "2", "3"]
    for row in found:
        stake, final, gain = (round(float(row[name]) * MICRO) for name in ("stake", "final", "gain"))
        assert final - stake == gain
        assert float(row["gain_pct"]) == pytest.approx(gain / stake, abs=1e-6)
    async with db.reading() as uow:
        balances = await uow.ledger.balances(world.market)
    assert {f"user:{row['user']}": round(float(row["final"]) * MICRO) for row in found} == {
        account: amount for account, amount in balances.items() if account.startswith("user:")
    }


async def test_the_ledger_file_sums_to_zero(db: Database) -> None:
    world = await played(db)
    assert sum(int(row["amount_micro"]) for row in rows(await written(db, world, "ledger"))) == 0


async def test_profit_of_a_tick_is_the_sum_of_its_sources(db: Database) -> None:
    world = await played(db)
    for row in rows(await written(db, world, "metrics")):
        kept = sum(round(float(row[source]) * MICRO) for source in PROFIT_SOURCES)
        assert round(float(row["mm_profit"]) * MICRO) == kept


async def test_config_has_every_parameter_in_human_units(db: Database) -> None:
    world = await played(db)
    found = {row["name"]: row["value"] for row in rows(await written(db, world, "config"))}
    assert found["title"] == "Zoo"
    assert (found["z"], found["gas_fee"], found["fee"], found["band"]) == (
        "10000.000000",
        "0.010000",
        "0.010000",
        "off",
    )
    assert [found[f"outcome_{number}"] for number in (1, 2, 3)] == ["Ant", "Bee", "Cat"]
    assert sum(Fraction(found[f"odds_{number}"]) for number in (1, 2, 3)) == pytest.approx(1, abs=1e-11)
    assert found["round_1"] == "freeze_at 600000 ms, decide_at 1200000 ms, count 1, losers Ant"
    assert found["round_2"].endswith("winner Bee")


async def test_the_summary_tells_the_market_in_numbers(db: Database) -> None:
    world = await played(db)
    async with db.reading() as uow:
        market = await uow.markets.get(world.market)
        assert market is not None
        found = await export.summary(uow, market, 7)
        house = (await uow.ledger.balances(world.market))["house"]
    assert list(found) == [
        *("seed", "ticks", "orders", "fills_by_kind", "refused", "cancelled", "eliminated", "winner"),
        *("house_result", "worst_risk", "z", "head", "ledger_sum"),
    ]
    assert (found["seed"], found["ticks"], found["orders"], found["refused"]) == (7, 3, 4, 1)
    assert (found["fills_by_kind"], found["eliminated"], found["winner"]) == ({"maker": 3}, ["Ant"], "Bee")
    assert found["house_result"] == (house - market.params.z) / MICRO
    assert (found["z"], found["head"], found["ledger_sum"]) == (10_000, market.head, 0)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Ada", "Ada"),
        ("=SUM(A1:A9)", "'=SUM(A1:A9)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@all", "'@all"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("a=b", "a=b"),
        ("\udc80x\0", "x"),
        ("'quoted", "'quoted"),
    ],
)
def test_text_that_could_be_a_formula_gets_a_quote_in_front(text: str, cell: str) -> None:
    assert export.safe(text) == cell


def test_numbers_are_never_taken_for_formulas() -> None:
    assert [export.decimal(value) for value in (-3_200_000, 0, 1, 12_345_678)] == [
        "-3.200000", "0.000000", "0.000001", "12.345678",
    ]  # fmt: skip
    assert [export.share(Fraction(part, 3)) for part in (1, -2)] == ["0.333333", "-0.666667"]
    assert [export.rate(value) for value in (10**10, 28_571_428_571)] == ["0.010000", "0.028571428571"]


def test_a_hostile_title_stays_text() -> None:
    out = io.StringIO()
    export._write(out, ("name",), [('=HYPERLINK("x")',), ("a,b",), (export.Number("-1.000000"),)])
    assert out.getvalue().splitlines() == ["name", '"\'=HYPERLINK(""x"")"', '"a,b"', "-1.000000"]
