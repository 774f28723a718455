"""Header names, methods, status codes."""

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_names import COMPACT, LISTS, LONG_NAMES, SINGLE, canonical_name, printed_name
from softswitch.sip.messages.methods import KNOWN_METHODS, known_method
from softswitch.sip.messages.status import Q850_OF_STATUS, STATUS_OF_Q850, q850_cause, reason_phrase, status_of_q850


def test_names_in_every_spelling() -> None:
    for spelling in ("Call-ID", "call-id", "CALL-ID", "cAlL-iD", "i", "I", "Call-ID \t"):
        assert canonical_name(spelling) == "call-id"
    assert canonical_name("X-Unheard-Of") == "x-unheard-of"
    for name in LONG_NAMES:
        assert printed_name(canonical_name(name)) == name
    for compact, name in COMPACT.items():
        assert canonical_name(compact) == name.lower()
    assert printed_name("x-unheard-of") == "X-Unheard-Of"


@pytest.mark.parametrize("raw", ["", " To", "T o", "To\x0b", "T\u00f6", "To\u00a0", "(To)"])
def test_what_is_no_name(raw: str) -> None:
    with pytest.raises(Malformed):
        canonical_name(raw)


def test_no_header_is_both_list_and_single() -> None:
    assert not LISTS & SINGLE


def test_methods() -> None:
    assert known_method("invite") == "INVITE"
    assert known_method("Invitation") == "Invitation"
    assert all(known_method(method) == method for method in KNOWN_METHODS)


def test_status_codes() -> None:
    assert reason_phrase(486) == "Busy Here"
    assert reason_phrase(498) == "Client Error"
    assert reason_phrase(999) == "Unknown"
    assert (q850_cause(200), q850_cause(486), q850_cause(499)) == (16, 17, 31)
    assert (status_of_q850(17), status_of_q850(126)) == (486, 480)
    assert all(300 <= status <= 699 and 1 <= cause <= 127 for status, cause in Q850_OF_STATUS.items())
    assert all(400 <= status <= 699 and 1 <= cause <= 127 for cause, status in STATUS_OF_Q850.items())
