"""Log lines on standard error, as text or JSON; a secret that is known never gets into one, however it is spelled."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO
from urllib.parse import quote, quote_plus

from storage.keys import PREFIX

_KEY = re.compile(PREFIX + r"[\w-]{40,}")  # a program's: whoever's it is
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what makes a terminal do something; lines and tabs stay


def spellings(secret: str) -> set[str]:
    """A secret as it stands in a text, an address, a form, JSON, or what Python shows of texts and bytes."""
    shown = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    shown |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    shown |= {repr(secret)[1:-1], repr(secret.encode())[2:-1]}
    return shown | {json.dumps(spelling, ensure_ascii=False)[1:-1] for spelling in shown}


class _Redacting(logging.Formatter):
    def __init__(self, form: str, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.form = form
        every = {spelled for secret in secrets if secret for spelled in spellings(secret)}
        self.secrets = sorted(every, key=len, reverse=True)  # a longer spelling may hold a shorter one

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).replace("\n", "\n    ")  # a line of its own is a record of its own
        if self.form == "json":
            fields = {
                "ts_ms": int(record.created * 1000),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
            }
            if record.exc_info:
                fields["exception"] = self.formatException(record.exc_info)
            text = json.dumps(fields, ensure_ascii=False)
        for secret in self.secrets:
            text = text.replace(secret, "[secret]")
        text = _KEY.sub("[secret]", text)
        return _CONTROL.sub("", text)


def configure(
    form: str, *, secrets: Sequence[str] = (), level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send everything to `stream` (standard error) in one form: `text` or `json`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Redacting(form, secrets))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("apscheduler", "aiohttp.access", "alembic", "httpx", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
