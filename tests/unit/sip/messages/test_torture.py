"""Every message of tests/golden/sip gets the verdict written in verdicts.tsv, and means what it should mean.

The messages are ours; each section of RFC 4475 has one with the same fault or feature.
"""

import csv
from pathlib import Path

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Message, Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.uri import AbsoluteUri, SipUri, TelUri
from softswitch.sip.messages.validate import validate

GOLDEN = Path(__file__).parents[3] / "golden" / "sip"
with (GOLDEN / "verdicts.tsv").open() as file:
    VERDICTS = list(csv.DictReader(file, delimiter="\t"))


def judge(name: str) -> Message | Malformed:
    """Parse and validate a golden message."""
    (path,) = GOLDEN.glob(f"*/{name}.sip")
    message = parse(path.read_bytes())
    if isinstance(message, Malformed):
        return message
    return validate(message) or message


def request(name: str) -> Request:
    message = judge(name)
    assert isinstance(message, Request), message
    return message


def response(name: str) -> Response:
    message = judge(name)
    assert isinstance(message, Response), message
    return message


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: row["file"])
def test_verdict(row: dict[str, str]) -> None:
    message = judge(row["file"])
    if row["verdict"] == "accept":
        assert isinstance(message, Message), message
    else:
        assert isinstance(message, Malformed)
        assert message.status_hint == (int(row["status"]) if row["status"] else None)


def test_every_message_has_a_verdict_and_every_section_a_message() -> None:
    assert {row["file"] for row in VERDICTS} == {path.stem for path in GOLDEN.glob("*/*.sip")}
    assert len({row["rfc4475_section"] for row in VERDICTS} - {"-"}) == 49


@pytest.mark.parametrize("row", [row for row in VERDICTS if row["verdict"] == "accept"], ids=lambda row: row["file"])
def test_an_accepted_message_survives_a_round_trip(row: dict[str, str]) -> None:
    message = judge(row["file"])
    assert isinstance(message, Message)
    again = parse(message.serialize())
    assert isinstance(again, Message)
    assert again.start_line == message.start_line
    assert again.body == message.body
    without_length = [header for header in message.headers if header[0] != "content-length"]
    assert [header for header in again.headers if header[0] != "content-length"] == without_length


def test_folded_and_spaced() -> None:
    message = request("folded_and_spaced")
    assert message.to.tag == "77zx"
    assert message.from_.display == 'Lea \\ "Lu" Berg'
    assert message.from_.tag == "a81"
    assert message.max_forwards == 41
    assert message.cseq == (7, "INVITE")
    assert [via.transport for via in message.vias] == ["UDP", "TCP", "UDP"]
    assert [via.has_unique_branch for via in message.vias] == [False, True, True]
    assert message.get("x-multi-line") == "begins here and ends here"
    assert message.routes[0].uri_text == "sip:edge.example;lr;odd=1;flag"
    (contact,) = message.contacts
    assert contact.display == 'She said "hi, there"'
    assert contact.params == {"first": "one", "second": None, "q": "0.5"}
    assert contact.q == 0.5
    assert message.body.startswith(b"v=0")


def test_every_token_character() -> None:
    message = request("every_token_character")
    assert message.method == "~Odd.Method-'7'!%*_+`"
    assert message.to.display == "bell \x07 nul \x00 del \x7f"
    assert isinstance(message.uri, SipUri)
    assert message.uri.user == "a_b.c-1!~*'()&=+$,;?/"
    assert message.uri.password == "pass&=+$,word"
    assert message.from_.tag == "~t'a_g!%*+`-."


def test_escapes_in_uris() -> None:
    message = request("escapes_in_uris")
    assert isinstance(message.uri, SipUri)
    assert message.uri.user == "tel:112@desk"
    assert message.from_.display == "100%41 sure"
    assert message.from_.user == "LEa"
    uri = message.contacts[0].uri
    assert isinstance(uri, SipUri)
    assert uri.params == {"%6c%72": None, "n%61me": "v%25%34%31"}
    assert str(uri) == "sip:cal%6Cer@198.51.100.7:5060;%6C%72;n%61me=v%25%34%31"


def test_escaped_nul() -> None:
    message = request("escaped_nul")
    assert message.to.user == "n-\0-l"
    assert [contact.user for contact in message.contacts] == ["\0", "\0\0"]


def test_percent_is_no_escape_here() -> None:
    message = request("percent_is_no_escape_here")
    assert message.method == "R%45GISTER"
    assert [contact.user for contact in message.contacts] == ["one", "three"]
    assert message.get("c%4fntact") == "<sip:two@h.example>"


