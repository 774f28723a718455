"""STUN on the SIP port: RFC 5769's numbers, and whatever is no binding request."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.messages.stun import answer_binding, begins_like_stun
from softswitch.sip.outputs import Transmit
from softswitch.sip.settings import Target
from softswitch.testing.sip_pair import DOMAIN, SWITCH, SipPair

ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex("000100002112a442") + ID


def test_the_address_of_rfc_5769_section_2_2() -> None:
    answer = answer_binding(REQUEST, HostPort("192.0.2.1", 32853))
    assert answer == bytes.fromhex("0101000c2112a442") + ID + bytes.fromhex("002000080001a147e112a643")


def test_the_address_of_rfc_5769_section_2_3() -> None:
    answer = answer_binding(REQUEST, HostPort("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    assert answer is not None
    assert answer[20:] == bytes.fromhex("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9")


@pytest.mark.parametrize(
    "octets", [b"", b"\0\0\0\0", REQUEST[:19], REQUEST + b"x", b"\1" + REQUEST[1:], REQUEST[:4] + b"\0\0\0\0" + ID]
)
def test_anything_else_is_not_answered(octets: bytes) -> None:
    assert answer_binding(octets, HostPort("192.0.2.1", 5060)) is None


def test_the_endpoint_answers_where_it_came_from_and_swallows_the_rest() -> None:
    """A phone's, not a stranger's: the answer is longer than the request, whose source may be forged."""
    pair = SipPair()
    stranger = Flow(TransportKind.UDP, SWITCH, HostPort("192.0.2.99", 40_000))
    pair.switch.receive_datagram(REQUEST, stranger, pair.now)
    assert pair.switch.take_outputs() == []
    aor, password = f"sip:alice@{DOMAIN}", Credential(username="alice", realm=DOMAIN, password="correct horse")
    target = Target(uri=f"sip:{DOMAIN}")
    pair.alice.request("REGISTER", target, from_uri=aor, to_uri=aor, credentials=password, now=pair.now)
    pair.run(1.0)
    (binding,) = pair.switch.all_bindings()
    flow = binding.flow
    pair.switch.receive_datagram(REQUEST, flow, pair.now)
    (output,) = pair.switch.take_outputs()
    assert isinstance(output, Transmit)
    assert output.flow == flow
    assert begins_like_stun(output.message)
    for octets in (b"\1\1" + REQUEST[2:], b"\r\n", b"\0\0\0\0"):
        pair.switch.receive_datagram(octets, flow, pair.now)
    assert pair.switch.take_outputs() == []
    assert pair.switch.statistics().faults == 0
