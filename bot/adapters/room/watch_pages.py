"""The two pages of a public market, with what a chat shows of a link to it: title, sentence, card.

What an admin typed reaches them escaped and nowhere but in attributes; all else the pages draw from the stream.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from aiohttp import web

from bot.adapters.room.assets import Asset
from bot.market.market_facts import MarketFacts
from bot.text.names import clean
from bot.words import watching as words

PREVIEW = "<!-- preview -->"  # where a page is told what its market is
CARD = (1200, 630)


class WatchPages:
    """`public_url` is the room's https address, where it has one: what a chat fetches is named in full."""

    def __init__(self, assets: Mapping[str, Asset], public_url: str | None) -> None:
        self._watch, self._overlay = (assets[name].data.decode() for name in ("watch.html", "overlay.html"))
        self._public_url = public_url

    def watch(self, request: web.Request, facts: MarketFacts) -> web.Response:
        return _page(self._watch.replace(PREVIEW, self._preview(request, facts)))

    def overlay(self, facts: MarketFacts) -> web.Response:
        return _page(self._overlay.replace(PREVIEW, f"<title>{_text(facts.board.title)}</title>"))

    def _preview(self, request: web.Request, facts: MarketFacts) -> str:
        """Tags of Open Graph and of cards; not for search engines: who is to watch has the link."""
        base = self._public_url or f"{request.scheme}://{request.host}"
        address = f"{base}{words.watch_path(facts.market)}"
        description = words.in_a_line(facts.board)
        named = {
            "og:type": "website",
            "og:site_name": "Outcry",
            "og:title": facts.board.title,
            "og:description": description,
            "og:url": address,
            "og:image": f"{address}/card.png?tick={facts.tick}",
            "og:image:type": "image/png",
            "og:image:width": str(CARD[0]),
            "og:image:height": str(CARD[1]),
            "og:image:alt": description,
        }
        tags = [f"<title>{_text(facts.board.title)} · Outcry</title>"]
        tags += [f'<meta property="{name}" content="{_text(content)}">' for name, content in named.items()]
        tags += ['<meta name="twitter:card" content="summary_large_image">']
        tags += [f'<meta name="description" content="{_text(description)}">', '<meta name="robots" content="noindex">']
        return "\n".join(tags)


def _text(given: str) -> str:
    """Safe in an attribute and between tags; no sign in it turns the text around it."""
    return html.escape(clean(given), quote=True)


def _page(body: str) -> web.Response:
    return web.Response(text=body, content_type="text/html", charset="utf-8")
