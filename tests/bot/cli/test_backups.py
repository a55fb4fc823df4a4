"""`outcry backup`, `outcry restore`, and what `outcry check` says of a head from before, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.chat import plain_text
from storage.database import Database
from storage.proofs.proving import newest_head
from tests.bot.cli.test_database import carry_on, outcry
from tests.bot.harness import ADMIN, chat_harness, running


async def head(url: str, path: Path) -> str:
    db = Database.open(url, read_only=True)
    async with db.reading() as uow:
        note = await newest_head(uow, 1)
    await db.close()
    assert note is not None
    path.write_text(note, encoding="utf-8")  # noqa: ASYNC240
    return str(path)


async def test_the_drill_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Backed up, lost, restored; the chat is told once, and people trade on."""
    url = f"sqlite:///{tmp_path / 'play.db'}"
    kept, copy, old = tmp_path / "old.db", tmp_path / "copy.db", f"sqlite:///{tmp_path / 'old.db'}"
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await carry_on(harness)
        early = await head(url, tmp_path / "early")
        assert outcry("backup", str(copy), "--db", url) == 0
        await carry_on(harness)
        late = await head(url, tmp_path / "late")
    assert outcry("restore", str(copy), "--db", url) == 2
    assert "With --force the backup takes its place" in capsys.readouterr().err
    os.rename(tmp_path / "play.db", kept)
    assert outcry("restore", str(copy), "--db", url) == 0
    told = capsys.readouterr().out
    for words in ("Market 1 (Cup), running: up to tick", "is gone", "outcry verify"):
        assert words in told, (words, told)
    assert outcry("verify", "--db", url) == 0
    assert "Market 1 was restored from a backup" in capsys.readouterr().err
    assert outcry("verify", "--db", url, "--head", late) == 1
    assert "posted for what was lost then is not in its chain" in capsys.readouterr().err
    async with chat_harness(tmp_path) as harness:
        await harness.announcer.step()
        posts = [text for text in harness.platform.texts("post") if "restored from a backup" in text]
        assert len(posts) == 1
        assert "It stands as after tick" in posts[0]
        assert "as if it had never been" in posts[0]
        shown = plain_text.text(await harness.say(ADMIN, "/admin log"))
        assert "the bot · restore" in shown, shown
        shown = plain_text.text(await harness.say("ada", "/verify"))
        assert "It was restored from a backup" in shown, shown
        await carry_on(harness)
        await harness.announcer.step()
        assert len([text for text in harness.platform.texts("post") if "restored from a backup" in text]) == 1
    now, proof = await head(url, tmp_path / "now"), str(tmp_path / "proof")
    for heads, lost, code, said in (
        ((early, now), (), 0, "Holds: the history of market 1"),
        ((late, now), (), 2, "Restored: market 1 was restored from a backup"),
        ((late, now), ("--lost", old), 0, "was changed, taken out or put in"),
    ):
        assert outcry("prove", *heads, "--db", url, "--out", proof, *lost) == 0
        capsys.readouterr()
        assert outcry("check", *heads, proof) == code
        told = capsys.readouterr().out
        assert said in told
        assert "Convicts" not in told
    assert outcry("prove", early, late, "--db", url, "--out", proof) == 2
    assert "was restored from a backup since" in capsys.readouterr().err


async def test_a_folder_is_backed_up_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, folder = f"sqlite:///{tmp_path / 'play.db'}", tmp_path / "backups"
    async with chat_harness(tmp_path) as harness:
        await running(harness)
    assert outcry("backup", f"{folder}/", "--keep", "2", "--db", url) == 0
    (name,) = os.listdir(folder)
    assert f"{folder / name}: " in capsys.readouterr().out
    assert outcry("restore", str(folder / name), "--db", f"sqlite:///{tmp_path / 'again.db'}") == 0
    assert outcry("restore", str(folder), "--db", f"sqlite:///{tmp_path / 'third.db'}") == 2
    assert f"{folder} is a folder: name one of the backups in it." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        outcry("backup", str(folder), "--keep", "0", "--db", url)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no backup at copy.db"),
        (b"", "holds nothing"),
        (b"PGDMP and more", "pg_restore"),
        (b"any other file" * 100, "is no backup, or it is damaged"),
    ],
)
def test_what_is_no_backup_is_not_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes | None,
    said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("copy.db").write_bytes(content)
    before = sorted(os.listdir(tmp_path))
    assert outcry("restore", "copy.db", "--db", "sqlite:///play.db") == 2
    assert said in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == before
