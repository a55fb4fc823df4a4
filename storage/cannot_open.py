"""Why a database cannot be opened or used, in one sentence for whoever started this: nobody is shown a traceback for
what a wrong address, a full disk or a server that is down brings about."""

from __future__ import annotations


class CannotOpenError(Exception):
    """The text is one sentence: what is wrong, and what to do."""
