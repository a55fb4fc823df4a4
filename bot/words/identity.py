"""One person on several platforms: joining identities, what is stored about somebody, what stays once forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import AccountSummary, StoredPerson
from bot.chat.reply import Action, Column, Line, Reply, Stamp, Table, Tone, bold, code, line, quiet
from bot.text.names import clean
from bot.text.numbers import Cut, money, percent, span, tokens
from bot.words.shared import listed, no, plural, say, side_word
from engine.state import Side
from storage.people import Preferences
from storage.records import Identity, Market, Member

_PLATFORMS = {"discord": "Discord", "telegram": "Telegram", "room": "the room"}


def platform_name(platform: str) -> str:
    return _PLATFORMS.get(platform, clean(platform))


def code_given(made: str, life_ms: int) -> Reply:
    return say(
        "Your code is ",
        bold(made),
        f", good once and for {span(life_ms)}.",
        blocks=(
            line("Say ", code(f"/link {made}"), " with your other account, on Discord, on Telegram or in the room."),
            line(
                "Both are one person from then on, and that cannot be undone. Whoever has the code can become you "
                "here: show it to nobody."
            ),
        ),
        tone=Tone.WAIT,
    )


def bad_code() -> Reply:
    return no(
        "That code does not work: it was used, ran out, was replaced by a newer one, or never was.",
        blocks=(line(code("/link"), " on your other account gives a new one."),),
    )


def too_many(wait_ms: int) -> Reply:
    return no(
        f"Too many codes that do not work; the next try is in {span(wait_ms)}.",
        blocks=(
            line("Nothing was changed. Copy the code from your other account, where ", code("/link"), " shows it."),
        ),
    )


def own_code() -> Reply:
    return no(
        "That is your own code: it joins this account with another one.",
        blocks=(line("Say it with your other account, within its time."),),
    )


def both_used(market: Market) -> Reply:
    return no(
        f"These accounts cannot become one: both have been used in {clean(market.title)}.",
        blocks=(line("Nothing was changed. One person has one balance in a market; both accounts stay as they are."),),
    )


def linked(identities: Sequence[Identity], markets: Sequence[Market], closed: Sequence[tuple[Market, int]]) -> Reply:
    """To the one who used the code."""
    places = listed(list(dict.fromkeys(platform_name(identity.platform) for identity in identities)))
    blocks = [line(_closed(market, cash)) for market, cash in closed]
    if markets:
        titles = listed([clean(joint.title) for joint in markets])
        blocks.append(line(f"What you have in {titles} is yours on each of them. ", code("/markets"), " chooses one."))
    else:
        blocks.append(line("Whatever you join is yours on each of them. ", code("/help"), " has all you can say."))
    return say(f"You are one person now, on {places}.", blocks=blocks, tone=Tone.GOOD)


def told(platform: str, closed: Sequence[tuple[Market, int]]) -> Reply:
    """To the one whose code it was."""
    blocks = [line(_closed(market, cash)) for market, cash in closed]
    blocks.append(line(code("/privacy"), " lists what belongs to you. If this was not you, tell an admin."))
    return say(
        f"Your code was used: you are one person with your account on {platform_name(platform)} now.", blocks=blocks
    )


def _closed(market: Market, cash: int) -> str:
    back = f", its {money(cash, Cut.DOWN)} went back" if cash else ""
    return f"One of your two accounts in {clean(market.title)} had not been used and is closed{back}."


def stranger() -> Reply:
    return say(
        "Nothing is stored about you.",
        blocks=(
            line(
                "Once you say a command in a market's chat: your id and name on this platform, which market you spoke "
                "of, and what you set. Once you ",
                code("/join"),
                ": your account.",
            ),
        ),
    )


def stored(all_: StoredPerson) -> Reply:
    person = all_.person
    rows: list[Line | Table] = [
        line(f"You are number {person.id}, known since ", Stamp(person.created_ms), "."),
        _identities(all_.identities),
        _accounts(all_.accounts),
        line(f"Settings: {_settings(all_.kept)}."),
    ]
    for title, kinds in all_.pings.items():
        rows.append(line(f"Pings in {clean(title) or 'a chat'}: {listed(sorted(kinds))}."))
    if all_.traces.admin_of:
        rows.append(line(f"Seen as an admin of {listed([clean(chat) or 'a chat' for chat in all_.traces.admin_of])}."))
    if all_.traces.alerts:
        rows.append(line(f"Alerts: {plural(all_.traces.alerts, 'price')} you are waiting for; ", code("/alert"), "."))
    if all_.traces.keys:
        rows.append(line(f"Keys of programs: {plural(all_.traces.keys, 'key')}, of which we keep hashes."))
    if all_.traces.webhooks:
        rows.append(line(f"Webhooks: {plural(all_.traces.webhooks, 'address')} you gave, sent a market's news."))
    if all_.traces.messages:
        rows.append(line(f"In the room: {plural(all_.traces.messages, 'message')} by you or to you."))
    if all_.traces.lines:
        rows.append(line(f"Behind your buttons: {plural(all_.traces.lines, 'line')} you could send again."))
    if all_.traces.sessions:
        rows.append(line(f"In the room as yourself: {plural(all_.traces.sessions, 'browser')} by a link or as an app."))
    rows.append(
        line(
            "Orders, trades and money are kept for good under your number: others traded with you, and the sums stay "
            "provable."
        )
    )
    rows.append(
        line(
            code("/forget"),
            " erases all that names you. The number stays; ",
            quiet("nobody could tell whose it was, not even we."),
        )
    )
    return say("This is all that is stored about you.", blocks=rows)


def _identities(identities: Sequence[Identity]) -> Table:
    columns = (Column(title="Where"), Column(title="Your id there"), Column(title="Name"))
    rows = tuple(
        (line(platform_name(identity.platform)), line(_id(identity)), line(clean(identity.name)))
        for identity in identities
    )
    return Table(columns=columns, rows=rows)


def _id(identity: Identity) -> str:
    """The room's id is made from a secret of the browser: its beginning tells it apart as well."""
    return (
        f"{identity.external_id[:12]}…"
        if identity.platform == "room" and len(identity.external_id) > 20
        else clean(identity.external_id)
    )


