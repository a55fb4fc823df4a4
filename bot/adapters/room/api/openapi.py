"""The file that describes the API: OpenAPI 3.1, made once of the declarations beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from bot.adapters.room.api import market_schemas, trading_schemas
from bot.adapters.room.api.operations import OPERATIONS, Operation
from bot.adapters.room.api.schema import Schema, integer, ref
from bot.adapters.room.market_charts import answer, write
from bot.adapters.room.visitors import Visitors
from storage.records import Json

PATH = "/api/v1/openapi.json"
VERSION = "1"
ALWAYS = (401, 404, 421, 429, 500, 503)  # what every address may answer
LARGEST = 10**15 - 1  # of a number in an address: exact in a browser

ABOUT = """
Outcry is a prediction market for play money: people trade tokens on who wins. A **YES** token of an outcome pays $1 if
it wins, a **NO** token if it does not. All orders that have arrived run together in a **tick**, every second or so; the
house always has a price, and orders with a limit wait in a book.

**Begin.** Ask in the market's chat for a key: `/apikey read`, or `/apikey trade $200` for one that may trade and never
cost you more than that. It is shown once. Send it with every request: `Authorization: Bearer outcry_…`. It is good for
that market alone; `GET /api/v1/markets` tells its number. Then `GET …/prices`, `POST …/quote`, `POST …/orders`, and
`GET …/stream` to hear of every tick. A public market of another chat is watched at `/watch/<market>`, without a key.

**Units.** Money, prices and tokens are whole numbers in millionths: `345000` is 34.5 cents, `10000000` tokens are 10.
Fees and shares are millionths of the whole. Moments are milliseconds since 1970 in UTC; a demo's clock runs faster than
yours. Outcomes are counted from 0. Amounts, limits and slippage that you *send* are texts as one types them: `"10"`,
`"$50"`, `"55c"`, `"2%"`.

**Refusals.** Whatever is not done answers with `error`, a sentence, and `code`, a name that stays the same. 422 is the
market's own no. 429 and 503 say in `Retry-After` after how many seconds to come back.

**Limits.** By key: 60 reads in 10 seconds, 4 quotes a second, 10 orders and cancels in 10 seconds, 4 streams at a time.

**The page.** These are the page's own addresses: a browser is known by its cookie instead of a key, and below
`/r/<room>/` stands the same for another room.
""".strip()

ANSWERS: Mapping[int, str] = {
    400: "Something in the request cannot be read.",
    401: "Nobody is known by this key; or none was sent, and this is somebody's own.",
    403: "Not with this key, or not yours to do.",
    404: "There is no such thing, or you may not see it.",
    408: "The body took too long to arrive.",
    409: "It does not fit how things stand.",
    413: "The body is larger than 32 KB.",
    415: "The body is not JSON.",
    421: "The address's host is not one of the room's.",
    422: "The market does not allow it; nothing was done.",
    429: "Too often: wait as long as Retry-After says.",
    500: "Something broke on our side; what was done is not done twice under the same name.",
    503: "Not just now: wait as long as Retry-After says and ask again.",
}
_PLACEHOLDER = re.compile(r"{(\w+)}")


def document() -> Schema:
    paths: dict[str, dict[str, Json]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Outcry", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {}],
        "paths": dict(paths),
        "components": {
            "schemas": {**market_schemas.SCHEMAS, **trading_schemas.SCHEMAS},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key that /apikey gives in the chat."}
            },
        },
    }


def _operation(path: str, operation: Operation) -> dict[str, Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {**integer("", least=0), "maximum": LARGEST}}
        for name in _PLACEHOLDER.findall(path)
    ]
    for place, fields in (("query", operation.query), ("header", operation.headers)):
        parameters += [
            {
                "name": name,
                "in": place,
                "required": name in operation.needed,
                "description": schema["description"],
                "schema": {key: value for key, value in schema.items() if key != "description"},
            }
            for name, schema in fields.items()
        ]
    described: dict[str, Json] = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": operation.about,
        "description": operation.more or operation.about,
        "parameters": parameters,
        "responses": _answers(operation),
    }
    if operation.named:
        described["security"] = [{"key": []}]
    if operation.takes is not None:
        content: dict[str, Json] = {"schema": operation.takes}
        if operation.example is not None:
            content["example"] = dict(operation.example)
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _answers(operation: Operation) -> dict[str, Json]:
    media: Json = (
        {"text/event-stream": {"schema": {"type": "string"}}}
        if operation.answer is None
        else {"application/json": {"schema": operation.answer}}
    )
    answers: dict[str, Json] = {"200": {"description": operation.about, "content": media}}
    for status in sorted({*ALWAYS, *operation.refused}):
        answers[str(status)] = {
            "description": ANSWERS[status],
            "content": {"application/json": {"schema": ref("Error")}},
        }
    return answers


class OpenApiRoutes:
    """Serves the file, to whoever asks."""

    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors
        self._written = write(document())

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        return [web.get(f"{base}{PATH.removeprefix('/')}", self._file)]

    async def _file(self, request: web.Request) -> web.Response:
        await self._visitors.asks(request)
        return answer(request, self._written)
