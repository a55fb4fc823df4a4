"""What admins are asked stands with its buttons until somebody has decided, then it says what it came to, for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running

FIVE = ", ".join(f"Team{letter}" for letter in "ABCDE")


@dataclass
class Asked:
    """What stands where, message by message, as `who` sees it."""

    harness: ChatHarness
    seen: int = 0
    stands: dict[tuple[str, str], Reply] = field(default_factory=dict)

    def of(self, who: str) -> list[Reply]:
        for _, where, ref, reply in self.harness.platform.sent[self.seen :]:
            self.stands[where, ref] = reply
        self.seen = len(self.harness.platform.sent)
        return [reply for (where, _), reply in self.stands.items() if where == who]

    def asking(self, who: str) -> list[Reply]:
        """Those of them that can still be answered."""
        lines = ("/admin pick", "/admin approve")
        return [reply for reply in self.of(who) if any(action.text.startswith(lines) for action in reply.actions)]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ChatHarness]:
    """Boss, mia and pat are admins; mia holds tokens."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "mia", "pat"))
        for who in ("mia", "pat"):
            assert (await harness.say(who, "/admin announce hello", admin=True)).ok
        assert (await harness.confirmed("mia", "/buy germany yes $50")).ok
        await harness.tick()
        yield harness


async def proposed(harness: ChatHarness) -> Asked:
    """Mia proposes that Brazil is out."""
    preview = await harness.say("mia", "/admin eliminate brazil 7-1", admin=True)
    assert (await harness.say("mia", button(preview, "Confirm"), admin=True)).ok
    await harness.announcer.step()
    return Asked(harness)


def text(replies: list[Reply]) -> str:
    return "\n".join(plain_text.text(reply) for reply in replies)


async def test_a_proposal_asks_with_its_numbers_and_a_button_for_either_answer(harness: ChatHarness) -> None:
    asked = await proposed(harness)
    (question,) = asked.asking(ADMIN)
    words = plain_text.text(question)
    for part in (
        "Brazil out? A proposal waits for a second admin",
        "Proposed by Mia",
        "7-1",
        "would be paid",
        "It lapses when",
    ):
        assert part in words or "Nobody holds NO" in words, part
    assert [action.label for action in question.actions] == ["Approve Brazil out", "Not this"]
    assert asked.asking("pat")
    assert not asked.asking("mia")
    assert not asked.asking("ada")


async def test_what_one_has_approved_asks_nobody_any_more(harness: ChatHarness) -> None:
    asked = await proposed(harness)
    (question,) = asked.asking("pat")
    preview = await harness.say(ADMIN, button(question, "Approve"))
    assert (await harness.press(ADMIN, preview, "Confirm")).ok
    await harness.announcer.step()
    for who in (ADMIN, "pat"):
        assert not asked.asking(who)
        assert "Decided by Boss: Brazil out, approved." in text(asked.of(who))
    pressed = await harness.say("pat", button(question, "Approve"), admin=True)
    assert "approved already by Boss" in plain_text.text(pressed)


async def test_who_does_not_want_it_turns_it_down_for_all_and_the_proposer_hears_of_it(harness: ChatHarness) -> None:
    asked = await proposed(harness)
    (question,) = asked.asking("pat")
    turned_down = await harness.say("pat", button(question, "Not this"), admin=True)
    assert "Turned down: Brazil out" in plain_text.text(turned_down)
    assert (await harness.say("pat", button(question, "Not this"), admin=True)).ok  # a second press says the same
    await harness.announcer.step()
    assert not asked.asking(ADMIN)
    assert "Decided by Pat: not this (Brazil out)." in text(asked.of(ADMIN))
    assert "Pat did not approve proposal 1, Brazil out." in text(asked.of("mia"))
    assert "not this (Brazil out)" in plain_text.text(await harness.say(ADMIN, button(question, "Approve")))
    assert "turned down by Pat" in plain_text.text(await harness.say(ADMIN, "/admin log"))


@pytest.mark.parametrize(
    ("who", "says"), [("mia", "Taken back: Brazil out."), ("ada", "is for this chat's admins"), ("pat", "Turned down")]
)
async def test_no_is_said_by_who_may_approve_it_and_by_who_proposed_it(
    harness: ChatHarness, who: str, says: str
) -> None:
    await proposed(harness)
    assert says in plain_text.text(await harness.say(who, "/admin approve 1 no", admin=who != "ada"))


