"""What a REFER asks for, and which dialog a Replaces names."""

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.refer_to import ReferTo, with_replaces
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.sipfrag import read_status_line, status_line


def refer(*values: str) -> Request:
    return Request("REFER", "sip:switch.example", [("refer-to", value) for value in values])


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("<sip:201@switch.example>", "201"),
        ("sip:201@switch.example", "201"),
        ("<sip:+4930123;phone-context=x@switch.example;user=phone>", "+4930123"),
        ("<tel:+49-30-123>", "+4930123"),
        ('"Bob" <sips:bob%20b@switch.example;method=INVITE>', "bob b"),
        ("<sip:switch.example>", ""),
    ],
)
def test_whom_to_call(value: str, user: str) -> None:
    assert ReferTo.of(refer(value)).user == user


def test_the_dialog_to_replace_is_read_from_the_uris_headers() -> None:
    value = "<sip:201@switch.example?Subject=x&replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only>"
    refer_to = ReferTo.of(refer(value))
    assert refer_to.replaces == Replaces("a@b", "1", "2", is_early_only=True)
    assert refer_to.uri == "sip:201@switch.example"


def test_a_refer_to_of_ours_is_read_back() -> None:
    replaces = Replaces("a;b=c@host", "to&1", "from?2")
    uri = with_replaces("sip:201@switch.example", replaces)
    assert uri.count("?") == 1
    assert "&" not in uri
    plain = Replaces("a@host", "1", "2")
    assert ReferTo.of(refer(f"<{with_replaces('sip:201@switch.example', plain)}>")).replaces == plain


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((), 400),
        (("<sip:a@b>", "<sip:c@d>"), 400),
        (("<http://example.org/>",), 403),
        (("<sip:a@b;method=BYE>",), 403),
        (("<sip:a@b>;method=SUBSCRIBE",), 403),
        (("<sip:a@b?Replaces=nothing>",), 400),
        (("<sip:a@b",), 400),
    ],
)
def test_what_is_refused(values: tuple[str, ...], status: int) -> None:
    with pytest.raises(Malformed) as fault:
        ReferTo.of(refer(*values))
    assert fault.value.status_hint == status


@pytest.mark.parametrize(
    "text", ["", ";to-tag=1;from-tag=2", "a@b", "a@b;to-tag=1", "a@b;to-tag=;from-tag=2", "a;to-tag"]
)
def test_a_replaces_that_names_no_dialog(text: str) -> None:
    with pytest.raises(Malformed):
        Replaces.parse(text)


def test_status_lines() -> None:
    assert status_line(180) == b"SIP/2.0 180 Ringing\r\n"
    assert read_status_line(b"SIP/2.0 486 Busy Here\r\nVia: x\r\n") == (486, "Busy Here")
    assert read_status_line(b"sip/2.0 200") == (200, "")
    assert read_status_line(b"INVITE sip:a SIP/2.0\r\n") is None
    assert read_status_line(b"") is None


def test_a_dialog_named_in_octets_that_are_no_text_is_named_all_the_same() -> None:
    odd = Replaces("call\udcff", "t", "f")
    uri = with_replaces("sip:201@switch.example", odd)
    assert "%FF" in uri
    assert uri.isascii()
