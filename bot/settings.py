"""Settings, checked once at the start: the environment wins over `.env`, and all mistakes are told together.

A variable that only looks like one of ours is told too: a misspelt setting is silently the default otherwise.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DATABASE_SCHEMES = ("sqlite", "postgresql", "postgres")
OURS = "OUTCRY"  # every variable that begins so means us, in whatever case
OF_TESTS = "OUTCRY_REQUIRE"
ALIKE = 0.6  # how much of a name must be that of a setting to be taken for it misspelt (`difflib`)


@dataclass(frozen=True, slots=True)
class SettingsError:
    """A variable that cannot be used; `sentence` says what to put there and never repeats a secret."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    database_url: str = field(default="sqlite:///outcry.db", repr=False)  # may hold a password
    room: bool = True
    room_host: str = "127.0.0.1"
    room_port: int = 8080
    admin_token: str | None = field(default=None, repr=False)
    public_url: str | None = None  # https://host or https://host:port, as browsers send it in Origin
    trusted_proxies: tuple[Network, ...] = ()
    webhook_private: bool = False  # news may be sent into our own network, and by http
    api_key: str | None = field(default=None, repr=False)  # by which `outcry mcp` asks a room
    tick_ms: int | None = None  # None: each market's own batch_interval_ms
    log: str = "text"
    metrics_port: int | None = None  # None: no metrics
    discord_token: str | None = field(default=None, repr=False)
    discord_api_base: str | None = None
    discord_gateway: str | None = None
    discord_shard_ids: tuple[int, ...] = ()
    discord_shard_count: int | None = None
    telegram_token: str | None = field(default=None, repr=False)
    telegram_api_base: str | None = None
    telegram_file_base: str | None = None
    telegram_webhook_url: str | None = None
    telegram_webhook_listen: tuple[str, int] = ("127.0.0.1", 8081)
    telegram_webhook_secret: str | None = field(default=None, repr=False)

    def secrets(self) -> list[str]:
        """What no log line may hold."""
        tokens = (self.discord_token, self.telegram_token, self.telegram_webhook_secret)
        known = (self.admin_token, self.api_key, *tokens)
        return [secret for secret in (*known, *_passwords(self.database_url)) if secret]


def webhook_secret_of(token: str) -> str:
    """What only Telegram is told where TELEGRAM_WEBHOOK_SECRET is not set: all processes with this token come to the
    same, and from it nobody comes to the token."""
    return hmac.new(token.encode(), b"Outcry: the secret of Telegram's webhook", hashlib.sha256).hexdigest()


def _passwords(url: str) -> tuple[str, ...]:
    """The password in a database's address, as it stands there and as it is meant. An address may hold one in its query
    too."""
    _, _, rest = url.partition("://")
    before, at, _ = rest.partition("?")[0].rpartition("@")
    passwords = [before.partition(":")[2]] if at else []
    passwords += re.findall(r"[?&]password=([^&]+)", url)
    return tuple(dict.fromkeys(spelled for password in passwords for spelled in (password, unquote(password))))


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


def _tick(text: str) -> int:
    tick = int(text)
    if not 100 <= tick <= 600_000:
        raise ValueError
    return tick


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError
        return text.lower()

    return parse


def _database(text: str) -> str:
    if text.split(":", 1)[0].split("+", 1)[0] not in DATABASE_SCHEMES:
        raise ValueError
    return text


def _token(text: str) -> str:
    if len(text) < 16:
        raise ValueError
    return text


