"""What every request passes first: no foreign host name, no foreign page, no large body; and what all answers carry.

Who is at the other end: a random token in a cookie names a person, another cookie that they came by the admin link.

Storage knows the token's SHA-256 only, as the person's id on the platform `room`: a copy of the database opens no
session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.adapters.client_address import client_address, network_of
from bot.adapters.room import NAME, request_body
from bot.adapters.room.limits import CODES, RefusalError, too_often
from bot.chat import plain_text, shared_limits
from bot.chat.rights import Standing
from bot.chat.shared_limits import Tried
from bot.settings import Network
from bot.words import room as words
from bot.words import usage as words_usage
from storage.clock import SystemClock
from storage.database import Database
from storage.keys import Key
from storage.records import Identity, Person
from storage.sessions import ROOM, SessionRow
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

LARGEST_BODY = 32 * 1024
RETRY_S = 2
SENTENCE = web.ResponseKey("sentence", str)  # of a response: why nothing was done
CHALLENGE = 'Bearer realm="Outcry"'
READING = frozenset({"GET", "HEAD"})  # methods that change nothing
SHORTEST_OWN = 16  # of a request's id: the page makes twice as many signs, at random


def content_policy(*, parents: str = "'none'", images: str = "'self'") -> str:
    """What a page of ours may load and run; `parents` may frame it."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
        f"form-action 'none'; base-uri 'none'; frame-ancestors {parents}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


