"""Photos and documents from their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chats import File
from .errors import RefusedError, bad
from .image_size import size_of
from .params import Upload

if TYPE_CHECKING:
    from .server import TelegramPeer

MEGABYTE = 1024 * 1024
LARGEST_PHOTO, LARGEST_FILE = 10 * MEGABYTE, 50 * MEGABYTE
WIDEST, STEEPEST = 10_000, 20  # width + height, and their ratio


def read_photo(peer: TelegramPeer, given: Upload | str | None) -> File:
    if given is None:
        raise bad("there is no photo in the request")
    if isinstance(given, str):
        return _known(peer, given, "photos")
    _check_size(given)
    if len(given.data) > LARGEST_PHOTO:
        raise bad(
            f"file of size {len(given.data)} bytes is too big for a photo; the maximum size is {LARGEST_PHOTO} bytes"
        )
    if (size := size_of(given.data)) is None:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = size
    if min(size) == 0 or width + height > WIDEST or max(size) > STEEPEST * min(size):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return peer.world.file(given.data, name=given.name, folder="photos")


def read_document(peer: TelegramPeer, given: Upload | str | None) -> File:
    if given is None:
        raise bad("there is no document in the request")
    if isinstance(given, str):
        return _known(peer, given, "documents")
    _check_size(given)
    return peer.world.file(given.data, name=given.name, folder="documents")


def _check_size(given: Upload) -> None:
    if not given.data:
        raise bad("file must be non-empty")
    if len(given.data) > LARGEST_FILE:
        raise RefusedError(413, "Request Entity Too Large")


def _known(peer: TelegramPeer, file_id: str, folder: str) -> File:
    if file_id.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")  # nothing is fetched here
    found = peer.world.files.get(file_id)
    if found is None or not found.path.startswith(folder):
        raise bad("wrong file identifier/HTTP URL specified")
    return found
