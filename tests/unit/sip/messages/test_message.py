"""Requests and responses: lazy views, building, answering, serializing."""

import pytest

from softswitch.base.address import HostPort
from softswitch.base.errors import LocalError
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.parser import parse

HEADERS = [
    ("Via", "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP inner.example;branch=z9hG4bK0"),
    ("Record-Route", "<sip:p2.example;lr>, <sip:p1.example;lr>"),
    ("From", "<sip:lea@phones.example>;tag=a81"),
    ("To", "<sip:ivo@pbx.example>"),
    ("Call-ID", "c-1"),
    ("CSeq", "7 INVITE"),
    ("Timestamp", "54.2"),
]


def make_invite(**replaced: str) -> Request:
    request = Request("INVITE", "sip:ivo@pbx.example", HEADERS)
    for name, value in replaced.items():
        request.set(name, value)
    return request


def test_headers_are_found_by_their_canonical_name() -> None:
    request = Request("INVITE", "sip:x", [("v", "SIP/2.0/UDP a"), ("X-Own", "1"), ("x-own", "2")])
    assert request.get("via") == "SIP/2.0/UDP a"
    assert request.get("x-own") == "1"
    assert request.get_all("x-own") == ["1", "2"]
    assert request.get("absent") is None
    assert request.get_all("absent") == []


def test_set_replaces_all_in_the_place_of_the_first() -> None:
    request = Request("INVITE", "sip:x", [("A-One", "1"), ("B", "2"), ("Max-Forwards", "9"), ("b", "3")])
    request.set("b", "4")
    assert request.headers == [("a-one", "1"), ("referred-by", "4"), ("max-forwards", "9")]
    request.set("Expires", "60")
    assert request.headers[-1] == ("expires", "60")
    assert request.expires == 60
    request.remove("EXPIRES")
    assert request.expires is None


def test_a_changed_header_is_read_anew() -> None:
    request = make_invite()
    assert request.cseq.number == 7
    request.set("cseq", "8 INVITE")
    assert request.cseq == (8, "INVITE")


@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "a\r\nEvil: b"), ("X-A", "a\nb"), ("X-A", "\0"), ("bad name", "x")]
)
def test_what_would_break_the_message_is_refused(name: str, value: str) -> None:
    with pytest.raises(LocalError):
        make_invite().add(name, value)


def test_source_is_noted_in_the_top_via_only() -> None:
    request = make_invite()
    request.note_source(HostPort("192.0.2.7", 40000))
    assert request.top_via.received == "192.0.2.7"
    assert request.top_via.rport == 40000
    assert request.get_all("via") == [
        "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;received=192.0.2.7;rport=40000",
        "SIP/2.0/TCP inner.example;branch=z9hG4bK0",
    ]
    assert len(request.vias) == 2


def test_source_is_noted_over_what_the_sender_claims() -> None:
    request = make_invite(via="SIP/2.0/UDP 10.0.0.5;rport=1;received=192.0.2.66;branch=z9hG4bK1")
    request.note_source(HostPort("192.0.2.7", 5060))
    assert (request.top_via.received, request.top_via.rport) == ("192.0.2.7", 5060)


def test_without_rport_only_another_address_is_noted() -> None:
    request = make_invite(via="SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1")
    request.note_source(HostPort("192.0.2.7", 40000))
    assert request.get("via") == "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1"


def test_response_copies_what_the_rfc_says() -> None:
    request = make_invite()
    names = [name for name, _ in make_response(request, 180, to_tag="t").headers]
    assert names == ["via", "record-route", "from", "to", "call-id", "cseq"]
    assert [name for name, _ in make_response(request, 486, to_tag="t").headers] == [
        "via",
        "from",
        "to",
        "call-id",
        "cseq",
    ]
    trying = make_response(request, 100, to_tag="t")
    assert trying.get("timestamp") == "54.2"
    assert trying.to.tag is None
    assert make_response(request, 404).reason == "Not Found"
    assert make_response(request, 400, "Missing To").reason == "Missing To"


