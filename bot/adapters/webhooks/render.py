"""What is sent to a webhook: the news as JSON, and the headers by which its receiver knows whose it is. See README."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from bot.chat.plain_text import text
from bot.chat.reply import News, Reply

ID, SIGNATURE = "Outcry-Id", "Outcry-Signature"


def body(reply: Reply, news: News, message: str) -> bytes:
    """UTF-8. `message` is its id: the same whenever it is sent again."""
    message_json = {
        "id": message,
        "market": news.market,
        "title": news.title,
        "kind": news.kind,
        "tick": news.tick,
        "at_ms": news.at_ms,
        "text": text(reply),
        "facts": news.facts,
    }
    return json.dumps(message_json, ensure_ascii=False, separators=(",", ":")).encode()


def headers(body_: bytes, message: str, secret: str, now_ms: int) -> Mapping[str, str]:
    """`now_ms` is signed too, in seconds: an old message that somebody else sends again can be told."""
    at = str(now_ms // 1_000)
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body_, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", ID: message, SIGNATURE: f"t={at},v1={signed}"}
