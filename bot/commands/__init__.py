"""Every command there is, each declared once; adapters, help, completion and the tests are made from this tuple."""

from __future__ import annotations

from bot.command import Command

COMMANDS: tuple[Command, ...] = ()
