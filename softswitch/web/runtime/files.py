"""Sends a file, or a part of it, deciphered if it is encrypted, a piece at a time.

Reading is done in a thread: a disk may be slow, and deciphering takes CPU. Who stops listening stops the reading.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.response import Stream

from softswitch.media.runtime.recording.recording_key import KeyFault, read_key
from softswitch.media.runtime.recording.sealed_file import plain_size, unseal
from softswitch.media.runtime.recording.sealed_sound import is_sealed
from softswitch.web.limits import FILE_CHUNK_BYTES
from softswitch.web.problem import ProblemError
from softswitch.web.ranges import Part, has_it, part_of
from softswitch.web.route import FileAnswer


async def send_file(answer: FileAnswer, headers: dict[str, str], key_file: str) -> Response[bytes] | Stream:
    """`headers` are those of the request, in lower case. Raises `ProblemError`."""
    answer = await asyncio.to_thread(_as_it_is, answer)
    size, etag = await asyncio.to_thread(_look_at, answer)
    common = {
        "etag": answer.etag or etag,
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=0, must-revalidate",
        "content-disposition": f"inline; filename*=UTF-8''{quote(answer.name)}",
        "x-content-type-options": "nosniff",
    }
    if has_it(headers.get("if-none-match", ""), common["etag"]):
        return Response(b"", status_code=304, headers=common, media_type=answer.media_type)
    is_same = headers.get("if-range", common["etag"]) == common["etag"]
    part = part_of(headers.get("range", "") if is_same else "", size)
    if part is None:
        raise ProblemError(
            "range_not_satisfiable",
            f"the file has {size} bytes",
            "Ask for some of them",
            field="Range",
            headers={"Content-Range": f"bytes */{size}"},
        )
    key = await asyncio.to_thread(_key, key_file) if answer.is_sealed else b""
    common["content-length"] = str(part.end - part.begin)
    if not part.is_whole:
        common["content-range"] = f"bytes {part.begin}-{part.end - 1}/{size}"
    status = 200 if part.is_whole else 206
    pieces = _in_threads(_pieces(answer, part, key))
    return Stream(pieces, status_code=status, headers=common, media_type=answer.media_type)


def _as_it_is(answer: FileAnswer) -> FileAnswer:
    """Voice messages say themselves whether they are encrypted."""
    with contextlib.suppress(OSError):
        if not answer.is_sealed and is_sealed(answer.path):
            return msgspec.structs.replace(answer, is_sealed=True)
    return answer


def _look_at(answer: FileAnswer) -> tuple[int, str]:
    try:
        stat = os.stat(answer.path)
    except OSError as error:
        reason = "the file is there no more" if isinstance(error, FileNotFoundError) else "the file cannot be read"
        raise ProblemError("not_found", reason, "It may have been moved or deleted by its age") from error
    size = plain_size(stat.st_size) if answer.is_sealed else stat.st_size
    return size, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def _key(key_file: str) -> bytes:
    if not key_file:
        raise ProblemError("not_possible", "the recording is encrypted", "Name its key: [recordings] key_file")
    try:
        return read_key(key_file)
    except KeyFault as fault:
        raise ProblemError("not_possible", fault.reason, fault.remedy) from fault


def _pieces(answer: FileAnswer, part: Part, key: bytes) -> Iterator[bytes]:
    """The bytes of the part. A damaged file ends early, whereupon the connection is closed."""
    with open(answer.path, "rb") as file:
        at = part.begin
        if not answer.is_sealed:
            file.seek(at)
            while at < part.end and (piece := file.read(min(FILE_CHUNK_BYTES, part.end - at))):
                at += len(piece)
                yield piece
            return
        begin = 0
        for chunk in unseal(file, key):
            piece = chunk[max(0, part.begin - begin) : max(0, part.end - begin)]
            begin += len(chunk)
            if piece:
                yield piece
            if begin >= part.end:
                return


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        piece = await asyncio.to_thread(next, pieces, None)
        if piece is None:
            return
        yield piece
