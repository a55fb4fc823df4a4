"""What is said where not all could be said: about a chat out of reach, of what was missed, of several things in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.reply import Block, Line, Reply, Span, Style, Tone, code, line
from bot.text.names import clean

PLATFORM_NAMES = {"discord": "Discord", "telegram": "Telegram", "room": "the room"}


def unreachable(title: str, facts: Mapping[str, Any]) -> Reply:
    """To the admins of a market, once. `facts` as bot.reaching makes them."""
    platform = str(facts["platform"])
    where = f"{clean(str(facts['title'])) or 'a chat'} ({PLATFORM_NAMES.get(platform, platform)})"
    detail = clean(str(facts["detail"]))
    if facts["why"] == "forbidden":
        head = f"{clean(title)}: I lack a permission in {where}{': ' if detail else ''}{detail}."
        rows = [line("What I can say without it I say; the rest I try again every few minutes, so nothing is lost.")]
    else:
        head = f"{clean(title)}: I cannot reach {where} any more."
        rows = [line("I was put out of it, or it is gone. Ask me back in and I go on; everywhere else I go on anyway.")]
    return Reply(head=line(head), blocks=tuple(rows), tone=Tone.BAD)


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
    """What happened in a market she follows, in a line of its own."""
    return Reply(head=news.head, blocks=(line(f"In {clean(title)}. ", code("/settings"), " changes your pings."),))


def missed(reply: Reply, replies: Sequence[Reply], more: int) -> Reply:
    """An answer, and below it what could not be told before."""
    told = together(replies)
    blocks = [*reply.blocks, line("While you could not be reached:"), _bold(told.head), *told.blocks]
    if more:
        blocks.append(line(f"And {more:,} more before that: ", code("/orders"), " and ", code("/trades"), " have it."))
    return replace(reply, blocks=tuple(blocks), files=(*reply.files, *told.files))


def _bold(head: Line) -> Line:
    return tuple(Span(part.text, Style.BOLD, part.outcome) if isinstance(part, Span) else part for part in head)
