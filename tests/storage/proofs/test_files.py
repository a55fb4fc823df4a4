"""Signed notes, checkpoints and proof files: what C2SP's texts and tools have, what is refused, what a chat may do to a
post."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import Key, Note, Problem, SigningKey, from_base64
from storage.proofs.proof_files import ConsistencyProof, InclusionProof
from storage.proofs.tiles import Tiles
from storage.proofs.tree import consistency_path, inclusion_path, leaf_hash, tree_root
from tests.storage.proofs import second

# the example of Go's golang.org/x/mod/sumdb/note
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNED = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNED}\n"

SIGNER = SigningKey.of_seed(bytes(range(32)))
STRANGER = SigningKey.of_seed(bytes(range(1, 33)))
LEAVES = tuple(f'{{"kind":"order","number":{number}}}'.encode() for number in range(37))
MARKET, INDEX = 3, 17


def tree() -> Tiles:
    tiles = Tiles()
    tiles.append([leaf_hash(leaf) for leaf in LEAVES])
    return tiles


def head(size: int = len(LEAVES), signer: SigningKey = SIGNER, market: int = MARKET) -> str:
    root = tree_root(size, tree().node)
    return Checkpoint.of_market(signer.key, market, size, root).signed(signer)


def proof() -> InclusionProof:
    path = tuple(inclusion_path(INDEX, len(LEAVES), tree().node))
    return InclusionProof(leaf=LEAVES[INDEX], index=INDEX, path=path, checkpoint=head())


# -- notes


def test_a_note_of_gos_tools_is_read_and_signed_alike() -> None:
    key = Key.of_vkey(GO_KEY)
    assert key is not None
    assert (key.name, key.id.hex(), key.vkey) == ("PeterNeumann", "c74f20a3", GO_KEY)
    note = Note.read(GO_NOTE)
    assert isinstance(note, Note)
    assert (note.text, note.check(key)) == (GO_TEXT, None)
    assert SigningKey(key=key, seed=GO_SEED).sign(GO_TEXT) == GO_NOTE


def test_a_note_is_signed_as_a_second_implementation_checks_it() -> None:
    note = SIGNER.sign("any\n\ntext\n")
    assert second.signed_by(note, SIGNER.key.vkey)
    assert not second.signed_by(note.replace("any", "other"), SIGNER.key.vkey)
    assert not second.signed_by(note, STRANGER.key.vkey)


def test_a_signature_of_somebody_else_is_passed_over_and_a_wrong_one_is_not() -> None:
    note, strange = SIGNER.sign("text\n"), STRANGER.sign("text\n")
    both = Note.read(note + strange.partition("\n\n")[2])
    assert isinstance(both, Note)
    assert (both.check(SIGNER.key), both.check(STRANGER.key)) == (None, None)
    alone = Note.read(strange)
    assert isinstance(alone, Note)
    assert alone.check(SIGNER.key) is Problem.NO_SIGNATURE
    assert replace(both, text="another\n").check(SIGNER.key) is Problem.WRONG_SIGNATURE


NO_NOTES = [
    "", "\n", "text\n", "text\n\n", GO_NOTE[:-1], GO_NOTE.replace("— ", "- "), GO_NOTE.replace("\n\n", "\n"),
    GO_NOTE.replace("\n", "\r\n"), GO_NOTE.replace("PeterNeumann", "Peter Neumann"), GO_NOTE.replace("M=", "M"),
    GO_NOTE.replace("M=", "N="), f"{GO_NOTE}\n", f"{GO_TEXT}\n— Peter AAAA\n", GO_NOTE + "— Peter+N AAAAAAA=\n",
    f"{GO_TEXT}\n" + "— a AAAAAAA=\n" * 17,
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NOTES)
def test_what_is_no_note_is_refused(text: str) -> None:
    assert Note.read(text) is Problem.NOT_A_NOTE


NO_KEYS = ["", "a", "a+b", GO_KEY[:-1], GO_KEY.replace("c7", "c8"), GO_KEY.replace("+AR", "+BB"), f"x {GO_KEY}"]


@pytest.mark.parametrize("vkey", NO_KEYS)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    assert Key.of_vkey(vkey) is None


def test_a_key_is_named_for_itself_and_a_name_of_another_spelling_names_none() -> None:
    key = SIGNER.key
    assert Key.of_name(key.name) == key
    assert Key.of_vkey(key.vkey) == key
    for name in ("", "outcry/", "PeterNeumann", f"{key.name}A", key.name[:-1], f"{key.name}=", key.name.upper(), "ä"):
        assert Key.of_name(name) is None, name
    assert SIGNER.seed.hex() not in repr(SIGNER)
    assert repr(SIGNER.seed) not in repr(SIGNER)


# -- checkpoints


def test_a_checkpoint_has_the_three_lines_of_the_text() -> None:
    checkpoint = Checkpoint.of_market(SIGNER.key, MARKET, 20852163, bytes(32))
    assert checkpoint.text == f"{SIGNER.key.name}/3\n20852163\n{'A' * 43}=\n"
    assert Checkpoint.read(checkpoint.text) == checkpoint
    assert checkpoint.market == MARKET
    changed = [("2085", "02085"), ("A=", "B="), ("AAAA", ""), ("20852163", "-1"), ("/3", "/3\n")]
    wrong = [checkpoint.text.replace(old, new, 1) for old, new in changed]
    for text in ("", "a\n1\n", checkpoint.text + "more\n", "\n" + checkpoint.text, *wrong):
        assert Checkpoint.read(text) is Problem.NOT_A_CHECKPOINT, text


def test_a_head_is_checked_by_its_own_key_or_the_one_it_is_held_against() -> None:
    signed = SignedCheckpoint.read(head())
    assert isinstance(signed, SignedCheckpoint)
    assert (signed.key, signed.checkpoint.market, signed.checkpoint.size) == (SIGNER.key, MARKET, len(LEAVES))
    assert SignedCheckpoint.read(head(), SIGNER.key) == signed
    assert SignedCheckpoint.read(head(), STRANGER.key) is Problem.NO_SIGNATURE
    for change in (("37", "38"), ("/3\n", "/4\n")):
        assert SignedCheckpoint.read(head().replace(*change, 1)) is Problem.WRONG_SIGNATURE
    own_name = Checkpoint(origin="somebody.example/3", size=1, root=bytes(32)).signed(SIGNER)
    assert SignedCheckpoint.read(own_name) is Problem.NO_SIGNATURE
    assert SignedCheckpoint.read(own_name, SIGNER.key) is Problem.NO_SIGNATURE
    under_other = Checkpoint.of_market(STRANGER.key, MARKET, 1, bytes(32)).signed(SIGNER)
    assert SignedCheckpoint.read(under_other) is Problem.NO_SIGNATURE


def decorated(note: str) -> Iterator[str]:
    rows = note.splitlines()
    yield note
    yield note.replace("\n", "\r\n")
    yield "\n".join(f"{row}  \t" for row in rows)
    yield "\n".join(f"> {row}" for row in rows)
    yield "\n".join(f">>> {row}".rstrip() for row in rows)
    yield f"```\n{note}```"
    yield f"```text\n{note}\n```\nand more"
    yield "> ```\n" + "".join(f"> {row}\n" for row in rows) + "> ```"
    yield f"Outcry BOT — 21:04\n**Brazil is out.** 7-1.\nSigned head:\n\n{note}\n`outcry check` reads it.\n"
    yield "\n".join(row for row in rows if row)  # a chat that drops empty lines
    yield "\n\n\n".join(rows)
    yield "\n".join(f"`{row}`" for row in rows)
    yield "\ufeff" + note.replace("— ", "– ")
    yield note.replace("— ", "-- ")
    yield "    " + note.replace("\n", "\n    ")
    yield f"{head(5, STRANGER).replace('5', '6', 1)}\n{note}"  # an earlier one that is broken


@pytest.mark.parametrize("post", list(decorated(head())))
def test_a_post_is_read_as_it_was_pasted(post: str) -> None:
    read = SignedCheckpoint.read_post(post)
    assert isinstance(read, SignedCheckpoint)
    assert read.note == head()


def test_a_post_that_holds_no_sound_head_says_why() -> None:
    for post in ("", "nothing here", "a\nb\nc\nd", "\n" * 50, head()[:40], f"{SIGNER.key.name}/3\n37\n"):
        assert SignedCheckpoint.read_post(post) is Problem.NOT_A_CHECKPOINT, post
    assert SignedCheckpoint.read_post(f"> {head()}".replace("37", "38", 1)) is Problem.WRONG_SIGNATURE
    assert SignedCheckpoint.read_post(head(), STRANGER.key) is Problem.NO_SIGNATURE


# -- proofs


def test_a_proof_is_written_as_the_text_has_it_and_read_again() -> None:
    text = proof().write()
    rows = text.split("\n")
    assert rows[0] == "c2sp.org/tlog-proof@v1"
    assert rows[1] == f"extra {base64.b64encode(LEAVES[INDEX]).decode()}"
    assert rows[2] == "index 17"
    assert [base64.b64decode(row) for row in rows[3:9]] == second.path(INDEX, LEAVES)
    assert rows[9] == ""
    assert text.endswith(f"\n\n{head()}")
    assert InclusionProof.read(text) == proof()
    signed = proof().check()
    assert isinstance(signed, SignedCheckpoint)
    assert signed.checkpoint.root == second.root_by_path(LEAVES[INDEX], INDEX, len(LEAVES), proof().path)


def refused(raw: bytes) -> bool:
    """Whether a file is refused, as it is read from a disk."""
    try:
        read = InclusionProof.read(raw.decode())
    except UnicodeDecodeError:
        return True
    return isinstance(read, Problem) or isinstance(read.check(), Problem)


def test_every_flipped_bit_of_a_proof_is_refused() -> None:
    raw = proof().write().encode()
    assert not refused(raw)
    accepted = [
        (at, bit)
        for at in range(len(raw))
        for bit in range(8)
        if not refused(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
    ]
    assert not accepted, accepted


def test_a_proof_that_is_cut_or_lengthened_anywhere_is_refused() -> None:
    raw = proof().write().encode()
    assert not [at for at in range(len(raw)) if not refused(raw[:at])]
    assert not [at for at in range(1, len(raw)) if not refused(raw[at:])]
    for more in (b"\n", b" ", b"A", b"index 17\n", raw, b"\n" + raw):
        assert refused(raw + more), more
        assert refused(more + raw), more
    lines = raw.split(b"\n")
    for at in range(len(lines) - 1):
        assert refused(b"\n".join(lines[:at] + lines[at + 1 :])), lines[at]
        if not lines[at].startswith("—".encode()):  # one more signature is for a note to have
            assert refused(b"\n".join([*lines[: at + 1], *lines[at:]])), lines[at]


def test_a_proof_holds_for_its_own_leaf_tree_and_key_alone() -> None:
    sound = proof()
    other_size = replace(sound, checkpoint=head(36))
    other_leaf = replace(sound, leaf=LEAVES[18])
    for wrong in (
        other_size,
        other_leaf,
        replace(sound, index=16),
        replace(sound, index=37),
        replace(sound, path=sound.path[1:]),
    ):
        assert wrong.check() is Problem.WRONG_PATH
    assert sound.check(STRANGER.key) is Problem.NO_SIGNATURE
    foreign = replace(sound, checkpoint=head(signer=STRANGER))
    assert isinstance(foreign.check(), SignedCheckpoint), (
        "by its own key; whoever compares the key sees that it is another"
    )
    assert foreign.check(SIGNER.key) is Problem.NO_SIGNATURE


def joined(first: int, later: int) -> ConsistencyProof:
    return ConsistencyProof(old=first, path=tuple(consistency_path(first, later, tree().node)), checkpoint=head(later))


def checkpoint(note: str) -> Checkpoint:
    read = SignedCheckpoint.read(note)
    assert isinstance(read, SignedCheckpoint)
    return read.checkpoint


def test_a_consistency_proof_joins_its_own_two_heads_alone() -> None:
    text = joined(11, 37).write()
    assert text.startswith("old 11\n")
    assert ConsistencyProof.read(text) == joined(11, 37)
    assert joined(11, 37).check(checkpoint(head(11)), checkpoint(head(37))) is None
    forged = Checkpoint.of_market(SIGNER.key, MARKET, 11, bytes(32))
    elsewhere = (checkpoint(head(11, market=4)), checkpoint(head(37, market=4)))
    for earlier, later in ((forged, checkpoint(head(37))), (checkpoint(head(12)), checkpoint(head(37))), elsewhere,
                           (checkpoint(head(11)), checkpoint(head(36)))):  # fmt: skip
        assert joined(11, 37).check(earlier, later) is Problem.WRONG_PATH
    assert (
        replace(joined(11, 37), checkpoint=head(37).replace("37", "38")).check(forged, forged)
        is Problem.WRONG_SIGNATURE
    )


def test_what_is_no_proof_is_refused() -> None:
    for text in (
        "",
        "old 1",
        "old 01\n\n",
        "new 1\n\nx",
        "old 1\nAAAA\n\nx",
        joined(3, 9).write().replace("\n\n", "\n"),
    ):
        assert ConsistencyProof.read(text) is Problem.NOT_A_PROOF, text
    for text in ("", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n\n", proof().write().replace("@v1", "@v2")):
        assert InclusionProof.read(text) is Problem.NOT_A_PROOF, text
    assert from_base64("AB==") is None, "a second spelling of the same byte"
