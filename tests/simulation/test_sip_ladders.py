"""Calls between real endpoints in virtual time; what goes over the wire is compared with tests/golden/ladders.

`SOFTSWITCH_GOLDEN=write pytest tests/simulation/test_sip_ladders.py` writes the ladders anew; read the difference.
"""

from collections.abc import Callable

import pytest

from softswitch.base.address import TransportKind
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    RegistrationChanged,
    ReinviteAnswered,
    ReinviteFailed,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.settings import Target
from softswitch.testing.sip_pair import ALICE, ANSWER, DOMAIN, OFFER, SipPair

HELD = OFFER + b"a=sendonly\r\n"
AGREED = ANSWER + b"a=recvonly\r\n"
PASSWORD = Credential(username="alice", realm=DOMAIN, password="correct horse")
SWITCH_DOMAIN = f"sip:{DOMAIN}"


def answer_after(pair: SipPair, seconds: float = 0.0, sdp: bytes = ANSWER) -> None:
    """The switch rings at once and answers calls; after some seconds if told so (the pair must be run that long)."""

    def rule(name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, InviteReceived):
            pair.switch.progress(fact.leg_id, 180, None, now)
            if not seconds:
                pair.switch.accept(fact.leg_id, sdp, now)

    pair.rules.append(rule)


def call(pair: SipPair, sdp: bytes = OFFER) -> LegId:
    return pair.provider.invite(pair.target("100"), from_uri="sip:555@provider.example", sdp=sdp, now=pair.now)


def established(pair: SipPair) -> tuple[LegId, LegId]:
    """A call in progress: the provider's leg and the switch's."""
    answer_after(pair)
    leg_id = call(pair)
    pair.run(1.0)
    return leg_id, pair.one("switch", InviteReceived).leg_id


def test_call_and_hang_up_by_the_caller(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)
    assert pair.one("provider", LegProgress) == LegProgress(leg_id, 180, b"")
    assert pair.one("provider", LegAnswered) == LegAnswered(leg_id, ANSWER)
    assert pair.one("switch", LegConfirmed) == LegConfirmed(called, b"")
    pair.provider.hang_up(leg_id, pair.now, reason='Q.850;cause=16;text="Normal clearing"')
    pair.run()
    assert pair.one("provider", LegEnded) == LegEnded(leg_id, "local", "hung up", 200)
    assert pair.one("switch", LegEnded) == LegEnded(called, "remote", "Normal clearing", 200, 16)
    ladder(pair)


