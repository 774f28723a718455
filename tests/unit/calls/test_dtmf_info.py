"""Digits in INFO."""

import pytest

from softswitch.base.ids import LegId
from softswitch.calls.dtmf_info import DIGITS, digit_of_info, info_of_digit
from softswitch.sip.outputs import InfoReceived


@pytest.mark.parametrize(
    ("content_type", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay; charset=utf-8", b"Duration=160\nsignal = #\n", "#"),
        ("application/dtmf-relay", b"Signal=10", "*"),
        ("application/dtmf-relay", b"Signal=11", "#"),
        ("Application/DTMF", b" d\r\n", "D"),
        ("application/dtmf", b"55", None),
        ("application/dtmf", b"", None),
        ("application/dtmf", b"\xff", None),
        ("application/dtmf-relay", b"Signal", None),
        ("application/dtmf-relay", b"Signal=hook", None),
        ("text/plain", b"5", None),
    ],
)
def test_the_digit_in_an_info(content_type: str, body: bytes, digit: str | None) -> None:
    assert digit_of_info(InfoReceived(LegId("l"), content_type, body)) == digit


def test_what_is_sent_is_understood() -> None:
    assert info_of_digit("#", 100) == ("application/dtmf-relay", b"Signal=#\r\nDuration=100\r\n")
    assert (
        "".join(digit_of_info(InfoReceived(LegId("l"), *info_of_digit(digit, 80))) or "" for digit in DIGITS) == DIGITS
    )
