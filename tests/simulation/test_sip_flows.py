"""A phone that keeps several flows (RFC 5626): an INVITE that finds nobody on the newest takes the next."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.outputs import InviteReceived, LegFailed, LegProgress
from softswitch.sip.settings import Target
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ALICE, OFFER, SWITCH, SipPair

DEAD = HostPort("192.0.2.11", 5060)


def invited(pair: SipPair) -> None:
    """The switch calls alice, whose newest flow is dead."""
    target = Target(
        uri=f"sip:alice@{ALICE}",
        flow=Flow(TransportKind.UDP, SWITCH, DEAD),
        others=(Flow(TransportKind.UDP, SWITCH, ALICE),),
    )
    pair.switch.invite(target, from_uri="sip:5@switch.example", sdp=OFFER, now=pair.now)


def rings(pair: SipPair) -> None:
    def rule(name: str, fact: object, now: float) -> None:
        if name == "alice" and isinstance(fact, InviteReceived):
            pair.alice.progress(fact.leg_id, 180, None, now)

    pair.rules.append(rule)


def test_a_flow_on_which_nothing_is_heard_is_given_up_for_the_next() -> None:
    pair = SipPair()
    rings(pair)
    invited(pair)
    pair.run(10.0)
    assert pair.one("switch", LegProgress).status == 180
    assert len(pair.all("alice", InviteReceived)) == 1


@pytest.mark.parametrize("status", [430, 503])
def test_a_proxy_that_has_lost_the_flow_is_believed(status: int) -> None:
    pair = SipPair()
    rings(pair)
    proxy = RawStation(DEAD)
    pair.network.attach("proxy", proxy, (TransportKind.UDP, DEAD))
    invited(pair)
    pair.run(0.1)
    proxy.answer(proxy.requests("INVITE")[0], status, "edge")
    pair.run(1.0)
    assert pair.one("switch", LegProgress).status == 180


def test_a_phone_that_is_busy_is_not_called_again() -> None:
    pair = SipPair()
    proxy = RawStation(DEAD)
    pair.network.attach("proxy", proxy, (TransportKind.UDP, DEAD))
    invited(pair)
    pair.run(0.1)
    proxy.answer(proxy.requests("INVITE")[0], 486, "phone")
    pair.run(40.0)
    assert pair.one("switch", LegFailed).status == 486
    assert pair.all("alice", InviteReceived) == []
