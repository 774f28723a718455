"""Via, CSeq and name-addr values."""

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import EXPIRES_MAX_S, CSeq, NameAddr, Via, parse_expires
from softswitch.sip.messages.uri import SipUri


def test_via_parts_and_print() -> None:
    via = Via.parse("SIP/2.0/udp [2001:DB8::1]:5062;Branch=z9hG4bKx;rport;received=2001:db8::2")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "2001:DB8::1", 5062, "z9hG4bKx")
    assert (via.wants_rport, via.rport, via.received) == (True, None, "2001:db8::2")
    assert str(via) == "SIP/2.0/UDP [2001:DB8::1]:5062;branch=z9hG4bKx;rport;received=2001:db8::2"
    assert Via.parse("SIP/2.0/TCP a.example").sent_by == "a.example"
    assert Via.parse("SIP/2.0/UDP a;rport=5070").rport == 5070
    assert Via.parse("SIP/2.0/UDP a;rport=x").rport is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/3.0/UDP a",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP a:b",
        "SIP/2.0/UDP a:70000",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP a;",
        "HTTP/1.1/UDP a",
        "SIP/2.0/UDP a, SIP/2.0/UDP b",
    ],
)
def test_malformed_via(text: str) -> None:
    with pytest.raises(Malformed):
        Via.parse(text)


def test_cseq() -> None:
    assert CSeq.parse("4294967295 NOTIFY") == (4294967295, "NOTIFY")
    assert str(CSeq(1, "ACK")) == "1 ACK"
    assert CSeq.parse("1 invite").method == "INVITE"
    assert CSeq.parse("1 oPtIoNaL").method == "oPtIoNaL"
    for text in ("", "1", "INVITE", "-1 ACK", "1 A CK", "4294967296 ACK", "1ACK"):
        with pytest.raises(Malformed):
            CSeq.parse(text)


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("<sip:a@b>", "", "sip:a@b", {}),
        ("sip:a@b", "", "sip:a@b", {}),
        ("sip:a@b;tag=1;x", "", "sip:a@b", {"tag": "1", "x": None}),
        ("Lea Berg <sip:a@b;lr>;tag=1", "Lea Berg", "sip:a@b;lr", {"tag": "1"}),
        ('"Lea \\"L\\" Berg"<sip:a@b>', 'Lea "L" Berg', "sip:a@b", {}),
        ('"" <sip:a@b>', "", "sip:a@b", {}),
        ("<tel:+49>;q=0.5 ; expires = 9", "", "tel:+49", {"q": "0.5", "expires": "9"}),
        (
            '<sip:a@b>;+sip.instance="<urn:uuid:1>";reg-id=1',
            "",
            "sip:a@b",
            {"+sip.instance": '"<urn:uuid:1>"', "reg-id": "1"},
        ),
    ],
)
def test_name_addr(text: str, display: str, uri: str, params: dict[str, str | None]) -> None:
    address = NameAddr.parse(text)
    assert (address.display, address.uri_text, address.params) == (display, uri, params)
    again = NameAddr.parse(str(address))
    assert (again.display, again.uri_text, again.params) == (display, uri, params)


@pytest.mark.parametrize(
    "text",
    ["", "*", "<>", "Lea", '"open <sip:a@b>', "<sip:a@b", "sip:a@b>", "sip:a@b?x=y", "sip:a@b,sip:c@d", "a, b <sip:c>",
     "<sip:a b>", "< sip:a@b>", "<sip:a@b> tag=1", "<sip:a@b>;tag=1;tag=2", 'x "y" <sip:a@b>'],
)  # fmt: skip
def test_malformed_name_addr(text: str) -> None:
    with pytest.raises(Malformed):
        NameAddr.parse(text)


def test_the_uri_of_an_address_is_parsed_when_asked_for() -> None:
    address = NameAddr.parse("<sip:a@b@c>;tag=1")
    assert address.tag == "1"
    with pytest.raises(Malformed):
        _ = address.uri


def test_user_of_any_scheme() -> None:
    assert NameAddr.parse("<sip:%23a@b>").user == "#a"
    assert NameAddr.parse("<tel:+49-30>").user == "+4930"
    assert NameAddr.parse("<urn:x:y>").user is None
    assert NameAddr.parse("<sip:b>").user is None


def test_built_addresses() -> None:
    address = NameAddr('Lea\r\n "L"', SipUri(user="a", host="b"))
    assert str(address) == '"Lea \\"L\\"" <sip:a@b>'
    assert str(address.with_tag("t")) == '"Lea \\"L\\"" <sip:a@b>;tag=t'
    assert address.tag is None
    assert str(NameAddr("", "sip:a@b", {"lr": None})) == "<sip:a@b>;lr"


def test_contact_parameters() -> None:
    assert NameAddr.parse("<sip:a>;expires=60;q=0.75").expires == 60
    assert NameAddr.parse("<sip:a>;q=0.75").q == 0.75
    for q in ("1.5", "-1", "x", "0.1234", "1.001"):
        assert NameAddr.parse(f"<sip:a>;q={q}").q is None
    assert parse_expires(None) is None
    assert parse_expires("soon") is None
    assert parse_expires("-5") is None
    assert parse_expires("5000000000") == EXPIRES_MAX_S
    assert parse_expires("9" * 10000) == EXPIRES_MAX_S


def test_representations_show_the_text() -> None:
    assert repr(Via.parse("SIP/2.0/UDP a")) == "Via('SIP/2.0/UDP a')"
    assert repr(NameAddr.parse("sip:a@b")) == "NameAddr('<sip:a@b>')"
