"""Dialogs (RFC 3261 section 12), session bodies, and what is made of our own requests."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.session_body import find_sdp, is_acceptable
from softswitch.sip.sessions.client_requests import make_cancel, read_retry_after
from softswitch.sip.sessions.dialog import CSEQ_LEAP, Dialog, is_loose
from softswitch.sip.sessions.sent_in_dialog import answer_challenge_in_dialog
from softswitch.sip.settings import SipSettings

FLOW = Flow(TransportKind.UDP, HostPort("198.51.100.1", 5060), HostPort("192.0.2.1", 5060))
INVITE = Request(
    "INVITE",
    "sip:bob@example.com",
    [
        ("via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1"),
        ("record-route", "<sip:p1;lr>, <sip:p2;lr>"),
        ("from", '"Al" <sip:alice@example.com>;tag=a'),
        ("to", "<sip:bob@example.com>"),
        ("call-id", "call"),
        ("cseq", "7 INVITE"),
        ("contact", "<sip:alice@192.0.2.1:5070>"),
    ],
)


def test_the_callees_dialog_keeps_the_route_and_swaps_the_parties() -> None:
    dialog = Dialog.of_callee(INVITE, "mine", FLOW)
    assert dialog.id == ("call", "mine", "a")
    bye = dialog.make_request("BYE", "SIP/2.0/UDP x;branch=z9hG4bK2")
    assert bye.serialize().decode().split("\r\n") == [
        "BYE sip:alice@192.0.2.1:5070 SIP/2.0",
        "Via: SIP/2.0/UDP x;branch=z9hG4bK2",
        "Max-Forwards: 70",
        "Route: <sip:p1;lr>",
        "Route: <sip:p2;lr>",
        "From: <sip:bob@example.com>;tag=mine",
        'To: "Al" <sip:alice@example.com>;tag=a',
        "Call-ID: call",
        "CSeq: 1 BYE",
        "Content-Length: 0",
        "",
        "",
    ]


def test_the_callers_dialog_reverses_the_route() -> None:
    response = make_response(INVITE, 200, to_tag="b")
    response.add("contact", "<sip:bob@192.0.2.4>")
    dialog = Dialog.of_caller(INVITE, response, FLOW)
    assert dialog.id == ("call", "a", "b")
    ack = dialog.make_request("ACK", "SIP/2.0/UDP x;branch=z9hG4bK2", cseq=7)
    assert (ack.uri_text, ack.get_all("route"), ack.get("cseq")) == (
        "sip:bob@192.0.2.4",
        ["<sip:p2;lr>", "<sip:p1;lr>"],
        "7 ACK",
    )
    assert dialog.make_request("BYE", "v").get("cseq") == "8 BYE"


def test_a_peer_without_contact_is_reached_by_the_uri_it_was_called_by() -> None:
    bare = Request("INVITE", INVITE.uri_text, [each for each in INVITE.headers if each[0] != "contact"])
    assert Dialog.of_callee(bare, "mine", FLOW).remote_target == "sip:alice@example.com"
    dialog = Dialog.of_caller(bare, make_response(bare, 200, to_tag="b"), FLOW)
    assert dialog.remote_target == "sip:bob@example.com"
    dialog.refresh_target(make_response(bare, 200))
    assert dialog.remote_target == "sip:bob@example.com"


@pytest.mark.parametrize(
    ("route", "loose"),
    [
        ("<sip:p;lr>", True),
        ("<sip:p;LR=on;x>", True),
        ("sip:p;lr", True),
        ("<sip:lr@p>;lr", False),
        ("<sip:p;lru>", False),
    ],
)
def test_loose_routers_say_so(route: str, loose: bool) -> None:
    assert is_loose(route) is loose


@pytest.mark.parametrize(
    ("content_type", "encoding", "body", "acceptable", "sdp"),
    [
        ("", "", b"", True, b""),
        ("application/sdp", "", b"v=0", True, b"v=0"),
        ("Application/SDP;charset=utf-8", "identity", b"v=0", True, b"v=0"),
        ("application/sdp", "gzip", b"v=0", False, b"v=0"),
        ("text/plain", "", b"hello", False, b""),
        ("multipart/mixed", "", b"--b\r\n", False, b""),
        ('multipart/mixed; boundary="b"', "", b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", False, b""),
        ("multipart/mixed;boundary=b", "", b"--b\r\ncontent-type:application/sdp\r\n\r\nv=0\r\n--b--", True, b"v=0"),
    ],
)
def test_the_sdp_is_found_alone_or_among_others(
    content_type: str, encoding: str, body: bytes, acceptable: bool, sdp: bytes
) -> None:
    headers = [("content-type", content_type), ("content-encoding", encoding)]
    message = Request("INVITE", "sip:x", [(name, value) for name, value in headers if value], body)
    assert is_acceptable(message) is acceptable
    assert find_sdp(message) == sdp


def test_cancel_repeats_what_the_invite_said() -> None:
    cancel = make_cancel(INVITE)
    assert [name for name, _ in cancel.headers] == ["via", "from", "to", "call-id", "cseq"]
    assert cancel.get("cseq") == "7 CANCEL"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30), ("18000;duration=3600", 18000), ("120 (I'm in a meeting)", 120), ("soon", None), ("9" * 10, None)],
)
def test_retry_after_is_read_leniently(value: str, seconds: int | None) -> None:
    assert read_retry_after(Response(503, None, [("retry-after", value)])) == seconds


def challenge(realm: str = "trunk", stale: bool = False, status: int = 407) -> Response:
    text = f'Digest realm="{realm}", nonce="n{realm}{stale}", qop="auth"' + (", stale=true" if stale else "")
    return Response(status, None, [("proxy-authenticate" if status == 407 else "www-authenticate", text)])


def test_a_challenge_is_answered_once_and_once_more_if_stale() -> None:
    reply = ChallengeReply(Credential(username="u", realm="trunk", password="p"), SeededEntropy(1))
    assert reply.authorize(request := Request("BYE", "sip:x"), challenge())
    assert (request.get("proxy-authorization") or "").startswith('Digest username="u", realm="trunk"')
    assert reply.authorize(Request("BYE", "sip:x"), challenge(stale=True))
    assert not reply.authorize(Request("BYE", "sip:x"), challenge(stale=True))
    reply.succeeded()
    assert reply.authorize(Request("BYE", "sip:x"), challenge(status=401))
    assert not reply.authorize(Request("BYE", "sip:x"), challenge(status=401))


def test_credentials_are_for_their_realm_only() -> None:
    reply = ChallengeReply(Credential(username="u", realm="trunk", password="p"), SeededEntropy(1))
    assert not reply.authorize(Request("BYE", "sip:x"), challenge("evil"))
    anywhere = ChallengeReply(Credential(username="u", realm="", password="p"), SeededEntropy(1))
    assert anywhere.authorize(Request("BYE", "sip:x"), challenge("any"))


class Watch:
    """How far our numbers had come whenever it was told."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self.told = [dialog.local_cseq]
        dialog.watch = self

    def changed(self) -> None:
        self.told.append(self._dialog.local_cseq)


@pytest.mark.parametrize("first", [7, 8])
def test_how_far_our_numbers_have_come_is_told_even_if_each_request_is_challenged(first: int) -> None:
    """A challenge costs a number as well, so those of first tries are all odd, or all even."""
    dialog = Dialog.of_caller(INVITE, make_response(INVITE, 200, to_tag="b"), FLOW)
    dialog.local_cseq = first
    watch = Watch(dialog)
    core = SipCore(SipSettings(domain="x.example"), SeededEntropy(1))
    reply = ChallengeReply(Credential(username="u", realm="trunk", password="p"), SeededEntropy(1))
    for _ in range(2 * CSEQ_LEAP):
        update = dialog.make_request("UPDATE", "SIP/2.0/UDP x;branch=z9hG4bK2")
        assert answer_challenge_in_dialog(core, dialog, update, reply, challenge()) is not None
        reply.succeeded()
        assert dialog.local_cseq - watch.told[-1] < CSEQ_LEAP
