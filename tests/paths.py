"""Where things are in the checkout that is tested."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
EXAMPLE_EVENT = ROOT / "bot" / "scenarios" / "example.toml"
