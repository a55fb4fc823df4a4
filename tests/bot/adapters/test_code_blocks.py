"""What is to be copied out of a chat comes out as it was put in: a signed head is read from what was rendered."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord.ui import TextDisplay

from bot.adapters.discord_chat.render import render as render_discord
from bot.adapters.room.render import block_to_json
from bot.adapters.telegram_chat.render import render as render_telegram
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.reply import Attachment, CodeBlock, Reply, line
from bot.words.audit import sealed
from storage.database import Database
from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import SigningKey
from tests.standins.telegram_peer.html_mode import parse_html

SIGNER = SigningKey.of_seed(bytes(range(32)))
HEAD = Checkpoint.of_market(SIGNER.key, 3, 20_852, bytes(range(32))).signed(SIGNER)
REPLY = Reply(head=line("Brazil is out."), blocks=(line("7-1."), sealed(HEAD)))


def read(text: str) -> str:
    signed = SignedCheckpoint.read_post(text)
    assert isinstance(signed, SignedCheckpoint), text
    return signed.note


def test_as_plain_text() -> None:
    text = plain_text.text(REPLY)
    assert read(text) == HEAD
    assert text.splitlines()[:2] == ["Brazil is out.", "7-1."]


@pytest.mark.parametrize("photos", [0, 1])
def test_on_telegram_a_head_can_be_read_from_a_caption_and_a_page(photos: int) -> None:
    """With a chart the text may follow it as a message of its own."""
    photo = Attachment(name="a.png", data=b"x", media_type="image/png")
    rendered = render_telegram(Reply(head=REPLY.head, blocks=REPLY.blocks, files=(photo,) * photos), 0)
    (page,) = [page for page in (rendered.caption, *rendered.pages) if page is not None and "blockquote" in page.html]
    assert read(page.plain) == HEAD
    assert read(parse_html(page.html).text) == HEAD


async def test_on_discord_a_head_can_be_read_from_its_small_print(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{tmp_path / 'buttons.db'}")
    await db.migrate()
    message = await render_discord(REPLY, Buttons(db, lambda: 0))
    await db.close()
    (text,) = [part.content for part in message.view.walk_children() if isinstance(part, TextDisplay)]
    assert read(text) == HEAD
    copied = text.replace("-# ", "").replace("`", "")  # as it is shown
    assert read(copied) == HEAD


def test_in_the_room_a_head_is_folded_and_a_key_is_its_own_block() -> None:
    assert block_to_json(sealed(HEAD))["t"] == "folded"
    assert block_to_json(CodeBlock(text=HEAD)) == {"t": "code", "text": HEAD}
