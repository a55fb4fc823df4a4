"""Logs: one line a record, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot.logs import configure


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_known_secret_never_reaches_a_log(form: str) -> None:
    stream = io.StringIO()
    configure(form, secrets=["hush-hush-hush"], stream=stream)
    try:
        raise RuntimeError("token=hush-hush-hush")
    except RuntimeError:
        logging.getLogger("any").exception("opened /?admin=hush-hush-hush")
    assert "hush-hush-hush" not in stream.getvalue()
    assert stream.getvalue().count("[secret]") >= 2


def test_json_lines_are_one_object_each() -> None:
    stream = io.StringIO()
    configure("json", stream=stream)
    logging.getLogger("market").info('two\nlines and "quotes"')
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["message"] == 'two\nlines and "quotes"'
