"""Cursors and signed links, ours and made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.web.limits import PATH_WORD_CHARACTERS_MAX
from softswitch.web.problem import ProblemError
from softswitch.web.tokens import Link, cursor_text, read_cursor, read_link, sign

SECRET = b"s" * 32
LINK = Link("recording", "r1", 1_790_000_000.25, 1_800_000_000.0, "olga")


def test_a_cursor_says_where_it_was():
    assert read_cursor(cursor_text((1_790_000_000.25, "call"))) == (1_790_000_000.25, "call")


@given(st.text(max_size=60))
def test_a_cursor_that_was_made_up_is_refused_or_read(text: str):
    try:
        at, identifier = read_cursor(text)
    except ProblemError:
        return
    assert 0 <= at < 1e11
    assert len(identifier) <= 200


@pytest.mark.parametrize("key", [(float("nan"), "x"), (float("inf"), "x"), (-1.0, "x"), (1.0, "x" * 201)])
def test_a_cursor_of_no_record_is_refused(key: tuple[float, str]):
    with pytest.raises(ProblemError):
        read_cursor(cursor_text(key))


def test_a_link_is_good_until_its_time():
    text = sign(LINK, SECRET)
    assert read_link(text, SECRET, LINK.expires_at - 1) == LINK
    with pytest.raises(ProblemError, match="no more"):
        read_link(text, SECRET, LINK.expires_at)


@pytest.mark.parametrize("at", [0, 10, 50, -1])
def test_a_link_that_was_changed_is_none_of_ours(at: int):
    text = sign(LINK, SECRET)
    changed = "A" if text[at] != "A" else "B"
    forged = text[:at] + changed + (text[at + 1 :] if at != -1 else "")
    with pytest.raises(ProblemError, match="none of ours"):
        read_link(forged, SECRET, 0.0)


def test_a_link_of_another_secret_is_none_of_ours():
    with pytest.raises(ProblemError):
        read_link(sign(LINK, b"t" * 32), SECRET, 0.0)


@given(st.text(max_size=100))
def test_a_link_that_was_made_up_is_none_of_ours(text: str):
    with pytest.raises(ProblemError):
        read_link(text, SECRET, 0.0)


def test_the_longest_link_fits_into_a_path():
    longest = Link("recording", "f" * 64, 1_790_000_000.25, 1_800_000_000.0, "key:" + "x" * 64)
    assert len(sign(longest, SECRET)) <= PATH_WORD_CHARACTERS_MAX
