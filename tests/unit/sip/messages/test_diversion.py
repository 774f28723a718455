"""Diversion (RFC 5806) and History-Info (RFC 7044): what is written, and what is understood of others'."""

import pytest

from softswitch.sip.messages.diversion import (
    ENTRIES_MAX,
    Diversion,
    diversion_headers,
    forwards_before,
    history_info_headers,
)

TWICE = [
    Diversion(uri="sip:101@h", to_uri="sip:102@h", reason="user-busy"),
    Diversion(uri="sip:102@h", to_uri="sip:+4420@h", reason="no-answer"),
]


def test_the_last_forward_stands_first():
    assert diversion_headers(TWICE) == [
        ("diversion", "<sip:102@h>;reason=no-answer;counter=1, <sip:101@h>;reason=user-busy;counter=1"),
    ]


def test_the_history_begins_with_the_number_that_was_called():
    assert history_info_headers(TWICE) == [
        (
            "history-info",
            "<sip:101@h>;index=1, <sip:102@h;cause=486>;index=1.1;mp=1, <sip:+4420@h;cause=408>;index=1.1.1;mp=1.1",
        )
    ]
    assert history_info_headers([]) == diversion_headers([]) == []


@pytest.mark.parametrize(
    ("diversion", "history", "count"),
    [
        (None, None, 0),
        ("", "", 0),
        ("<sip:1@h>;reason=user-busy", None, 1),
        ('<sip:1@h>;reason=user-busy;counter=3, "Two" <sip:2@h>;reason=no-answer', None, 4),
        (None, "<sip:1@h>;index=1, <sip:2@h;cause=302>;index=1.1", 1),
        ("<sip:1@h>;counter=2", "<sip:1@h>;index=1, <sip:2@h;cause=302>;index=1.1", 2),
        ("<sip:1@h>;counter=4294967296", None, 1),
        ("<sip:1@h>;counter=-3", None, 1),
        ("," * 500 + "x" * 10_000, "cause=,cause=" * 1000, ENTRIES_MAX),
    ],
)
def test_forwards_of_others_are_counted(diversion: str | None, history: str | None, count: int):
    assert forwards_before(diversion, history) == count
