"""`outcry prove` and `outcry check`: an order proved without the database, heads held against each other."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.__main__ import main
from storage.database import Database
from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import SigningKey
from storage.proofs.proof_files import InclusionProof
from storage.proofs.repository import secret_of
from storage.proofs.tree import leaf_hash
from tests.bot.cli.test_verify import eliminated
from tests.bot.harness import ADMIN, chat_harness, running
from tests.storage.proofs import second


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A market with an elimination and an end. `posts` are what stands in the chat."""

    url: str
    posts: tuple[str, ...]
    signer: SigningKey

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))


async def _played(folder: Path) -> Played:
    async with chat_harness(folder) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes $50")
        await harness.tick()
        await harness.confirmed("bob", "/buy germany yes 10 limit 20c")
        await eliminated(harness)
        await harness.confirmed("bob", "/buy #3 no 5")
        await harness.tick()
        shown = await harness.say(ADMIN, "/admin resolve germany")
        await harness.press(ADMIN, shown, "Confirm")
        await harness.tick()
        posts = [text for text in harness.platform.texts("post") if "signed head" in text]
        url = f"sqlite:///{harness.db.url.database}"
    db = Database.open(url)
    async with db.writing() as uow:
        secret = await secret_of(uow)
    await db.close()
    return Played(url=url, posts=tuple(posts), signer=secret.signing_key)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return asyncio.run(_played(tmp_path_factory.mktemp("proved")))