async def test_an_admin_with_a_part_can_turn_nothing_down(harness: ChatHarness) -> None:
    await proposed(harness)
    assert (await harness.confirmed("pat", "/buy brazil no $20")).ok
    await harness.tick()
    before = harness.rows()
    assert "You have a part" in plain_text.text(await harness.say("pat", "/admin approve 1 no", admin=True))
    assert harness.rows() == before


async def test_a_proposal_that_lapses_says_so_where_it_was_asked(harness: ChatHarness) -> None:
    asked = await proposed(harness)
    assert asked.asking(ADMIN)
    preview = await harness.say(ADMIN, "/admin eliminate costa")
    assert (await harness.press(ADMIN, preview, "Confirm")).ok
    await harness.tick()
    assert not asked.asking(ADMIN)
    assert "Lapsed: the market moved on before Brazil out was approved." in text(asked.of(ADMIN))
    assert "proposal 1 has lapsed" in text(asked.of("mia"))
    assert "proposal 1 has lapsed" not in text(asked.of("pat"))


async def asked_round(harness: ChatHarness, timetable: str, names: str = FIVE) -> Asked:
    """A market whose first round asks now."""
    await running(harness, create=f"/admin create Cup {names}", people=("ada",))
    assert (await harness.say("pat", "/admin announce hello", admin=True)).ok
    preview = await harness.say(ADMIN, timetable)
    if preview.actions and preview.actions[0].label.startswith("Confirm"):
        assert (await harness.press(ADMIN, preview, "Confirm")).ok
    await harness.tick()
    await harness.tick(11 * 60_000)
    await harness.tick(2 * 60_000)
    return Asked(harness)


ONE = "/admin schedule +10m for 1m out 1; +60m for 1m winner ask"
TWO = "/admin schedule +10m for 1m out 2; +60m for 1m winner ask"
FINAL = "/admin schedule +10m for 1m winner ask"


