"""What admins do beside deciding, as tables: who says what, and what must be in the answer or in the chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Picture, Reply, Span, Style
from bot.market.settings_table import GROUPS
from engine.terms import MarketParams
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.scenarios.rows import SET_UP, Row, perform

PEOPLE: tuple[Row, ...] = (
    ("ada", "/admin users", "!", "for this chat's admins"),
    (ADMIN, "/admin users", "2 people in Cup", "Ada", "$1,000.00", "Balance is cash", "one person: `/admin users #"),
    (ADMIN, "/admin users great", "1 person called “great” in Cup", "Bob the Great"),
    (ADMIN, "/admin users zoe", "!", "Nobody in this market is called “zoe”", "/admin users"),
    ("ada", "/buy germany yes 100", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (ADMIN, "/admin users ada", "$948.74", "1"),
    (ADMIN, "/admin users page 7", "2 people in Cup"),
)

NEWS: tuple[Row, ...] = (
    ("ada", "/admin announce buy my stuff", "!", "for this chat's admins"),
    (ADMIN, "/admin announce", "!", "text"),
    (
        ADMIN,
        "/admin announce Kick-off at nine; confirm your seats!",
        "would be posted in 1 chat",
        "confirm your seats!",
    ),
    (ADMIN, "press Cancel", "Cup: Open"),
    ("tick", "2s"),
    (ADMIN, "/admin announce Kick-off at nine; confirm your seats!", "would be posted in 1 chat", "room"),
    ("ada", "press Confirm of boss", "!", "for this chat's admins"),
    (ADMIN, "press Confirm", "Posted in 1 chat"),
    (ADMIN, "press Confirm", "Posted in 1 chat"),
    ("tick", "2s", "Kick-off at nine; confirm your seats!", "From the admins of Cup"),
    (ADMIN, "/admin post 00000000", "!", "not there any more"),
)

LOG: tuple[Row, ...] = (
    ("ada", "/admin log", "!", "for this chat's admins"),
    (ADMIN, "/admin log", "entries in the log, newest first", "Boss · start", "status Draft → Lobby", "gas $0.01"),
    (ADMIN, "/admin freeze red card", "freezes with the next tick"),
    (ADMIN, "/admin log 1", "Boss · freeze: red card", "Page 1 of"),
    (ADMIN, "press More", "Boss · start", "Page 2 of"),
    (ADMIN, "press Back", "Boss · freeze: red card"),
    (ADMIN, "/admin log 26", "!", "25"),
)

MONITOR: tuple[Row, ...] = (
    (
        ADMIN,
        "/admin monitor",
        "Cup: Open",
        "2 people",
        "nothing traded yet",
        "Tick 1",
        " took ",
        "Outbox: nothing waits",
    ),
    ("ada", "/buy germany yes 100", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    (ADMIN, "/admin monitor", "Waiting for the next tick: 1 order and 0 actions"),
    ("tick", "2s"),
    ("ada", "/buy germany yes 10 limit 45c", "Buy"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (ADMIN, "/admin monitor", "resting in the book: 1", "at worst so far", "fees $", "gas $0.02", "$50"),
)


@pytest.mark.parametrize("rows", [PEOPLE, NEWS, LOG, MONITOR], ids=["users", "announce", "log", "monitor"])
async def test_the_admins_side_of_a_market(tmp_path: Path, rows: tuple[Row, ...]) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, rows)


async def test_a_draft_is_not_announced(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin users", "!", "no market in this chat"),
        (ADMIN, "/admin create Cup A, B, C", "Cup is drafted"),
        (ADMIN, "/admin users", "Nobody is in Cup yet"),
        (ADMIN, "/admin announce hello", "!", "a draft that nobody sees yet"),
        (ADMIN, "/admin export config", "config-1.csv"),
        (ADMIN, "/admin graph", "!", "nothing to draw before trading starts"),
        (ADMIN, "/admin log", "1 entry in the log", "title Cup"),
    )
    async with chat_harness(tmp_path) as harness:
        await perform(harness, rows)


async def test_every_export_is_a_file_for_the_admin_alone(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
        for what, needle in (
            ("trades", "Germany,yes,maker"),
            ("config", "title,Cup"),
            ("metrics", "mm_risk"),
            ("rankings", ",Ada,"),
            ("ledger", "user:"),
        ):
            reply = await harness.say(ADMIN, f"/admin export {what}")
            assert reply.ok
            assert reply.audience.value == "private"
            assert [file.name for file in reply.files] == [f"{what}-1.csv"]
            assert needle in reply.files[0].data.decode(), what
        asked = await harness.say(ADMIN, "/admin export")
        assert not asked.ok
        assert asked.form is not None
        assert [one[0] for one in asked.form.fields[0].choices][:2] == ["trades", "config"]


async def test_an_export_too_large_for_a_chat_says_who_can_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.commands.admin_reports.MOST_BYTES", 200)
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        reply = await harness.say(ADMIN, "/admin export ledger")
        assert not reply.ok
        assert not reply.files
        assert "outcry export ledger --market 1" in plain_text.text(reply)


async def test_every_graph_is_a_picture_for_the_admin_alone(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line, kind in (
            ("", "prices"),
            (" volume", "volume"),
            (" maker", "maker"),
            (" leaderboard", "leaderboard"),
            (" outcome brazil", "outcome"),
        ):
            reply = await harness.say(ADMIN, f"/admin graph{line}")
            assert reply.audience.value == "private"
            (picture,) = [block for block in reply.blocks if isinstance(block, Picture)]
            assert picture.kind == kind
            assert picture.alt.startswith("Cup: ")
            assert (
                picture.alt.removeprefix(f"{plain_text.line_text(reply.head)} ") in plain_text.text(reply).splitlines()
            )
        assert "Which outcome?" in plain_text.text(await harness.say(ADMIN, "/admin graph outcome"))


async def test_a_market_comes_to_another_chat_by_a_code_and_leaves_it_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        code = await code_of(harness)
        assert "not good" in plain_text.text(
            await harness.say("cleo", "/admin channel AAAA-AAAA", chat="two", admin=True)
        )
        assert not (await harness.say("cleo", f"/admin channel {code}", chat="two")).ok  # no admin there
        brought = await harness.say("cleo", f"/admin channel {code.lower()}", chat="two", admin=True)
        assert "Cup is announced here too" in plain_text.text(brought)
        await harness.announcer.step()
        posts = harness.platform.texts("post", "two")
        assert any("Cup is announced here too" in text and "[Join]" in text for text in posts)
        assert any("Germany leads" in text for text in posts)
        assert not any("announced here too" in text for text in harness.platform.texts("post"))
        used = await harness.say("cleo", f"/admin channel {code}", chat="three", admin=True)
        assert "not good" in plain_text.text(used)
        joined = await harness.say("ada", "/join", chat="two")
        assert "You are in, as Ada" in plain_text.text(joined)  # one book, one account a person
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
        assert "Germany YES" in plain_text.text(await harness.say("ada", "/positions", chat="two"))
        listed = plain_text.text(await harness.say(ADMIN, "/admin channel"))
        assert "announced in 2 chats" in listed
        assert "its home, this chat" in listed
        assert "cannot leave" in plain_text.text(await harness.say(ADMIN, "/admin channel leave"))
        assert (await harness.say("cleo", "/admin channel leave", chat="two", admin=True)).ok
        before = len(harness.platform.texts("post", "two")) + len(harness.platform.texts("edit", "two"))
        await harness.say(ADMIN, "/admin freeze")
        await harness.tick()
        assert len(harness.platform.texts("post", "two")) + len(harness.platform.texts("edit", "two")) == before
        assert "no market in this chat" in plain_text.text(await harness.say("ada", "/board", chat="two"))


async def test_a_chat_with_a_market_of_its_own_takes_no_other(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        code = await code_of(harness)
        assert (await harness.say("cleo", "/admin create Own A, B, C", chat="two", admin=True)).ok
        before = harness.rows()
        refused = await harness.say("cleo", f"/admin channel {code}", chat="two", admin=True)
        assert "has a market of its own: Own" in plain_text.text(refused)
        assert "announced here already" in plain_text.text(await harness.say(ADMIN, f"/admin channel {code}"))
        assert harness.rows() == before
        void = await harness.say("cleo", "/admin void", chat="two", admin=True)
        assert (await harness.say("cleo", button(void, "Confirm"), chat="two", admin=True)).ok
        assert (await harness.say("cleo", f"/admin channel {code}", chat="two", admin=True)).ok


async def test_a_code_runs_out(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        code = await code_of(harness)
        harness.now += 15 * 60_000
        assert not (await harness.say("cleo", f"/admin channel {code}", chat="two", admin=True)).ok


async def test_the_log_of_a_chat_that_left_says_who_brought_the_market_and_when(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say("cleo", f"/admin channel {await code_of(harness)}", chat="two", admin=True)
        log = plain_text.text(await harness.say(ADMIN, "/admin log 2"))
        assert "Cleo · channel join" in log
        assert "Boss · channel code" in log


async def on_discord(harness: ChatHarness, line: str, *, admin: bool = True, request: str = "") -> Reply:
    harness.now += 1_000
    said = Invocation(
        text=line,
        platform="discord",
        person_ext="cleo",
        person_name="Cleo",
        chat_ext="77",
        chat_kind=ChatKind.GROUP,
        is_admin=admin,
        request_id=request or f"d{harness.now}",
    )
    return await harness.dispatcher.run(said)


async def test_guesses_at_a_code_are_held_up_for_who_makes_them(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        good = await code_of(harness)
        for _ in range(5):
            tried = await harness.say("cleo", "/admin channel AAAA-AAAA", chat="two", admin=True)
            assert "not good, or not any more" in plain_text.text(tried)
        before = harness.rows()
        held = await harness.say("cleo", f"/admin channel {good}", chat="two", admin=True)
        assert "Too many codes that do not work; the next try is in" in plain_text.text(held)
        assert "Too many codes" in plain_text.text(await harness.say("cleo", "/link K7QM-4TXR"))
        assert harness.rows() == before
        assert (await harness.say("dora", f"/admin channel {good}", chat="two", admin=True)).ok


async def deeds(harness: ChatHarness) -> list[str]:
    async with harness.db.reading() as uow:
        chat = await uow.chats.find("discord", "77")
        return [row.action for row in await uow.audit.page(1, chat.id if chat else 0, 50)]


async def test_the_same_request_twice_is_one_deed(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        first = await harness.say(ADMIN, "/admin channel code", request="once")
        code = next(part.text for part in first.head if isinstance(part, Span) and part.style is Style.CODE)
        again = await harness.say(ADMIN, "/admin channel code", request="once")
        assert "You were given a code for this" in plain_text.text(again)
        assert (await harness.say("cleo", f"/admin channel {code}", chat="two", admin=True)).ok  # good still
        for _ in range(2):
            done = await on_discord(harness, "/admin roles admin 5", request="once too")
            assert "are set" in plain_text.text(done)
        log = await deeds(harness)
        assert (log.count("channel code"), log.count("roles")) == (1, 1)


async def test_the_log_says_in_words_what_was_done(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, '/admin create Cup A, B, C tick 3s balance $500 odds "5 3 2"')
        log = plain_text.text(await harness.say(ADMIN, "/admin log"))
        for wanted in ("title Cup · ", "outcomes A, B, C", "balance 500", "tick 3000ms", "odds 5 3 2"):
            assert wanted in log, log
        await harness.say(ADMIN, "/admin open in 30m")
        log = plain_text.text(await harness.say(ADMIN, "/admin log"))
        assert "status Draft → Lobby" in log, log
        assert "start 3 July 2014 07:16 UTC" in log, log
        await harness.say("ada", "/join")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        for line in ("/admin grant ada $50", "/admin eliminate b"):
            await harness.press(ADMIN, await harness.say(ADMIN, line), "Confirm")
        await harness.say(ADMIN, "/admin channel code")
        log = plain_text.text(await harness.say(ADMIN, "/admin log 25"))
        for wanted in ("cash $50.00", "given $500.00 → $550.00", "expires 3 July 2014"):
            assert wanted in log, log
        for raw in ("{", "[", "_ms", "140437", "assumed", "request"):
            assert raw not in log, log


async def test_roles_are_set_where_there_are_roles(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert "only means something on Discord" in plain_text.text(await harness.say(ADMIN, "/admin roles"))
        before = harness.rows()
        assert "for this chat's admins" in plain_text.text(
            await on_discord(harness, "/admin roles admin 5", admin=False)
        )
        assert "is not a role" in plain_text.text(await on_discord(harness, "/admin roles admin everyone"))
        assert "no kind of event" in plain_text.text(await on_discord(harness, "/admin roles kinds weather"))
        assert "Nobody is mentioned" in plain_text.text(await on_discord(harness, "/admin roles"))
        assert harness.rows() == before
        done = await on_discord(harness, "/admin roles admin <@&123> ping 456 kinds resolution, opening")
        assert "holders of role 123" in plain_text.text(done)
        assert "role 456, when trading opens or there is a winner" in plain_text.text(done)
        log = plain_text.text(await on_discord(harness, "/admin log"))
        assert "Cleo · roles" in log
        assert "admin role 123" in log
        away = plain_text.text(await on_discord(harness, "/admin roles admin none kinds none"))
        assert "no role besides" in away
        assert "once you say for what" in away


async def code_of(harness: ChatHarness) -> str:
    reply = await harness.say(ADMIN, "/admin channel code")
    return next(part.text for part in reply.head if isinstance(part, Span) and part.style is Style.CODE)


TIMETABLE: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup Germany, Brazil, Chile", "Cup is drafted"),
    (
        ADMIN,
        "/admin schedule",
        "The timetable of Cup",
        "send all of it with what is to be otherwise: `/admin schedule ",
        "Change it",
    ),
    (ADMIN, "/admin schedule soon out 1; +2h winner", "!", "“soon” is not a time"),
    (
        ADMIN,
        "/admin schedule start in 10m; fri 20:00 Europe/Berlin to 21:00 out 1; sat 8pm for 1h winner ask",
        "“in 10m” is 3 July 2014 06:56 UTC",
        "“fri 20:00 Europe/Berlin” in Europe/Berlin is 4 July 2014 18:00 UTC",
        "“21:00” in Europe/Berlin is 4 July 2014 19:00 UTC",
        "“sat 8pm” in UTC is 5 July 2014 20:00 UTC",
        "Nothing has changed yet",
    ),
    (ADMIN, "/admin schedule", "by hand, with /admin start"),
    (
        ADMIN,
        "/admin schedule start in 10m; fri 20:00 Europe/Berlin to 21:00 out 1; sat 8pm for 1h winner ask",
        "This would be",
    ),
    (ADMIN, "press Confirm", "The timetable is set", "2014-07-04 18:00 to 2014-07-04 19:00 out 1"),
    (ADMIN, "/admin open", "Trading starts by itself"),
    ("tick", "1s", "the doors are open"),
)


async def test_a_timetable_in_natural_times_is_shown_before_it_takes_effect(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, TIMETABLE[:5])
        before = harness.rows()
        asked = await harness.say(ADMIN, "/admin schedule edit")
        assert asked.form is not None
        assert asked.form.fields[0].value.endswith("winner ask")
        assert harness.rows() == before
        await perform(harness, TIMETABLE[5:])
        filled = await harness.say(ADMIN, command=asked.form.command, args={"timetable": "+1h out 1; +2h winner"})
        assert "This would be the timetable" in plain_text.text(filled)


TERMS: tuple[Row, ...] = (
    (ADMIN, "/admin set", "!", "no market in this chat"),
    (
        ADMIN,
        "/admin create Cup Germany, Brazil, Chile tick 5s",
        "Cup is drafted",
        "[What decides …] [Timetable …]",
        "Terms",
    ),
    ("ada", "/admin set", "!", "for this chat's admins"),
    (ADMIN, "/admin set", "Turn auto-fill off", "[More]"),
    (ADMIN, "press More", "More terms of Cup", "`crossing` on", "[Turn the floor off]"),
    (ADMIN, "press All terms", "The terms of Cup"),
    (ADMIN, "press Turn auto-fill off", "autofill is now off; it was on"),
    (
        ADMIN,
        "press All terms",
        "The terms of Cup",
        "Money: `balance` $1000 · `z` $10000",
        "`autofill` off",
        "Turn auto-fill on",
    ),
    (ADMIN, "press Turn auto-fill on", "autofill is now on; it was off"),
    (ADMIN, "press All terms", "`tick` 5s"),
    (ADMIN, "press Gas", "gas is flat price of handing in an order; it is $0"),
    (ADMIN, "/admin set gas $0.01", "gas is now $0.01; it was $0"),
    (ADMIN, "/admin set title Cup of Cups", "title is now Cup of Cups"),
    (ADMIN, "/admin set title", "The market is called Cup of Cups"),
    (ADMIN, "/admin set mu", "mu is weight of the old price"),
    (ADMIN, "/admin set preset classic", "Careful: "),
    (ADMIN, "/admin set", "Careful: "),
    (ADMIN, "/admin set preset hype", "preset is now hype"),
    (ADMIN, "/admin open", "is open to join"),
    (ADMIN, "/admin start", "The house stakes"),
    (ADMIN, "press Confirm", "begins with the next tick"),
    ("tick", "2s"),
    (ADMIN, "/admin set", "`balance` $1000 (fixed)", "`fee` 1%", "Fee …"),
    (ADMIN, "/admin set z $500", "!", "z stays as it is once the market has started"),
    (ADMIN, "press Turn auto-fill off", "autofill on → off.", "It holds from the next tick on"),
    ("tick", "2s"),
    (ADMIN, "/admin log", "Boss · set", "autofill on → off"),
)


async def test_terms_are_shown_by_subject_and_set_by_buttons_forms_and_lines(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, TERMS)


async def test_a_term_without_a_value_is_asked_for(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, "/admin create Cup A, B, C")
        forms = {}
        for name in ("fee", "autofill", "preset", "start", "renormalise", "interpolation", "mu", "dispute"):
            reply = await harness.say(ADMIN, f"/admin set {name}")
            assert reply.form is not None, name
            forms[name] = reply.form
        assert "1 entry" in plain_text.text(await harness.say(ADMIN, "/admin log"))
        assert [one[0] for one in forms["autofill"].fields[0].choices] == ["on", "off"]
        assert forms["autofill"].fields[0].value == "on"
        for name, value in (("fee", "2%"), ("autofill", "off"), ("mu", "0.5"), ("renormalise", "clamp")):
            done = await harness.say(ADMIN, command=forms[name].command, args={"value": value})
            assert done.ok, plain_text.text(done)
        for name in ("preset", "start", "renormalise", "interpolation"):
            for value, _ in forms[name].fields[0].choices:
                assert (await harness.say(ADMIN, command=forms[name].command, args={"value": value})).ok, (name, value)


def test_every_term_there_is_is_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == {name for name in MarketParams.__dataclass_fields__ if name != "rounds"}


async def test_no_dialog_of_an_admin_has_more_than_five_fields(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        asked = await harness.say(ADMIN, "/admin create")
        assert asked.form is not None
        assert len(asked.form.fields) == 5
        kept = await harness.say(ADMIN, "/admin create tick 5s z $500")
        assert kept.form is not None
        made = await harness.say(
            ADMIN, command=kept.form.command, args={"title": "Cup", "outcomes": "A, B, C", "balance": "$50"}
        )
        assert "stakes $500" in plain_text.text(made)
        assert "a tick every 5 s" in plain_text.text(made)
