"""Progress is one line that is written over, and nothing at all where nobody sees a terminal."""

from __future__ import annotations

from io import StringIO

import pytest

from bot.cli.progress import ProgressLine, bar


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """The lines as a terminal shows them: a carriage return goes back to the first column."""
        lines = []
        for line in self.getvalue().split("\n"):
            cells: list[str] = []
            for text in line.split("\r"):
                cells[: len(text)] = text
            lines.append("".join(cells).rstrip())
        return lines


def test_a_shorter_text_hides_a_longer_one() -> None:
    terminal = Terminal()
    line = ProgressLine(terminal)
    line.show("market 1: tick 100")
    line.show("market 2: tick 1")
    assert terminal.screen() == ["market 2: tick 1"]


def test_what_is_printed_after_a_kept_line_stands_below_it_and_after_a_cleared_one_in_its_place() -> None:
    terminal = Terminal()
    line = ProgressLine(terminal)
    line.show("half done")
    line.keep()
    line.show("all done, almost")
    line.clear()
    line.clear()
    print("the end", file=terminal)
    assert terminal.screen() == ["half done", "the end", ""]


@pytest.mark.parametrize(("out", "quiet"), [(StringIO(), False), (Terminal(), True)])
def test_without_a_terminal_and_for_a_quiet_command_nothing_is_written(out: StringIO, quiet: bool) -> None:
    line = ProgressLine(out, quiet=quiet)
    line.show("half done")
    line.keep()
    line.clear()
    assert not line.visible
    assert out.getvalue() == ""


def test_a_line_is_not_written_more_often_than_it_may_be() -> None:
    now, terminal = [1.0], Terminal()
    line = ProgressLine(terminal, every_s=0.25, clock=lambda: now[0])
    for text, after_s in (("first", 0.0), ("too soon", 0.125), ("in time", 0.125)):
        now[0] += after_s
        line.show(text)
    assert "too soon" not in terminal.getvalue()
    assert terminal.screen() == ["in time"]


@pytest.mark.parametrize(("share", "filled"), [(0, 0), (0.25, 7), (0.5, 14), (1, 28)])
def test_a_bar_is_as_full_as_the_work_is_done(share: float, filled: int) -> None:
    assert bar(share) == f"[{'#' * filled}{'.' * (28 - filled)}]"
