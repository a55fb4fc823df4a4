"""A whole event on each platform, as its admin, its members and a spectator meet it, word for word.

What is kept in `transcripts/` is what a played event shows. Where a sentence, a button or a place has changed on
purpose, `python -m tests.platform.test_transcripts` writes the pages anew, and the change is read there.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import pytest

from tests.platform.discord_harness import DiscordHarness, discord_harness
from tests.platform.telegram_harness import TelegramHarness, telegram_harness
from tests.platform.transcribed import FOLDER, Shown, Transcript
from tests.standins import discord_peer, telegram_peer

TITLE = "World Cup"
OUTCOMES = "Germany, Brazil, Costa Rica, Japan"
START_MS = 1_790_000_000_000
NOT_STARTED = 403  # what Telegram answers where somebody has not started the bot


# -- Discord


def on_discord(harness: DiscordHarness) -> Mapping[int, Shown]:
    """All messages of the bot: in the channel, in threads, to one person alone, in direct messages."""
    world = harness.peer.world
    return {
        message.id: _discord_message(channel, message)
        for channel in world.channels.values()
        for message in channel.messages.values()
        if message.author is world.bot and not message.deleted and message.kind != 6
    }


def _discord_message(channel: discord_peer.Channel, message: discord_peer.Message) -> Shown:
    if channel.recipient is not None:
        place = f"Direct message to {channel.recipient.name}"
    else:
        place = f"#{channel.name}" if message.only_for is None else f"#{channel.name}, {message.only_for.name} alone"
    notes = ["pinned"] if message.pinned else []
    notes += [f"file {file.filename}" for file in message.attachments if not file.filename.endswith(".png")]
    if message.flags & 4096:
        notes.append("without a sound")
    rows = [tuple(button.label for button in message.buttons)] if message.buttons else []
    rows += [tuple(label for _, label in select.options) for select in message.selects]
    return Shown(place=place, text=message.text, rows=tuple(rows), notes=tuple(notes))


class OnDiscord:
    """Steps of people there."""

    def __init__(self, harness: DiscordHarness) -> None:
        self.harness = harness
        self.page = Transcript("A whole event on Discord", lambda: on_discord(harness))

    async def slash(self, who: discord_peer.Person, line: str, **options: object) -> discord_peer.Interaction:
        """A command with its options; a dialog is written down as what it asks."""
        done = await self.harness.slash(who, line, **options)
        self._write(who, f"`/{line}{''.join(f' {name}:{value}' for name, value in options.items())}`", done)
        return done

    async def press(
        self, who: discord_peer.Person, message: discord_peer.Message, label: str
    ) -> discord_peer.Interaction:
        done = await self.harness.press(who, message, label)
        self._write(who, f"presses `{label}`", done)
        return done

    async def decide(self, who: discord_peer.Person, line: str, **options: object) -> None:
        """Said, and confirmed."""
        asked = await self.slash(who, line, **options)
        await self.press(who, asked.reply, "Confirm")

    async def trade(self, who: discord_peer.Person, line: str, **options: object) -> None:
        """A ticket, confirmed and run."""
        await self.decide(who, line, **options)
        await self.tick("The next tick.")

    async def tick(self, what: str, seconds: int = 2) -> None:
        await self.harness.tick(seconds * 1_000)
        self.page.passes(what)

    def _write(self, who: discord_peer.Person, what: str, done: discord_peer.Interaction) -> None:
        self.page.step(who.user.name, what, hint="" if done.modal is None else f"a dialog: {done.modal.text}")


async def discord_event(folder: Path) -> str:
    async with discord_harness(folder, start_ms=START_MS) as harness:
        event = OnDiscord(harness)
        boss, ben, cleo, sam = harness.admin, *(harness.guild.member(name) for name in ("Ben", "Cleo", "Sam"))
        event.page.part("Setting it up")
        await event.slash(boss, "help")
        await event.slash(boss, "admin create", title=TITLE, outcomes=OUTCOMES)
        await event.slash(boss, "admin set", setting="wording", value="Who lifts the cup. FIFA's own result decides.")
        await event.slash(boss, "admin open")
        await event.tick("The next tick.")
        event.page.part("People come")
        await event.slash(sam, "board")
        await event.slash(cleo, "buy", outcome="Germany", side="yes", amount="$20")
        await event.slash(cleo, "join")
        await event.slash(ben, "join")
        await event.decide(boss, "admin start")
        await event.tick("The next tick.")
        event.page.part("Trading")
        await event.trade(ben, "buy", outcome="Germany", side="yes", amount="$200")
        await event.trade(cleo, "buy", outcome="Brazil", side="no", amount="100")
        await event.trade(cleo, "buy", outcome="Japan", side="yes", amount="50", limit="20c")
        await event.slash(cleo, "orders")
        await event.slash(cleo, "cancel", order="all")
        await event.tick("The next tick.")
        await event.slash(ben, "buy", outcome="Germany", side="yes", amount="$5000")
        await event.slash(ben, "sell", outcome="Japan", side="yes", amount="all")
        await event.slash(ben, "positions")
        await event.slash(sam, "chart")
        await event.slash(sam, "leaderboard")
        await event.slash(sam, "rules")
        event.page.part("Somebody is out")
        await event.slash(boss, "admin freeze")
        await event.tick("The next tick.")
        await event.slash(cleo, "buy", outcome="Germany", side="yes", amount="$20")
        await event.decide(boss, "admin eliminate", outcomes="Brazil", reason="1-7")
        await event.tick("The next tick.")
        await event.tick("Six seconds later.", 6)
        await event.slash(boss, "admin resume")
        await event.tick("The next tick.")
        await event.trade(ben, "sell", outcome="Germany", side="yes", amount="half")
        await event.slash(boss, "admin monitor")
        event.page.part("The end")
        await event.slash(boss, "admin freeze")
        await event.tick("The next tick.")
        await event.decide(boss, "admin resolve", winner="Germany", reason="1-0")
        await event.tick("The next tick.")
        await event.tick("Six seconds later.", 6)
        await event.slash(ben, "balance")
        await event.slash(ben, "buy", outcome="Germany", side="yes", amount="$20")
        await event.tick("A minute later.", 60)
        await event.slash(sam, "leaderboard")
        await event.slash(boss, "admin log")
        harness.assert_sound()
        return event.page.page()


# -- Telegram


def on_telegram(harness: TelegramHarness) -> Mapping[int, Shown]:
    """All messages of the bot: in the group and in everybody's private chat."""
    chats = [harness.group, *(who.chat for who in (harness.ada, harness.ben, harness.cleo))]
    return {
        number * 1_000_000 + message.id: _telegram_message(chat, message)
        for number, chat in enumerate(chats)
        for message in chat.of_bot()
        if not message.deleted and not message.service
    }


