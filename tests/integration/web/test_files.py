"""Files that are sent: encrypted ones in parts, and what is damaged."""

import asyncio
import os
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import cast

import msgspec
import pytest
from litestar.response import Stream

from softswitch.media.runtime.recording.sealed_file import CHUNK_BYTES, plain_size, seal
from softswitch.web.problem import ProblemError
from softswitch.web.route import FileAnswer
from softswitch.web.runtime.files import send_file

KEY = bytes(range(32))
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5)


def sealed(folder: Path, plain: bytes) -> FileAnswer:
    (folder / "key").write_text(KEY.hex())
    (folder / "key").chmod(0o600)
    target = BytesIO()
    seal(BytesIO(plain), target, KEY)
    (folder / "r1.wav").write_bytes(target.getvalue())
    return FileAnswer(path=str(folder / "r1.wav"), media_type="audio/wav", name="r1.wav", etag='"e"', is_sealed=True)


def sent(answer: FileAnswer, key_file: str, headers: dict[str, str] | None = None) -> bytes:
    async def read() -> bytes:
        response = await send_file(answer, headers or {}, key_file)
        assert isinstance(response, Stream)
        whole = b""
        async for piece in cast(AsyncIterator[bytes], response.iterator):
            whole += piece
        assert len(whole) == int(response.headers["content-length"])
        return whole

    return asyncio.run(read())


@pytest.mark.parametrize("size", SIZES)
def test_the_length_of_what_is_sealed_is_known_beforehand(tmp_path: Path, size: int):
    answer = sealed(tmp_path, os.urandom(size))
    assert plain_size(os.stat(answer.path).st_size) == size


@pytest.mark.parametrize("size", SIZES[1:])
def test_what_is_sealed_is_sent_plain_in_any_part(tmp_path: Path, size: int):
    plain = os.urandom(size)
    answer = sealed(tmp_path, plain)
    key = str(tmp_path / "key")
    assert sent(answer, key) == plain
    for begin, end in ((0, 1), (size // 2, size), (max(0, size - 3), size)):
        assert sent(answer, key, {"range": f"bytes={begin}-{end - 1}"}) == plain[begin:end]


def test_a_voice_message_says_itself_that_it_is_sealed(tmp_path: Path):
    plain = os.urandom(1000)
    answer = msgspec.structs.replace(sealed(tmp_path, plain), is_sealed=False)
    assert sent(answer, str(tmp_path / "key"), {"range": "bytes=10-19"}) == plain[10:20]


def test_without_the_key_it_is_refused_in_words(tmp_path: Path):
    answer = sealed(tmp_path, b"sound")
    for key_file in ("", str(tmp_path / "none")):
        with pytest.raises(ProblemError) as error:
            sent(answer, key_file)
        assert error.value.status == 409
