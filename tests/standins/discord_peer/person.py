"""A person at their Discord client: types commands, presses buttons, fills in forms and reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from . import command_picker, message_view, modals
from .interaction import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Choice,
    Interaction,
    payload,
)
from .json_values import Json
from .message_view import BUTTON, ENTITY_SELECTS, LABEL, LINK_BUTTON, ROW, STRING_SELECT
from .permissions import Permission, permissions_in

if TYPE_CHECKING:
    from .world import Channel, Message, Role, User, World

Until = Literal["sent", "acknowledged", "answered"]


class Person:
    """`user` is how Discord knows them. What the client would not let them do is an AssertionError."""

    def __init__(self, user: User, world: World) -> None:
        self.user = user
        self.world = world

    def __repr__(self) -> str:
        return f"<Person {self.user.name}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def dm(self) -> Channel:
        """Their conversation with the bot."""
        return self.world.dm_with(self.user)

    # commands

    async def slash(
        self,
        channel: Channel,
        line: str,
        given: Mapping[str, object] | None = None,
        /,
        *,
        _until: Until = "answered",
        _timeout: float = 30.0,
        **options: object,
    ) -> Interaction:
        """Type `/line` (`"buy"`, `"admin create"`) with these options and wait until it is answered."""
        data = command_picker.typed(self, channel, line, {**(given or {}), **options})
        one = self._interaction(COMMAND, channel, data, command=line)
        return await self._send(one, _until, _timeout)

    async def autocomplete(
        self,
        channel: Channel,
        line: str,
        focused: str,
        value: str | float = "",
        given: Mapping[str, object] | None = None,
        /,
        *,
        _timeout: float = 30.0,
        **options: object,
    ) -> list[Choice]:
        """What is suggested while they type `value` into the option `focused`."""
        data = command_picker.typed(self, channel, line, {**(given or {}), **options}, focused=focused, value=value)
        one = await self._send(self._interaction(AUTOCOMPLETE, channel, data, command=line), "answered", _timeout)
        assert one.choices is not None
        return one.choices

    def offered(self, channel: Channel) -> list[str]:
        """The commands their client shows them here."""
        return command_picker.offered(self, channel)

    async def choose_from_menu(
        self, channel: Channel, whom: Person, name: str, *, _until: Until = "answered", _timeout: float = 30.0
    ) -> Interaction:
        """An application's entry in somebody's own menu."""
        data = command_picker.chosen_from_menu(self, channel, name, whom)
        return await self._send(self._interaction(COMMAND, channel, data, command=name), _until, _timeout)

    def menu(self, channel: Channel) -> list[str]:
        """What they are offered in somebody's menu here."""
        return command_picker.menu_of(self, channel)

    def clicks(self, message: Message, line: str) -> None:
        """The name of a command in a text: from there they go on as if they had typed it."""
        self._looks_at(message)
        command_picker.clicked(self, message, line)

    def installs_app(self) -> None:
        """For themselves: they have it wherever they are."""
        self.user.has_app = True

    # components

    async def press(
        self, message: Message, label: str, /, *, _until: Until = "answered", _timeout: float = 30.0
    ) -> Interaction:
        """Press the button with this label (or custom id)."""
        self._looks_at(message)
        button = message.button(label)
        assert not button.disabled, f"{label!r} is disabled"
        assert button.style != LINK_BUTTON, f"{label!r} is a link"
        data: Json = {"custom_id": button.custom_id, "component_type": BUTTON, "id": button.id}
        return await self._send(self._interaction(COMPONENT, message.channel, data, source=message), _until, _timeout)

    async def choose(
        self,
        message: Message,
        which: str,
        /,
        *values: str | Person | Role | Channel,
        _until: Until = "answered",
        _timeout: float = 30.0,
    ) -> Interaction:
        """Choose in the menu with this placeholder (or custom id): labels or values, or whom it is of."""
        self._looks_at(message)
        found = [one for one in message.selects if which in {one.custom_id, one.placeholder}]
        assert len(found) == 1, f"{len(found)} menus {which!r} among {message.selects}"
        select = found[0]
        assert not select.disabled, f"{which!r} is disabled"
        assert select.least <= len(values) <= select.most, f"{which!r} takes {select.least} to {select.most}"
        data: Json = {"custom_id": select.custom_id, "component_type": select.kind, "id": select.id}
        if select.kind == STRING_SELECT:
            by_label = {label: value for value, label in select.options} | {value: value for value, _ in select.options}
            assert all(one in by_label for one in values), f"{values} are not among {select.options}"
            data["values"] = [by_label[str(one)] for one in values]
        else:
            data |= {"values": [command_picker.id_of(one) for one in values]}
            data |= {"resolved": command_picker.resolved(message.channel, values)}
        return await self._send(self._interaction(COMPONENT, message.channel, data, source=message), _until, _timeout)

    async def submit(
        self,
        form: modals.Modal,
        values: Mapping[str, object] | None = None,
        /,
        *,
        _until: Until = "answered",
        _timeout: float = 30.0,
        **more: object,
    ) -> Interaction:
        """Send a form: values by label or custom id; what is not named stays as it was filled in."""
        given = {form.field(name).custom_id: value for name, value in ({**(values or {}), **more}).items()}
        data: Json = {"custom_id": form.custom_id, "components": []}
        for top in form.components:
            inside = top.get("component") or (top.get("components") or [None])[0]
            shown: Json = {"type": top["type"], "id": top["id"]}
            if inside is not None:
                one = form.field(inside["custom_id"])
                value = given.get(one.custom_id, one.value)
                if one.kind in ENTITY_SELECTS:
                    named = list(value) if isinstance(value, list | tuple) else [value] if value else []
                    data["resolved"] = data.get("resolved", {}) | command_picker.resolved(form.asked.channel, named)
                    value = [command_picker.id_of(item) for item in named]
                said = modals.answer(one, value)
                said |= {"type": inside["type"], "id": inside["id"], "custom_id": one.custom_id}
                shown |= {"component": said} if top["type"] == LABEL else {"components": [said]}
                assert top["type"] in {LABEL, ROW}
            data["components"].append(shown)
        source = form.asked.source
        one_more = self._interaction(MODAL_SUBMIT, form.asked.channel, data, source=source)
        return await self._send(one_more, _until, _timeout)

    # reading and writing

    def sees(self, channel: Channel) -> list[Message]:
        """What they see in a channel: all that is public, if they may look, and what is shown to them alone."""
        if not permissions_in(channel, self.user) & Permission.VIEW_CHANNEL:
            return []
        shown = channel.messages.values()
        return [one for one in shown if one.only_for in {None, self.user} and not one.dismissed]

    def reads(self, channel: Channel) -> str:
        return "\n".join(one.text for one in self.sees(channel))

    async def expect(self, channel: Channel, look: str | Callable[[Message], object], seconds: float = 30.0) -> Message:
        """The first message they see that says `look`; waits for one if there is none."""
        said = message_view.matcher(look)
        return await self.world.changes.until(
            lambda: next((one for one in self.sees(channel) if said(one)), None),
            seconds,
            lambda: f"{look!r} for {self.user.name} in #{channel.name}: {self.sees(channel)[-5:]}",
        )

    def says(self, channel: Channel, text: str) -> Message:
        """They write a message of their own."""
        from .world import Message

        right = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
        assert permissions_in(channel, self.user) & right, f"{self.user.name} may not write in #{channel.name}"
        message = Message(self.world.new_id(), channel, self.user, self.world.clock.now_ms, text)
        if f"<@{self.world.bot.id}>" in text:
            message.mentions.append(self.world.bot)
        self.world.post(channel, message)
        return message

    def deletes(self, message: Message) -> None:
        """Their own, as a moderator anybody's; what only they see they dismiss, and the bot does not notice."""
        if message.only_for is self.user:
            message.dismissed = True
            return
        mine = message.author is self.user
        assert mine or permissions_in(message.channel, self.user) & Permission.MANAGE_MESSAGES, "not theirs to delete"
        self.world.remove(message)

    def closes_dms(self) -> None:
        self.user.dms_open = False

    def opens_dms(self) -> None:
        self.user.dms_open = True

    # what their client does

    def _looks_at(self, message: Message) -> None:
        assert not message.deleted, f"{message} is deleted"
        assert message in self.sees(message.channel), f"{self.user.name} does not see {message}"

    def _interaction(
        self, kind: int, channel: Channel, data: Json, *, command: str = "", source: Message | None = None
    ) -> Interaction:
        own = self.world.new_id()
        now = self.world.clock.now_ms
        one = Interaction(own, kind, self.user, channel, data, now, command=command, source=source)
        self.world.interactions[own] = one
        return one

    async def _send(self, one: Interaction, until: Until, seconds: float) -> Interaction:
        guild = one.channel.guild if one.channel.guild is not None and one.channel.guild.has_bot else None
        self.world.emit("INTERACTION_CREATE", payload(one), guild)
        if until == "acknowledged":
            await one.changes.until(lambda: one.acked is not None, seconds, lambda: f"{one} to be acknowledged")
        elif until == "answered":
            await one.changes.until(lambda: one.settled, seconds, lambda: f"an answer to {one}")
        return one
