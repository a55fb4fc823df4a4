"""A line that lacks arguments opens a form; what it asks, answered, is the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Form
from tests.bot.harness import ADMIN, chat_harness, running

# line, fields that must be filled, fields that may
LACKING = [
    ("/buy", ["outcome", "side", "amount"], ["limit", "slippage", "autofill"]),
    ("/buy germany", ["side", "amount"], ["limit", "slippage", "autofill"]),
    ("/buy germany yes", ["amount"], ["limit", "slippage", "autofill"]),
    ("/buy amount=$5", ["outcome", "side"], ["limit", "slippage", "autofill"]),
    ("/quote 2", ["side", "amount"], ["limit", "slippage", "autofill"]),
    ("/book", ["outcome"], []),
    ("/cancel", ["order"], []),
]
WRONG = ["/buy germany maybe", "/buy atlantis", "/buy germany yes 10 or so", "/buy germany yes limit $7"]


@pytest.mark.parametrize(("line", "must", "may"), LACKING)
async def test_what_is_missing_is_asked_first(tmp_path: Path, line: str, must: list[str], may: list[str]) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        before = harness.rows()
        reply = await harness.say("ada", line)
        assert not reply.ok
        form = asked(reply.form)
        assert [field.name for field in form.fields if field.required] == must
        assert [field.name for field in form.fields if not field.required] == may
        assert form.fields[0].required
        assert harness.rows() == before


@pytest.mark.parametrize("line", WRONG)
async def test_a_line_with_a_mistake_is_told_the_mistake(tmp_path: Path, line: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        reply = await harness.say("ada", line)
        assert not reply.ok
        assert reply.form is None


async def test_the_answered_form_is_the_command(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        form = asked((await harness.say("ada", "/buy germany")).form)
        values = {"side": "yes", "amount": "$5", "autofill": ""}
        ticket = await harness.say("ada", command=form.command, args=values)
        assert ticket.ticket, plain_text.text(ticket)
        assert "Germany YES" in plain_text.text(ticket)


async def test_choices_are_all_there_are_and_texts_have_suggestions(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        fields = {field.name: field for field in asked((await harness.say("ada", "/buy")).form).fields}
        assert [value for value, _ in fields["outcome"].choices] == ["Germany", "Brazil", '"Costa Rica"']
        assert [value for value, _ in fields["side"].choices] == ["yes", "no"]
        assert "$50" in [value for value, _ in fields["amount"].suggestions]
        assert fields["autofill"].kind == "flag"


async def test_a_confirmation_code_is_never_asked_for(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        form = asked((await harness.say(ADMIN, "/admin eliminate")).form)
        assert [field.name for field in form.fields] == ["outcomes", "reason"]


async def test_a_button_made_for_somebody_else_does_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        before = harness.rows()
        for owner, who in ((2, "bob"), (2, "stranger"), (999, "ada")):
            reply = await harness.say(who, "/buy germany yes 5", made_for=owner)
            assert not reply.ok
            assert "made for somebody else" in plain_text.text(reply)
            assert harness.rows() == before
        assert (await harness.say("ada", "/buy germany yes 5", made_for=2)).ticket


def asked(form: Form | None) -> Form:
    assert form is not None
    return form