def _telegram_message(chat: telegram_peer.Chat, message: telegram_peer.Message) -> Shown:
    place = "In the group" if chat.person is None else f"To {chat.person.first_name} in private"
    notes = ["pinned"] if message.pinned else []
    notes += ["picture"] if message.photo is not None else []
    notes += ["file"] if message.document is not None else []
    notes += ["without a sound"] if message.silent else []
    rows = tuple(tuple(button.label for button in row) for row in message.rows)
    return Shown(place=place, text=message.text, rows=rows, notes=tuple(notes))


class OnTelegram:
    """Steps of people there."""

    def __init__(self, harness: TelegramHarness) -> None:
        self.harness = harness
        self.page = Transcript("A whole event on Telegram", lambda: on_telegram(harness))

    async def say(self, who: telegram_peer.User, line: str, *, private: bool = False) -> None:
        await self.harness.say(who, line, None if private else self.harness.group)
        await self._done()
        self.page.step(who.first_name, f"`{line}`{' (in private)' if private else ''}")

    async def press(self, who: telegram_peer.User, label: str, chat: telegram_peer.Chat | None = None) -> None:
        """The newest button of that name there."""
        place = chat or who.chat
        message = next(one for one in reversed(place.of_bot()) if any(label in name for name in one.labels))
        answer = (await self.harness.press(who, message, label)).answer
        await self._done()
        self.page.step(who.first_name, f"presses `{label}`", hint=answer.text if answer is not None else "")

    async def decide(self, who: telegram_peer.User, line: str) -> None:
        """Said, and confirmed."""
        await self.say(who, line)
        await self.press(who, "Confirm")

    async def trade(self, who: telegram_peer.User, line: str) -> None:
        """A ticket, confirmed and run."""
        await self.decide(who, line)
        await self.tick("The next tick.")

    async def tick(self, what: str, seconds: float = 2.0) -> None:
        await self.harness.tick(seconds)
        self.page.passes(what)

    async def _done(self) -> None:
        """All that has arrived has been worked through."""
        while await self._waits():  # noqa: ASYNC110  # nobody here is told
            await asyncio.sleep(0.005)

    async def _waits(self) -> bool:
        if self.harness.peer.world.update_queue.pending:
            return True
        async with self.harness.db.reading() as uow:
            return bool(await uow.telegram_inbox.waiting(1, 1))


