"""Charts for a platform that shows pictures only as files: drawn before a message is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.chat.reply import Attachment, Block, Picture, Reply

Draw = Callable[[Picture], Awaitable[bytes | None]]  # PNG bytes; None where there is nothing to draw


async def drawn(reply: Reply, draw: Draw) -> Reply:
    """With its charts attached, in the order of the pictures in it; one that cannot be drawn is left out."""
    files: list[Attachment] = []
    blocks: list[Block] = []
    for block in reply.blocks:
        if isinstance(block, Picture):
            data = await draw(block)
            if data is None:
                continue
            files.append(Attachment(name=f"{block.kind}-{block.tick}.png", data=data, media_type="image/png"))
        blocks.append(block)
    return replace(reply, blocks=tuple(blocks), files=(*reply.files, *files))


def without_pictures(reply: Reply) -> Reply:
    """For where no files are taken: what it says."""
    blocks = tuple(block for block in reply.blocks if not isinstance(block, Picture))
    return replace(reply, blocks=blocks, files=())


def has_pictures(reply: Reply) -> bool:
    return any(isinstance(block, Picture) for block in reply.blocks)