@pytest.fixture
def files(played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """In a folder with the two posts, `one.txt` and `two.txt`, as somebody copied them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///no-such.db")
    one, two = played.posts
    Path("one.txt").write_text("".join(f"> {row}\r\n" for row in one.splitlines()), encoding="utf-8", newline="")
    Path("two.txt").write_text(f"Outcry — today at 21:04\n```\n{two}\n```\n", encoding="utf-8")
    return played


def head(post: str) -> Checkpoint:
    signed = SignedCheckpoint.read_post(post)
    assert isinstance(signed, SignedCheckpoint)
    return signed.checkpoint


# -- an order


def test_an_order_is_proved_to_somebody_without_the_database(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "3", "--db", files.url, "--out", "order.tlog-proof"]) == 0
    assert Path("order.tlog-proof").stat().st_size < second.MOST_BYTES
    for key in ((), ("--key", files.signer.key.vkey), ("--key", files.signer.key.name)):
        capsys.readouterr()
        assert main(["check", "order.tlog-proof", *key]) == 0
        told = capsys.readouterr().out
        for words in (
            "Holds: order 3 of account 2, accepted", "buy", "YES of Germany (outcome 1) for at most $50.00.",
            "names nobody", "it was filled", "on average, $50.01 paid", "gas $0.01)", "in the history of market 1",
        ):  # fmt: skip
            assert words in told, (words, told)
        assert ("signed by the key you gave" if key else "Anybody can have a key: compare this one") in told
        assert files.signer.key.name in told


def test_a_proof_goes_to_standard_output_and_of_a_fill_too(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "3", "--fill", "1", "--db", files.url]) == 0
    Path("fill.tlog-proof").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["check", "fill.tlog-proof"]) == 0
    told = capsys.readouterr().out
    assert "account 2 bought" in told
    assert "YES of outcome 1 from the house at" in told
    assert "It is fill 1, of order 3." in told


def test_a_changed_proof_and_one_held_against_another_key_fail(
    files: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", "3", "--db", files.url, "--out", "order.tlog-proof"]) == 0
    text = Path("order.tlog-proof").read_text(encoding="utf-8")
    Path("changed").write_text(text.replace("index ", "index 1"), encoding="utf-8")
    assert main(["check", "changed"]) == 1
    assert "not in the history that was signed" in capsys.readouterr().out
    Path("changed").write_bytes(text.encode().replace(b"\n", b"\r\n"))
    assert main(["check", "changed"]) == 1
    assert "this is no proof file" in capsys.readouterr().out
    stranger = SigningKey.of_seed(bytes(32)).key
    assert main(["check", "order.tlog-proof", "--key", stranger.vkey]) == 1
    assert "has not signed it" in capsys.readouterr().out


def test_what_a_stranger_signed_cannot_steer_a_terminal(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    """Anybody can sign anything by a key of their own."""
    stranger = SigningKey.of_seed(bytes(32))
    leaf = b'{"kind":"\\u001b[2J","market":1,"row":{"x":"\\u001b[31m\\n"},"tick":1,"ts_ms":1}'
    signed = Checkpoint.of_market(stranger.key, 1, 1, leaf_hash(leaf)).signed(stranger)
    Path("forged").write_text(InclusionProof(leaf=leaf, index=0, path=(), checkpoint=signed).write(), encoding="utf-8")
    assert main(["check", "forged"]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert stranger.key.name in told
    for wrong in (b"[]", b"{}", b"\xff", leaf.replace(b'"market":1', b'"market":2'), leaf.replace(b':1}', b":1e9}"),
                  leaf.replace(b"\\u001b[2J", b"order")):  # fmt: skip
        signed = Checkpoint.of_market(stranger.key, 1, 1, leaf_hash(wrong)).signed(stranger)
        text = InclusionProof(leaf=wrong, index=0, path=(), checkpoint=signed).write()
        Path("forged").write_text(text, encoding="utf-8")
        assert main(["check", "forged"]) == 1, wrong
        assert "nothing a market writes" in capsys.readouterr().out


# -- two heads


def test_posted_heads_join_whichever_comes_first(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "one.txt", "two.txt", "--db", files.url, "--out", "joined"]) == 0
    for pair in (("one.txt", "two.txt"), ("two.txt", "one.txt")):
        assert main(["check", *pair, "joined", "--key", files.signer.key.vkey]) == 0
        assert "Holds: the history of market 1 with" in capsys.readouterr().out
    assert main(["check", "one.txt", "one.txt"]) == 0
    assert "both are the same head" in capsys.readouterr().out
    assert main(["check", "one.txt", "two.txt"]) == 2
    assert "outcry prove HEAD HEAD" in capsys.readouterr().out
    assert main(["check", "two.txt"]) == 2
    assert "By itself it proves nothing yet." in capsys.readouterr().out


def forged(played: Played) -> Mapping[str, tuple[str, int, str]]:
    """By name: a head that stands for the second post, the exit code, what is said."""
    last, signer = head(played.posts[1]), played.signer
    first, stranger = head(played.posts[0]), SigningKey.of_seed(bytes(32))
    changed = played.posts[1].replace(f"\n`{last.size}`\n", f"\n`{last.size + 1}`\n")
    return {
        "another root of one size": (replace(first, root=last.root).signed(signer), 1, "Convicts: market 1 has two"),
        "another root later": (replace(last, root=first.root).signed(signer), 1, "does not join these heads"),
        "another size": (replace(last, size=last.size + 1).signed(signer), 1, "does not join these heads"),
        "another market": (replace(last, origin=f"{last.origin}0").signed(signer), 2, "heads of two markets, 1 and 10"),
        "another key": (
            Checkpoint.of_market(stranger.key, 1, last.size, last.root).signed(stranger), 1, "two keys have signed",
        ),
        "a changed post": (changed, 1, "signature of something else"),
        "no post": ("See you at the final!", 2, "holds no signed head"),
    }  # fmt: skip


@pytest.mark.parametrize("name", [
    "another root of one size", "another root later", "another size", "another market", "another key", "a changed post",
    "no post",
])  # fmt: skip
def test_a_history_is_convicted_by_what_it_posted(name: str, files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "one.txt", "two.txt", "--db", files.url, "--out", "joined"]) == 0
    text, code, told = forged(files)[name]
    Path("other.txt").write_text(text, encoding="utf-8")
    assert main(["check", "one.txt", "other.txt", "joined"]) == code
    said = capsys.readouterr()
    assert told in said.out + said.err


# -- what cannot be


def test_every_ending_of_prove_has_its_exit_code(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    last = head(files.posts[1])
    Path("forked.txt").write_text(replace(last, root=bytes(32)).signed(files.signer), encoding="utf-8")
    stranger = SigningKey.of_seed(bytes(32))
    Path("strange.txt").write_text(
        Checkpoint.of_market(stranger.key, 1, 5, bytes(32)).signed(stranger), encoding="utf-8"
    )
    Path("nonsense.txt").write_text("not a database, whatever else it may be\n" * 50, encoding="utf-8")
    endings: tuple[tuple[list[str], int, str], ...] = (
        (["99"], 2, "There is no order 99 in market 1."),
        (["3", "--fill", "99"], 2, "There is no fill 99 in market 1."),
        (["3", "--market", "9"], 2, "There is no market 9"),
        (["first"], 2, "outcry prove takes an order's number"),
        (["3", "--out", "/nowhere/at/all"], 2, "cannot be written"),
        (["one.txt", "gone.txt"], 3, "gone.txt cannot be read"),
        (["one.txt", "nonsense.txt"], 2, "holds no signed head"),
        (["one.txt", "forked.txt"], 1, "Convicts: this database's own key"),
        (["one.txt", "strange.txt"], 2, "signed by another key"),
        (["3", "--db", "sqlite:///nowhere.db"], 3, "no database at nowhere.db"),
        (["3", "--db", "sqlite:///nonsense.txt"], 3, "cannot be read"),
    )
    for words, code, told in endings:
        assert main(["prove", "--db", files.url, *words]) == code, words
        said = capsys.readouterr()
        assert told in said.err, (words, said)
        assert not said.out
    for words in (["check", "gone"], ["check", "one.txt", "gone"], ["check", "one.txt", "two.txt", "gone"]):
        assert main(words) == 3
        assert "gone cannot be read" in capsys.readouterr().err
    assert main(["check", "one.txt"]) == 2
    alone = capsys.readouterr().out
    for part in ("a posted head, of market 1 with ", " entries.", "Give a second head", files.signer.key.name):
        assert part in alone, alone
    assert main(["check", "one.txt", "--key", "nonsense"]) == 2
    assert "--key takes a key" in capsys.readouterr().err
    for words in (["prove", "1", "2", "3"], ["check", "1", "2", "3", "4"], ["prove"], ["check"]):
        with pytest.raises(SystemExit) as usage:
            main(words)
        assert usage.value.code == 2


def test_an_order_that_was_changed_has_no_proof(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copyfile(files.path, "copy.db")
    with closing(sqlite3.connect("copy.db")) as db:
        db.execute("update orders set user = 1 where number = 3")
        db.execute("update orders set turn = null where number = 4")
        db.commit()
    assert main(["prove", "3", "--db", "sqlite:///copy.db"]) == 1
    assert "outcry verify names the row" in capsys.readouterr().err
    assert main(["prove", "4", "--db", "sqlite:///copy.db"]) == 2
    assert "before this bot wrote proofs" in capsys.readouterr().err


def test_verify_takes_a_posted_head(files: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--db", files.url, "--head", "two.txt"]) == 0
    out = capsys.readouterr().out
    posted = head(files.posts[1])
    assert f"The posted head was found, at tick 5: its third line, {b64encode(posted.root).decode()}, is " in out
    assert posted.root.hex() in out
    Path("forged.txt").write_text(replace(head(files.posts[1]), root=bytes(32)).signed(files.signer), encoding="utf-8")
    assert main(["verify", "--db", files.url, "--head", "forged.txt"]) == 1
    assert "not in the chain" in capsys.readouterr().out
