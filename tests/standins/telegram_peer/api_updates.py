"""getUpdates, the webhook's settings, and answers to taps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .entities import units
from .errors import STALE_QUERY, Json, RefusedError, bad
from .params import Params
from .people import Answer
from .registry import method
from .webhook import Webhook

if TYPE_CHECKING:
    from .server import TelegramPeer

OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "Conflict: terminated by setWebhook request"
HOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
LONGEST_POLL, ANSWER_WITHIN = 50, 15.0
SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
PORTS = (443, 80, 88, 8443)


def _kinds(params: Params) -> list[str] | None:
    kinds = params.json("allowed_updates", "allowed_updates")
    if kinds is None:
        return None
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise bad("can't parse allowed_updates")
    return kinds


@method("getUpdates")
async def get_updates(peer: TelegramPeer, params: Params) -> object:
    """Long poll: a newer poll ends this one with 409."""
    update_queue = peer.world.update_queue
    offset, limit = params.integer("offset"), params.integer("limit", 100)
    timeout = min(max(params.integer("timeout"), 0), LONGEST_POLL)
    if not 1 <= limit <= 100:
        raise bad("limit must be between 1 and 100")
    if peer.hook is not None:
        raise RefusedError(409, HOOK_IS_SET)
    update_queue.allow(_kinds(params))
    update_queue.confirm(offset)
    mine = peer.new_poll()

    def look() -> list[Json] | None:
        if peer.poll is not mine:
            raise RefusedError(409, OTHER_POLLER if peer.hook is None else BY_WEBHOOK)
        return update_queue.pending[:limit] or None

    try:
        return await peer.world.changes.until(look, timeout)
    except TimeoutError:
        return []
    finally:
        if peer.poll is mine:
            peer.poll = None


@method("setWebhook")
async def set_webhook(peer: TelegramPeer, params: Params) -> object:
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        return await _drop_hook(peer, params)
    _check_url(peer, url)
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    if not 1 <= params.integer("max_connections", 40) <= 100:
        raise bad("max_connections must be between 1 and 100")
    params.text("ip_address")
    params.upload("certificate")
    peer.world.update_queue.allow(_kinds(params))
    if params.flag("drop_pending_updates"):
        peer.world.update_queue.pending.clear()
    await peer.set_hook(Webhook(url=url, secret=secret, connections=params.integer("max_connections", 40)))
    return True


def _check_url(peer: TelegramPeer, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad("invalid webhook URL specified")
    if peer.local:  # as the self-hosted server with --local: any scheme, address and port
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


@method("deleteWebhook")
async def delete_webhook(peer: TelegramPeer, params: Params) -> object:
    return await _drop_hook(peer, params)


async def _drop_hook(peer: TelegramPeer, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        peer.world.update_queue.pending.clear()
    await peer.set_hook(None)
    return True


@method("getWebhookInfo")
async def get_webhook_info(peer: TelegramPeer, params: Params) -> object:
    hook, update_queue = peer.hook, peer.world.update_queue
    found: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": len(update_queue.pending)}
    found["allowed_updates"] = sorted(update_queue.allowed)
    if hook:
        found |= {"url": hook.url, "max_connections": hook.connections, "ip_address": "127.0.0.1"}
        if hook.last_error:
            found |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
    return found


@method("answerCallbackQuery")
async def answer_callback_query(peer: TelegramPeer, params: Params) -> object:
    tap = peer.world.taps.get(params.text("callback_query_id"))
    text = params.text("text")
    url, alert = params.text("url"), params.flag("show_alert")
    params.integer("cache_time")
    if tap is None or tap.answer is not None or peer.world.clock() - tap.at > ANSWER_WITHIN:
        raise bad(STALE_QUERY)
    if units(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    if url and not url.lower().startswith(("https://t.me/", "t.me/", "http://t.me/")):
        raise bad("URL_INVALID")
    tap.answer = Answer(text=text, alert=alert, url=url or None)
    peer.world.changes.notify()
    return True
