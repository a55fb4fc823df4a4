"""Who becomes one person, or is forgotten, while the room is open."""

from __future__ import annotations

from pathlib import Path

from bot.chat.invocation import ChatKind, Invocation
from tests.bot.adapters.room.harness import head, room_harness
from tests.bot.harness import every_row


async def test_who_is_forgotten_leaves_no_name_in_the_room_and_is_asked_for_one_anew(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as here:
        await here.open_market()
        zoe, bob = await here.person("Zyxella"), await here.person("Bob")
        await here.tick()
        await zoe.say("my name is Zyxella, hello")
        await zoe.say("/board")
        assert "Zyxella" in str(await bob.messages())
        _, asked = await zoe.say("/forget")
        line = next(
            action["text"] for action in asked["reply"]["actions"] if action["text"].startswith("/forget confirm")
        )
        async with zoe.stream() as events:
            await events.page()
            status, done = await zoe.press(line, asked["id"])
            assert status == 200
            assert head(done).startswith("You are forgotten.")
            ended = False
            try:
                while True:
                    await events.event()
            except EOFError:
                ended = True
            assert ended  # the browser comes back and is asked who it is
        assert "Zyxella" not in str(await bob.messages())
        status, _ = await zoe.say("/board")
        assert status == 401
        assert "Zyxella" not in every_row(tmp_path / "town.db")


async def test_a_browser_whose_person_becomes_one_with_another_goes_on_as_her(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as here:
        await here.open_market()
        zoe = here.browser()
        assert (await zoe.join("Zoe"))[0] == 200
        await here.tick()

        async def there(text: str, number: int) -> str:
            invocation = Invocation(
                text=text,
                platform="telegram",
                person_ext="77",
                person_name="Zoe T",
                chat_ext="77",
                chat_kind=ChatKind.PRIVATE,
                request_id=f"t{number}",
            )
            reply = await here.dispatcher.run(invocation)
            return "".join(str(getattr(part, "text", "")) for part in reply.head)

        made = (await there("/link", 1)).split("Your code is ")[1].split(",")[0]
        _, answer = await zoe.say(f"/link {made}")
        assert head(answer).startswith("You are one person now")
        status, own = await zoe.say("/balance")
        assert status == 200
        assert "You have $1,000.00 to spend." in head(own)
        assert "You have $1,000.00 to spend." in await there("/balance", 2)
        assert "You have $1,000.00 to spend." in str(await zoe.messages())
