"""`@bot germany` in any chat: cards of public markets, by the real client, from a strict server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.platform.telegram_harness import TelegramHarness, asks_to_confirm, telegram_harness

ROOM = "https://outcry.example"


async def switched_on(harness: TelegramHarness, url: str | None = None) -> None:
    harness.peer.world.inline = harness.peer.world.main_web_app = True
    harness.access = replace(harness.access, public_url=url)
    await harness.restart()


async def public(harness: TelegramHarness) -> None:
    await harness.say(harness.ada, "/admin_set public on", harness.group)
    await harness.press(harness.ada, await harness.ada.chat.expect(asks_to_confirm), "Confirm: let them watch")
    await harness.ada.chat.expect("is public")


async def test_whoever_asks_anywhere_shares_a_public_market_and_nothing_else(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await switched_on(harness, ROOM)
        stranger = harness.peer.world.user("Dora")
        assert await stranger.ask_inline("").answered() == []
        await public(harness)
        for typed in ("", "cup", "GERM", "costa rica"):
            (card,) = await stranger.ask_inline(typed).answered()
            assert "Germany" in card["text"]
            assert "Ada" not in str(card)
            assert card["thumbnail_url"] == f"{ROOM}/watch/1/card.png"
            watch, opens = card["markup"]["inline_keyboard"][0]
            assert (watch["url"], opens["url"]) == (f"{ROOM}/watch/1", "https://t.me/outcry_bot?startapp=m1")
        assert await stranger.ask_inline("argentina").answered() == []
        await harness.say(harness.ada, "/admin_set public off", harness.group)
        await harness.ada.chat.expect("is not public any more")
        assert await stranger.ask_inline("germ").answered() == []
        assert harness.peer.complaints == []


async def test_a_hostile_title_is_text_and_a_late_answer_stops_nothing(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running(created='/admin_create "<b>Cup</b> & <i>" Germany, Brazil, "Costa Rica" odds "50 30 20"')
        await public(harness)
        await switched_on(harness)
        stranger = harness.peer.world.user("Dora")
        late = stranger.ask_inline("cup")
        late.at -= 60  # Telegram takes no answer to it any more
        (card,) = await stranger.ask_inline("cup").answered()
        assert card["markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/outcry_bot"
        assert "thumbnail_url" not in card
        assert card["text"].startswith("Germany leads at 50.0¢ in <b>Cup</b> & <i>.")
        await harness.peer.until(lambda: len(harness.peer.refused()) == 1)
        (refused,) = harness.peer.refused()
        assert (refused.method, refused.params["inline_query_id"]) == ("answerInlineQuery", late.id)
        assert late.results is None
        assert harness.peer.complaints == []


async def test_it_is_asked_for_only_where_it_was_switched_on(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        assert "inline_query" not in harness.peer.world.update_queue.allowed
        await switched_on(harness)
        await harness.peer.until(lambda: "inline_query" in harness.peer.world.update_queue.allowed)
