"""URIs: parse, print, compare."""

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.uri import AbsoluteUri, SipUri, TelUri, parse_uri


@pytest.mark.parametrize(
    "text",
    [
        "sip:pbx.example",
        "SIP:Lea@PBX.example:5060;transport=UDP;lr?Subject=hi&Priority=urgent",
        "sips:lea:secret@[2001:db8::1]:5061",
        "sip:+49-30-5500;ext=1@gw.example;user=phone",
        "sip:lea@host_with_underscores.internal",
        "sip:%6cea@pbx.example",
        "tel:+1-201-555-0123;phone-context=example.com",
        "urn:service:sos",
    ],
)
def test_a_parsed_uri_prints_as_it_came(text: str) -> None:
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@pbx.example",
        "sip:lea@",
        "sip:lea@pbx.example:",
        "sip:lea@pbx.example:123456",
        "sip:lea@pbx.example;",
        "sip:lea@pbx.example;;lr",
        "sip:lea@pbx example",
        "sip:lea@2001:db8::1",
        "sip:l<ea@pbx.example",
        "sip:lea@pbx.example?",
        "sip:lea%2@pbx.example",
        "sip:lea@pbx.example;x=1;x=2",
        "sip:lea@pbx.example\r\nEvil: 1",
        "tel:not-a-number",
        "tel:",
        "noscheme",
        "1bad:scheme",
    ],
)
def test_a_malformed_uri_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_uri(text)


def test_parts() -> None:
    uri = SipUri.parse("sip:l%40ea:pw@PBX.example:5070;Transport=TCP;lr?a=b")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sip", "l@ea", "pw", "pbx.example", 5070)
    assert (uri.transport, uri.is_loose_router, uri.headers) == ("tcp", True, "a=b")
    assert SipUri.parse("sip:pbx.example").user is None
    assert TelUri.parse("tel:(030)-55.00").digits == "0305500"
    assert parse_uri("mailto:a@b") == AbsoluteUri("mailto", "a@b")


def test_a_built_uri_escapes_what_it_must() -> None:
    assert (
        str(SipUri(user="a@b:c d\r\n", host="pbx.example", params={"lr": None}))
        == "sip:a%40b%3Ac%20d%0D%0A@pbx.example;lr"
    )
    assert str(SipUri(user="жук", host="2001:db8::1", port=5060)) == "sip:%D0%B6%D1%83%D0%BA@[2001:db8::1]:5060"
    assert SipUri.parse(str(SipUri(user="жук", host="x"))).user == "жук"
    assert str(TelUri("+4930", {"x": "y"})) == "tel:+4930;x=y"


def test_replace_leaves_the_original_alone() -> None:
    uri = SipUri.parse("sip:l%65a@pbx.example:5060;lr")
    moved = uri.replace(host="192.0.2.1", port=5080, params={})
    assert str(moved) == "sip:l%65a@192.0.2.1:5080"
    assert str(uri) == "sip:l%65a@pbx.example:5060;lr"
    assert str(uri.replace(host="other.example")) == "sip:l%65a@other.example;lr"
    assert str(SipUri(user="a", password="p", host="b").replace(params={"lr": None})) == "sip:a:p@b;lr"
    assert str(uri.replace(port=1, headers="a=b")) == "sip:l%65a@pbx.example:1;lr?a=b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.example;transport=TCP", "sip:alice@AtlanTa.Example;Transport=tcp"),
        ("sip:carol@chicago.example", "sip:carol@chicago.example;newparam=5"),
        ("sip:carol@chicago.example;newparam=5", "sip:carol@chicago.example;security=on"),
        ("sip:a@b;transport=tcp?To=x&Priority=y", "sip:a@b;transport=tcp?priority=y&to=x"),
        ("sip:a%3bb@c", "sip:a%3Bb@c"),
    ],
)
def test_uris_that_match(one: str, other: str) -> None:
    assert SipUri.parse(one).matches(SipUri.parse(other))
    assert SipUri.parse(other).matches(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:alice@atlanta.example", "sip:ALICE@atlanta.example"),
        ("sip:bob@biloxi.example", "sip:bob@biloxi.example:5060"),
        ("sip:bob@biloxi.example", "sip:bob@biloxi.example;transport=udp"),
        ("sip:bob@biloxi.example", "sips:bob@biloxi.example"),
        ("sip:carol@chicago.example", "sip:carol@chicago.example?Subject=x"),
        ("sip:a@b;x=1", "sip:a@b;x=2"),
        ("sip:b", "sip:a@b"),
        ("sip:a:p@b", "sip:a@b"),
        ("sip:a%3Bb@c", "sip:a;b@c"),
    ],
)
def test_uris_that_do_not_match(one: str, other: str) -> None:
    assert not SipUri.parse(one).matches(SipUri.parse(other))


def test_equality_is_of_texts() -> None:
    assert parse_uri("sip:a@b") == SipUri(user="a", host="b")
    assert (
        len({parse_uri("sip:a@b"), parse_uri("sip:a@b"), parse_uri("tel:1"), parse_uri("tel:1"), parse_uri("x:y")}) == 3
    )


def test_representations_show_the_text() -> None:
    assert repr(SipUri.parse("sip:a@b")) == "SipUri('sip:a@b')"
    assert repr(TelUri.parse("tel:1")) == "TelUri('tel:1')"
    assert repr(parse_uri("x:y")) == "AbsoluteUri('x:y')"