def _address(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        scheme, _, rest = text.partition("://")
        if scheme not in schemes or not rest.strip("/"):
            raise ValueError
        return text

    return parse


def _public(text: str) -> str:
    """An https address without a path, as browsers spell an origin: in small letters, without the usual port."""
    address = urlsplit(text)
    if address.scheme != "https" or not address.hostname or address.username is not None:
        raise ValueError
    if address.path.strip("/") or address.query or address.fragment:
        raise ValueError
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname.encode("idna").decode("ascii")
    return f"https://{host}" if address.port in (None, 443) else f"https://{host}:{address.port}"


def _networks(text: str) -> tuple[Network, ...]:
    """`127.0.0.1, 10.0.0.0/8, ::1`."""
    return tuple(ipaddress.ip_network(part, strict=False) for part in text.replace(",", " ").split())


def _secret(text: str) -> str:
    if not text or any(sign.isspace() for sign in text):
        raise ValueError
    return text


def _shards(text: str) -> tuple[int, ...]:
    """`0,1,2` or `0-2`."""
    shards: set[int] = set()
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        shards.update(range(int(low), int(high or low) + 1))
    if not shards or min(shards) < 0 or max(shards) > 100_000:
        raise ValueError
    return tuple(sorted(shards))


def _count(text: str) -> int:
    if not 1 <= int(text) <= 100_000:
        raise ValueError
    return int(text)


def _base(tail: str) -> Callable[[str], str]:
    """An address of the web with that end, before which a token comes."""

    def parse(text: str) -> str:
        address = _address("http", "https")(text).rstrip("/")
        if not address.endswith(tail):
            raise ValueError
        return address

    return parse


def _listen(text: str) -> tuple[str, int]:
    """`127.0.0.1:8081`."""
    host, _, port = text.rpartition(":")
    if not host:
        raise ValueError
    return host.strip("[]"), _port(port)


def _webhook_secret(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", text):
        raise ValueError
    return text


# variable -> (field, how it is read, what to say when it cannot be)
VARIABLES: Mapping[str, tuple[str, Callable[[str], object], str]] = {
    "DATABASE_URL": (
        "database_url",
        _database,
        "must be like sqlite:///outcry.db or postgresql://user:password@host/name",
    ),
    "OUTCRY_ROOM": ("room", lambda text: _choice("on", "off")(text) == "on", "must be on or off"),
    "OUTCRY_ROOM_HOST": ("room_host", str, "must be an address of this machine, for example 127.0.0.1"),
    "OUTCRY_ROOM_PORT": ("room_port", _port, "must be a port from 0 to 65535 (0: any free one)"),
    "OUTCRY_ADMIN_TOKEN": ("admin_token", _token, "must have at least 16 characters; leave it out to get one made"),
    "OUTCRY_PUBLIC_URL": (
        "public_url",
        _public,
        "must be the https address under which a proxy serves the room, without a path, like https://outcry.example.org",
    ),
    "OUTCRY_TRUSTED_PROXIES": (
        "trusted_proxies",
        _networks,
        "must be addresses or networks, for example 127.0.0.1 or 10.0.0.0/8, ::1",
    ),
    "OUTCRY_WEBHOOK_PRIVATE": (
        "webhook_private",
        lambda text: _choice("on", "off")(text) == "on",
        "must be on or off",
    ),
    "OUTCRY_API_KEY": ("api_key", _secret, "must be a key as /apikey gave it, nothing else"),
    "OUTCRY_TICK_MS": ("tick_ms", _tick, "must be whole milliseconds from 100 to 600000"),
    "OUTCRY_LOG": ("log", _choice("text", "json"), "must be text or json"),
    "OUTCRY_METRICS_PORT": ("metrics_port", _port, "must be a port from 0 to 65535 (0: any free one), or empty: off"),
    "DISCORD_TOKEN": ("discord_token", _secret, "must be the bot's token from the developer portal, nothing else"),
    "DISCORD_API_BASE": ("discord_api_base", _address("http", "https"), "must be like https://discord.com/api/v10"),
    "DISCORD_GATEWAY_URL": ("discord_gateway", _address("ws", "wss"), "must be like wss://gateway.discord.gg"),
    "DISCORD_SHARD_COUNT": ("discord_shard_count", _count, "must be a whole number from 1 on"),
    "DISCORD_SHARD_IDS": ("discord_shard_ids", _shards, "must be like 0,1,2 or 0-2, with DISCORD_SHARD_COUNT"),
    "TELEGRAM_TOKEN": ("telegram_token", _secret, "must be the bot's token from @BotFather, nothing else"),
    "TELEGRAM_API_BASE": ("telegram_api_base", _base("/bot"), "must be like https://api.telegram.org/bot"),
    "TELEGRAM_FILE_BASE": (
        "telegram_file_base",
        _base("/file/bot"),
        "must be like https://api.telegram.org/file/bot",
    ),
    "TELEGRAM_WEBHOOK_URL": (
        "telegram_webhook_url",
        _address("http", "https"),
        "must be the public address Telegram delivers to, for example https://bot.example.org/telegram",
    ),
    "TELEGRAM_WEBHOOK_LISTEN": ("telegram_webhook_listen", _listen, "must be like 127.0.0.1:8081"),
    "TELEGRAM_WEBHOOK_SECRET": (
        "telegram_webhook_secret",
        _webhook_secret,
        "must have 16 to 256 letters, digits, _ or -; leave it out to get one made",
    ),
}


def load(environment: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Settings | list[SettingsError]:
    """Read the settings. An empty value means the default."""
    kept = _kept_in(dotenv)
    if isinstance(kept, SettingsError):
        return [kept]
    values = {name: value for name, value in kept.items() if value}
    values.update({name: environment[name] for name in VARIABLES if environment.get(name)})
    fields: dict[str, Any] = {}  # each parser returns its field's type
    errors = []
    for name, (target, parse, sentence) in VARIABLES.items():
        if name in values:
            try:
                fields[target] = parse(str(values[name]).strip())
            except ValueError:
                errors.append(SettingsError(name, f"{name} {sentence}."))
    return errors or replace(Settings(), **fields)


def unknown(environment: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> list[str]:
    """A sentence for each variable that means us and is no setting, with the one it may have been meant for; never with
    its value, which may be a secret."""
    kept = _kept_in(dotenv)
    in_file = {} if isinstance(kept, SettingsError) else kept
    names = dict.fromkeys(sorted(environment), "") | dict.fromkeys(in_file, f" in {dotenv}")
    return [_ignored(name, where) for name, where in names.items() if _means_us(name)]


def _kept_in(dotenv: Path) -> Mapping[str, str | None] | SettingsError:
    """What the file says, as far as it can be read."""
    try:
        return dotenv_values(dotenv) if dotenv.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return SettingsError(str(dotenv), f"{dotenv} cannot be read ({why}): mend it or take it away.")


def _means_us(name: str) -> bool:
    return name.upper().startswith(OURS) and name not in VARIABLES and name != OF_TESTS


def _ignored(name: str, where: str) -> str:
    """One sentence. A name may hold anything but `=`: a terminal is shown letters only."""
    settings = {setting.removeprefix(f"{OURS}_"): setting for setting in VARIABLES}
    meant = name.upper().removeprefix(OURS).removeprefix("_")
    alike = difflib.get_close_matches(meant, settings, n=1, cutoff=ALIKE)
    shown = re.sub(r"\W", "?", name, flags=re.ASCII)[:64]
    hint = f" Did you mean {settings[alike[0]]}?" if alike else " .env.example lists the settings there are."
    return f"{shown}{where} is no setting of Outcry and is ignored.{hint}"