def test_to_tag_is_added_once() -> None:
    assert make_response(make_invite(), 200, to_tag="mine").to.tag == "mine"
    assert make_response(make_invite(to="<sip:ivo@pbx.example>;tag=theirs"), 200, to_tag="mine").to.tag == "theirs"
    assert (
        make_response(make_invite(to="sip:ivo@pbx.example"), 200, to_tag="mine").get("to")
        == "sip:ivo@pbx.example;tag=mine"
    )


def test_an_unreadable_request_can_be_answered() -> None:
    request = Request("INVITE", "sip:x", [("to", '"open <sip:a@b>'), ("via", ";;")])
    assert make_response(request, 400, to_tag="t").headers == [("to", '"open <sip:a@b>'), ("via", ";;")]


def test_serialized_form() -> None:
    request = Request(
        "OPTIONS",
        "sip:x",
        [("cseq", "1 OPTIONS"), ("x-own-thing", "1"), ("l", "999"), ("www-authenticate", "y")],
        b"abc",
    )
    assert request.serialize() == (
        b"OPTIONS sip:x SIP/2.0\r\nCSeq: 1 OPTIONS\r\nX-Own-Thing: 1\r\nWWW-Authenticate: y\r\n"
        b"Content-Length: 3\r\n\r\nabc"
    )
    assert Response(200).serialize() == b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert Response(299).start_line == "SIP/2.0 299 Success"


def test_typed_views_of_what_is_absent() -> None:
    request = Request("INVITE", "sip:x")
    assert (request.max_forwards, request.expires, request.contacts, request.routes) == (None, None, [], [])
    assert request.content_type == ""
    for name in ("top_via", "from_", "to", "call_id", "cseq"):
        with pytest.raises(Malformed, match="Missing"):
            getattr(request, name)


def test_content_type_is_compared_without_case_and_parameters() -> None:
    assert Request("INVITE", "sip:x", [("c", 'Application/SDP ; charset="utf-8"')]).content_type == "application/sdp"


def test_contact_star() -> None:
    request = Request("REGISTER", "sip:x", [("m", "*")])
    assert request.contact_is_star
    assert request.contacts == []
    mixed = Request("REGISTER", "sip:x", [("m", "*, <sip:a@b>")])
    assert not mixed.contact_is_star
    with pytest.raises(Malformed):
        _ = mixed.contacts


def test_nothing_is_parsed_before_it_is_asked_for() -> None:
    message = parse(b"INVITE sip:x SIP/2.0\r\nVia: nonsense\r\nCSeq: nonsense\r\n\r\n")
    assert isinstance(message, Request)
    assert message.get("via") == "nonsense"
    with pytest.raises(Malformed, match="Via"):
        _ = message.top_via


def test_representations_show_the_start_line() -> None:
    assert repr(Request("BYE", "sip:a")) == "<BYE sip:a SIP/2.0>"
    assert repr(Response(486)) == "<SIP/2.0 486 Busy Here>"


@pytest.mark.parametrize(
    ("via", "branch"),
    [
        ("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1", "z9hG4bK1"),
        ("SIP/2.0/UDP 192.0.2.1:5060;rport=5070;branch=z9hG4bK1;received=203.0.113.9", "z9hG4bK1"),
        ("SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2", "z9hG4bK1"),
        ("SIP / 2.0 / UDP 192.0.2.1 ; received=1.2.3.4 ; branch = z9hG4bK1", "z9hG4bK1"),
        ("SIP/2.0/UDP a, SIP/2.0/UDP b;branch=z9hG4bK2", ""),
        ("SIP/2.0/UDP a;BRANCH=z9hG4bK1;rport", "z9hG4bK1"),
        ('SIP/2.0/UDP a;x=";branch=z9hG4bK9";branch=z9hG4bK1', "z9hG4bK1"),
        ("SIP/2.0/UDP a;rport", ""),
    ],
)
def test_the_branch_is_that_of_the_top_via(via: str, branch: str) -> None:
    message = Response(200, headers=[("via", via)])
    assert message.branch == branch
    assert (message.top_via.branch or "") == branch


def test_a_branch_of_a_via_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(Malformed):
        _ = Response(200, headers=[("via", "nonsense")]).branch
