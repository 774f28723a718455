"""Invariant: no bytes from anybody make the endpoint raise, and whatever is lost, doubled or reordered, every call
ends, is told to have ended exactly once on each side, and leaves nothing behind.
"""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import LegId
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteReceived,
    SipOutput,
)
from softswitch.testing.network import Conditions
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SWITCH, SipPair, switch_settings

FLOW = Flow(TransportKind.UDP, SWITCH, PROVIDER)
HEADERS = [
    "Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1",
    "Via: SIP/2.0/UDP x;branch=z9hG4bK2;rport",
    "From: <sip:a@b>;tag=1",
    "From: sip:a@b",
    "To: <sip:c@d>",
    "To: <sip:c@d>;tag=2",
    "Call-ID: x",
    "CSeq: 1 INVITE",
    "CSeq: 1 ACK",
    "CSeq: 2 BYE",
    "CSeq: 1 CANCEL",
    "CSeq: 4294967295 REGISTER",
    "Contact: <sip:a@203.0.113.5>",
    "Contact: *",
    "Contact: <tel:1>;expires=-1",
    "Expires: 0",
    "Max-Forwards: 0",
    "Require: x",
    "Record-Route: <sip:r;lr>",
    "Record-Route: <tel:5>",
    "Route: <sip:q>",
    "Content-Type: application/sdp",
    "Content-Type: multipart/mixed;boundary=b",
    'Authorization: Digest username="alice", realm="switch.example", nonce="n", uri="u", response="r"',
    "Authorization: Digest",
    "P-Asserted-Identity: <mailto:x>, <sip:1@2>",
    "Path: nonsense",
    "Supported:",
    "Supported: timer, 100rel",
    "Require: 100rel",
    "Session-Expires: 90;refresher=uas",
    "Session-Expires: nonsense",
    "RAck: 1 1 INVITE",
    "RSeq: 1",
    "Reason: Q.850;cause=17, SIP;cause=",
]
METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "PRACK", "UPDATE", "X")
START_LINES = [
    *[f"{method} sip:u@h SIP/2.0" for method in METHODS],
    "INVITE tel:+1 SIP/2.0",
    "INVITE x: SIP/2.0",
    "SIP/2.0 200 OK",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 401 No",
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(START_LINES), st.lists(st.sampled_from(HEADERS), max_size=14), st.binary(max_size=20)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_message_makes_the_endpoint_raise(messages: list[tuple[str, list[str], bytes]]) -> None:
    endpoint = SipEndpoint(switch_settings(), entropy=SeededEntropy(1))
    endpoint.add_listener(TransportKind.UDP, SWITCH)
    now = 1000.0
    for start, headers, body in messages:
        endpoint.receive_datagram("\r\n".join([start, *headers, "", ""]).encode() + body, FLOW, now)
        for output in endpoint.take_outputs():
            if isinstance(output, InviteReceived):
                endpoint.accept(output.leg_id, ANSWER, now)
        now += 1.0
    while (at := endpoint.next_timeout()) is not None:
        endpoint.handle_timeout(at)
        endpoint.take_outputs()
        if at > now + 200.0:
            break


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_no_damage_to_a_call_makes_the_endpoint_raise(noise: bytes, seed: int) -> None:
    """Each message of a good call is followed by a damaged copy of itself."""
    dice = random.Random(seed)
    pair = SipPair(seed=seed % 1000)
    original = pair.switch.receive_datagram

    class Damaging:
        """The switch, given damaged copies too."""

        def __getattr__(self, name: str) -> object:
            return getattr(pair.switch, name)

        def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
            at = dice.randrange(len(data))
            length = dice.randrange(1, 20)
            original(data[:at] + noise[:length] + data[at + length :], flow, now)
            original(data, flow, now)
            original(data[:at], flow._replace(remote=HostPort("192.0.2.99", 9)), now)

    pair.network.stations["switch"] = Damaging()  # pyright: ignore[reportArgumentType]
    pair.rules.append(lambda name, fact, now: answer(pair, name, fact, now))
    leg_id = pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, now=pair.now)
    pair.run(1.0)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run(200.0)


def answer(pair: SipPair, name: str, fact: SipOutput, now: float) -> None:
    """Ring, answer, agree to every re-INVITE."""
    endpoint: SipEndpoint = getattr(pair, name)
    if isinstance(fact, InviteReceived):
        endpoint.progress(fact.leg_id, 180, None, now)
        endpoint.accept(fact.leg_id, ANSWER, now)
    elif isinstance(fact, ReinviteReceived):
        endpoint.answer_reinvite(fact.leg_id, ANSWER, now)


@pytest.mark.parametrize("seed", range(12))
def test_calls_over_a_bad_network_all_end_and_leave_nothing(seed: int) -> None:
    conditions = Conditions(jitter_s=0.05, loss=0.25, duplication=0.1, reordering=0.1, reorder_s=0.7)
    pair = SipPair(seed=seed, conditions=conditions)
    dice = random.Random(seed)
    legs: dict[str, set[LegId]] = {"provider": set(), "switch": set()}

    def live(name: str, fact: SipOutput, now: float) -> None:
        endpoint: SipEndpoint = getattr(pair, name)
        answer(pair, name, fact, now)
        if isinstance(fact, InviteReceived):
            legs[name].add(fact.leg_id)
        elif isinstance(fact, LegAnswered | LegConfirmed):
            if dice.random() < 0.5:
                endpoint.reinvite(fact.leg_id, OFFER, now)
            if dice.random() < 0.3:
                endpoint.hang_up(fact.leg_id, now)

    pair.rules.append(live)
    for _ in range(15):
        legs["provider"].add(
            pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, now=pair.now)
        )
        pair.run(dice.uniform(0.0, 1.0))
        if dice.random() < 0.2:
            pair.provider.hang_up(dice.choice(sorted(legs["provider"])), pair.now)
    pair.run(60.0)
    for leg_id in legs["provider"]:
        pair.provider.hang_up(leg_id, pair.now)
    pair.run(150.0)
    for name in ("provider", "switch"):
        ends = Counter(
            fact.leg_id for who, fact in pair.facts if who == name and isinstance(fact, LegEnded | LegFailed)
        )
        statistics = getattr(pair, name).statistics()
        if name == "switch":
            # A caller that gave up for good while nothing got through is never heard of again: we would wait on.
            for leg_id in legs[name] - ends.keys():
                pair.switch.hang_up(leg_id, pair.now)
            pair.run(100.0)
            statistics = pair.switch.statistics()
        else:
            assert ends.keys() == legs[name]
        assert set(ends.values()) <= {1}
        assert (statistics.legs, statistics.dialogs, statistics.transactions) == (0, 0, 0)
