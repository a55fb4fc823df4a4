"""Rate limits: a bucket a route and channel, 50 requests a second in all, and the ban for too many invalid requests."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass

from .clock import Clock
from .json_values import Json

GLOBAL_LIMIT, GLOBAL_WINDOW_MS = 50, 1_000
BAN_AFTER, BAN_WINDOW_MS = 10_000, 600_000

# route -> (name of the bucket, requests, milliseconds); all others share DEFAULT, each for itself
BUCKETS: dict[str, tuple[str, int, int]] = {
    "POST /channels/{channel}/messages": ("messages", 5, 5_000),
    "PATCH /channels/{channel}/messages/{message}": ("edits", 5, 5_000),
    "DELETE /channels/{channel}/messages/{message}": ("deletes", 5, 1_000),
    "PUT /channels/{channel}/messages/pins/{message}": ("pins", 5, 4_000),
    "DELETE /channels/{channel}/messages/pins/{message}": ("pins", 5, 4_000),
    "POST /channels/{channel}/threads": ("threads", 50, 300_000),
    "POST /channels/{channel}/messages/{message}/threads": ("threads", 50, 300_000),
    "POST /users/@me/channels": ("dms", 10, 60_000),
    "POST /webhooks/{application}/{token}": ("webhook", 5, 2_000),
    "PATCH /webhooks/{application}/{token}/messages/{message}": ("webhook edits", 5, 2_000),
}
DEFAULT = (50, 1_000)
# follow-ups of all interactions of one channel, ephemeral ones too: a limit of the resource, not of the bot
CHANNEL_WEBHOOKS, CHANNEL_WEBHOOKS_WINDOW_MS = 30, 60_000
# edits of messages older than an hour, together in one channel (code 30046; what is known of it is by observation)
OLD_EDITS, OLD_EDITS_WINDOW_MS, OLD_MS, OLD_EDITS_CODE = 3, 6_000, 3_600_000, 30046


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMany:
    """A 429 to be answered."""

    retry_after: float  # seconds of the wall clock
    scope: str
    headers: dict[str, str]
    code: int = 0

    @property
    def body(self) -> Json:
        told = "The resource is being rate limited." if self.scope == "shared" else "You are being rate limited."
        shown: Json = {"message": told, "retry_after": self.retry_after, "global": self.scope == "global"}
        return shown | {"code": self.code} if self.code else shown


class _Window:
    """A fixed window: it begins with its first request."""

    def __init__(self) -> None:
        self.began_ms = 0
        self.used = 0

    def take(self, now_ms: int, limit: int, window_ms: int) -> tuple[int, int]:
        """(remaining, ms until reset); remaining is -1 where it was too much."""
        if self.used == 0 or now_ms >= self.began_ms + window_ms:
            self.began_ms, self.used = now_ms, 0
        left = self.began_ms + window_ms - now_ms
        if self.used >= limit:
            return -1, left
        self.used += 1
        return limit - self.used, left


class Limits:
    """Off until `on`: then nobody is limited, but the headers are there and everything is counted."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.enforced = False
        self.global_limit = GLOBAL_LIMIT
        self.ban_after = BAN_AFTER
        self.banned = False
        self.invalid: deque[int] = deque()
        self._windows: dict[str, _Window] = defaultdict(_Window)
        self._global = _Window()
        self.buckets = dict(BUCKETS)

    def on(self, clock: Clock | None = None) -> None:
        """Enforce, by the peer's clock or one of its own (`Clock(speed=100)` hurries: 5 s are 50 ms)."""
        self.clock = clock or self.clock
        self.enforced = True
        self._windows.clear()
        self._global = _Window()

    def off(self) -> None:
        self.enforced = False

    def take(self, route: str, major: str, *, interaction: bool) -> tuple[dict[str, str], TooMany | None]:
        """Headers for the answer, and the refusal if it is one."""
        if not self.enforced:
            return self._headers(route, 1_000_000, 999_999, 1), None
        now = self.clock.now_ms
        if not interaction:
            remaining, left = self._global.take(now, self.global_limit, GLOBAL_WINDOW_MS)
            if remaining < 0:
                return {}, self.refusal(self.clock.wait_seconds(left), "global", {})
        if route.endswith("/callback"):
            return {}, None
        name, limit, window_ms = self.buckets.get(route, (route, *DEFAULT))
        remaining, left = self._windows[f"{name} {major}"].take(now, limit, window_ms)
        headers = self._headers(name, limit, max(remaining, 0), left)
        if remaining < 0:
            return headers, self.refusal(self.clock.wait_seconds(left), "user", headers)
        return headers, None

    def take_channel_webhook(self, channel_id: int) -> TooMany | None:
        return self._take_shared(f"channel webhooks {channel_id}", CHANNEL_WEBHOOKS, CHANNEL_WEBHOOKS_WINDOW_MS, 0)

    def take_edit(self, channel_id: int, age_ms: int) -> TooMany | None:
        """An edit of a message that is `age_ms` old."""
        if age_ms <= OLD_MS:
            return None
        return self._take_shared(f"old edits {channel_id}", OLD_EDITS, OLD_EDITS_WINDOW_MS, OLD_EDITS_CODE)

    def _take_shared(self, name: str, limit: int, window_ms: int, code: int) -> TooMany | None:
        if not self.enforced:
            return None
        remaining, left = self._windows[name].take(self.clock.now_ms, limit, window_ms)
        return self.refusal(self.clock.wait_seconds(left), "shared", {}, code) if remaining < 0 else None

    def refusal(self, retry_after: float, scope: str, headers: dict[str, str], code: int = 0) -> TooMany:
        more = {"Retry-After": str(int(retry_after) + 1), "X-RateLimit-Scope": scope}
        if scope == "global":
            more["X-RateLimit-Global"] = "true"
        return TooMany(retry_after=retry_after, scope=scope, headers=headers | more, code=code)

    def _headers(self, name: str, limit: int, remaining: int, left_ms: int) -> dict[str, str]:
        told = self.clock.wait_seconds(left_ms)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": f"{self.clock.now_ms / 1000 + told:.3f}",
            "X-RateLimit-Reset-After": f"{told:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:16],
        }

    def note(self, status: int, scope: str | None) -> None:
        """Count 401, 403 and 429 (not shared ones); too many in ten minutes are a ban."""
        if status not in {401, 403, 429} or scope == "shared":
            return
        now = self.clock.now_ms
        self.invalid.append(now)
        while self.invalid[0] <= now - BAN_WINDOW_MS:
            self.invalid.popleft()
        self.banned = self.banned or len(self.invalid) >= self.ban_after
