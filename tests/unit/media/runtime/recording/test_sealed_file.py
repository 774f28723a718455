"""Encrypted files: what goes in comes out; what is changed, moved or cut off is noticed and costs no more than that."""

import io
import os

import pytest

from softswitch.media.runtime.recording.sealed_file import CHUNK_BYTES, SealFault, seal, unseal

KEY = bytes(range(32))
HEADER_BYTES = 76
SEALED_CHUNK_BYTES = CHUNK_BYTES + 16


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(content), target, key)
    return target.getvalue()


def opened(content: bytes, key: bytes = KEY) -> tuple[bytes, str]:
    """What can be read, and the fault it ends with."""
    plain = bytearray()
    try:
        for chunk in unseal(io.BytesIO(content), key):
            plain += chunk
    except SealFault as fault:
        return bytes(plain), str(fault)
    return bytes(plain), ""


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_goes_in_comes_out(size: int) -> None:
    content = os.urandom(size)
    secret = sealed(content)
    assert opened(secret) == (content, "")
    assert len(secret) == HEADER_BYTES + size + 16 * max(1, -(-size // CHUNK_BYTES))
    assert size < 16 or content not in secret


def test_every_file_has_a_key_of_its_own() -> None:
    assert sealed(b"the same")[HEADER_BYTES:] != sealed(b"the same")[HEADER_BYTES:]


@pytest.mark.parametrize(
    ("cut_at", "readable"),
    [
        (HEADER_BYTES + SEALED_CHUNK_BYTES, CHUNK_BYTES),
        (HEADER_BYTES + SEALED_CHUNK_BYTES + 5, CHUNK_BYTES),
        (HEADER_BYTES + 2 * SEALED_CHUNK_BYTES - 1, CHUNK_BYTES),
        (HEADER_BYTES + 2 * SEALED_CHUNK_BYTES, 2 * CHUNK_BYTES),
        (HEADER_BYTES, 0),
    ],
)
def test_a_file_that_was_cut_off_loses_one_chunk_at_most_and_says_so(cut_at: int, readable: int) -> None:
    content = os.urandom(3 * CHUNK_BYTES - 7)
    plain, fault = opened(sealed(content)[:cut_at])
    assert plain == content[:readable]
    assert "damaged or cut off" in fault


@pytest.mark.parametrize("at", [HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK_BYTES + 3, -1])
def test_one_changed_bit_is_noticed_and_what_is_before_it_can_be_read(at: int) -> None:
    content = os.urandom(2 * CHUNK_BYTES)
    secret = bytearray(sealed(content))
    secret[at] ^= 1
    plain, fault = opened(bytes(secret))
    assert fault
    assert content.startswith(plain)
    assert len(plain) in (0, CHUNK_BYTES)


def test_chunks_cannot_change_places() -> None:
    secret = sealed(os.urandom(3 * CHUNK_BYTES))
    first = secret[HEADER_BYTES : HEADER_BYTES + SEALED_CHUNK_BYTES]
    second = secret[HEADER_BYTES + SEALED_CHUNK_BYTES : HEADER_BYTES + 2 * SEALED_CHUNK_BYTES]
    rest = secret[HEADER_BYTES + 2 * SEALED_CHUNK_BYTES :]
    assert opened(secret[:HEADER_BYTES] + second + first + rest)[0] == b""


def test_another_key_is_told_from_a_damaged_file() -> None:
    plain, fault = opened(sealed(b"secret"), bytes(32))
    assert plain == b""
    assert "another key" in fault


@pytest.mark.parametrize("content", [b"", b"RIFF" + bytes(200), b"SWSEAL1\n"])
def test_what_is_no_encrypted_recording_is_told_as_such(content: bytes) -> None:
    assert "no encrypted recording" in opened(content)[1]
