"""The switch dies in the middle of calls, and the next process goes on with them: no peer sees more than a pause."""

from collections.abc import Callable

import pytest

from softswitch.base.ids import LegId
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    ReinviteAnswered,
    ReinviteReceived,
    SipOutput,
)
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SipPair, switch_settings
from softswitch.testing.successor import succeed, write_down

TIMED = SessionPolicy(session_expires_s=1800)


def answers(pair: SipPair, station: str) -> None:
    """Whoever rings there is answered, and so is every other offer."""

    def rule(name: str, fact: SipOutput, now: float) -> None:
        if name == station and isinstance(fact, InviteReceived):
            getattr(pair, station).accept(fact.leg_id, ANSWER, now)
        if name == station and isinstance(fact, ReinviteReceived):
            getattr(pair, station).answer_reinvite(fact.leg_id, ANSWER, now)

    pair.rules.append(rule)


def called_in(pair: SipPair, session: SessionPolicy = PLAIN_SESSION) -> tuple[LegId, LegId]:
    """The provider has called: his leg, and the switch's."""
    answers(pair, "switch")
    leg_id = pair.provider.invite(
        pair.target("100"), from_uri="sip:555@provider.example", sdp=OFFER, session=session, now=pair.now
    )
    pair.run(1.0)
    return leg_id, pair.one("switch", InviteReceived).leg_id


def called_out(pair: SipPair, session: SessionPolicy = PLAIN_SESSION) -> tuple[LegId, LegId]:
    """The switch has called: the provider's leg, and the switch's."""
    answers(pair, "provider")
    leg_id = pair.switch.invite(
        pair.target("555", PROVIDER), from_uri="sip:100@switch.example", sdp=OFFER, session=session, now=pair.now
    )
    pair.run(1.0)
    return pair.one("provider", InviteReceived).leg_id, leg_id


Call = Callable[..., tuple[LegId, LegId]]
DIRECTIONS = pytest.mark.parametrize("call", [called_in, called_out])


@DIRECTIONS
def test_a_conversation_goes_on_and_the_peer_ends_it(call: Call) -> None:
    pair = SipPair()
    theirs, ours = call(pair)
    assert succeed(pair, write_down(pair.switch, [ours])) == [ours]
    pair.run(5.0)
    pair.provider.send_info(theirs, "application/dtmf", b"5", pair.now)
    pair.provider.reinvite(theirs, OFFER, pair.now)
    answers(pair, "switch")
    pair.run(2.0)
    assert pair.one("switch", InfoReceived).body == b"5"
    assert pair.one("provider", ReinviteAnswered).sdp == ANSWER
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded) == LegEnded(ours, "remote", "bye", 200)
    assert pair.switch.statistics().dialogs == 0


@DIRECTIONS
def test_a_conversation_goes_on_and_we_end_it(call: Call) -> None:
    pair = SipPair()
    theirs, ours = call(pair)
    succeed(pair, write_down(pair.switch, [ours]))
    answers(pair, "provider")
    pair.switch.send_info(ours, "application/dtmf", b"7", pair.now)
    pair.switch.reinvite(ours, OFFER, pair.now)
    pair.run(2.0)
    assert pair.one("provider", InfoReceived).body == b"7"
    assert pair.one("switch", ReinviteAnswered).sdp == ANSWER
    pair.switch.hang_up(ours, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded) == LegEnded(theirs, "remote", "bye", 200)
    assert pair.provider.statistics().transactions == pair.switch.statistics().transactions == 0


@DIRECTIONS
def test_who_is_kept_once_is_kept_again(call: Call) -> None:
    """Three processes, none of which has heard anything but what the one before wrote down."""
    pair = SipPair()
    theirs, ours = call(pair)
    for generation in range(3):
        assert succeed(pair, write_down(pair.switch, [ours]), seed=1000 + generation) == [ours]
    pair.switch.hang_up(ours, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded).leg_id == theirs