def test_call_over_tcp(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair(kind=TransportKind.TCP)
    leg_id, called = established(pair)
    pair.switch.hang_up(called, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded) == LegEnded(leg_id, "remote", "bye", 200)
    ladder(pair)


def test_early_media_then_ringing(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id = call(pair)
    pair.run(0.1)
    called = pair.one("switch", InviteReceived).leg_id
    pair.switch.progress(called, 183, ANSWER, pair.now)
    pair.switch.progress(called, 180, None, pair.now)
    pair.run(0.1)
    assert pair.all("provider", LegProgress) == [LegProgress(leg_id, 183, ANSWER), LegProgress(leg_id, 180, b"")]
    pair.switch.accept(called, ANSWER, pair.now)
    pair.run(0.1)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_long_ringing_is_repeated_every_minute(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    answer_after(pair, seconds=150.0)
    leg_id = call(pair)
    pair.run(150.0)
    pair.switch.accept(pair.one("switch", InviteReceived).leg_id, ANSWER, pair.now)
    pair.run(1.0)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_registration_and_call_with_digest(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    answer_after(pair)
    target = Target(uri=SWITCH_DOMAIN)
    pair.alice.request(
        "REGISTER", target, from_uri=f"sip:alice@{DOMAIN}", to_uri=f"sip:alice@{DOMAIN}", credentials=PASSWORD,
        headers=[("expires", "600")], now=pair.now,
    )  # fmt: skip
    pair.run(1.0)
    assert pair.one("alice", RequestFinished).status == 200
    (binding,) = pair.one("switch", RegistrationChanged).bindings
    assert (binding.aor, binding.contact_uri) == (f"alice@{DOMAIN}", f"sip:alice@{ALICE}")
    assert binding.expires_at == pytest.approx(pair.now + 599.0, abs=0.1)
    leg_id = pair.alice.invite(
        Target(uri=f"sip:100@{DOMAIN}"), from_uri="sip:999@liar.example", sdp=OFFER, credentials=PASSWORD, now=pair.now
    )
    pair.run(1.0)
    invite = pair.one("switch", InviteReceived)
    assert (invite.source.kind, invite.source.name, invite.calling_number) == ("account", "alice", "201")
    assert (invite.called_number, invite.sdp) == ("100", OFFER)
    pair.alice.hang_up(leg_id, pair.now)
    pair.run()
    assert [each.bindings for each in pair.all("switch", RegistrationChanged)][-1] == []
    ladder(pair)


def test_call_without_password_is_refused(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    pair.alice.invite(Target(uri=f"sip:100@{DOMAIN}"), from_uri=f"sip:alice@{DOMAIN}", sdp=OFFER, now=pair.now)
    pair.run()
    assert pair.one("alice", LegFailed).status == 401
    assert pair.all("switch", InviteReceived) == []
    ladder(pair)


def test_cancel_while_ringing(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    answer_after(pair, seconds=5.0)
    leg_id = call(pair)
    pair.run(1.0)
    pair.provider.hang_up(leg_id, pair.now, reason='SIP;cause=200;text="Call completed elsewhere"')
    pair.run()
    called = pair.one("switch", InviteReceived).leg_id
    assert pair.one("provider", LegEnded) == LegEnded(leg_id, "local", "cancelled", 487)
    assert pair.one("switch", LegEnded) == LegEnded(called, "remote", "cancelled", 487, 16)
    ladder(pair)


def test_cancel_waits_for_a_provisional_response(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    pair.network.lose_next("provider", "switch", "INVITE")
    answer_after(pair, seconds=5.0)
    leg_id = call(pair)
    pair.run(0.1)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded).reason == "cancelled"
    ladder(pair)


def test_cancel_crosses_the_answer(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    answer_after(pair, seconds=1.0)
    leg_id = call(pair)
    pair.run(1.0)
    called = pair.one("switch", InviteReceived).leg_id
    pair.switch.accept(called, ANSWER, pair.now)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded) == LegEnded(leg_id, "local", "cancelled", 487)
    assert pair.all("provider", LegAnswered) == []
    assert pair.one("switch", LegEnded) == LegEnded(called, "remote", "bye", 200)
    ladder(pair)


def test_cancel_that_nobody_answers(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    answer_after(pair, seconds=1.0)
    leg_id = call(pair)
    pair.run(1.0)
    called = pair.one("switch", InviteReceived).leg_id
    for _ in range(11):
        pair.network.lose_next("provider", "switch", "CANCEL")
    pair.provider.hang_up(leg_id, pair.now)
    pair.run(40.0)
    assert pair.provider.statistics().transactions == 0
    pair.switch.reject(called, 480, now=pair.now)
    pair.run()
    ladder(pair)


def test_everything_is_lost_once(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    for source, destination, start in (
        ("provider", "switch", "INVITE"),
        ("switch", "provider", "SIP/2.0 100"),
        ("switch", "provider", "SIP/2.0 180"),
        ("switch", "provider", "SIP/2.0 200"),
        ("provider", "switch", "ACK"),
        ("provider", "switch", "BYE"),
    ):
        pair.network.lose_next(source, destination, start)
    leg_id, _ = established(pair)
    pair.run(5.0)
    assert len(pair.all("switch", LegConfirmed)) == 1
    assert len(pair.all("provider", LegAnswered)) == 1
    pair.provider.hang_up(leg_id, pair.now)
    pair.run(0.1)
    pair.network.lose_next("switch", "provider", "SIP/2.0 200")
    pair.run()
    assert len(pair.all("switch", LegEnded)) == 1
    ladder(pair)


def test_no_ack_ends_the_call(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    for _ in range(20):
        pair.network.lose_next("provider", "switch", "ACK")
    established(pair)
    pair.run()
    assert pair.one("switch", LegEnded).reason == "no ACK"
    assert pair.one("switch", LegEnded).by == "timeout"
    assert pair.one("provider", LegEnded).by == "remote"
    ladder(pair)


def test_hang_up_before_the_ack_waits_for_it(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    pair.network.lose_next("provider", "switch", "ACK")
    answer_after(pair)
    call(pair)
    pair.run(0.1)
    pair.switch.hang_up(pair.one("switch", InviteReceived).leg_id, pair.now)
    assert pair.switch.statistics().legs == 0
    pair.run()
    assert pair.one("switch", LegEnded).by == "local"
    assert pair.all("switch", LegConfirmed) == []
    ladder(pair)


def test_busy_with_a_lost_ack(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    pair.network.lose_next("provider", "switch", "ACK")
    leg_id = call(pair)
    pair.run(0.1)
    called = pair.one("switch", InviteReceived).leg_id
    pair.switch.reject(called, 486, "Agents Busy", [("retry-after", "20 (soon)")], now=pair.now)
    pair.run()
    assert pair.one("provider", LegFailed) == LegFailed(leg_id, 486, "Agents Busy", 20)
    assert pair.one("switch", LegEnded) == LegEnded(called, "local", "Agents Busy", 486)
    ladder(pair)


def test_hang_up_of_an_unanswered_inbound_leg(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    call(pair)
    pair.run(0.1)
    pair.switch.hang_up(pair.one("switch", InviteReceived).leg_id, pair.now, reason="Q.850;cause=31")
    pair.run()
    assert pair.one("provider", LegFailed).status == 480
    ladder(pair)


def test_nobody_there(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    del pair.network.stations["switch"]
    for _ in range(7):
        pair.network.lose_next("provider", "switch", "INVITE")
    leg_id = call(pair)
    pair.run()
    assert pair.one("provider", LegFailed) == LegFailed(leg_id, 408, "Request Timeout")
    ladder(pair)


def test_late_offer(ladder: Callable[[SipPair], None]) -> None:
    """The provider's stack refuses to offer nothing, so alice's ACK carries no answer: the switch hangs up."""
    pair = SipPair()
    answer_after(pair, sdp=OFFER)
    call(pair, sdp=b"")
    pair.run(1.0)
    assert pair.one("switch", InviteReceived).sdp == b""
    assert pair.one("provider", LegAnswered).sdp == OFFER
    assert pair.all("switch", LegConfirmed) == []
    ended = pair.one("switch", LegEnded)
    assert (ended.by, ended.reason) == ("remote", "no answer in ACK")
    pair.run()
    ladder(pair)


def test_hold_and_resume_both_ways(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)

    def agree(name: str, fact: SipOutput, now: float) -> None:
        if isinstance(fact, ReinviteReceived):
            getattr(pair, name).answer_reinvite(fact.leg_id, AGREED, now)

    pair.rules.append(agree)
    pair.provider.reinvite(leg_id, HELD, pair.now)
    pair.run(1.0)
    assert pair.one("switch", ReinviteReceived) == ReinviteReceived(called, HELD)
    assert pair.one("provider", ReinviteAnswered) == ReinviteAnswered(leg_id, AGREED)
    pair.switch.reinvite(called, OFFER, pair.now)
    pair.run(1.0)
    assert pair.one("provider", ReinviteReceived) == ReinviteReceived(leg_id, OFFER)
    assert pair.one("switch", ReinviteAnswered) == ReinviteAnswered(called, AGREED)
    pair.switch.hang_up(called, pair.now)
    pair.run()
    ladder(pair)


def test_glare(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)

    def agree(name: str, fact: SipOutput, now: float) -> None:
        if isinstance(fact, ReinviteReceived):
            getattr(pair, name).answer_reinvite(fact.leg_id, AGREED, now)

    pair.rules.append(agree)
    pair.provider.reinvite(leg_id, HELD, pair.now)
    pair.switch.reinvite(called, OFFER, pair.now)
    pair.run(10.0)
    assert len(pair.all("provider", ReinviteAnswered)) == len(pair.all("switch", ReinviteAnswered)) == 1
    pair.switch.hang_up(called, pair.now)
    pair.run()
    ladder(pair)


def test_a_refused_reinvite_changes_nothing(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)
    pair.provider.reinvite(leg_id, HELD, pair.now)
    pair.run(0.1)
    pair.switch.refuse_reinvite(called, 488, pair.now)
    pair.run(1.0)
    assert pair.one("provider", ReinviteFailed) == ReinviteFailed(leg_id, 488)
    assert pair.all("provider", LegEnded) == []
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_a_reinvite_without_answer_ends_the_call(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, _ = established(pair)
    for _ in range(7):
        pair.network.lose_next("provider", "switch", "INVITE")
    pair.provider.reinvite(leg_id, HELD, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded) == LegEnded(leg_id, "timeout", "no answer to re-INVITE", 408)
    assert pair.one("switch", LegEnded).by == "remote"
    ladder(pair)


def test_hang_up_while_a_reinvite_waits_for_its_answer(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)
    pair.provider.reinvite(leg_id, HELD, pair.now)
    pair.run(0.1)
    pair.switch.hang_up(called, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded).by == "remote"
    ladder(pair)


def test_both_hang_up_at_once(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)
    pair.provider.hang_up(leg_id, pair.now)
    pair.switch.hang_up(called, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded).by == pair.one("switch", LegEnded).by == "local"
    ladder(pair)


def test_info_and_options(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = established(pair)
    pair.provider.send_info(leg_id, "application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", pair.now)
    pair.run(0.1)
    assert pair.one("switch", InfoReceived) == InfoReceived(
        called, "application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"
    )
    pair.provider.request("OPTIONS", pair.target("ping"), from_uri="sip:p@provider.example", now=pair.now)
    pair.run(0.1)
    finished = pair.one("provider", RequestFinished)
    assert finished.status == 200
    allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, PUBLISH"
    assert dict(finished.headers)["allow"] == allowed
    assert dict(finished.headers)["accept"].startswith("application/sdp")
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_draining_refuses_new_calls_only(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, _ = established(pair)
    pair.switch.drain(True)
    refused = call(pair)
    pair.run(1.0)
    assert pair.one("provider", LegFailed) == LegFailed(refused, 503, "Service Unavailable", 5)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded).by == "remote"
    ladder(pair)