async def test_one_press_names_who_is_out_and_shows_the_numbers(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        asked = await asked_round(harness, ONE)
        (question,) = asked.asking(ADMIN)
        assert [action.label for action in question.actions] == FIVE.split(", ")
        preview = await harness.say(ADMIN, button(question, "TeamC"))
        assert "TeamC would be out." in plain_text.text(preview)
        assert (await harness.press(ADMIN, preview, "Confirm")).ok
        await harness.tick()
        for who in (ADMIN, "pat"):
            assert not asked.asking(who)
            assert "Cup: Decided by Boss: TeamC is out." in text(asked.of(who))
        pressed = await harness.say("pat", button(question, "TeamD"), admin=True)
        assert "asks for nothing now" in plain_text.text(pressed)


async def test_several_are_taken_in_and_out_until_all_are_named(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        asked = await asked_round(harness, TWO)
        (reply,) = asked.asking(ADMIN)
        for label, so_far in (
            ("TeamA", "So far TeamA."),
            ("TeamB", "So far TeamA and TeamB."),
            ("✓ TeamA", "So far TeamB."),
            ("TeamE", "So far TeamB and TeamE."),
        ):
            reply = await harness.say(ADMIN, button(reply, label))
            assert so_far in plain_text.text(reply)
        assert [action.label for action in reply.actions] == ["Go on: TeamB and TeamE out", "✓ TeamB", "✓ TeamE"]
        preview = await harness.say(ADMIN, button(reply, "Go on"))
        assert "TeamB and TeamE would be out." in plain_text.text(preview)


async def test_a_final_names_one_or_several_who_share(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        asked = await asked_round(harness, FINAL)
        (question,) = asked.asking(ADMIN)
        assert "TeamB would win." in plain_text.text(await harness.say(ADMIN, button(question, "TeamB")))
        reply = await harness.say(ADMIN, button(question, "Several share it"))
        for label in ("TeamA", "TeamB"):
            reply = await harness.say(ADMIN, button(reply, label))
        preview = await harness.say(ADMIN, button(reply, "Go on: TeamA and TeamB share it"))
        assert "TeamA and TeamB would share the win." in plain_text.text(preview)


async def test_a_reminder_is_a_new_message_and_the_one_before_asks_no_more(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        asked = await asked_round(harness, ONE)
        for _ in range(3):
            await harness.sweep(10 * 60_000)
            await harness.sweep(1_000)
        (standing,) = asked.asking(ADMIN)
        assert "Still waiting" in plain_text.text(standing)
        assert text(asked.of(ADMIN)).count("Asked again below.") >= 2
        preview = await harness.say(ADMIN, button(standing, "TeamC"))
        assert (await harness.press(ADMIN, preview, "Confirm")).ok
        await harness.tick()
        assert not asked.asking(ADMIN)


async def test_buttons_fit_a_menu_of_twenty_five(tmp_path: Path) -> None:
    """With as many outcomes as there can be, every step has a way on within what Discord's menu takes."""
    async with chat_harness(tmp_path) as harness:
        names = ", ".join(f"No{number:02}" for number in range(25))
        (reply,) = (await asked_round(harness, TWO, names)).asking(ADMIN)
        for number in (0, 24):
            assert len(reply.actions) <= 25
            reply = await harness.say(ADMIN, button(reply, f"No{number:02}"))
        assert "would be out" in plain_text.text(await harness.say(ADMIN, button(reply, "Go on")))


async def test_what_is_decided_before_it_was_asked_asks_nobody(harness: ChatHarness) -> None:
    """The question still waits in the outbox: what takes its place there says nothing."""
    preview = await harness.say("mia", "/admin eliminate brazil", admin=True)
    assert (await harness.say("mia", button(preview, "Confirm"), admin=True)).ok
    told = len(harness.platform.sent)
    preview = await harness.say(ADMIN, "/admin approve 1")
    assert (await harness.press(ADMIN, preview, "Confirm")).ok
    await harness.announcer.step()
    await harness.announcer.step()
    assert not [reply for how, _, _, reply in harness.platform.sent[told:] if how == "tell"]


@pytest.mark.parametrize(
    ("named", "instead", "kind"), [("resolve", "brazil", "resolution"), ("eliminate", "brazil", "elimination")]
)
async def test_a_correction_pings_whom_the_claim_pinged_and_has_buttons(
    tmp_path: Path, named: str, instead: str, kind: str
) -> None:
    """A winner, and who is out of a round: each by its own kind of event."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "bob", "mia"))
        for line in ("/admin set dispute 10m", "/admin set round_window 10m"):
            assert (await harness.say(ADMIN, line)).ok
        assert (await harness.say("ada", f"/settings pings {kind}")).ok
        assert (await harness.say("bob", "/settings pings lead")).ok
        await harness.tick()
        for line in (f"/admin {named} germany", f"/admin correct {instead}"):
            seen = len(harness.platform.sent)
            preview = await harness.say(ADMIN, line)
            assert (await harness.press(ADMIN, preview, "Confirm")).ok
            await harness.tick()
            await harness.announcer.step()
            told = [(how, where, reply) for how, where, _, reply in harness.platform.sent[seen:]]
            posts = [reply for how, where, reply in told if how == "post" and reply.ping == kind]
            pings = [
                (where, reply)
                for how, where, reply in told
                if how == "tell" and "changes your pings" in plain_text.text(reply)
            ]
            labels = ["Board", "What you hold", "Check it"]
            assert [[action.label for action in post.actions] for post in posts] == [labels], line
            assert [where for where, _ in pings] == ["ada"], line
            assert [action.label for _, reply in pings for action in reply.actions] == labels


async def test_who_is_awaited_decides_from_the_post_that_says_so(tmp_path: Path) -> None:
    """Its button is for admins: everybody reads it, nobody else gets any further."""
    async with chat_harness(tmp_path) as harness:
        await asked_round(harness, ONE)
        posts: list[Reply] = []
        for _ in range(20):
            await harness.sweep(60_000)
            posts = [
                reply
                for how, _, _, reply in harness.platform.sent
                if how == "post" and "was due" in plain_text.text(reply)
            ]
            if posts:
                break
        line = button(posts[-1], "Decide")
        assert "is for this chat's admins" in plain_text.text(await harness.say("ada", line))
        asked = await harness.say(ADMIN, line)
        assert "TeamC would be out." in plain_text.text(await harness.say(ADMIN, button(asked, "TeamC")))