async def telegram_event(folder: Path) -> str:
    async with telegram_harness(folder) as harness:
        event = OnTelegram(harness)
        ada, ben, cleo = harness.ada, harness.ben, harness.cleo
        event.page.part("Setting it up")
        await event.say(ada, "/start", private=True)
        await event.say(ada, "/help")
        await event.say(ada, f"/admin_create {TITLE!r} {OUTCOMES}".replace("'", '"'))
        await event.say(ada, "/admin_set wording Who lifts the cup. FIFA's own result decides.")
        await event.say(ada, "/admin_open")
        await event.tick("The next tick.")
        event.page.part("People come")
        await event.say(cleo, "/board")
        await event.say(cleo, "/buy germany yes $20")
        await event.say(ben, "/buy germany yes $20")
        await event.say(ben, "/join")
        await event.say(ada, "/join")
        await event.decide(ada, "/admin_start")
        await event.tick("The next tick.")
        event.page.part("Trading")
        await event.trade(ben, "/buy germany yes $200")
        await event.trade(ben, "/buy japan yes 50 limit 20c")
        await event.say(ben, "/orders", private=True)
        await event.say(ben, "/cancel all", private=True)
        await event.tick("The next tick.")
        await event.say(ben, "/buy")
        await event.say(ben, "/buy germany yes $5000")
        await event.say(ben, "/sell japan yes all")
        await event.say(ben, "/positions")
        await event.say(cleo, "/chart")
        await event.say(cleo, "/leaderboard")
        await event.say(ben, "/rules")
        event.page.part("Somebody is out")
        await event.say(ada, "/admin_freeze")
        await event.tick("The next tick.")
        await event.say(ben, "/buy germany yes $20")
        await event.decide(ada, "/admin_eliminate brazil 1-7")
        await event.tick("The next tick.")
        await event.tick("Six seconds later.", 6)
        await event.say(ada, "/admin_resume")
        await event.tick("The next tick.")
        await event.trade(ben, "/sell germany yes half")
        await event.say(ada, "/admin_monitor")
        event.page.part("The end")
        await event.say(ada, "/admin_freeze")
        await event.tick("The next tick.")
        await event.decide(ada, "/admin_resolve germany 1-0")
        await event.tick("The next tick.")
        await event.tick("Six seconds later.", 6)
        await event.say(ben, "/balance", private=True)
        await event.say(ben, "/buy germany yes $20")
        await event.tick("A minute later.", 60)
        await event.say(cleo, "/leaderboard")
        await event.say(ada, "/admin_log")
        assert harness.peer.complaints == []
        assert {call.code for call in harness.peer.refused()} <= {NOT_STARTED}
        return event.page.page()


EVENTS: Mapping[str, Callable[[Path], Coroutine[object, object, str]]] = {
    "discord": discord_event,
    "telegram": telegram_event,
}


@pytest.mark.parametrize("platform", EVENTS)
async def test_an_event_reads_as_it_is_kept(tmp_path: Path, platform: str) -> None:
    assert await EVENTS[platform](tmp_path) == (FOLDER / f"{platform}.md").read_text(encoding="utf-8")


def main() -> None:
    for platform, play in EVENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / f"{platform}.md").write_text(asyncio.run(play(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