HEADERS = {
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def is_own_host(host: str, names: Collection[str]) -> bool:
    """Whether a Host header may be ours. A page that rebinds its own name to this machine still sends that name: only
    addresses, `localhost` and the configured names pass."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # not a host at all
        return False
    if name in {"localhost", *names}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_page(request: web.Request, public_url: str | None = None) -> bool:
    """Whether a post comes from a page of ours: browsers name the sending page's origin with every post. Where the room
    has an address of its own, the page is there and nowhere else, whatever Host a proxy passes on."""
    origin = request.headers.get("Origin", "")
    if public_url is not None:
        return origin == public_url
    try:
        return bool(origin) and urlsplit(origin).netloc == request.headers.get("Host", "")
    except ValueError:  # no address at all
        return False


def network(request: web.Request, trusted: Sequence[Network]) -> str:
    """Where a request comes from, by proxies that are `trusted`: an address, of IPv6 the network."""
    return network_of(client_address(request.remote or "", request.headers.getall("X-Forwarded-For", ()), trusted))


def middleware(names: Collection[str], public_url: str | None = None) -> Middleware:
    """Checks every request, and answers every failure with one sentence."""
    public_host = urlsplit(public_url).hostname if public_url is not None else None
    own = {*names, public_host} if public_host else names

    @web.middleware
    async def check_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not is_own_host(request.headers.get("Host", ""), own):
                raise RefusalError(421, words.wrong_host(public_url))
            if request.method not in READING and request.match_info.http_exception is None:
                if "Authorization" not in request.headers and not is_own_page(request, public_url):
                    raise RefusalError(403, words.foreign_page(public_url), code="foreign_page")
                if request.method == "POST" and request.content_type != "application/json":
                    raise RefusalError(415, words.not_json())
            return await handler(request)
        except RefusalError as refusal:
            return refusal_response(refusal)
        except web.HTTPRequestEntityTooLarge:
            return error_response(413, words.too_large())
        except web.HTTPMethodNotAllowed as problem:
            response = error_response(405, words.no_such_page())
            response.headers["Allow"] = problem.headers["Allow"]
            return response
        except web.HTTPException as problem:
            if problem.status < 400:
                raise
            of_api = "/api/v1/" in request.path
            return error_response(problem.status, words.no_such_resource() if of_api else words.no_such_page())
        except ConnectionError:  # nobody waits for an answer any more
            raise
        except TroubleError as error:
            return _trouble_response(error, is_retry=await request_body.says_retry(request))
        except Exception:
            log.exception("request to %s failed", request.path)
            return error_response(500, words.went_wrong())

    return check_request


def _trouble_response(error: TroubleError, *, is_retry: bool) -> web.Response:
    """Nobody has looked yet what became of a request that is sent again: its page is to ask until somebody has."""
    sentence = plain_text.text(words_usage.database_trouble(error, is_retry=is_retry))
    return error_response(503, sentence, RETRY_S) if is_retry else error_response(500, sentence)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For every answer, streams too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def error_response(status: int, sentence: str, retry_s: int | None = None, code: str = "") -> web.Response:
    """`error` for people, `code` for programs."""
    headers = {} if retry_s is None else {"Retry-After": str(retry_s)}
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    known = code or CODES.get(status, "refused")
    response = web.json_response({"error": sentence, "code": known}, status=status, headers=headers)
    response[SENTENCE] = sentence
    return response


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who opened an address in a browser reads why there is no page as a sentence."""
    response = await handler(request)
    if isinstance(response, web.Response) and SENTENCE in response and "text/html" in request.headers.get("Accept", ""):
        response.content_type, response.text = "text/plain", response[SENTENCE]
    return response


def refusal_response(refusal: RefusalError) -> web.Response:
    return error_response(refusal.status, refusal.sentence, refusal.retry_s, refusal.code)


TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One browser. `ext` is its person's id on the platform, "" before there is a session; `person` is None until they
    have a name. `whose` is what limits count by: a member's id, or the network a stranger comes from. `came_as`: who
    they are where they came from, and `chat` the chat they came from, by its number: None for who has no name but the
    room's own. `key`: by which a program came. `vouched`: what their platform says they are now in the chats it was
    asked about, by number; `unasked`: the platform, where one of them could not be asked about."""

    whose: str = ""
    token: str = ""
    ext: str = ""
    person: Person | None = None
    admin: bool = False
    came_as: Identity | None = None
    chat: int | None = None
    key: Key | None = None
    vouched: Mapping[int, Standing] = field(default_factory=dict)
    unasked: str | None = None


def whose(person: Person | None, network: str) -> str:
    """What limits count by."""
    return network if person is None else f"person {person.id}"


def new_token() -> str:
    return secrets.token_urlsafe(32)


def external_id(token: str) -> str:
    return hashlib.sha256(b"outcry room\0" + token.encode()).hexdigest()


def _bytes(given: str) -> bytes:
    """A header or cookie as it came, whatever bytes it was of."""
    return given.encode("utf-8", "surrogatepass")


class Sessions:
    """`clock` gives epoch milliseconds of market time, by which sessions from elsewhere run out."""

    def __init__(self, db: Database, admin_token: str, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._wall_ms = SystemClock().now_ms  # not the market's clock, which a demo hurries: windows of time are real
        self._admin_token = admin_token.encode()
        self._secret = b""

    def open(self, secret: bytes) -> None:
        """`secret`: what all processes of this room know, and nobody else."""
        self._secret = secret

    async def visitor(self, token: str, admin_cookie: str, network: str) -> Visitor:
        """Whose these cookies are. A malformed or unknown token is a stranger's, from that network, and never becomes
        anybody's: whoever put it into this browser would be them too. One by the admin link may come before a name."""
        if not TOKEN.fullmatch(token):
            return Visitor(whose=network)
        ext = external_id(token)
        person, session = await self._find(ext)
        admin = self._is_admin_cookie(token, admin_cookie)
        if person is None and not admin:
            return Visitor(whose=network)
        return Visitor(
            whose=whose(person, network),
            token=token,
            ext=ext,
            person=person,
            admin=admin,
            came_as=session.identity if session else None,
            chat=session.chat if session else None,
        )

    def token_of(self, network: str, request_id: str) -> str:
        """For a browser that has no cookie yet: the same whenever it asks again, whichever process it asks. The request
        is known to the browser alone, and kept nowhere as it came; one that is short enough to be somebody else's too
        gets another token each time."""
        if not self._secret:
            raise RuntimeError("the room is not open")
        if len(request_id) < SHORTEST_OWN:
            return new_token()
        asked = f"session\0{network}\0{request_id}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._secret, asked, "sha256")).decode().rstrip("=")

    def app_token(self, opened: str, request_id: str) -> str:
        """For a Mini App that Telegram has opened: the same for a request that comes again. `opened` is the signature
        of that one opening, which its page alone has."""
        if not self._secret:
            raise RuntimeError("the room is not open")
        asked = f"app\0{opened}\0{request_id}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._secret, asked, "sha256")).decode().rstrip("=")

    def token_for_link(self, code: str, request_id: str) -> str:
        """Of the session a link is made into: the same for the page that used it and asks again, whose answer was lost;
        nobody comes to it who has not both."""
        if not self._secret:
            raise RuntimeError("the room is not open")
        asked = f"link\0{code}\0{request_id}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._secret, asked, "sha256")).decode().rstrip("=")

    async def check_joins(self, whose: str, token: str) -> None:
        """RefusalError where too many have come from there, unless this is one of them who asks again."""
        async with self._db.reading() as uow:  # a flood waits for nobody's writing
            wait_ms = await shared_limits.wait(uow, Tried.JOIN, whose, self._wall_ms())
            if wait_ms > 0 and await uow.people.find(NAME, external_id(token)) is None:
                raise too_often(words.too_many_joins, wait_ms)

    async def hold_joins(self, uow: UnitOfWork, whose: str) -> None:
        """First in the unit in which somebody comes from there: nobody else from there does until it ends."""
        await uow.attempts.hold(Tried.JOIN, whose)

    async def count_join(self, uow: UnitOfWork, whose: str) -> None:
        """One more in that unit. RefusalError where too many have come."""
        wall_ms = self._wall_ms()
        wait_ms = await shared_limits.wait(uow, Tried.JOIN, whose, wall_ms)
        if wait_ms > 0:
            raise too_often(words.too_many_joins, wait_ms)
        await uow.attempts.add(Tried.JOIN, whose, wall_ms)

    async def is_admin_token(self, given: str, whose: str) -> bool:
        """Whether this is the admin link's token, which nobody's guesses keep out; a wrong one is counted, and
        RefusalError where there were too many."""
        if hmac.compare_digest(_bytes(given), self._admin_token):  # takes the same time whatever was given
            return True
        wall_ms = self._wall_ms()
        async with self._db.reading() as uow:  # a flood waits for nobody's writing
            wait_ms = await shared_limits.wait(uow, Tried.ADMIN_LINK, whose, wall_ms)
        if wait_ms > 0:
            raise too_often(words.too_many_guesses, wait_ms)
        async with self._db.writing() as uow:
            wait_ms = await shared_limits.turn(uow, Tried.ADMIN_LINK, whose, wall_ms)
            if wait_ms > 0:
                raise too_often(words.too_many_guesses, wait_ms)
            await uow.attempts.add(Tried.ADMIN_LINK, whose, wall_ms)
            await uow.commit()
        return False

    def admin_cookie(self, token: str) -> str:
        """What the admin cookie of this session holds: good for no other session and no other admin token."""
        return hmac.new(self._admin_token, b"admin of the room\0" + token.encode(), hashlib.sha256).hexdigest()

    def _is_admin_cookie(self, token: str, admin_cookie: str) -> bool:
        return hmac.compare_digest(_bytes(admin_cookie), self.admin_cookie(token).encode())

    async def _find(self, ext: str) -> tuple[Person | None, SessionRow | None]:
        """Asked anew each time: they may have been linked with another account, or forgotten, or signed out."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, ext)
            session = await uow.sessions.find(ext, self._clock()) if person is None else None
            if session is None or session.kind != ROOM:
                return person, None
            return await uow.people.get(session.identity.person), session