def test_octets_after_the_body_belong_to_nobody() -> None:
    message = request("octets_after_the_body")
    assert (message.method, message.body, message.call_id) == ("REGISTER", b"", "c-1")


def test_semicolon_in_user() -> None:
    uri = request("semicolon_in_user").uri
    assert isinstance(uri, SipUri)
    assert (uri.user, uri.host, uri.params) == ("ivo;ext=12@desk", "pbx.example", {})


def test_long_values() -> None:
    message = request("long_values")
    assert len(message.vias) == 30
    assert message.top_via.branch == "z9hG4bKh0"


def test_binary_multipart_is_untouched() -> None:
    assert bytes(range(256)) in request("binary_multipart").body


def test_responses() -> None:
    assert response("reason_in_utf8").reason == "= 5**2 + 7 * 5² — всё хорошо"
    assert response("empty_reason").reason == ""
    assert response("broadcast_via").vias[1].host == "255.255.255.255"


def test_schemes() -> None:
    for name, scheme in (("unknown_scheme", "carrierpigeon"), ("unusual_scheme", "gopher")):
        uri = request(name).uri
        assert isinstance(uri, AbsoluteUri)
        assert uri.scheme == scheme
    tel = request("tel_uris")
    assert isinstance(tel.uri, TelUri)
    assert tel.uri.params == {"phone-context": "+49-30"}
    assert tel.to.user == "+49305500"


def test_parameters_stay_on_their_side_of_the_bracket() -> None:
    (outside,) = request("contact_parameter").contacts
    assert (outside.uri_text, outside.params) == ("sip:lea@198.51.100.7", {"novel": None})
    (inside,) = request("uri_parameter").contacts
    assert (inside.uri_text, inside.params) == ("sip:lea@198.51.100.7;novel", {})
    (escaped,) = request("escaped_header_in_contact").contacts
    assert str(escaped) == "<sip:lea@198.51.100.7?Route=%3Csip:edge.example%3E>"


def test_rfc2543() -> None:
    message = request("rfc2543_invite")
    assert not message.top_via.has_unique_branch
    assert message.from_.tag is None
    assert message.max_forwards is None
    assert message.to.params == {"user": "phone"}
    assert message.body.startswith(b"v=0")


def test_field_leniency() -> None:
    assert request("lower_case_method").method == "OPTIONS"
    assert request("lower_case_method").cseq.method == "OPTIONS"
    assert "Jürgen Größ".encode("latin-1") in request("latin1_display_name").serialize()
    assert request("unquoted_umlauts").from_.display == "Jürgen (Büro)"
    assert request("tag_with_equals_signs").from_.tag == "YTgxYQ=="
    number_sign = request("number_sign_in_user").uri
    assert isinstance(number_sign, SipUri)
    assert number_sign.user == "#31#0301"
    first, second = request("quoted_comma_in_contact").contacts
    assert (first.display, first.expires) == ("Berg, Lea", 60)
    assert (second.display, second.user, second.q) == ('a ", b', "l,e", 0.3)
    assert request("empty_supported").get_all("supported") == []
    assert request("empty_supported").get_all("allow") == ["INVITE", "ACK"]
    assert request("no_content_length").body.startswith(b"v=0")
    via = request("rport_before_branch").top_via
    assert (via.transport, via.wants_rport, via.received, via.branch) == ("UDP", True, "10.9.9.9", "z9hG4bK-q")
    ipv6 = request("ipv6_everywhere")
    assert (ipv6.top_via.host, ipv6.top_via.sent_by) == ("2001:db8::7", "[2001:db8::7]:5060")
    assert isinstance(ipv6.uri, SipUri)
    assert (ipv6.uri.host, ipv6.uri.port) == ("2001:db8::9", 5070)


def test_a_hidden_contact_is_never_seen() -> None:
    for name in ("control_before_colon", "no_break_space_before_colon", "name_with_space", "bare_cr", "bare_lf"):
        fault = judge(name)
        assert isinstance(fault, Malformed)
        assert fault.request is not None
        assert fault.request.contacts == []


def test_the_fault_is_named() -> None:
    named = {
        "quote_left_open": "Malformed Address in To",
        "stray_separators": "Malformed Parameter in Via",
        "required_headers_missing": "Missing From",
        "content_length_too_large": "Content-Length Larger Than Message",
        "header_without_colon": "Header Without Colon",
        "request_numbers_too_large": "CSeq Too Large",
    }
    for name, reason in named.items():
        fault = judge(name)
        assert isinstance(fault, Malformed)
        assert fault.reason.startswith(reason)
