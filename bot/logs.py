"""Log lines on standard error, as text or JSON; a secret that is known never gets into one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from typing import TextIO


class _Redacting(logging.Formatter):
    def __init__(self, form: str, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.form = form
        self.secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
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
        return text


def configure(
    form: str, *, secrets: Sequence[str] = (), level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send everything to `stream` (standard error) in one form: `text` or `json`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Redacting(form, secrets))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("apscheduler", "aiohttp.access", "alembic", "httpx", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
