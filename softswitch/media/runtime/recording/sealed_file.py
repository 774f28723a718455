"""Encrypted recordings: AES-256-GCM in chunks, each file under a key of its own that the operator's key wraps.

    magic "SWSEAL1\\n" · 8 bytes that name the operator's key · 12 bytes nonce · 48 bytes: the file's key, wrapped
    then chunks of CHUNK_BYTES plain bytes, each with its tag of 16; the last one is shorter

A chunk's nonce is its number and whether it is the last, so that none can be moved, left out at the end or taken from
another file unnoticed. What is cut off, or damaged, costs the chunks it touches and none before them.
"""

import hashlib
import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from softswitch.base.errors import SoftswitchError

CHUNK_BYTES = 64 * 1024

_MAGIC = b"SWSEAL1\n"
_KEY_NAME_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_FILE_KEY_BYTES = 32
_HEADER_BYTES = len(_MAGIC) + _KEY_NAME_BYTES + _NONCE_BYTES + _FILE_KEY_BYTES + _TAG_BYTES


class SealFault(SoftswitchError):
    """Why an encrypted file cannot be opened, or not to its end."""


def seal(source: BinaryIO, target: BinaryIO, key: bytes) -> None:
    """Encrypt all of `source` into `target`. `key` is the operator's."""
    file_key = AESGCM.generate_key(8 * _FILE_KEY_BYTES)
    prefix = _MAGIC + _name_of(key)
    nonce = os.urandom(_NONCE_BYTES)
    target.write(prefix + nonce + AESGCM(key).encrypt(nonce, file_key, prefix))
    cipher = AESGCM(file_key)
    chunk, number, is_last = source.read(CHUNK_BYTES), 0, False
    while not is_last:
        following = source.read(CHUNK_BYTES)
        is_last = not following
        target.write(cipher.encrypt(_nonce(number, is_last), chunk, None))
        chunk, number = following, number + 1


def plain_size(sealed_bytes: int) -> int:
    """How long what is sealed in a file of so many bytes is."""
    body = max(0, sealed_bytes - _HEADER_BYTES)
    chunks = -(-body // (CHUNK_BYTES + _TAG_BYTES))
    return max(0, body - chunks * _TAG_BYTES)


def unseal(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The plain bytes, chunk by chunk. Raises `SealFault` at once, or after the last chunk that is sound."""
    header = source.read(_HEADER_BYTES)
    prefix, nonce = header[: len(_MAGIC) + _KEY_NAME_BYTES], header[len(_MAGIC) + _KEY_NAME_BYTES :][:_NONCE_BYTES]
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise SealFault("this is no encrypted recording, or its beginning is missing")
    if not prefix.endswith(_name_of(key)):
        raise SealFault("it was encrypted with another key: name that one as [recordings] key_file")
    try:
        cipher = AESGCM(AESGCM(key).decrypt(nonce, header[len(prefix) + _NONCE_BYTES :], prefix))
    except InvalidTag:
        raise SealFault("its beginning was changed") from None
    chunk, number, is_last = source.read(CHUNK_BYTES + _TAG_BYTES), 0, False
    while not is_last:
        following = source.read(CHUNK_BYTES + _TAG_BYTES)
        is_last = not following
        try:
            yield cipher.decrypt(_nonce(number, is_last), chunk, None)
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            yield from _last_sound(cipher, number, chunk) if is_last else ()
            raise SealFault(f"it is damaged or cut off after {number * CHUNK_BYTES // 1024} KB") from None
        chunk, number = following, number + 1


def _last_sound(cipher: AESGCM, number: int, chunk: bytes) -> Iterator[bytes]:
    """A file that was cut off between two chunks ends with one that was not meant to be the last."""
    try:
        yield cipher.decrypt(_nonce(number, False), chunk, None)
    except (InvalidTag, ValueError):
        return


def _name_of(key: bytes) -> bytes:
    """Tells keys apart, and nothing about them."""
    return hashlib.sha256(b"softswitch recording key\0" + key).digest()[:_KEY_NAME_BYTES]


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + (b"\1" if is_last else b"\0")
