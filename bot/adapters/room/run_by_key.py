"""A stream deck or bracket program runs a market by the key of an admin: `POST api/v1/markets/<m>/run`.

Everything goes the way of a typed line: their rights are asked anew, their part in the market counts, what cannot be
undone is shown first and done with the code of what was shown. Nothing is done by looking.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256

from aiohttp import web

from bot.adapters.room import NAME, bearer, request_body
from bot.adapters.room.api.orders import refusal_of
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, Visitors
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from bot.dispatcher import Dispatcher
from bot.words import room as words
from bot.words.proposals import PROPOSED
from storage.database import Database
from storage.keys import Key, Scope
from storage.records import Json

NAMES = {  # what each action may say beside its name, and under which name its command takes it
    "open": {"at": "start"},
    "start": {},
    "freeze": {"reason": "reason"},
    "pause": {"reason": "reason"},
    "resume": {"reason": "reason"},
    "eliminate": {"outcomes": "outcomes", "reason": "reason"},
    "resolve": {"outcomes": "winner", "reason": "reason"},
    "correct": {"outcomes": "outcomes", "reason": "reason"},
}
ASKS = frozenset({"start", "eliminate", "resolve", "correct"})  # shows first what it would do
_AGAIN = re.compile(r"\bconfirm[= ](\w{1,12})$")
_NAMED = re.compile(r"[\x21-\x7e]{1,64}")  # an idempotency key


class RunByKey:
    """Serves one address: what an admin's key may say, through the dispatcher, previews and Confirm and all."""

    def __init__(self, db: Database, dispatcher: Dispatcher, visitors: Visitors, limits: Limits) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._visitors = visitors
        self._limits = limits

    def routes(self, base: str) -> list[web.RouteDef]:
        """At `/` alone: a key knows its market."""
        return [] if base != "/" else [web.post(f"{base}api/v1/markets/{MARKET}/run", self._run)]

    async def _run(self, request: web.Request) -> web.Response:
        visitor = await self._visitors.person(request)
        if visitor.key is None:
            raise RefusalError(403, words.run_needs_key(), code="key_scope")
        bearer.check(visitor, Scope.RUN)
        self._limits.count(Counted.KEY_ORDER, visitor.whose)
        if int(request.match_info["market"]) != visitor.key.market:
            raise web.HTTPNotFound
        body = await request_body.read(request)
        command, args = _line(body)
        named = request.headers.get("Idempotency-Key") or secrets.token_hex(8)
        if not _NAMED.fullmatch(named):
            raise RefusalError(400, words.not_json())
        reply = await self._dispatcher.run(await self._invocation(visitor, visitor.key, command, args, named))
        return _answer(reply)

    async def _invocation(
        self, visitor: Visitor, key: Key, command: str, args: Mapping[str, str], named: str
    ) -> Invocation:
        """The platform its maker asked on says whether they are an admin; in the room whoever came by its admin link
        is one for as long as that link holds, and so long the key does (`end_old_rights`)."""
        async with self._db.reading() as uow:
            chat = None if key.chat is None else await uow.chats.get(key.chat)
        here = chat is not None and chat.platform == NAME
        return Invocation(
            command=command,
            args=args,
            platform=NAME,
            person_ext=visitor.ext,
            person_name=visitor.person.name if visitor.person else "",
            chat_ext=chat.external_id if chat is not None and here else "",
            chat_kind=ChatKind.ROOM,
            is_admin=here,
            market=key.market,
            key=key.id,
            came_as=visitor.came_as,
            request_id=f"{NAME}:key {key.id}:run:{named}",
        )


def _line(body: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """The command and its arguments by name; RefusalError 400."""
    action = request_body.text(body, "action")
    takes = NAMES.get(action)
    if takes is None:
        raise RefusalError(400, words.no_such_action(sorted(NAMES)), code="no_such_action")
    args = {}
    for name, value in body.items():
        if name == "action":
            continue
        if name == "confirm" and action in ASKS:
            args["confirm"] = _text(name, value)
        elif name in takes:
            args[takes[name]] = _outcomes(value) if name == "outcomes" else _text(name, value)
        else:
            raise RefusalError(400, words.not_of_action(action, name), code="bad_request")
    return f"admin {action}", args


def _outcomes(value: object) -> str:
    """Their numbers, from 0 as everywhere below `api/v1`; people count from 1."""
    given = value if isinstance(value, list) else [value]
    numbers = [number for number in given if isinstance(number, int) and not isinstance(number, bool) and number >= 0]
    if not numbers or len(numbers) < len(given):
        raise RefusalError(400, words.not_numbers(), code="bad_request")
    return ", ".join(f"#{number + 1}" for number in numbers)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RefusalError(400, words.not_a_text(name), code="bad_request")
    return request_body.well_formed(value)


def _answer(reply: Reply) -> web.Response:
    """`state`: preview (nothing is done: send the same with this `confirm`), proposed (another admin has to approve
    it) or done."""
    if not reply.ok:
        raise refusal_of(reply)
    codes = [_AGAIN.search(action.text) for action in reply.actions if action.label.startswith("Confirm")]
    confirm = next((code[1] for code in codes if code is not None), None)
    state = "preview" if confirm else "proposed" if reply.code == PROPOSED else "done"
    answer: dict[str, Json] = {"state": state, "confirm": confirm, "sentence": plain_text.sentences(reply)}
    return web.Response(body=to_json(answer), content_type="application/json", charset="utf-8")


async def end_old_rights(db: Database, admin_token: str, secret: bytes, now_ms: int) -> None:
    """Keys to run a market that were given to who came by the admin link of the room end with that link: when the room
    starts with another token. Kept of it are two bytes of a hash: nobody can guess it by them."""
    mark = hmac.new(secret, b"whose admins are known\0" + admin_token.encode(), sha256).hexdigest()[:4]
    async with db.writing() as uow:
        before = await uow.key_values.get(_MARK)
        if before == mark:
            return
        if before is not None:
            for key in await uow.keys.to_run_from(NAME):
                await uow.keys.revoke(key, now_ms)
        await uow.key_values.put(_MARK, mark)
        await uow.commit()


_MARK = "room:admin link"
