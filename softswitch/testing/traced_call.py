"""The messages of one call that a busy agent refused, as the switch would show them."""

from collections.abc import Sequence

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.traced_message import TracedMessage
from softswitch.store.schema import SipLeg

AT = 1_700_000_000.0
CALLER = Flow(TransportKind.UDP, HostPort("192.0.2.5", 5060), HostPort("198.51.100.7", 5060))
CALLED = Flow(TransportKind.UDP, HostPort("192.0.2.5", 5060), HostPort("192.0.2.9", 5062))
SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\n"
LEGS = (
    SipLeg(sip_call_id="one@provider", role="caller", party="trunk:provider"),
    SipLeg(sip_call_id="two", role="called", party="anna", status=486, reason="Busy Here"),
)


def sip_text(start: str, call_id: str, cseq: str, *headers: str, body: str = "") -> bytes:
    """A message with what every message has."""
    lines = [
        start,
        f"Via: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK{cseq.replace(' ', '')}{call_id[:3]}",
        "From: <sip:+442071838750@provider.example>;tag=a",
        "To: <sip:100@example.test>" + (";tag=b" if start.startswith("SIP/2.0") else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def refused_call() -> Sequence[TracedMessage]:
    """INVITE, 180 to the caller, INVITE to anna, 486 with Q.850 cause 17, 480 to the caller."""
    sdp = "Content-Type: application/sdp"
    one, two = "one@provider", "two"
    return [
        _at(0.0, False, CALLER, sip_text("INVITE sip:100@example.test SIP/2.0", one, "1 INVITE", sdp, body=SDP)),
        _at(0.001, True, CALLER, sip_text("SIP/2.0 100 Trying", one, "1 INVITE")),
        _at(0.012, True, CALLED, sip_text("INVITE sip:anna@192.0.2.9:5062 SIP/2.0", two, "1 INVITE", sdp, body=SDP)),
        _at(0.02, True, CALLER, sip_text("SIP/2.0 180 Ringing", one, "1 INVITE")),
        _at(0.5, False, CALLED, sip_text("SIP/2.0 486 Busy Here", two, "1 INVITE", "Reason: Q.850;cause=17")),
        _at(0.501, True, CALLED, sip_text("ACK sip:anna@192.0.2.9:5062 SIP/2.0", two, "1 ACK")),
        _at(0.51, True, CALLER, sip_text("SIP/2.0 480 Temporarily Unavailable", one, "1 INVITE")),
        _at(0.52, False, CALLER, sip_text("ACK sip:100@example.test SIP/2.0", one, "1 ACK")),
    ]


def _at(after_s: float, is_sent: bool, flow: Flow, message: bytes) -> TracedMessage:
    return TracedMessage(AT + after_s, is_sent, flow, message)