def _accounts(accounts: Sequence[tuple[Market, Member]]) -> Line | Table:
    if not accounts:
        return line("You have joined no market.")
    columns = (Column(title="Market"), Column(title="Name there"), Column(title="Number", numeric=True))
    rows = tuple(
        (line(clean(market.title)), line(clean(account.name)), line(f"{account.person}"))
        for market, account in accounts
    )
    return Table(columns=columns, rows=rows)


def _settings(kept: Preferences) -> str:
    if kept == Preferences():
        return "as they come"
    slippage = "usual" if kept.slippage is None else percent(kept.slippage)
    named = ", shown by name to who watches a public market" if kept.named else ""
    quiet_ = f", muted: {listed(sorted(kept.quiet))}" if kept.quiet else ""
    return f"slippage {slippage}, confirm {_on(on=kept.confirm)}, auto-fill {_on(on=kept.autofill)}{named}{quiet_}"


def _on(*, on: bool) -> str:
    return "on" if on else "off"


# -- forgetting


def preview(accounts: Sequence[AccountSummary], name: str, code_: str, person: int) -> Reply:
    """In numbers, what is given up; `name` is what stays in the books."""
    rows: list[Line] = []
    for account in accounts:
        rows.extend(_left(account))
    rows += [
        line(
            "Your ids, names, settings, pings, alerts, webhooks, codes and all you typed in the room are erased; "
            f"you become {name}."
        ),
        line(
            "Orders, trades and money stay under that number, in the books and in exports; the log of what admins did "
            "and posts in the room have it, too, instead of your name."
        ),
        line(
            "Should you come back, you are a stranger: nobody can tell that you were here, and nothing is given back."
        ),
        line(bold("This cannot be undone.")),
    ]
    actions = (
        Action(label="Confirm: forget me", text=f"/forget confirm {code_}", person=person, danger=True),
        Action(label="Cancel", text="/privacy", person=person),
    )
    return say("Forget you, for good?", blocks=rows, actions=actions, tone=Tone.WAIT)


def _left(account: AccountSummary) -> list[Line]:
    title, member = clean(account.market.title), account.member
    if account.market.over:
        return []
    if not account.used:
        return [line(f"{title}: your account was never used; it is closed.")]
    held = [
        f"{tokens(size)} {clean(account.market.params.outcome_names[outcome])} {side_word(side)}"
        for outcome, pair in enumerate(member.tokens)
        for side, size in zip((Side.YES, Side.NO), pair, strict=True)
        if size
    ]
    what = listed([money(member.balance + member.escrow + member.coming, Cut.DOWN), *held])
    rows = [line(bold(f"{title}: "), f"you hold {what}. Nobody will be able to trade or spend it.")]
    if account.waiting:
        wait = "waits; it is" if account.waiting == 1 else "wait; they are"
        rows.append(line(f"{plural(account.waiting, 'order')} of yours there {wait} cancelled."))
    return rows


def forgotten(name: str, accounts: int) -> Reply:
    rows = [
        line(
            "Your ids, names, settings, pings, alerts and messages are erased. What stands in a chat of another "
            "platform is that platform's to delete."
        )
    ]
    if accounts:
        stay, them = ("stays", "it") if accounts == 1 else ("stay", "them")
        rows.append(line(f"Your {plural(accounts, 'account')} {stay} in the books as {name}; nobody can use {them}."))
    rows.append(line("Whoever comes back is a stranger to us, and begins like one: ", code("/join")))
    return say("You are forgotten.", blocks=rows, tone=Tone.COLD)


def changed() -> Reply:
    return no("Something of yours has changed meanwhile.", blocks=(line("Look again: ", code("/forget")),))
