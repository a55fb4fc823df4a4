"""What an answer says in the place of its charts, while they are drawn and where they could not be."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.plain_text import line_text
from bot.chat.reply import Audience, Picture, Reply, line, quiet
from bot.text.numbers import span


def in_words(answer: Reply) -> Reply:
    """What its charts show, as far as it has been put into words that do not stand above them."""
    head = line_text(answer.head)
    worded = (line(quiet(block.alt)) if isinstance(block, Picture) else block for block in answer.blocks)
    return replace(answer, blocks=tuple(block for block in worded if block not in (line(quiet("")), line(quiet(head)))))


def chart_follows(answer: Reply) -> Reply:
    return _noted(in_words(answer), "Its chart is still being drawn and follows in a moment.")


def chart_missing(answer: Reply) -> Reply:
    return _noted(in_words(answer), _MISSING)


def chart_limited(answer: Reply, most: int, wait_ms: int, *, here: bool) -> Reply:
    """`here`: it is the chat that has had so many in a minute, not this person."""
    asked = f"{most} were asked for in this chat" if here else f"you asked for {most}"
    sentence = f"No chart this time: {asked} within a minute. Send the line again in {span(wait_ms)} to see it."
    return _noted(in_words(answer), sentence)


def charts_alone(answer: Reply | None, audience: Audience) -> Reply:
    """What follows an answer that stands already: its charts, or None where there are none."""
    if answer is None:
        return Reply(head=line(_MISSING), audience=audience)
    pictures = tuple(block for block in answer.blocks if isinstance(block, Picture))
    charts = answer.files[len(answer.files) - len(pictures) :]
    return Reply(head=answer.head, blocks=pictures, files=charts, audience=audience)


_MISSING = "Its chart could not be drawn just now. Send the line again in a minute to see it."


def _noted(answer: Reply, sentence: str) -> Reply:
    return replace(answer, blocks=(*answer.blocks, line(sentence)))
