"""Parts of a file of 100 bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.web.ranges import Part, has_it, part_of

WHOLE = Part(0, 100, is_whole=True)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", WHOLE),
        ("bytes=0-9", Part(0, 10, is_whole=False)),
        ("bytes=90-", Part(90, 100, is_whole=False)),
        ("bytes=90-500", Part(90, 100, is_whole=False)),
        ("bytes=-10", Part(90, 100, is_whole=False)),
        ("bytes=-500", Part(0, 100, is_whole=False)),
        ("bytes=99-99", Part(99, 100, is_whole=False)),
        ("bytes=100-", None),
        ("bytes=-0", None),
        ("bytes=9-0", WHOLE),
        ("bytes=0-9,20-29", WHOLE),
        ("lines=0-9", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=0-9999999999999999", WHOLE),
    ],
)
def test_parts(header: str, part: Part | None):
    assert part_of(header, 100) == part


@given(st.text(alphabet="bytes=-,0123456789 ", max_size=30), st.integers(0, 1000))
def test_a_part_is_always_inside_the_file(header: str, size: int):
    part = part_of(header, size)
    assert part is None or 0 <= part.begin <= part.end <= size


@pytest.mark.parametrize(
    ("header", "has"), [("", False), ('"a"', True), ('"b", "a"', True), ('W/"a"', True), ("*", True), ('"b"', False)]
)
def test_what_the_caller_has_already(header: str, has: bool):
    assert has_it(header, '"a"') is has