@DIRECTIONS
def test_the_session_timer_goes_on(call: Call) -> None:
    """Whoever refreshes, the call lasts for hours after the death, and ends when the peer is gone."""
    pair = SipPair(session=TIMED, far_session=TIMED)
    _, ours = call(pair, TIMED)
    pair.run(850.0)
    succeed(pair, write_down(pair.switch, [ours]), settings=switch_settings(TIMED))
    answers(pair, "switch")
    answers(pair, "provider")
    pair.run(7200.0)
    assert pair.all("switch", LegEnded) == pair.all("provider", LegEnded) == []
    pair.network.attach("provider", SipPair().provider)
    pair.run(1900.0)
    assert pair.one("switch", LegEnded).by in ("timeout", "remote")


def test_a_2xx_without_ack_is_repeated_until_the_ack_comes() -> None:
    pair = SipPair()
    for _ in range(3):
        pair.network.lose_next("provider", "switch", "ACK")
    _, ours = called_in(pair)
    assert pair.all("switch", LegConfirmed) == []
    succeed(pair, write_down(pair.switch, [ours]))
    pair.run(10.0)
    assert pair.one("switch", LegConfirmed).leg_id == ours
    pair.run(40.0)
    assert pair.all("switch", LegEnded) == []


def test_a_2xx_whose_ack_never_comes_ends_the_call() -> None:
    pair = SipPair()
    for _ in range(30):
        pair.network.lose_next("provider", "switch", "ACK")
    _, ours = called_in(pair)
    succeed(pair, write_down(pair.switch, [ours]))
    pair.run(40.0)
    assert pair.one("switch", LegEnded).reason == "no ACK"


def test_a_repeated_2xx_gets_its_ack() -> None:
    """The ACK was lost together with the process."""
    pair = SipPair()
    pair.network.lose_next("switch", "provider", "ACK")
    answers(pair, "provider")
    ours = pair.switch.invite(pair.target("555", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.03)
    assert pair.one("switch", LegAnswered).leg_id == ours
    succeed(pair, write_down(pair.switch, [ours]))
    pair.run(60.0)
    assert pair.one("provider", LegConfirmed)
    assert pair.all("provider", LegEnded) == []


def test_a_repeated_digit_counts_once() -> None:
    """The process that took it died before its 200 arrived."""
    pair = SipPair()
    theirs, ours = called_in(pair)
    for _ in range(2):
        pair.network.lose_next("switch", "provider", "SIP/2.0 200")
    pair.provider.send_info(theirs, "application/dtmf", b"5", pair.now)
    pair.run(0.1)
    succeed(pair, write_down(pair.switch, [ours]))
    pair.run(10.0)
    assert len(pair.all("switch", InfoReceived)) == 1


def test_an_offer_of_the_peer_that_nobody_has_answered_is_asked_about_again() -> None:
    pair = SipPair()
    theirs, ours = called_in(pair)
    pair.rules.clear()
    pair.provider.reinvite(theirs, OFFER, pair.now)
    pair.run(0.1)
    succeed(pair, write_down(pair.switch, [ours]))
    answers(pair, "switch")
    pair.run(5.0)
    assert [fact.leg_id for fact in pair.all("switch", ReinviteReceived)] == [ours, ours]
    assert pair.one("provider", ReinviteAnswered).sdp == ANSWER


@DIRECTIONS
def test_an_offer_of_ours_that_was_not_answered_is_made_again(call: Call) -> None:
    """The peer answers the first as well, and gets its ACK."""
    pair = SipPair()
    theirs, ours = call(pair)
    pair.rules.clear()
    pair.switch.reinvite(ours, OFFER, pair.now)
    written = write_down(pair.switch, [ours])
    pair.run(0.005)
    succeed(pair, written)
    answers(pair, "provider")
    pair.run(60.0)
    assert [fact.leg_id for fact in pair.all("provider", ReinviteReceived)] == [theirs, theirs]
    assert pair.one("switch", ReinviteAnswered) == ReinviteAnswered(ours, ANSWER)
    assert pair.all("provider", LegEnded) == pair.all("switch", LegEnded) == []
