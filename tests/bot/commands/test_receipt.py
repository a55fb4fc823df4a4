"""`/receipt`: the proof of an order as a file, for its owner alone, that holds without the database."""

from __future__ import annotations

from pathlib import Path

from bot.chat import plain_text
from bot.chat.reply import Audience, Reply
from storage.proofs.checking import ProvedLeaf, check_proof
from storage.proofs.proving import public_key
from tests.bot.harness import ChatHarness, chat_harness, running
from tests.storage.proofs import second


async def proved(harness: ChatHarness, reply: Reply) -> list[ProvedLeaf]:
    """What its files prove, by the key that the database has."""
    async with harness.db.reading() as uow:
        key = await public_key(uow)
    leaves = [check_proof(file.data.decode(), key) for file in reply.files]
    assert all(len(file.data) < second.MOST_BYTES for file in reply.files)
    found = [leaf for leaf in leaves if isinstance(leaf, ProvedLeaf)]
    assert len(found) == len(leaves), leaves
    return found


async def test_an_order_and_each_later_fill_of_it_is_proved_to_its_owner(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 10 limit 48c")
        waits = await harness.say("ada", "/receipt 3")
        await harness.tick()
        rests = await harness.say("ada", "/receipt #3")
        (resting,) = await proved(harness, rests)
        await harness.confirmed("bob", "/buy germany no 400 slippage 90%")
        await harness.tick()
        reply = await harness.say("ada", "/receipt 3")
        order, *fills = await proved(harness, reply)
    assert not waits.ok
    assert plain_text.text(waits).splitlines()[0] == "Order 3 has not run yet: there is a proof once its tick is over."
    assert not waits.files
    assert (resting.kind, resting.row["status"], resting.row["remaining"]) == ("order", "resting", 10_000_000)
    assert order.row == resting.row, "a leaf is a fact of its own tick"
    assert [fill.kind for fill in fills] == ["fill"] * len(fills) != []
    assert sum(fill.row["size"] for fill in fills) == 10_000_000
    assert {fill.row["buy_user"] for fill in fills} == {order.row["user"]}
    names = [file.name for file in reply.files]
    assert names[0] == "order-3.tlog-proof"
    assert all(name.startswith("order-3-fill-") for name in names[1:])
    assert rests.audience is Audience.PRIVATE
    text = plain_text.text(reply)
    assert "`outcry check order-3.tlog-proof`, without the bot's database" in text
    assert f"later fill{'s' if len(fills) > 1 else ''} of it" in text
    assert "later fill" not in plain_text.text(rests)


async def test_an_order_of_somebody_else_is_not_proved_to_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        before = harness.rows()
        for line in ("/receipt 3", "/receipt 4", "/receipt 999", "/receipt all"):
            reply = await harness.say("bob", line)
            assert not reply.ok, line
            assert not reply.files
        assert harness.rows() == before
        stranger = await harness.say("eve", "/receipt 3")
    assert not stranger.ok
    assert not stranger.files
