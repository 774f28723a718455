"""Reason headers (RFC 3326) and ISDN causes (Q.850)."""

import pytest

from softswitch.sip.messages.message import Request
from softswitch.sip.messages.reason import Q850_TEXTS, cause_text, read_cause, reason_value
from softswitch.sip.messages.status import STATUS_OF_Q850, q850_cause, status_of_q850


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ('Q.850;cause=17;text="User busy"', 17),
        ("q.850 ; Cause = 102", 102),
        ('SIP;cause=486;text="Busy", Q.850;cause=21', 21),
        ("SIP;cause=486", 17),
        ('SIP;cause=200;text="Call completed elsewhere"', 16),
        ('Q.850;text="no ; cause=1";x=y', 0),
        ("Q.850;cause=0", 0),
        ("Q.850;cause=128", 0),
        ("Q.850;cause=9999", 0),
        ("SIP;cause=99", 0),
        ("X.31;cause=17", 0),
        ("", 0),
        ("cause=17", 0),
    ],
)
def test_the_cause_is_read(value: str, cause: int) -> None:
    assert read_cause(Request("BYE", "sip:x", [("reason", value)])) == cause


def test_no_header_no_cause() -> None:
    assert read_cause(Request("BYE", "sip:x")) == 0


def test_what_we_write_we_read() -> None:
    for cause in range(1, 128):
        assert read_cause(Request("BYE", "sip:x", [("reason", reason_value(cause))])) == cause
    assert cause_text(0) == ""
    assert cause_text(77) == "Cause 77"


def test_every_status_has_a_cause_with_a_text_and_every_cause_a_status() -> None:
    for status in range(200, 700):
        assert q850_cause(status) in Q850_TEXTS
    for cause in range(1, 128):
        assert 400 <= status_of_q850(cause) <= 699
    assert set(STATUS_OF_Q850) <= set(Q850_TEXTS) | set(range(128))
