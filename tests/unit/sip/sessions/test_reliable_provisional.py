"""RFC 3262: what waits for a PRACK, and how much of it."""

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import Transmit
from softswitch.sip.sessions.reliable_provisional import WAITING_MAX, ReliableProvisionals
from softswitch.sip.settings import SipSettings

FLOW = Flow(TransportKind.UDP, HostPort("192.0.2.1", 5060), HostPort("192.0.2.2", 5060))
INVITE = Request(
    "INVITE",
    "sip:bob@switch.example",
    [
        ("via", "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa"),
        ("from", "<sip:alice@switch.example>;tag=a"),
        ("to", "<sip:bob@switch.example>"),
        ("call-id", "c"),
        ("cseq", "1 INVITE"),
    ],
)


def test_what_waits_is_bounded_and_a_description_never_left_out() -> None:
    core = SipCore(SipSettings(domain="switch.example"), SeededEntropy(1))
    reliable = ReliableProvisionals(core, core.transactions.open(INVITE, FLOW), 1, lambda now: None)
    for _ in range(1000):
        reliable.send(make_response(INVITE, 180, to_tag="t"), 0.0)
    described = make_response(INVITE, 183, to_tag="t")
    described.body = b"v=0\r\n"
    reliable.send(described, 0.0)
    while reliable.is_waiting:
        reliable.acknowledged(1.0)
    sent = [parse(each.message) for each in core.outputs if isinstance(each, Transmit)]
    assert len(sent) == 1 + WAITING_MAX + 1
    last = sent[-1]
    assert isinstance(last, Response)
    assert last.body == b"v=0\r\n"
