"""What people can set for themselves and what each setting means; the roles of a Discord server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.facts import PersonalSettings
from bot.chat.reply import (
    Action,
    Column,
    Entity,
    Field,
    Form,
    Line,
    Reply,
    Span,
    Table,
    Tone,
    bold,
    code,
    line,
    mention,
    quiet,
)
from bot.text.names import clean
from bot.text.numbers import percent
from bot.words.shared import listed, no, say
from storage.chats import ChatSettings
from storage.people import Preferences

PING_KINDS: Mapping[str, str] = {
    "opening": "trading opens",
    "freeze": "a freeze is near",
    "elimination": "somebody is out",
    "resolution": "there is a winner",
    "lead": "somebody takes the lead",
    "trade": "there is a big trade",
}
"""The kinds of events a role can be mentioned for, and people can ask to be pinged for."""


def not_kinds(wrong: Sequence[str]) -> str:
    kinds = listed([f"“{clean(kind, 20)}”" for kind in wrong])
    return f"{kinds} is no kind of event; there are {listed(list(PING_KINDS))}."


_TO_SHOW_ADMIN = (
    "Discord shows /admin only to who manages the server. To show it to that role: Server Settings → Integrations, "
    "choose this bot, open /admin and add the role."
)


def shown(settings: ChatSettings, person: int | None, *, changed: bool) -> Reply:
    admin, ping = settings.admin_role, settings.ping_role
    kinds = listed([PING_KINDS[kind] for kind in settings.ping_kinds], "or")
    rows = [line("Admins here: who manages the server; no role besides.")]
    if admin:
        rows = [line("Admins here: holders of ", _role(admin), ", beside those who manage the server.")]
        rows.append(line(quiet(_TO_SHOW_ADMIN)))
    if ping:
        when = f", when {kinds}." if kinds else ", once you say for what (kinds)."
        rows.append(line("Mentioned: ", _role(ping), when))
    else:
        rows.append(line("Nobody is mentioned."))
    rows.append(line("Pick other roles, and for what one is mentioned, with ", code("/admin roles"), "."))
    away = ((admin, "No admin role", "admin"), (ping, "Mention nobody", "ping"))
    actions = [Action(label=label, text=f"/admin roles {name} none", person=person) for now, label, name in away if now]
    head = "The roles of this channel are set." if changed else "The roles of this channel."
    return say(head, blocks=rows, actions=actions, tone=Tone.GOOD if changed else Tone.NEUTRAL)


def _role(number: object) -> Span:
    return mention(Entity.ROLE, str(number))


FILLING = frozenset({"change", "changes", "big", "trades"})
"""Words around a kind that add nothing: `lead change`, `big trade`."""


def notice_kinds() -> Mapping[str, str]:
    return {
        "fills": "orders of yours that fill while they wait in the book",
        "cancels": "orders of yours that are cancelled or come back from the book",
        "payouts": "what you are paid when an outcome leaves, at the end, or as a refund",
        "watching": "a market you are in can be watched by strangers",
    }


def ping_kinds() -> Mapping[str, str]:
    return {kind: f"when {when}" for kind, when in PING_KINDS.items()}


def no_kind(what: str, kinds: Sequence[str]) -> str:
    return f"Please say which {what}s: {listed(list(kinds))}, or all; then on or off."


def usual_slippage() -> str:
    return "5%, and more on the ticket where an order moves the price by itself"


def settings(shown: PersonalSettings, changed: Sequence[str] = ()) -> Reply:
    """All of them, each with what it means and a button that turns it."""
    head = line(f"{' '.join(changed)}") if changed else line("Your settings.")
    blocks: list[Line | Table] = [_table(shown), *_pings(shown)]
    blocks.append(
        line(
            quiet("Gas and refusals are always told; what you mute stays in "),
            code("/orders"),
            quiet(" and "),
            code("/trades"),
            quiet("."),
        )
    )
    return Reply(head=head, blocks=tuple(blocks), actions=_buttons(shown), tone=Tone.GOOD if changed else Tone.NEUTRAL)


def _table(shown: PersonalSettings) -> Table:
    kept = shown.kept
    rows = [
        ("slippage", _slippage(kept), "how far a price may run where an order does not say"),
        (
            "confirm",
            _on(on=kept.confirm),
            "a ticket to confirm before every order" if kept.confirm else "orders go out at once",
        ),
        ("autofill", _on(on=kept.autofill), "orders with a limit let auto-fill fill them"),
        ("name", _on(on=kept.named), "strangers who watch a public market see your name"),
    ]
    rows += [(f"notices {kind}", _on(on=kind not in kept.quiet), about) for kind, about in notice_kinds().items()]
    columns = (Column(title="Setting"), Column(title="Now"), Column(title="What it means"))
    return Table(columns=columns, rows=tuple((line(name), line(bold(now)), line(about)) for name, now, about in rows))


def _slippage(kept: Preferences) -> str:
    return "usual (5%)" if kept.slippage is None else percent(kept.slippage)


def _on(*, on: bool) -> str:
    return "on" if on else "off"


def _pings(shown: PersonalSettings) -> list[Line]:
    if shown.pings is None:
        rows = [line("Pings are of a chat's market: say ", code("/settings pings all on"), " where one runs.")]
    elif shown.pings:
        when = listed([PING_KINDS[kind] for kind in PING_KINDS if kind in shown.pings], "or")
        rows = [line(f"Pings for {shown.place}: you are told in private when {when}.")]
    else:
        rows = [line(f"Pings for {shown.place}: none. The buttons below bring word of its events in private.")]
    if shown.elsewhere:
        rows.append(
            line(
                f"You have pings for {shown.elsewhere} more {'chat' if shown.elsewhere == 1 else 'chats'}; ",
                code("/privacy"),
                " lists them.",
            )
        )
    return rows


def place_name(title: str) -> str:
    return clean(title) or "this chat"


def _buttons(shown: PersonalSettings) -> tuple[Action, ...]:
    kept, person = shown.kept, shown.person

    def turn(label: str, what: str, *, on: bool) -> Action:
        return Action(label=f"{label}: {_on(on=on)}", text=f"/settings {what} {_on(on=not on)}", person=person)

    actions = [
        Action(label=f"Slippage: {_slippage(kept)}", text="/settings ask", person=person, asks=True),
        turn("Confirm first", "confirm", on=kept.confirm),
        turn("Auto-fill", "autofill", on=kept.autofill),
        turn("Show my name", "name", on=kept.named),
    ]
    actions += [turn(kind.capitalize(), f"notices {kind}", on=kind not in kept.quiet) for kind in notice_kinds()]
    if shown.pings is not None:
        actions += [turn(f"Ping {kind}", f"pings {kind}", on=kind in shown.pings) for kind in PING_KINDS]
    return tuple(actions)


def slippage_form(kept: Preferences) -> Reply:
    """Asks for the one setting that is a number."""
    now = "usual" if kept.slippage is None else percent(kept.slippage)
    field = Field(
        name="slippage",
        label="Slippage",
        value=now,
        hint="such as 3%; usual takes it back",
        suggestions=(("usual", "usual (5%)"), ("1%", "1%"), ("3%", "3%"), ("10%", "10%")),
    )
    form = Form(title="Your slippage", command="settings", fields=(field,), submit="Set")
    return Reply(
        head=line("How far may a price run where your order does not say?"),
        blocks=(line("Or in one line: ", code("/settings slippage 3%")),),
        form=form,
    )


# -- what changed, one sentence each


def slippage_set(rate: int | None) -> str:
    if rate is None:
        return "Slippage is the usual 5% again where you say none."
    return f"Slippage is {percent(rate)} where you say none; an order that needs more is refused."


def confirm_set(*, on: bool) -> str:
    if on:
        return "You get a ticket to confirm before every order."
    return "Orders go out at once, without a ticket; their worst price holds as before."


def autofill_set(*, on: bool) -> str:
    return f"Your orders with a limit {'let' if on else 'do not let'} auto-fill fill them, unless you say otherwise."


def name_set(*, on: bool) -> str:
    if on:
        return "Your name shows to whoever watches a public market you are in."
    return "Your name does not show to strangers: who watches a public market sees “a member”."


def notices_set(kinds: Sequence[str], *, on: bool) -> str:
    return f"Notices of {listed(list(kinds))} are {_on(on=on)}."


def pings_set(kinds: Sequence[str], place: str, *, on: bool) -> str:
    what = listed([PING_KINDS[kind] for kind in kinds], "or")
    return f"You are told when {what}, in {place}." if on else f"You are not told any more when {what}, in {place}."


def no_place() -> Reply:
    return no(
        "Pings are of a chat's market, and you have used none yet.",
        blocks=(line("Say it where one runs: ", code("/settings pings all on")),),
    )
