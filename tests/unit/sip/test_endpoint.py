"""The endpoint's commands: what a caller inside the switch may do, may not do, and does too late."""

import gc

import pytest

from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import InviteReceived, LegEnded, LegFailed, RequestFinished, SipOutput, Transmit
from softswitch.sip.settings import SessionLimits, Target
from softswitch.testing.sip_pair import ANSWER, DOMAIN, OFFER, SWITCH, SipPair, switch_settings


@pytest.fixture
def pair() -> SipPair:
    return SipPair()


def call(pair: SipPair) -> tuple[LegId, LegId]:
    """A ringing call: the provider's leg and the switch's."""
    leg_id = pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    return leg_id, pair.one("switch", InviteReceived).leg_id


def test_legs_that_are_over_or_unknown_ignore_commands(pair: SipPair) -> None:
    _, called = call(pair)
    pair.switch.reject(called, 486, now=pair.now)
    pair.run(0.1)
    sent = len(pair.network.transcript)
    for leg_id in (called, LegId("unknown")):
        pair.switch.progress(leg_id, 180, None, pair.now)
        pair.switch.accept(leg_id, ANSWER, pair.now)
        pair.switch.reject(leg_id, 486, now=pair.now)
        pair.switch.hang_up(leg_id, pair.now)
        pair.switch.reinvite(leg_id, OFFER, pair.now)
        pair.switch.answer_reinvite(leg_id, OFFER, pair.now)
        pair.switch.refuse_reinvite(leg_id, 488, pair.now)
        pair.switch.send_info(leg_id, "text/plain", b"", pair.now)
    pair.run(0.1)
    assert len(pair.network.transcript) == sent
    assert len(pair.all("switch", LegEnded)) == 1


def test_commands_that_make_no_sense_are_the_callers_fault(pair: SipPair) -> None:
    calling, called = call(pair)
    with pytest.raises(LocalError, match="is outbound"):
        pair.provider.accept(calling, ANSWER, pair.now)
    with pytest.raises(LocalError, match="is not answered yet"):
        pair.switch.send_info(called, "text/plain", b"", pair.now)
    pair.switch.accept(called, ANSWER, pair.now)
    pair.run(0.1)
    pair.switch.accept(called, ANSWER, pair.now)
    with pytest.raises(LocalError, match="must carry an offer"):
        pair.switch.reinvite(called, b"", pair.now)
    with pytest.raises(LocalError, match="use the commands of legs"):
        pair.switch.request("INVITE", pair.target("1"), from_uri="sip:x@y", now=pair.now)
    broken = [("x-evil", "a\r\nVia: b")]
    with pytest.raises(LocalError, match="line break"):
        pair.switch.invite(pair.target("1"), from_uri="sip:x@y", sdp=b"", headers=broken, now=pair.now)


@pytest.mark.parametrize("uri", ["sip:x@unknown.invalid", "sip:x@192.0.2.1;transport=ws", "not a uri", "tel:+49"])
def test_a_target_without_a_way_fails_like_a_call(pair: SipPair, uri: str) -> None:
    leg_id = pair.switch.invite(Target(uri=uri), from_uri="sip:x@y", sdp=OFFER, now=pair.now)
    number = pair.switch.request("OPTIONS", Target(uri=uri), from_uri="sip:x@y", now=pair.now)
    assert pair.switch.take_outputs() == [
        LegFailed(leg_id, 503, "No Route to Target"),
        RequestFinished(number, 503, "No Route to Target"),
    ]


def test_more_calls_than_allowed_are_refused_here_too() -> None:
    settings = switch_settings()
    pair = SipPair(settings=type(settings)(domain=DOMAIN, limits=SessionLimits(sessions_max=0)))
    leg_id = pair.switch.invite(pair.target("1"), from_uri="sip:x@y", sdp=OFFER, now=pair.now)
    assert pair.switch.take_outputs() == [LegFailed(leg_id, 503, "Too Many Calls")]


def invite_text(endpoint: SipEndpoint) -> str:
    (transmit,) = [each for each in endpoint.take_outputs() if isinstance(each, Transmit)]
    return transmit.message.decode()


