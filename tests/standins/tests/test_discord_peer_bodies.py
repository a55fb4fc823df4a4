"""Each limit of what a bot may send: the peer takes what is just within and refuses what is just past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from io import BytesIO

import discord
import pytest
from discord.http import handle_message_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.deep import DEEP
from tests.standins.discord_peer import ApiError, Interaction, NotOfferedError, command_rules, modals, request_bodies
from tests.standins.discord_peer.changes import Changes
from tests.standins.discord_peer.clock import Clock
from tests.standins.discord_peer.json_values import Json
from tests.standins.discord_peer.world import World
from tests.standins.tests.discord_bots import BUY, RestHarness, rest_harness

V2 = 1 << 15


@pytest.fixture
async def at() -> AsyncIterator[RestHarness]:
    async with rest_harness() as made:
        yield made


def text(size: int) -> str:
    return "x" * size


def button(number: int = 1, **more: object) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": f"go:{number}"} | more


def row(*inside: Json) -> Json:
    return {"type": 1, "components": list(inside)}


def rows(buttons: int, width: int = 5) -> list[Json]:
    made = [button(number) for number in range(buttons)]
    return [row(*made[begin : begin + width]) for begin in range(0, buttons, width)]


def entity_select(kind: int, **more: object) -> Json:
    return select() | {"components": [{"type": kind, "custom_id": "m"} | more]}


def select(options: int = 1, **more: object) -> Json:
    made = [{"label": f"Label {number}", "value": f"{number}"} for number in range(options)]
    return row({"type": 3, "custom_id": "menu", "options": made} | more)


def option(**more: object) -> Json:
    return select() | {"components": [{"type": 3, "custom_id": "m", "options": [{"label": "a", "value": "b"} | more]}]}


def said(size: int) -> Json:
    return {"type": 10, "content": text(size)}


def container(*inside: Json, **more: object) -> Json:
    return {"type": 17, "components": list(inside)} | more


def section(*texts: Json, **more: object) -> Json:
    return {"type": 9, "components": list(texts), "accessory": button()} | more


def gallery(*urls: str, **more: object) -> Json:
    return {"type": 12, "items": [{"media": {"url": url}} | more for url in urls]}


def fields(count: int) -> list[Json]:
    return [{"name": "n", "value": "v"} for _ in range(count)]


URL = "https://example.org/a.png"

# (what it shows, just within, just past, where the refusal points)
MESSAGES: list[tuple[str, Json, Json, str]] = [
    ("content is 2000", {"content": text(2000)}, {"content": text(2001)}, "content"),
    ("10 embeds", {"embeds": [{"title": "t"}] * 10}, {"embeds": [{"title": "t"}] * 11}, "embeds"),
    ("embed title 256", {"embeds": [{"title": text(256)}]}, {"embeds": [{"title": text(257)}]}, "embeds.0.title"),
    (
        "embed description 4096",
        {"embeds": [{"description": text(4096)}]},
        {"embeds": [{"description": text(4097)}]},
        "embeds.0.description",
    ),
    ("25 fields", {"embeds": [{"fields": fields(25)}]}, {"embeds": [{"fields": fields(26)}]}, "embeds.0.fields"),
    (
        "field name 256",
        {"embeds": [{"fields": [{"name": text(256), "value": "v"}]}]},
        {"embeds": [{"fields": [{"name": text(257), "value": "v"}]}]},
        "embeds.0.fields.0.name",
    ),
    (
        "field value 1024",
        {"embeds": [{"fields": [{"name": "n", "value": text(1024)}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": text(1025)}]}]},
        "embeds.0.fields.0.value",
    ),
    (
        "footer 2048",
        {"embeds": [{"footer": {"text": text(2048)}}]},
        {"embeds": [{"footer": {"text": text(2049)}}]},
        "embeds.0.footer.text",
    ),
    (
        "author 256",
        {"embeds": [{"author": {"name": text(256)}}]},
        {"embeds": [{"author": {"name": text(257)}}]},
        "embeds.0.author.name",
    ),
    (
        "6000 over all embeds",
        {"embeds": [{"description": text(3000)}, {"description": text(3000)}]},
        {"embeds": [{"description": text(3000)}, {"description": text(3001)}]},
        "embeds",
    ),
    (
        "embed colours",
        {"embeds": [{"title": "t", "color": 0xFFFFFF}]},
        {"embeds": [{"title": "t", "color": 1 << 24}]},
        "color",
    ),
    ("an embed says something", {"embeds": [{"title": "t"}]}, {"embeds": [{"color": 1}]}, "embeds.0.description"),
    ("5 rows", {"components": rows(5, width=1)}, {"components": rows(6, width=1)}, "components"),
    (
        "5 buttons a row",
        {"components": rows(5)},
        {"components": [row(*map(button, range(6)))]},
        "components.0.components",
    ),
    ("rows alone without the flag", {"components": rows(1)}, {"components": [said(1)]}, "components.0.type"),
    ("label 80", {"components": [row(button(label=text(80)))]}, {"components": [row(button(label=text(81)))]}, "label"),
    (
        "custom id 100",
        {"components": [row(button(custom_id=text(100)))]},
        {"components": [row(button(custom_id=text(101)))]},
        "custom_id",
    ),
    (
        "custom id 1",
        {"components": [row(button(custom_id="x"))]},
        {"components": [row(button(custom_id=""))]},
        "custom_id",
    ),
    ("custom ids once", {"components": rows(2)}, {"components": [row(button(1), button(1))]}, "components"),
    (
        "a label or an emoji",
        {"components": rows(1)},
        {"components": [row(button(label=""))]},
        "components.0.components.0",
    ),
    (
        "real emoji",
        {"components": [row(button(emoji={"name": "📈"}))]},
        {"components": [row(button(emoji={"name": "up"}))]},
        "emoji",
    ),
    (
        "links have no custom id",
        {"components": [row({"type": 2, "style": 5, "label": "l", "url": URL})]},
        {"components": [row(button(style=5, url=URL))]},
        "custom_id",
    ),
    (
        "kinds of channels",
        {"components": [entity_select(8, channel_types=[0, 5])]},
        {"components": [entity_select(8, channel_types=[0, 99])]},
        "channel_types",
    ),
    (
        "kinds of channels of a channel select",
        {"components": [entity_select(5)]},
        {"components": [entity_select(5, channel_types=[0])]},
        "channel_types",
    ),
    (
        "no options but a string select's",
        {"components": [entity_select(8)]},
        {"components": [entity_select(8, options=[{"label": "a", "value": "b"}])]},
        "options",
    ),
    ("25 options", {"components": [select(25)]}, {"components": [select(26)]}, "options"),
    ("1 option", {"components": [select(1)]}, {"components": [select(0)]}, "options"),
    ("option label 100", {"components": [option(label=text(100))]}, {"components": [option(label=text(101))]}, "label"),
    ("option value 100", {"components": [option(value=text(100))]}, {"components": [option(value=text(101))]}, "value"),
    (
        "option description 100",
        {"components": [option(description=text(100))]},
        {"components": [option(description=text(101))]},
        "description",
    ),
    (
        "placeholder 150",
        {"components": [select(placeholder=text(150))]},
        {"components": [select(placeholder=text(151))]},
        "placeholder",
    ),
    (
        "as many as there are",
        {"components": [select(2, max_values=2)]},
        {"components": [select(2, max_values=3)]},
        "max_values",
    ),
    (
        "a menu fills its row",
        {"components": [select()]},
        {"components": [row(button(), *select()["components"])]},
        "components.0.components",
    ),
    (
        "v2 has no content",
        {"flags": V2, "components": [said(1)]},
        {"flags": V2, "components": [said(1)], "content": "c"},
        "content",
    ),
    (
        "v2 has no embeds",
        {"flags": V2, "components": [said(1)]},
        {"flags": V2, "components": [said(1)], "embeds": [{"title": "t"}]},
        "embeds",
    ),
    (
        "v2 40 components, nested ones too",
        {"flags": V2, "components": [container(*[said(1)] * 39)]},
        {"flags": V2, "components": [container(*[said(1)] * 40)]},
        "components",
    ),
    (
        "v2 4000 characters in all",
        {"flags": V2, "components": [said(2000), container(said(2000))]},
        {"flags": V2, "components": [said(2000), container(said(2001))]},
        "components",
    ),
    (
        "v2 texts say something",
        {"flags": V2, "components": [said(1)]},
        {"flags": V2, "components": [said(0)]},
        "content",
    ),
    (
        "v2 containers hold no containers",
        {"flags": V2, "components": [container(said(1))]},
        {"flags": V2, "components": [container(container(said(1)))]},
        "components.0.components.0.type",
    ),
    (
        "v2 accent colours",
        {"flags": V2, "components": [container(said(1), accent_color=0)]},
        {"flags": V2, "components": [container(said(1), accent_color=1 << 24)]},
        "accent_color",
    ),
    (
        "v2 sections hold 3 texts",
        {"flags": V2, "components": [section(*[said(1)] * 3)]},
        {"flags": V2, "components": [section(*[said(1)] * 4)]},
        "components.0.components",
    ),
    (
        "v2 sections have an accessory",
        {"flags": V2, "components": [section(said(1))]},
        {"flags": V2, "components": [section(said(1), accessory=None)]},
        "accessory",
    ),
    (
        "v2 galleries hold 10",
        {"flags": V2, "components": [gallery(*[URL] * 10)]},
        {"flags": V2, "components": [gallery(*[URL] * 11)]},
        "items",
    ),
    (
        "v2 alt text 1024",
        {"flags": V2, "components": [gallery(URL, description=text(1024))]},
        {"flags": V2, "components": [gallery(URL, description=text(1025))]},
        "description",
    ),
    (
        "v2 pictures are attached",
        {"flags": V2, "components": [gallery(URL)]},
        {"flags": V2, "components": [gallery("attachment://a.png")]},
        "components.0.items.0.media.url",
    ),
    (
        "v2 separators",
        {"flags": V2, "components": [said(1), {"type": 14, "spacing": 2}]},
        {"flags": V2, "components": [said(1), {"type": 14, "spacing": 3}]},
        "spacing",
    ),
    (
        "v2 buttons stand in rows",
        {"flags": V2, "components": rows(1)},
        {"flags": V2, "components": [button()]},
        "components.0.type",
    ),
    (
        "mentions by kind or by id",
        {"content": "c", "allowed_mentions": {"parse": ["roles"], "users": ["1"]}},
        {"content": "c", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
    ),
    (
        "100 mentions",
        {"content": "c", "allowed_mentions": {"users": ["1"] * 100}},
        {"content": "c", "allowed_mentions": {"users": ["1"] * 101}},
        "allowed_mentions.users",
    ),
    ("nonce 25", {"content": "c", "nonce": text(25)}, {"content": "c", "nonce": text(26)}, "nonce"),
    ("ephemeral is for answers", {"content": "c"}, {"content": "c", "flags": 64}, "flags"),
]


@pytest.mark.parametrize(("within", "past", "place"), [pytest.param(*case[1:], id=case[0]) for case in MESSAGES])
async def test_a_message_is_held_to_its_limits(at: RestHarness, within: Json, past: Json, place: str) -> None:
    refused = await at.is_refused("POST", at.messages, past)
    assert (refused.status, refused.code) == (400, 50035)
    assert place in refused.text
    await at.asks("POST", at.messages, within)
    assert len(at.market.messages) == 1


async def test_edits_are_held_to_the_same_limits(at: RestHarness) -> None:
    path = f"{at.messages}/{await at.posts()}"
    assert (await at.is_refused("PATCH", path, {"content": text(2001)})).code == 50035
    assert (await at.is_refused("PATCH", path, {"components": rows(30)})).code == 50035
    assert (await at.is_refused("PATCH", path, {"content": None})).code == 50006


async def test_a_message_says_something(at: RestHarness) -> None:
    assert await at.is_refused("POST", at.messages, {"content": " "}) is not None
    assert (await at.is_refused("POST", at.messages, {})).code == 50006


async def test_a_message_that_became_a_layout_stays_one(at: RestHarness) -> None:
    own = await at.posts()
    path = f"{at.messages}/{own}"
    assert (await at.is_refused("PATCH", path, {"flags": V2, "components": [said(1)]})).code == 50035  # its content
    await at.asks("PATCH", path, {"flags": V2, "components": [said(1)], "content": None})
    assert (await at.is_refused("PATCH", path, {"flags": 0})).code == 50035
    assert (await at.is_refused("PATCH", path, {"content": "plain again"})).code == 50035


async def test_a_nonce_that_is_enforced_makes_one_message(at: RestHarness) -> None:
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
    first, second = await at.asks("POST", at.messages, body), await at.asks("POST", at.messages, body)
    assert first["id"] == second["id"]
    assert len(at.market.messages) == 1


# files


async def send_files(at: RestHarness, *files: discord.File, **more: object) -> Json:
    with handle_message_parameters(files=files, content="c") as params:
        answer: Json = await at.client.http.send_message(at.market.id, params=params)  # type: ignore[assignment] # a TypedDict
        return answer


async def test_a_file_is_kept_with_its_alt_text_and_served(at: RestHarness) -> None:
    sent = await send_files(at, discord.File(BytesIO(b"png"), "chart.png", description="Germany leads"))
    (kept,) = at.market.public[0].attachments
    assert (kept.data, kept.description, kept.content_type) == (b"png", "Germany leads", "image/png")
    assert await at.client.http.get_from_cdn(sent["attachments"][0]["url"]) == b"png"


async def test_a_file_is_at_most_ten_mebibytes(at: RestHarness) -> None:
    await send_files(at, discord.File(BytesIO(bytes(10 * 1024 * 1024)), "most"))
    with pytest.raises(discord.HTTPException) as caught:
        await send_files(at, discord.File(BytesIO(bytes(10 * 1024 * 1024 + 1)), "more"))
    assert (caught.value.status, caught.value.code) == (413, 40005)
    assert len(at.market.messages) == 1


async def test_alt_text_is_at_most_1024_and_files_at_most_ten(at: RestHarness) -> None:
    for files in (
        [discord.File(BytesIO(b"x"), "a.png", description=text(1025))],
        [discord.File(BytesIO(b"x"), f"{number}.png") for number in range(11)],
    ):
        with pytest.raises(discord.HTTPException) as caught:
            await send_files(at, *files)
        assert caught.value.code == 50035
    assert not at.market.messages


async def test_an_edit_keeps_the_attachments_it_names_and_no_others(at: RestHarness) -> None:
    sent = await send_files(at, discord.File(BytesIO(b"1"), "1.png"), discord.File(BytesIO(b"2"), "2.png"))
    path = f"{at.messages}/{sent['id']}"
    await at.asks("PATCH", path, {"attachments": [{"id": sent["attachments"][1]["id"]}]})
    assert [one.filename for one in at.market.public[0].attachments] == ["2.png"]
    refused = await at.is_refused("PATCH", path, {"attachments": [{"id": sent["attachments"][0]["id"]}]})
    assert "attachments.0.id" in refused.text


# commands


def command(**more: object) -> Json:
    return BUY | more


def with_option(**more: object) -> Json:
    return command(options=[{"name": "o", "description": "d", "type": 3} | more])


def choices(count: int, size: int = 1) -> list[Json]:
    return [{"name": f"{number:0{size}}", "value": f"{number}"} for number in range(count)]


def options(count: int) -> list[Json]:
    return [{"name": f"o{number}", "description": "d", "type": 3} for number in range(count)]


# a command of exactly 8000 characters, and one of 8001
def as_large_as(size: int) -> Json:
    made = command(name="x", description="d", options=[])
    left = size - 2
    for number in range(25):
        here = min(left, 400)
        name, about = f"o{number}", text(min(100, here - 4))
        rest = here - len(name) - len(about)
        one: Json = {"name": name, "description": about, "type": 3, "choices": []}
        while rest > 1:
            label = f"{len(one['choices'])}".ljust(min(100, rest - 1), "c")
            one["choices"].append({"name": label, "value": "v"})
            rest -= len(label) + 1
        left -= here - rest
        made["options"].append(one)
        if left <= 10:
            break
    return made


def in_german(about: str, *, locale: str = "de") -> Json:
    return command(description_localizations={locale: about})


COMMANDS: list[tuple[str, Json, Json, str]] = [
    ("name 32", command(name=text(32)), command(name=text(33)), "0.name"),
    ("lower case", command(name="größe"), command(name="Buy"), "0.name"),
    ("no spaces", command(name="a-b_c"), command(name="a b"), "0.name"),
    ("description 100", command(description=text(100)), command(description=text(101)), "0.description"),
    ("description 1", command(description="d"), command(description=""), "0.description"),
    ("25 options", command(options=options(25)), command(options=options(26)), "0.options"),
    (
        "required before optional",
        command(options=[options(1)[0] | {"required": True}, options(2)[1]]),
        command(options=[options(1)[0], options(2)[1] | {"required": True}]),
        "0.options.1",
    ),
    ("option names once", command(options=options(2)), command(options=options(1) * 2), "0.options.1.name"),
    ("option description 100", with_option(description=text(100)), with_option(description=text(101)), "description"),
    ("25 choices", with_option(choices=choices(25)), with_option(choices=choices(26)), "choices"),
    (
        "choice name 100",
        with_option(choices=[{"name": text(100), "value": "v"}]),
        with_option(choices=[{"name": text(101), "value": "v"}]),
        "choices.0.name",
    ),
    (
        "choice value 100",
        with_option(choices=[{"name": "n", "value": text(100)}]),
        with_option(choices=[{"name": "n", "value": text(101)}]),
        "choices.0.value",
    ),
    (
        "choices or autocomplete",
        with_option(autocomplete=True),
        with_option(autocomplete=True, choices=choices(1)),
        "autocomplete",
    ),
    ("lengths up to 6000", with_option(max_length=6000), with_option(max_length=6001), "max_length"),
    ("bounds are for numbers", with_option(type=4, min_value=1), with_option(min_value=1), "min_value"),
    (
        "kinds of channels are for channels",
        with_option(type=7, channel_types=[0, 5]),
        with_option(channel_types=[0]),
        "channel_types",
    ),
    ("known kinds of channels", with_option(type=7, channel_types=[0]), with_option(type=7, channel_types=[99]), "0"),
    ("known contexts", command(contexts=[0, 1]), command(contexts=[3]), "contexts"),
    (
        "permissions are a bit set",
        command(default_member_permissions="32"),
        command(default_member_permissions="x"),
        "permissions",
    ),
    (
        "two levels of groups",
        command(
            options=[
                {"name": "g", "description": "d", "type": 2, "options": [{"name": "s", "description": "d", "type": 1}]}
            ]
        ),
        command(
            options=[
                {
                    "name": "g",
                    "description": "d",
                    "type": 2,
                    "options": [{"name": "h", "description": "d", "type": 2, "options": []}],
                }
            ]
        ),
        "0.options.0",
    ),
    (
        "options or sub-commands",
        command(options=options(2)),
        command(options=[options(1)[0], {"name": "s", "description": "d", "type": 1}]),
        "0.options",
    ),
    ("8000 characters", as_large_as(8000), as_large_as(8001), "8000"),
    ("known languages", in_german("d", locale="es-419"), in_german("d", locale="es"), "description_localizations.es"),
    ("100 characters in German", in_german(text(100)), in_german(text(101)), "description_localizations.de"),
    (
        "an option's 100 characters in German",
        with_option(description_localizations={"de": text(100)}),
        with_option(description_localizations={"de": text(101)}),
        "options.0.description_localizations.de",
    ),
    (
        "a choice's 100 characters in German",
        with_option(choices=[{"name": "n", "value": "v", "name_localizations": {"de": text(100)}}]),
        with_option(choices=[{"name": "n", "value": "v", "name_localizations": {"de": text(101)}}]),
        "choices.0.name_localizations.de",
    ),
    (
        "the longest language counts",
        as_large_as(8000 - 99) | {"description_localizations": {"de": text(100), "fr": text(100)}},
        as_large_as(8000 - 98) | {"description_localizations": {"de": text(100), "fr": text(100)}},
        "8000",
    ),
]


@pytest.mark.parametrize(("within", "past", "place"), [pytest.param(*case[1:], id=case[0]) for case in COMMANDS])
async def test_a_command_is_held_to_its_limits(at: RestHarness, within: Json, past: Json, place: str) -> None:
    refused = await at.is_refused("PUT", at.commands, [past])
    assert (refused.status, refused.code) == (400, 50035)
    assert place in refused.text
    await at.asks("PUT", at.commands, [within])
    assert len(at.peer.world.commands[None]) == 1


async def test_commands_are_for_users_only_where_the_application_may_be_installed_by_them(at: RestHarness) -> None:
    mine = command(integration_types=[0, 1])
    at.peer.world.user_install = False
    assert "integration_types" in (await at.is_refused("PUT", at.commands, [mine])).text
    at.peer.world.user_install = True
    await at.asks("PUT", at.commands, [mine])


async def test_there_are_at_most_100_commands_and_each_name_once(at: RestHarness) -> None:
    many = [command(name=f"c{number}") for number in range(101)]
    assert (await at.is_refused("PUT", at.commands, many)).code == 30032
    assert (await at.is_refused("PUT", at.commands, [many[0], many[0]])).code == 50035
    await at.asks("PUT", at.commands, many[:100])


async def test_there_are_at_most_15_entries_in_a_persons_menu_and_they_have_a_name_alone(at: RestHarness) -> None:
    menus: list[Json] = [{"name": f"Menu {number}", "type": 2} for number in range(16)]
    assert (await at.is_refused("PUT", at.commands, menus)).code == 30032
    assert (await at.is_refused("PUT", at.commands, [menus[0] | {"description": "d"}])).code == 50035
    assert (await at.is_refused("PUT", at.commands, [menus[0] | {"name": text(33)}])).code == 50035
    await at.asks("PUT", at.commands, menus[:15])
    assert at.ada.menu(at.market) == [menu["name"] for menu in menus[:15]]
    with pytest.raises(NotOfferedError):
        await at.ada.choose_from_menu(at.market, at.ada, "Menu 16", _until="sent")
    asked = await at.ada.choose_from_menu(at.market, at.ada, "Menu 1", _until="sent")
    assert asked.data["target_id"] == str(at.ada.id)
    assert set(asked.data["resolved"]["members"]) == {str(at.ada.id)}


async def test_a_guild_takes_200_new_commands_a_day(at: RestHarness) -> None:
    path = f"/applications/{at.peer.world.application_id}/guilds/{at.guild.id}/commands"
    for begin in (0, 100):
        await at.asks("PUT", path, [command(name=f"c{number}") for number in range(begin, begin + 100)])
    assert (await at.is_refused("PUT", path, [command(name="one-more")])).code == 30034
    await at.asks("PUT", path, [command(name="c150", description="changed, not new")])
    at.peer.clock.advance(86_400_001)
    await at.asks("PUT", path, [command(name="one-more")])


async def test_contexts_are_for_commands_of_all_guilds(at: RestHarness) -> None:
    path = f"/applications/{at.peer.world.application_id}/guilds/{at.guild.id}/commands"
    assert (await at.is_refused("PUT", path, [command(contexts=[0])])).code == 50035


async def test_commands_are_registered_where_the_bot_is(at: RestHarness) -> None:
    elsewhere = at.peer.guild("Elsewhere", bot_permissions=None)
    path = f"/applications/{at.peer.world.application_id}/guilds/{elsewhere.id}/commands"
    assert (await at.is_refused("PUT", path, [BUY])).code == 50001


# modals


def label(**more: object) -> Json:
    return {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "c", "style": 1}} | more


def text_input(**more: object) -> list[Json]:
    return [label(component={"type": 4, "custom_id": "c", "style": 1} | more)]


def modal(**more: object) -> Json:
    return {"type": 9, "data": {"custom_id": "m", "title": "t", "components": [label()]} | more}


def labels(count: int) -> list[Json]:
    return [label(component={"type": 4, "custom_id": f"c{number}", "style": 1}) for number in range(count)]


def radios(count: int) -> list[Json]:
    made = [{"label": f"{number}", "value": f"{number}"} for number in range(count)]
    return [label(component={"type": 21, "custom_id": "c", "options": made})]


MODALS: list[tuple[str, Json, Json, str]] = [
    ("title 45", modal(title=text(45)), modal(title=text(46)), "title"),
    ("custom id 100", modal(custom_id=text(100)), modal(custom_id=text(101)), "custom_id"),
    ("5 components", modal(components=labels(5)), modal(components=labels(6)), "components"),
    ("1 component", modal(components=labels(1)), modal(components=[]), "components"),
    ("label 45", modal(components=[label(label=text(45))]), modal(components=[label(label=text(46))]), "label"),
    (
        "description 100",
        modal(components=[label(description=text(100))]),
        modal(components=[label(description=text(101))]),
        "description",
    ),
    ("custom ids once", modal(components=labels(2)), modal(components=labels(1) * 2), "components"),
    (
        "placeholder 100",
        modal(components=text_input(placeholder=text(100))),
        modal(components=text_input(placeholder=text(101))),
        "placeholder",
    ),
    (
        "value 4000",
        modal(components=text_input(value=text(4000))),
        modal(components=text_input(value=text(4001))),
        "value",
    ),
    (
        "length 4000",
        modal(components=text_input(max_length=4000)),
        modal(components=text_input(max_length=4001)),
        "max_length",
    ),
    (
        "a value fits its length",
        modal(components=text_input(max_length=3, value="123")),
        modal(components=text_input(max_length=3, value="1234")),
        "value",
    ),
    ("radios 2 to 10", modal(components=radios(10)), modal(components=radios(11)), "options"),
    ("radios at least 2", modal(components=radios(2)), modal(components=radios(1)), "options"),
    (
        "menus stand in labels",
        modal(components=[label(component=select(2)["components"][0])]),
        modal(components=[select(2)]),
        "components.0.components.0.type",
    ),
    (
        "nothing is disabled",
        modal(components=text_input()),
        modal(components=text_input(disabled=True)),
        "disabled",
    ),
    ("no buttons", modal(components=labels(1)), modal(components=[row(button())]), "components.0.components.0.type"),
]


@pytest.mark.parametrize(("within", "past", "place"), [pytest.param(*case[1:], id=case[0]) for case in MODALS])
async def test_a_modal_is_held_to_its_limits(at: RestHarness, within: Json, past: Json, place: str) -> None:
    asked = await at.asked()
    refused = await at.is_refused("POST", at.callback(asked), past)
    assert (refused.status, refused.code) == (400, 50035)
    assert place in refused.text
    assert asked.acked is None
    await at.asks("POST", at.callback(asked), within)
    assert asked.form.custom_id == within["data"]["custom_id"]


SUGGESTIONS: list[tuple[str, list[Json], list[Json], str]] = [
    ("25", choices(25), choices(26), "data.choices"),
    ("name 100", [{"name": text(100), "value": "v"}], [{"name": text(101), "value": "v"}], "data.choices.0.name"),
    ("value 100", [{"name": "n", "value": text(100)}], [{"name": "n", "value": text(101)}], "data.choices.0.value"),
    ("names once", choices(2), choices(1) * 2, "data.choices.1.name"),
    ("values of the option's type", choices(1), [{"name": "n", "value": 1}], "data.choices.0.value"),
]


@pytest.mark.parametrize(("within", "past", "place"), [pytest.param(*case[1:], id=case[0]) for case in SUGGESTIONS])
async def test_suggestions_are_held_to_their_limits(
    at: RestHarness, within: list[Json], past: list[Json], place: str
) -> None:
    await at.asks("PUT", at.commands, [BUY])
    typing = asyncio.create_task(at.ada.autocomplete(at.market, "buy", "outcome", "g"))
    asked = await at.peer.until(lambda: next(iter(at.peer.world.interactions.values()), None))
    refused = await at.is_refused("POST", at.callback(asked), {"type": 8, "data": {"choices": past}})
    assert refused.code == 50035
    assert place in refused.text
    await at.asks("POST", at.callback(asked), {"type": 8, "data": {"choices": within}})
    assert [one.name for one in await typing] == [one["name"] for one in within]


# whatever a body is, it is taken or refused


def places(whole: object, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = (
        list(whole.items()) if isinstance(whole, dict) else list(enumerate(whole)) if isinstance(whole, list) else []
    )
    return [here, *(place for key, value in inside[:5] for place in places(value, (*here, key)))]


def replaced(whole: object, place: tuple[str | int, ...], other: object) -> object:
    if not place:
        return other
    step, rest = place[0], place[1:]
    if isinstance(whole, dict):
        return {key: replaced(value, rest, other) if key == step else value for key, value in whole.items()}
    assert isinstance(whole, list)
    return [replaced(value, rest, other) if index == step else value for index, value in enumerate(whole)]


FORMS = [(name, within["data"], past["data"], place) for name, within, past, place in MODALS]
NAMES = st.sampled_from(
    ["type", "components", "component", "accessory", "content", "label", "value", "custom_id", "footer"]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 20) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def nobodys() -> Interaction:
    world = World(Clock(), Changes())
    ada = world.user("ada")
    return Interaction(1, 2, ada, world.dm_with(ada), {}, 0)


CHECKS: list[tuple[Callable[[Json], object], list[tuple[str, Json, Json, str]]]] = [
    (lambda body: request_bodies.read(body, []), MESSAGES),
    (lambda body: command_rules.check_all([body], in_guild=False, for_users=True), COMMANDS),
    (lambda body: modals.check(body, nobodys()), FORMS),
]


@settings(max_examples=500 if DEEP else 50, deadline=None, derandomize=True)
@given(number=st.integers(0, 1000), where=st.integers(0, 1000), other=JUNK)
def test_no_body_confuses_the_peer(number: int, where: int, other: object) -> None:
    for check, cases in CHECKS:
        body = cases[number % len(cases)][1 + number % 2]
        found = [place for place in places(body) if place]
        made = replaced(body, found[where % len(found)], other)
        if isinstance(made, dict):
            with suppress(ApiError):
                check(made)
