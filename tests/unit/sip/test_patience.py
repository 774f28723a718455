"""What a stream connection is there for: a registration, a call, a subscription, a trunk, or nothing."""

from math import inf

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import InviteReceived, LegEnded, LegProgress
from softswitch.sip.patience import FLOW_GRACE_S
from softswitch.sip.settings import Target
from softswitch.testing.sip_pair import ALICE, ANSWER, DOMAIN, OFFER, PROVIDER, SWITCH, SipPair

PASSWORD = Credential(username="alice", realm=DOMAIN, password="correct horse")
SWITCH_URI = Target(uri=f"sip:{SWITCH};transport=tcp")
STRANGER = Flow(TransportKind.TCP, SWITCH, HostPort("192.0.2.66", 50_000), 8)
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'


def register(pair: SipPair, contact: str, *headers: tuple[str, str]) -> Flow:
    """Alice registers; the connection she does it along."""
    pair.alice.request(
        "REGISTER",
        SWITCH_URI,
        from_uri=f"sip:alice@{DOMAIN}",
        to_uri=f"sip:alice@{DOMAIN}",
        headers=(("contact", contact), ("expires", "300"), *headers),
        credentials=PASSWORD,
        now=pair.now,
    )
    pair.run(1.0)
    (binding,) = pair.switch.all_bindings()
    return binding.flow


def test_a_registered_phone_may_be_silent_and_a_stranger_is_unknown() -> None:
    pair = SipPair(kind=TransportKind.TCP)
    flow = register(pair, f"<sip:alice@{ALICE};transport=tcp>")
    assert pair.switch.patience([flow, STRANGER]) == {flow: inf}
    pair.switch.unregister(f"alice@{DOMAIN}")
    assert pair.switch.patience([flow, STRANGER]) == {}


def test_a_flow_of_its_own_number_was_told_how_often_to_show_that_it_is_there() -> None:
    pair = SipPair(kind=TransportKind.TCP)
    contact = f"<sip:alice@{ALICE};transport=tcp>;reg-id=1;{INSTANCE}"
    flow = register(pair, contact, ("supported", "outbound"))
    assert pair.switch.patience([flow]) == {flow: 120.0 + FLOW_GRACE_S}


def test_a_call_keeps_its_connection_for_as_long_as_it_lasts() -> None:
    pair = SipPair(kind=TransportKind.TCP)
    leg_id = pair.alice.invite(
        pair.target("5"), from_uri=f"sip:alice@{DOMAIN}", sdp=OFFER, credentials=PASSWORD, now=pair.now
    )
    pair.run(1.0)
    call = pair.one("switch", InviteReceived)
    assert pair.switch.patience([call.flow, STRANGER]) == {call.flow: inf}
    pair.switch.accept(call.leg_id, ANSWER, pair.now)
    pair.run(1.0)
    assert pair.switch.patience([call.flow]) == {call.flow: inf}
    pair.alice.hang_up(leg_id, pair.now)
    pair.run(1.0)
    assert pair.one("switch", LegEnded).by == "remote"
    assert pair.switch.patience([call.flow]) == {}


def test_a_phone_that_rings_keeps_the_connection_it_rings_along() -> None:
    pair = SipPair(kind=TransportKind.TCP)
    flow = register(pair, f"<sip:alice@{ALICE};transport=tcp>")
    pair.switch.invite(
        Target(uri=f"sip:alice@{ALICE};transport=tcp", flow=flow), from_uri="sip:5@x", sdp=OFFER, now=pair.now
    )
    pair.switch.unregister(f"alice@{DOMAIN}")
    assert pair.switch.patience([flow]) == {flow: inf}
    pair.run(0.5)
    pair.alice.progress(pair.one("alice", InviteReceived).leg_id, 180, None, pair.now)
    pair.run(0.5)
    assert pair.one("switch", LegProgress).status == 180
    assert pair.switch.patience([flow]) == {flow: inf}


def test_a_provider_is_no_stranger() -> None:
    flow = Flow(TransportKind.TCP, SWITCH, PROVIDER._replace(port=40_000), 6)
    assert SipPair().switch.patience([flow]) == {flow: inf}