def test_an_invite_shows_what_it_was_given_and_nothing_else(pair: SipPair) -> None:
    target = Target(uri="sip:bob@203.0.113.5", route=("<sip:edge;lr>",), flow=pair.flow(SWITCH, SWITCH))
    pair.switch.invite(
        target,
        from_uri="sip:201@switch.example",
        from_display='Al "the" Ice',
        to_uri="sip:bob@switch.example",
        sdp=OFFER,
        headers=[("Alert-Info", "<http://x>;info=alert-autoanswer")],
        max_forwards=42,
        now=pair.now,
    )
    text = invite_text(pair.switch)
    assert text.startswith(
        "INVITE sip:bob@203.0.113.5 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;rport;branch=z9hG4bK"
    )
    assert "\r\nMax-Forwards: 42\r\nRoute: <sip:edge;lr>\r\n" in text
    assert '\r\nFrom: "Al \\"the\\" Ice" <sip:201@switch.example>;tag=' in text
    assert "\r\nTo: <sip:bob@switch.example>\r\n" in text
    assert "\r\nAlert-Info: <http://x>;info=alert-autoanswer\r\n" in text
    assert "\r\nContact: <sip:198.51.100.1:5060>\r\n" in text
    assert text.endswith(OFFER.decode())


def test_a_strict_router_of_a_path_becomes_the_request_uri(pair: SipPair) -> None:
    target = Target(uri="sip:bob@203.0.113.5", route=("<sip:192.0.2.10>",))
    pair.switch.invite(target, from_uri="sip:201@switch.example", sdp=b"", now=pair.now)
    text = invite_text(pair.switch)
    assert text.startswith("INVITE sip:192.0.2.10 SIP/2.0\r\n")
    assert "\r\nRoute: <sip:bob@203.0.113.5>\r\n" in text


def test_an_odd_calling_number_becomes_anonymous_instead_of_breaking_the_message(pair: SipPair) -> None:
    pair.switch.invite(pair.target("1"), from_uri="sip:1>2 3@x", sdp=b"", now=pair.now)
    assert "\r\nFrom: <sip:anonymous@anonymous.invalid>;tag=" in invite_text(pair.switch)


def test_registers_go_on_in_one_sequence(pair: SipPair) -> None:
    password = Credential(username="alice", realm=DOMAIN, password="correct horse")
    for _ in range(2):
        pair.alice.request(
            "REGISTER", Target(uri=f"sip:{DOMAIN}"), from_uri=f"sip:alice@{DOMAIN}", to_uri=f"sip:alice@{DOMAIN}",
            credentials=password, now=pair.now,
        )  # fmt: skip
        pair.run(1.0)
    assert [each.status for each in pair.all("alice", RequestFinished)] == [200, 200]
    (binding,) = pair.switch.bindings(f"alice@{DOMAIN}")
    assert binding.cseq == 5


def test_a_call_leaves_no_reference_cycles(pair: SipPair) -> None:
    """What is over is freed at once: the garbage collector has nothing to search for while calls are going on."""

    def accept(name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, InviteReceived):
            pair.switch.accept(fact.leg_id, ANSWER, now)

    pair.rules.append(accept)
    gc.collect()
    gc.disable()
    try:
        for hang_up_after in (0.005, 0.5):
            leg_id = pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, now=pair.now)
            pair.run(hang_up_after)
            pair.provider.hang_up(leg_id, pair.now)
            pair.run()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_fault_at_one_timer_costs_nobody_else_his(pair: SipPair) -> None:
    class Faulty:
        def handle_timeout(self, now: float) -> None:
            raise ValueError("a fault of ours")

    class Other:
        at = 0.0

        def handle_timeout(self, now: float) -> None:
            self.at = now

    other = Other()
    deadlines = pair.switch._core.deadlines  # pyright: ignore[reportPrivateUsage]
    deadlines.set(Faulty(), 1.0)
    deadlines.set(other, 1.0)
    with pytest.raises(ValueError, match="a fault of ours"):
        pair.switch.handle_timeout(2.0)
    pair.switch.handle_timeout(2.0)
    assert other.at == 2.0
