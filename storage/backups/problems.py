"""Why there is no backup, or nothing was brought back."""

from __future__ import annotations


class BackupError(Exception):
    """Nothing was changed; the text is a sentence or two for whoever asked."""
