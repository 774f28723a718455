"""Parts of a file (RFC 9110 section 14), and whether the caller has it already (section 13)."""

import re

import msgspec

_ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Part(msgspec.Struct, frozen=True):
    """The bytes from `begin` up to, and without, `end`; `is_whole`: all there are."""

    begin: int
    end: int
    is_whole: bool


def part_of(header: str, size: int) -> Part | None:
    """What is asked for; None: the file has no such part. Several parts, or what is no range, is the whole file."""
    found = _ONE_RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return Part(0, size, is_whole=True)
    if not found[1]:
        length = min(int(found[2]), size)
        return Part(size - length, size, is_whole=False) if length else None
    begin = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < begin:
        return Part(0, size, is_whole=True)
    return Part(begin, end, is_whole=False) if begin < size else None


def has_it(header: str, etag: str) -> bool:
    """Whether If-None-Match names this file."""
    named = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in named or etag in named
