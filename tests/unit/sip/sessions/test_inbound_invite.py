"""A call that comes in, once it is over: whoever still holds it finds nothing there, and no fault."""

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import LegId
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.settings import PLAIN_SESSION, SipSettings

HERE = HostPort("192.0.2.1", 5060)
FLOW = Flow(TransportKind.UDP, HERE, HostPort("192.0.2.2", 5060))


def test_what_comes_too_late_does_nothing() -> None:
    core = SipCore(SipSettings(domain="switch.example"), SeededEntropy(1))
    core.addresses.add_listener(TransportKind.UDP, HERE)
    invite = Request(
        "INVITE",
        "sip:bob@switch.example",
        [
            ("via", "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa"),
            ("from", "<sip:alice@switch.example>;tag=a"),
            ("to", "<sip:bob@switch.example>"),
            ("call-id", "c"),
            ("cseq", "1 INVITE"),
            ("contact", "<sip:alice@192.0.2.2>"),
        ],
    )
    leg = InboundInvite.arrived(core, LegId("leg"), invite, FLOW, PLAIN_SESSION, 0.0)
    leg.hang_up(None, 1.0)
    said = len(core.outputs)
    leg.answer_reinvite(b"v=0", 2.0)
    leg.refuse_reinvite(488, 2.0)
    leg.reinvite(b"v=0", 2.0)
    leg.progress(180, b"", 2.0)
    leg.accept(b"v=0", 2.0)
    leg.hang_up(None, 2.0)
    leg.handle_timeout(61.0)
    assert len(core.outputs) == said
