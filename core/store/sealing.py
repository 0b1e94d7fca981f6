"""Files that only a key opens: AES-256-GCM in pieces, so that a file of any length takes little memory.

A file begins with a mark, the name of its key, a salt, from which each file gets a key of its own, and a label that
says what it is, which holds as firmly as the rest. Pieces are counted, and the last one says that it is the last: none
can be changed, moved, left out or cut off unseen.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from core.errors import DatabaseError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"solar mining, sealed 2\n"
UNLABELLED = b"solar mining, sealed 1\n"  # of a version that wrote no label
NAME_BYTES, SALT_BYTES, TAG_BYTES = 8, 32, 16
PIECE_BYTES = 1 << 20  # of what is sealed
Told = Callable[[int], object]  # bytes of the content that are done


def nothing(done_bytes: int) -> None:
    """Nobody wants to hear how far it is."""


def key_name(key: bytes) -> bytes:
    """What a file says of its key: it finds the key among several and tells nothing about it."""
    return hmac.digest(key, b"name", "sha256")[:NAME_BYTES]


def seal(source: BinaryIO, into: BinaryIO, key: bytes, label: str) -> None:
    """Write all of `source` sealed with `key` [32 bytes], under a label of at most 255 letters that anybody may read."""
    head = MARK + key_name(key) + os.urandom(SALT_BYTES) + bytes([len(label)]) + label.encode("ascii")
    into.write(head)
    cipher = _cipher(key, head)
    for number, (piece, last) in enumerate(_pieces(source, PIECE_BYTES)):
        into.write(cipher.encrypt(_nonce(number, last), piece, head))


def unseal(source: BinaryIO, into: BinaryIO, keys: tuple[bytes, ...], told: Told = nothing) -> str:
    """Write what was sealed, with whichever of `keys` it was; its label, "" where it has none.

    DatabaseError for a file that is none of these, was sealed with another key, or is not as it was written; what was
    written into `into` by then is of no use.
    """
    from cryptography.exceptions import InvalidTag

    head = source.read(len(MARK) + NAME_BYTES + SALT_BYTES)
    key, label = _key_of(head, keys), b""
    if head.startswith(MARK):
        label = source.read((source.read(1) or b"\0")[0])
        head += bytes([len(label)]) + label
    cipher, done = _cipher(key, head), 0
    try:
        for number, (piece, last) in enumerate(_pieces(source, PIECE_BYTES + TAG_BYTES)):
            into.write(plain := cipher.decrypt(_nonce(number, last), piece, head))
            told(done := done + len(plain))
    except InvalidTag:
        raise unusable("it was changed or cut off since it was written") from None
    return label.decode("ascii")


def unusable(why: str) -> DatabaseError:
    """The error for a file that cannot be opened."""
    return DatabaseError(f"this cannot be opened: {why}", field="backup", value="damaged", expected="a sound backup")


def _key_of(head: bytes, keys: tuple[bytes, ...]) -> bytes:
    if not head.startswith((MARK, UNLABELLED)) or len(head) < len(MARK) + NAME_BYTES + SALT_BYTES:
        raise unusable("it is no backup of this program, or its beginning was changed")
    name = head[len(MARK) : len(MARK) + NAME_BYTES]
    found = next((key for key in keys if hmac.compare_digest(key_name(key), name)), None)
    if found is None:
        raise unusable("it was sealed with a key that is not among those given: see SOLAR_MINING_DATA_KEY")
    return found


def _cipher(key: bytes, head: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hmac.digest(key, b"file" + head, "sha256"))


def _nonce(number: int, last: bool) -> bytes:
    """Twelve bytes that no other piece of the file has."""
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """A file in pieces, and of each whether it is the last; of an empty file one that is empty."""
    piece = source.read(size)
    while True:
        following = source.read(size)
        yield piece, not following
        if not following:
            return
        piece = following
