"""answerInlineQuery: what stands above the line one types in (core.telegram.org/bots/api#answerinlinequery)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import STALE_QUERY, Json, bad
from .keyboards import read_markup
from .links import checked_link
from .params import Params
from .registry import method
from .texts import read_text

if TYPE_CHECKING:
    from .server import TelegramPeer

MOST_RESULTS, LONGEST_ID, LONGEST_OFFSET, ANSWER_WITHIN = 50, 64, 64, 10.0


@method("answerInlineQuery")
async def answer_inline_query(peer: TelegramPeer, params: Params) -> object:
    asked = peer.world.asked.get(params.text("inline_query_id"))
    results = params.array("results", "results") or []
    next_offset = params.text("next_offset")
    params.integer("cache_time")
    params.flag("is_personal")
    if asked is None or peer.world.clock() - asked.at > ANSWER_WITHIN:
        raise bad(STALE_QUERY)
    if len(results) > MOST_RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    if len(next_offset.encode()) > LONGEST_OFFSET:
        raise bad("NEXT_OFFSET_INVALID")
    if len({result.get("id") for result in results}) != len(results):
        raise bad("RESULT_ID_DUPLICATE")
    asked.results, asked.next_offset = [_article(peer, result) for result in results], next_offset
    peer.world.changes.notify()
    return True


def _article(peer: TelegramPeer, result: Json) -> Json:
    """The one kind that is known here, with the text it puts into the chat as people see it."""
    if result.get("type") != "article":
        raise AssertionError("this peer knows articles only")
    if not 1 <= len(str(result.get("id", "")).encode()) <= LONGEST_ID:
        raise bad("RESULT_ID_INVALID")
    if not str(result.get("title", "")).strip():
        raise bad("ARTICLE_TITLE_EMPTY")
    thumbnail = result.get("thumbnail_url")
    if thumbnail is not None and checked_link(thumbnail) is None:
        raise bad("WEBDOCUMENT_URL_INVALID")
    content = result.get("input_message_content")
    if not isinstance(content, dict):
        raise bad("input message content is not specified")
    inner = Params(given={**content, "text": content.get("message_text")}, version=peer.version)
    text = read_text(peer, inner)
    markup = read_markup(Params(given=result, version=peer.version), private=False)
    return {**result, "text": text.text, "markup": markup}
