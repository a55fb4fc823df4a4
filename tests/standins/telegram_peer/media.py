"""Photos and documents from their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.standins.telegram_peer.chats import File
from tests.standins.telegram_peer.errors import RefusedError, bad
from tests.standins.telegram_peer.image_size import size_of
from tests.standins.telegram_peer.params import Upload

if TYPE_CHECKING:
    from tests.standins.telegram_peer.server import Peer

MEGABYTE = 1024 * 1024
LARGEST_PHOTO, LARGEST_FILE = 10 * MEGABYTE, 50 * MEGABYTE
WIDEST, STEEPEST = 10_000, 20  # width + height, and their ratio


def read_photo(peer: Peer, given: Upload | str | None) -> File:
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


def read_document(peer: Peer, given: Upload | str | None) -> File:
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


def _known(peer: Peer, file_id: str, folder: str) -> File:
    if file_id.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")  # nothing is fetched here
    found = peer.world.files.get(file_id)
    if found is None or not found.path.startswith(folder):
        raise bad("wrong file identifier/HTTP URL specified")
    return found
