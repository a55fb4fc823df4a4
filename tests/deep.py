"""Whether as much is tried as one has time for, or the portion that fits a run of all tests."""

from __future__ import annotations

import os

DEEP = os.environ.get("OUTCRY_DEEP") == "1"
