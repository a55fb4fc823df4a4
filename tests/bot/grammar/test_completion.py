"""Completion shows what comes next and what it means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.chat.invocation import ChatKind, Invocation, Suggestion
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running


async def complete(harness: ChatHarness, who: str, text: str) -> list[Suggestion]:
    return await harness.dispatcher.complete(
        Invocation(
            text=text, platform="room", person_ext=who, person_name=who, chat_ext="room", chat_kind=ChatKind.ROOM,
            is_admin=who == ADMIN, request_id="c",
        )
    )  # fmt: skip


async def test_each_argument_is_explained_and_offered(tmp_path: Path) -> None:
    rows: tuple[tuple[str, str, list[str]], ...] = (
        ("ada", "/b", ["/buy ", "/balance ", "/board ", "/book "]),
        ("ada", "/buy ", ["/buy Germany ", "/buy Brazil ", '/buy "Costa Rica" ']),
        ("ada", "/buy c", ['/buy "Costa Rica" ']),
        ("ada", '/buy "c', ['/buy "Costa Rica" ']),
        ("ada", "/buy costa r", ['/buy "Costa Rica" ']),
        ("ada", "/buy costa rica ", ["/buy costa rica yes ", "/buy costa rica no "]),
        ("ada", "/buy costa rica y", ["/buy costa rica yes "]),
        ("ada", "/buy 1 yes $", ["/buy 1 yes $50 "]),
        ("ada", "/buy 1 yes 100 ", [f"/buy 1 yes 100 limit {n}c " for n in (50, 49, 48, 45, 40)]),
        ("ada", "/buy 1 yes 100 l", ["/buy 1 yes 100 limit 50c "]),
        ("ada", "/buy 1 yes 100 limit 4", [f"/buy 1 yes 100 limit {n}c " for n in (49, 48, 45, 40)]),
        ("ada", "/buy 1 yes 100 limit 55c a", ["/buy 1 yes 100 limit 55c autofill yes "]),
        ("ada", "/cancel ", ["/cancel 4 ", "/cancel 3 ", "/cancel all "]),
        ("ada", "/cancel a", ["/cancel all "]),
        ("ada", "/buy 1 yes 100 sli", [f"/buy 1 yes 100 slippage {n}% " for n in (1, 5, 10, 25)]),
        ("ada", "/buy 1 yes 100 slippage 1", ["/buy 1 yes 100 slippage 1% ", "/buy 1 yes 100 slippage 10% "]),
        ("ada", "/buy 1 yes 100 limit 55c slippage 5% autofill no ", []),
        ("ada", "/alert ", ["/alert Germany ", "/alert Brazil ", '/alert "Costa Rica" ']),
        ("ada", "/alert germany ", [f"/alert germany {cents}c " for cents in (55, 60, 65, 70, 45, 40, 35)]),
        ("ada", "/alert germany 6", ["/alert germany 60c ", "/alert germany 65c "]),
        ("ada", "/alert germany no 3", ["/alert germany no 35c "]),
        ("ada", "/alert germany 51c ", []),
        ("ada", "/sell ", ["/sell Brazil ", "/sell Germany ", '/sell "Costa Rica" ']),
        ("ada", "/adm", []),
        (ADMIN, "/admin el", ["/admin eliminate "]),
        (ADMIN, "/admin eliminate brazil, c", ['/admin eliminate brazil, "Costa Rica" ']),
        (ADMIN, "/admin set f", ["/admin set fee ", "/admin set floor_enabled ", "/admin set floor_allowance "]),
        ("ada", "", [f"/{name} " for name in ("join", "buy", "sell")]),
        ("ada", "/nothing here", []),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.confirmed("ada", "/buy brazil no 10")
        await harness.confirmed("ada", "/buy costa rica yes 10 limit 15c")
        await harness.tick()
        await harness.confirmed("ada", "/sell brazil no 4 limit 90c")
        await harness.tick()
        for who, text, wanted in rows:
            found = await complete(harness, who, text)
            lines = [one.line for one in found if one.line]
            assert lines[: len(wanted)] == wanted, (text, lines)
            assert bool(wanted) == bool(lines), (text, lines)
        explained = (await complete(harness, "ada", "/buy 1 yes "))[0]
        assert (explained.line, explained.label) == ("", "amount")
        assert "100 tokens, $50 of spending" in explained.hint
        held = (await complete(harness, "ada", "/sell "))[1]
        assert "you hold 10 NO" in held.hint
        order = (await complete(harness, "ada", "/cancel "))[1]
        assert (order.label, order.hint) == ("4", "sell 4 Brazil NO at 90¢")


async def test_hidden_commands_are_not_offered(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert not [one for one in await complete(harness, "ada", "/ti") if one.line]
        assert not [one for one in await complete(harness, "ada", "/sta") if one.line]


async def test_who_is_given_money_is_offered_by_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        for who, name in (("bob", "Bob the Great"), ("boris", "Boris"), ("ben", "Boris")):
            assert (await harness.say(who, f"/join {name}")).ok
        async with harness.db.reading() as uow:
            numbers = {name: number for number, name in (await uow.members.names(1)).items()}
        rows: tuple[tuple[str, str, list[str]], ...] = (
            (ADMIN, "/admin grant a", ["/admin grant Ada "]),
            (ADMIN, "/admin grant bob", ['/admin grant "Bob the Great" ']),
            (ADMIN, f"/admin grant #{numbers['Ada']}", ["/admin grant Ada "]),
            (ADMIN, "/admin grant x", []),
            ("ada", "/admin grant a", []),
        )
        for who, text, wanted in rows:
            assert [one.line for one in await complete(harness, who, text) if one.line] == wanted, text
        said = Invocation(
            command="admin grant", args={"member": "bo"}, platform="room", person_ext=ADMIN, person_name=ADMIN,
            chat_ext="room", chat_kind=ChatKind.ROOM, is_admin=True, request_id="c",
        )  # fmt: skip
        offered = [one.value for one in await harness.dispatcher.complete_argument(said, "member")]
        assert offered[0] == '"Bob the Great"'
        assert len(offered) == 3
        for value in offered:
            assert (await harness.say(ADMIN, f"/admin grant {value} $5")).ok, value
        assert await harness.dispatcher.complete_argument(replace(said, is_admin=False), "member") == []


async def test_all_of_25_outcomes_are_offered_after_what_the_argument_means(tmp_path: Path) -> None:
    names = [f"Driver{number}" for number in range(1, 26)]
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",), create=f"/admin create Cup {', '.join(names)}")
        rows = await complete(harness, "ada", "/buy ")
        assert [row.label for row in rows if not row.line] == ["outcome"]
        assert len([row for row in rows if row.line]) == 25
        (form,) = [reply.form for reply in [await harness.say("ada", "/buy")] if reply.form]
        assert [len(field.choices) for field in form.fields if field.name == "outcome"] == [25]
