"""One market in several chats: links between them, what an admin posts to all, what was missed out of reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.invocation import in_market
from bot.chat.reply import Action, Block, Line, Reply, Span, Stamp, Style, Tone, bold, code, line, quiet
from bot.text.names import clean, clean_lines
from bot.text.numbers import money, span
from bot.words import channel_routes
from bot.words.announcements import to_chat
from bot.words.shared import INVITE, listed, listed_outcomes, no, plural, say, told_apart
from engine.state import Status
from storage.chats import ChatSettings
from storage.records import Chat, Market

_PLACES = {"discord": "Discord channel", "telegram": "Telegram group", "room": "local room"}


WORDS: Mapping[str, str] = {
    "code": "a code that brings this market to one more chat",
    "leave": "take a market that came by code out of this chat",
    "webhook": "send the event's news to a program",
    "announcements": "post what happens in another channel",
    "digests": "post digests in another channel, with the talk about them",
    "results": "post eliminations and the winner in another channel",
    "silent": "on: small news comes without a sound; off: with one",
}


def where(chat: Chat) -> str:
    """`Friends (Telegram group)`."""
    what = _PLACES.get(chat.platform, chat.platform)
    return f"{clean(chat.title)} ({what})" if chat.title else f"a {what}"


def listing(market: Market, chats: Sequence[Chat], here: int | None, webhooks: int, settings: ChatSettings) -> Reply:
    rows: list[Line] = []
    for chat in chats:
        notes = [
            note
            for note, holds in (
                ("its home", chat.id == market.chat_id),
                ("this chat", chat.id == here),
                ("out of reach: ask the bot back in", chat.lost is not None),
            )
            if holds
        ]
        rows.append(line("· ", bold(where(chat)), f": {', '.join(notes)}" if notes else ""))
    rows += channel_routes.listed_routes(settings)
    rows.append(line(code("/admin channel code"), " gives a code to announce it in one more chat."))
    if here is not None and here != market.chat_id:
        rows.append(line(code("/admin channel leave"), " takes it out of this one."))
    how_many = (
        f"Its news also goes to {plural(webhooks, 'webhook')}: " if webhooks else "Programs are sent its news by "
    )
    rows.append(line(how_many, code("/admin channel webhook"), "."))
    return say(f"{clean(market.title)} is announced in {plural(len(chats), 'chat')}.", blocks=rows)


def no_market_here() -> Reply:
    return no(
        "No market is announced in this chat.",
        blocks=(
            line("An admin where one runs says ", code("/admin channel code"), "; that code here brings it over."),
            line(code("/admin create"), " makes one of your own."),
        ),
    )


def code_given(market: Market, shown: str, life_ms: int) -> Reply:
    return say(
        "The code is ",
        code(shown),
        f", good once within {span(life_ms)}.",
        blocks=(
            line("In the other chat an admin says ", code(f"/admin channel {shown}")),
            line(
                f"{clean(market.title)} is then announced there too, on any platform: one book, one account a person. "
                "That chat's admins run it with you."
            ),
        ),
    )


def code_given_before() -> Reply:
    """The same request once more: the code it was given is good still, and is not kept in a readable form."""
    return say(
        "You were given a code for this a moment ago; it is good once.",
        blocks=(line("It did not reach you? ", code("/admin channel code"), " gives another in its place."),),
    )


def too_many(wait_ms: int) -> Reply:
    return no(
        f"Too many codes that do not work; the next try is in {span(wait_ms)}.",
        blocks=(line("Nothing was changed. A new code: ", code("/admin channel code"), " in the market's own chat."),),
    )


def market_is_over(market: Market) -> Reply:
    return no(f"{clean(market.title)} is over.", blocks=(line(code("/admin create"), " makes a new market."),))


def chat_is_taken(there: Market) -> Reply:
    return no(
        f"This chat has a market of its own: {clean(there.title)}.",
        blocks=(line("One at a time: when it has ended (or ", code("/admin void"), "), the code brings the other."),),
    )


def here_already(market: Market) -> Reply:
    return no(f"{clean(market.title)} is announced here already.", blocks=(line(code("/board"), " shows it."),))


def bad_code() -> Reply:
    """Used, run out, mistyped or never given: all the same."""
    return no(
        "That code is not good, or not any more.",
        blocks=(line("A new one: ", code("/admin channel code"), " in the market's own chat."),),
    )


def connected(market: Market) -> Reply:
    draft = market.status is Status.DRAFT
    then = "Its doors are announced when it opens." if draft else "Its board is being posted."
    return say(f"{clean(market.title)} is announced here too.", blocks=(line(then),), tone=Tone.GOOD)


def left(market: Market) -> Reply:
    return say(
        f"{clean(market.title)} is announced here no more.",
        blocks=(line("It goes on elsewhere; whoever has an account keeps it and can trade in private."),),
        tone=Tone.GOOD,
    )


def home_stays(market: Market) -> Reply:
    return no(
        f"This is the home of {clean(market.title)}; it cannot leave.",
        blocks=(line(code("/admin void"), " calls it off."),),
    )


def arrived(market: Market, decides: Sequence[Line] = ()) -> Reply:
    """The opening post in a chat a market has just come to; `decides` is what its admins wrote."""
    params = market.params
    rows = [
        line(INVITE),
        line("In it: ", *listed_outcomes(params, range(params.n_outcomes)), ". Exactly one wins."),
        line(f"Everybody gets {money(params.starting_balance)} to trade with. Press Join to take part; "),
        line("who has an account in it elsewhere on this platform has the same one here."),
    ]
    if market.status is Status.LOBBY and market.planned_start_ms is not None:
        rows.append(line("Trading starts ", Stamp(market.planned_start_ms), "."))
    rows += decides
    actions = (Action(label="Join", text="/join", primary=True), Action(label="Rules", text="/rules"))
    return to_chat(f"{clean(market.title)} is announced here too.", blocks=rows, actions=actions, tone=Tone.GOOD)


def unreachable(title: str, facts: Mapping[str, Any]) -> Reply:
    """To the admins of a market, once. `facts` as `bot.notifications.reachability` makes them."""
    where = _where(facts)
    detail = clean(str(facts["detail"]))
    if facts["why"] == "forbidden":
        head = f"{clean(title)}: I lack a permission in {where}{': ' if detail else ''}{detail}."
        rows = [line("What I can say without it I say; the rest I try again every few minutes, so nothing is lost.")]
    else:
        head = f"{clean(title)}: I cannot reach {where} any more."
        rows = [line("I was put out of it, or it is gone. Ask me back in and I go on; everywhere else I go on anyway.")]
    return Reply(head=line(head), blocks=tuple(rows), tone=Tone.BAD)


_TO_PIN = {
    "discord": "Give my role the permission Pin Messages in that channel",
    "telegram": "Make me an admin of the group who may pin messages (in a channel: edit messages)",
}


def not_pinned(title: str, facts: Mapping[str, Any]) -> Reply:
    """To the admins of a market, once. `facts` as `bot.notifications.pinned_boards` makes them."""
    grant = _TO_PIN.get(str(facts["platform"]), "Let me pin messages there")
    return Reply(
        head=line(f"{clean(title)}: I may not pin the board in {_where(facts)}."),
        blocks=(line(f"It stands there all the same, and is kept up to date. {grant}, and the next board is pinned."),),
        tone=Tone.WAIT,
    )


def _where(facts: Mapping[str, Any]) -> str:
    """`Cup chat (Telegram)`."""
    platform = str(facts["platform"])
    return f"{clean(str(facts['title'])) or 'a chat'} ({channel_routes.PLATFORM_NAMES.get(platform, platform)})"


def together(replies: Sequence[Reply]) -> Reply:
    """Several messages to one person as one: each with its head in bold, the buttons of the last."""
    first, rest = replies[0], replies[1:]
    blocks: list[Block] = list(first.blocks)
    for reply in rest:
        blocks += [_bold(reply.head), *reply.blocks]
    return Reply(
        head=first.head,
        blocks=tuple(blocks),
        actions=replies[-1].actions,
        files=tuple(file for reply in replies for file in reply.files),
        tone=first.tone,
        ok=first.ok,
    )


def together_in_chat(replies: Sequence[Reply]) -> Reply:
    """Several pieces of news a chat is late to hear of, as one: a line each, in order, as if each had just come."""
    first, rest = replies[0], replies[1:]
    return replace(first, blocks=tuple(reply.head for reply in rest), actions=replies[-1].actions)


def pinged(title: str, news: Reply) -> Reply:
    """What happened in a market they follow, in a line of its own."""
    about = line(f"In {clean(title)}. ", code("/settings"), " changes your pings.")
    return Reply(head=news.head, blocks=(about,), actions=news.actions)


def missed(reply: Reply, replies: Sequence[Reply], more: int) -> Reply:
    """An answer, and below it what could not be told before."""
    notice = together(replies)
    blocks = [*reply.blocks, line("While you could not be reached:"), _bold(notice.head), *notice.blocks]
    if more:
        blocks.append(line(f"And {more:,} more before that: ", code("/orders"), " and ", code("/trades"), " have it."))
    return replace(reply, blocks=tuple(blocks), files=(*reply.files, *notice.files))


def _bold(head: Line) -> Line:
    return tuple(Span(part.text, Style.BOLD, part.outcome) if isinstance(part, Span) else part for part in head)


def preview(text: str, chats: Sequence[Chat], again: str, person: int | None) -> Reply:
    """As it would stand in each chat."""
    return say(
        f"This would be posted in {plural(len(chats), 'chat')}:",
        blocks=(
            *(line(bold(row)) for row in _paragraphs(text)),
            line(f"Where: {listed([where(chat) for chat in chats])}."),
        ),
        actions=(
            Action(label="Confirm and post", text=again, person=person, primary=True),
            Action(label="Cancel", text="/admin monitor", person=person),
        ),
        tone=Tone.WAIT,
    )


def posted(chats: int) -> Reply:
    """A second press says the same."""
    return say(f"Posted in {plural(chats, 'chat')}.", tone=Tone.GOOD)


def nothing_to_post() -> Reply:
    return no("That announcement is not there any more.", blocks=(line("Write it again: ", code("/admin announce")),))


def still_a_draft(market: Market) -> Reply:
    return no(
        f"{clean(market.title)} is a draft that nobody sees yet.",
        blocks=(line(code("/admin open"), " opens it; then you can announce."),),
    )


def announcement(market: Market, text: str) -> Reply:
    """In the chats."""
    head, *rest = _paragraphs(text)
    source = line(f"From the admins of {clean(market.title)}.")
    return to_chat(head, blocks=(*map(line, rest), source), tone=Tone.NEUTRAL)


def _paragraphs(text: str) -> list[str]:
    """Its rows; at least one."""
    return [row for row in clean_lines(text, 1_000).split("\n") if row] or [""]


def about(reply: Reply, title: str | None, chat: Chat | None, number: int | None = None) -> Reply:
    """In private: which market and chat it is about; its number where another has its name."""
    names = [] if title is None else [clean(title) if number is None else f"{clean(title)}, number {number}"]
    places = [*names, *([] if chat is None else [where(chat)])]
    return replace(reply, blocks=(line(quiet(f"About {', in '.join(places)}.")), *reply.blocks))


def which_market(text: str, markets: Sequence[tuple[Market, Chat | None]]) -> Reply:
    """An order said in private by who is in several: `text` goes on in the one that is pressed."""
    rows = [
        line(bold(clean(market.title)), f" · {where(chat)}" if chat is not None else "", f" · number {market.id}")
        for market, chat in markets
    ]
    records = [market for market, _ in markets]
    actions = [
        Action(label=label, text=in_market(market.id, text), asks=True, settles=True)
        for market, label in zip(records, told_apart(records), strict=True)
    ]
    how = line("Press one and ", code(text), " goes on there.")
    head = line("Which market is this for?")
    return Reply(head=head, blocks=(*rows, how), actions=tuple(actions), tone=Tone.WAIT, settled=False, examples=True)
