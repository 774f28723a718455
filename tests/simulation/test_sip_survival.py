"""The switch dies in the middle of calls, and the next process goes on with them: no peer sees more than a pause."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from softswitch.base.address import TransportKind
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.kept import KeptAttempt, KeptSession
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegChanged,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ReferProgress,
    ReferReceived,
    ReinviteAnswered,
    ReinviteFailed,
    ReinviteReceived,
    SipOutput,
)
from softswitch.sip.sessions.client_requests import make_cancel
from softswitch.sip.settings import PLAIN_SESSION, SessionLimits, SessionPolicy, TrunkPeer
from softswitch.sip.trunks.trunk_settings import LinkSettings
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SWITCH, SipPair, switch_settings
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
KINDS = pytest.mark.parametrize("kind", [TransportKind.UDP, TransportKind.TCP, TransportKind.TLS])
DIRECTIONS = pytest.mark.parametrize("call", [called_in, called_out])


@KINDS
@DIRECTIONS
def test_a_conversation_goes_on_and_the_peer_ends_it(call: Call, kind: TransportKind) -> None:
    pair = SipPair(kind=kind)
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


@KINDS
@DIRECTIONS
def test_a_conversation_goes_on_and_we_end_it(call: Call, kind: TransportKind) -> None:
    pair = SipPair(kind=kind)
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
def test_a_leg_is_found_by_its_call_id_as_before(call: Call) -> None:
    """In the record of whatever call its party goes on in, `calls why` has its messages."""
    pair = SipPair()
    _, ours = call(pair)
    invite = parse(next(each.message for each in pair.network.transcript if each.message.startswith(b"INVITE")))
    assert isinstance(invite, Request)
    succeed(pair, write_down(pair.switch, [ours]))
    assert pair.switch.sip_call_id(ours) == invite.call_id
    pair.switch.hang_up(ours, pair.now)
    assert pair.switch.sip_call_id(ours) == ""


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


HEEDED = (InviteReceived, LegChanged, LegAnswered, ReinviteReceived, ReinviteAnswered)


class Rows:
    """What a store has of the switch's legs that writes when the owner of calls does: not with every fact there is."""

    def __init__(self, pair: SipPair) -> None:
        self._pair = pair
        self._rows: dict[LegId, bytes] = {}
        pair.rules.append(self._note)

    @property
    def written(self) -> list[bytes]:
        return list(self._rows.values())

    def _note(self, name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, HEEDED):
            self._rows.update(zip([fact.leg_id], write_down(self._pair.switch, [fact.leg_id]), strict=False))


def cancel_last_invite(pair: SipPair) -> None:
    """The provider's."""
    invites = [parse(each.message) for each in pair.network.transcript if each.message.startswith(b"INVITE")]
    invite = invites[-1]
    assert isinstance(invite, Request)
    pair.switch.receive_datagram(make_cancel(invite).serialize(), pair.flow(SWITCH, PROVIDER), pair.now)


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_an_offer_of_the_peer_that_came_to_nothing_is_not_asked_about_again(how: str) -> None:
    """Else the next process answers it once more, waits for an ACK that never comes, and hangs up."""
    pair = SipPair()
    rows = Rows(pair)
    theirs, ours = called_in(pair)
    pair.rules[:] = pair.rules[:1]
    pair.provider.reinvite(theirs, OFFER, pair.now)
    pair.run(0.5)
    if how == "refused":
        pair.switch.refuse_reinvite(ours, 488, pair.now)
    else:
        cancel_last_invite(pair)
    pair.run(60.0)
    assert succeed(pair, rows.written) == [ours]
    answers(pair, "switch")
    pair.run(60.0)
    assert len(pair.all("switch", ReinviteReceived)) == 1
    assert pair.all("switch", LegEnded) == []


def test_an_offer_of_ours_that_was_refused_is_not_made_again() -> None:
    pair = SipPair()
    rows = Rows(pair)
    _, ours = called_out(pair)
    pair.rules[:] = pair.rules[:1]
    pair.switch.reinvite(ours, OFFER, pair.now)
    theirs = pair.one("provider", InviteReceived).leg_id
    pair.run(0.5)
    pair.provider.refuse_reinvite(theirs, 488, pair.now)
    pair.run(60.0)
    assert succeed(pair, rows.written) == [ours]
    pair.run(60.0)
    assert len(pair.all("provider", ReinviteReceived)) == 1


def test_what_became_of_a_refer_of_ours_is_told_by_the_next_process() -> None:
    """Its NOTIFYs are not refused with 481, and it is over once."""
    pair = SipPair()
    rows = Rows(pair)
    _, ours = called_in(pair)
    referred = pair.switch.refer(ours, "sip:9@provider.example", pair.now, referred_by="sip:100@switch.example")
    assert referred is not None
    pair.run(0.5)
    pair.provider.accept_refer(pair.one("provider", ReferReceived).refer_id, pair.now)
    pair.run(1.0)
    assert succeed(pair, rows.written) == [ours]
    assert pair.switch.refer_under_way(ours) == referred
    before = len(pair.all("switch", ReferProgress))
    pair.provider.notify_refer(pair.one("provider", ReferReceived).refer_id, 200, pair.now)
    pair.run(1.0)
    assert pair.all("switch", ReferProgress)[before:] == [ReferProgress(ours, referred, 200, "OK", is_over=True)]
    assert pair.switch.refer_under_way(ours) is None
    assert succeed(pair, rows.written, seed=1001) == [ours]
    assert pair.switch.refer_under_way(ours) is None


def test_an_offer_of_ours_is_written_when_it_is_made() -> None:
    """However long the peer thinks about it."""
    pair = SipPair()
    rows = Rows(pair)
    _, ours = called_out(pair)
    pair.rules[:] = pair.rules[:1]
    pair.switch.reinvite(ours, OFFER, pair.now)
    pair.run(0.5)
    assert succeed(pair, rows.written) == [ours]
    assert any(msgspec.msgpack.decode(each, type=KeptSession).offers.offering == OFFER for each in rows.written)


@DIRECTIONS
def test_an_offer_made_again_waits_for_a_peer_who_is_still_at_the_first(call: Call) -> None:
    """It says 500 with Retry-After to the second (RFC 3261 section 14.2), which is no refusal of what is offered."""
    pair = SipPair()
    theirs, ours = call(pair)
    pair.rules.clear()
    pair.switch.reinvite(ours, OFFER, pair.now)
    written = write_down(pair.switch, [ours])
    pair.run(0.05)
    succeed(pair, written)
    pair.run(2.0)
    assert any(each.message.startswith(b"SIP/2.0 500") for each in pair.network.transcript)
    pair.provider.answer_reinvite(theirs, ANSWER, pair.now)
    answers(pair, "provider")
    pair.run(30.0)
    assert pair.all("switch", ReinviteFailed) == []
    assert pair.one("switch", ReinviteAnswered) == ReinviteAnswered(ours, ANSWER)
    assert pair.all("provider", LegEnded) == pair.all("switch", LegEnded) == []


# Calls to us that nobody has answered


def ringing_in(pair: SipPair, status: int = 180, sdp: bytes | None = None) -> LegId:
    """The provider calls, and hears that it rings."""
    pair.provider.invite(pair.target("100"), from_uri="sip:555@provider.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    leg_id = pair.one("switch", InviteReceived).leg_id
    if status:
        pair.switch.progress(leg_id, status, sdp, pair.now)
        pair.run(0.1)
    return leg_id


def said(pair: SipPair) -> int:
    """How much the switch has sent so far."""
    return sum(passage.source == "switch" for passage in pair.network.transcript)


@pytest.mark.parametrize("status", [0, 180, 183])
def test_a_call_that_waits_is_answered_by_the_next_process(status: int) -> None:
    pair = SipPair()
    leg_id = ringing_in(pair, status, ANSWER if status == 183 else None)
    before = said(pair)
    assert succeed(pair, write_down(pair.switch, [leg_id])) == [leg_id]
    pair.run(20.0)
    assert said(pair) == before
    pair.switch.accept(leg_id, ANSWER, pair.now)
    pair.run(1.0)
    assert pair.one("provider", LegAnswered).sdp == ANSWER
    assert pair.one("switch", LegConfirmed).leg_id == leg_id
    pair.switch.hang_up(leg_id, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded).by == "remote"


def test_a_call_that_waits_rings_refuses_and_hears_the_minute() -> None:
    pair = SipPair()
    leg_id = ringing_in(pair)
    succeed(pair, write_down(pair.switch, [leg_id]))
    pair.run(61.0)
    assert [fact.status for fact in pair.all("provider", LegProgress)] == [180, 180]
    pair.switch.progress(leg_id, 183, ANSWER, pair.now)
    pair.run(0.1)
    assert pair.all("provider", LegProgress)[-1].sdp == ANSWER
    pair.switch.reject(leg_id, 486, now=pair.now)
    pair.run()
    assert pair.one("provider", LegFailed).status == 486
    assert pair.switch.statistics().dialogs == pair.switch.statistics().transactions == 0


def test_a_caller_who_gives_up_meanwhile_gets_487() -> None:
    pair = SipPair()
    leg_id = ringing_in(pair)
    written = write_down(pair.switch, [leg_id])
    succeed(pair, written)
    theirs = next(fact.leg_id for fact in pair.all("provider", LegProgress))
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded) == LegEnded(leg_id, "remote", "cancelled", 487)
    assert any(b"SIP/2.0 487" in passage.message for passage in pair.network.transcript)


def test_a_repeated_invite_gets_the_last_provisional_response() -> None:
    pair = SipPair()
    for _ in range(2):
        pair.network.lose_next("switch", "provider", "SIP/2.0 1")
    leg_id = ringing_in(pair)
    succeed(pair, write_down(pair.switch, [leg_id]))
    pair.run(1.0)
    assert pair.one("provider", LegProgress).status == 180
    assert len(pair.all("switch", InviteReceived)) == 1


RELIABLE = SessionPolicy(reliable="required")


@pytest.mark.parametrize("is_acknowledged", [True, False])
def test_reliable_responses_go_on(is_acknowledged: bool) -> None:
    """The call is accepted as well: the 2xx waits for the PRACK, over the death of the process."""
    pair = SipPair(session=RELIABLE, far_session=RELIABLE)
    if not is_acknowledged:
        pair.network.lose_next("provider", "switch", "PRACK")
    theirs = pair.provider.invite(
        pair.target("100"), from_uri="sip:555@provider.example", sdp=OFFER, session=RELIABLE, now=pair.now
    )
    pair.run(0.1)
    leg_id = pair.one("switch", InviteReceived).leg_id
    pair.switch.progress(leg_id, 183, ANSWER, pair.now)
    pair.switch.progress(leg_id, 180, None, pair.now)
    pair.run(0.05)
    pair.switch.accept(leg_id, ANSWER, pair.now)
    written = write_down(pair.switch, [leg_id])
    succeed(pair, written, settings=switch_settings(RELIABLE))
    pair.run(10.0)
    assert pair.one("provider", LegAnswered).leg_id == theirs
    assert pair.one("switch", LegConfirmed).leg_id == leg_id
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded).by == "remote"


def test_a_reliable_response_that_waits_for_its_prack_is_known_to_the_next_process() -> None:
    """Its number is not used again, which the caller would take for a repetition (RFC 3262 section 4)."""
    pair = SipPair(session=RELIABLE, far_session=RELIABLE)
    rows = Rows(pair)
    for _ in range(3):
        pair.network.lose_next("provider", "switch", "PRACK")
    theirs = pair.provider.invite(
        pair.target("100"), from_uri="sip:555@provider.example", sdp=OFFER, session=RELIABLE, now=pair.now
    )
    pair.run(0.1)
    leg_id = pair.one("switch", InviteReceived).leg_id
    pair.switch.progress(leg_id, 183, ANSWER, pair.now)
    pair.run(1.0)
    assert succeed(pair, rows.written, settings=switch_settings(RELIABLE)) == [leg_id]
    pair.switch.progress(leg_id, 180, None, pair.now)
    pair.run(5.0)
    pair.switch.accept(leg_id, ANSWER, pair.now)
    pair.run(40.0)
    assert [fact.status for fact in pair.all("provider", LegProgress)] == [183, 180]
    assert pair.one("provider", LegAnswered).leg_id == theirs
    assert pair.all("provider", LegEnded) == []


# Calls of ours that nobody has answered


def ringing_out(pair: SipPair) -> LegId:
    leg_id = pair.switch.invite(pair.target("555", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    pair.provider.progress(pair.one("provider", InviteReceived).leg_id, 180, None, pair.now)
    pair.run(0.1)
    return leg_id


def nothing_is_left(pair: SipPair) -> None:
    pair.run()
    for station in (pair.switch, pair.provider):
        left = station.statistics()
        assert (left.legs, left.dialogs, left.transactions) == (0, 0, 0)
    assert [fact for name, fact in pair.facts if name == "switch" and isinstance(fact, LegEnded | LegFailed)] == []


@KINDS
def test_who_rings_for_nobody_is_cancelled(kind: TransportKind) -> None:
    pair = SipPair(kind=kind)
    leg_id = ringing_out(pair)
    assert succeed(pair, write_down(pair.switch, [leg_id])) == [leg_id]
    pair.run(1.0)
    assert pair.one("provider", LegEnded) == LegEnded(
        pair.one("provider", InviteReceived).leg_id, "remote", "cancelled", 487
    )
    nothing_is_left(pair)


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.012, 0.5])
def test_who_answers_for_nobody_is_told_goodbye(delay: float) -> None:
    """The 2xx comes before, with or after the CANCEL, whose way takes 10 ms."""
    pair = SipPair()
    leg_id = ringing_out(pair)
    theirs = pair.one("provider", InviteReceived).leg_id
    written = write_down(pair.switch, [leg_id])
    pair.provider.accept(theirs, ANSWER, pair.now)
    pair.run(delay)
    succeed(pair, written)
    pair.run(40.0)
    assert pair.one("provider", LegEnded).leg_id == theirs
    pair.run()
    assert pair.provider.statistics().dialogs == pair.switch.statistics().dialogs == 0


@pytest.mark.parametrize("rings", [True, False])
def test_who_has_answered_a_moment_before_is_told_goodbye_though_nobody_has_written_who_he_is(rings: bool) -> None:
    """He has answered since the call was written down, and got his ACK: he says no more than 200 to the CANCEL."""
    pair = SipPair()
    leg_id = pair.switch.invite(pair.target("555", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
    written = write_down(pair.switch, [leg_id])
    pair.run(0.1)
    theirs = pair.one("provider", InviteReceived).leg_id
    if rings:
        pair.provider.progress(theirs, 180, None, pair.now)
    pair.provider.accept(theirs, ANSWER, pair.now)
    pair.run(0.5)
    assert pair.one("provider", LegConfirmed).leg_id == theirs
    succeed(pair, written)
    pair.run(6.0)
    assert pair.one("provider", LegEnded).leg_id == theirs
    pair.run()
    assert pair.provider.statistics().dialogs == pair.switch.statistics().transactions == 0


@pytest.mark.parametrize("dies", [True, False])
def test_the_bye_of_a_call_that_was_withdrawn_has_a_number_after_those_of_its_early_dialog(dies: bool) -> None:
    """It was answered when the CANCEL was on its way. A lower number is refused with 500 (RFC 3261 section 12.2.2)."""
    pair = SipPair(session=RELIABLE, far_session=RELIABLE)
    ours = pair.switch.invite(
        pair.target("555", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, session=RELIABLE, now=pair.now
    )
    pair.run(0.1)
    theirs = pair.one("provider", InviteReceived).leg_id
    for status in (180, 183):
        pair.provider.progress(theirs, status, ANSWER if status == 183 else None, pair.now)
        pair.run(0.1)
    written = write_down(pair.switch, [ours])
    pair.provider.accept(theirs, ANSWER, pair.now)
    if dies:
        succeed(pair, written, settings=switch_settings(RELIABLE))
    else:
        pair.switch.hang_up(ours, pair.now)
    pair.run(1.0)
    assert pair.one("provider", LegEnded).leg_id == theirs
    sent = [parse(each.message) for each in pair.network.transcript if each.source == "switch"]
    numbers = [each.cseq.number for each in sent if isinstance(each, Request) and each.method in ("PRACK", "BYE")]
    assert len(numbers) == 3
    assert numbers == sorted(set(numbers))


def test_who_never_got_the_invite_is_left_alone() -> None:
    pair = SipPair()
    pair.network.lose_next("switch", "provider", "INVITE")
    leg_id = pair.switch.invite(pair.target("555", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    succeed(pair, write_down(pair.switch, [leg_id]))
    nothing_is_left(pair)
    assert pair.all("provider", InviteReceived) == []


def test_challenges_are_answered_with_the_password_the_settings_have_now() -> None:
    """It is never written down: only whose it is."""
    credentials = Credential(username="auth77", realm="", password="trunk secret")
    link = LinkSettings(
        registrar="sip:provider.example",
        account_uri="sip:acc77@provider.example",
        options_uri="sip:provider.example",
        credentials=credentials,
    )
    settings = replace(switch_settings(), trunks=(TrunkPeer(name="provider", addresses=(PROVIDER.host,), link=link),))
    pair = SipPair(settings=settings)
    raw = RawStation(PROVIDER)
    pair.network.attach("raw", raw, (TransportKind.UDP, PROVIDER))
    ours = pair.switch.invite(
        pair.target("555", PROVIDER),
        from_uri="sip:100@switch.example",
        sdp=OFFER,
        credentials=replace(credentials, realm="provider.example"),
        now=pair.now,
    )
    pair.run(0.1)
    raw.answer(raw.requests("INVITE")[0], 200, "raw", f"Contact: <sip:x@{PROVIDER}>", body=ANSWER.decode())
    pair.run(0.1)
    (written,) = write_down(pair.switch, [ours])
    assert b"trunk secret" not in written
    succeed(pair, [written], settings=settings)
    pair.switch.hang_up(ours, pair.now)
    pair.run(0.1)
    challenge = 'WWW-Authenticate: Digest realm="provider.example", nonce="n", qop="auth"'
    raw.answer(raw.requests("BYE")[0], 401, "raw", challenge)
    pair.run(0.1)
    again = raw.requests("BYE")[-1]
    assert 'username="auth77"' in (again.get("authorization") or "")
    raw.answer(again, 200, "raw")
    pair.run()
    assert pair.switch.statistics().dialogs == 0


def test_what_cannot_be_adopted_is_said_and_harms_nothing() -> None:
    """A leg that is here already, one too many, and an INVITE that cannot be read."""
    pair = SipPair()
    _, ours = called_in(pair)
    kept = pair.switch.keep(ours)
    assert isinstance(kept, KeptSession)
    assert not pair.switch.adopt(kept, pair.now)
    assert not pair.switch.adopt(replace(kept, leg_id=LegId("other")), pair.now)
    assert succeed(pair, [], settings=replace(switch_settings(), limits=SessionLimits(sessions_max=0))) == []
    assert not pair.switch.adopt(kept, pair.now)
    assert not pair.switch.adopt(KeptAttempt(leg_id=ours, invite=b"nonsense", flow=kept.source), pair.now)
    assert pair.switch.statistics().legs == pair.switch.statistics().dialogs == 0


def test_text_that_is_none_outlives_the_process() -> None:
    """A peer's names, in whatever encoding, are given back as they came."""
    pair = SipPair()
    raw = RawStation(PROVIDER)
    pair.network.attach("raw", raw, (TransportKind.UDP, PROVIDER))
    answers(pair, "switch")
    head = (
        b"INVITE sip:100@switch.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bKx\r\n"
        b"Max-Forwards: 70\r\nTo: <sip:100@switch.example>\r\nCall-ID: raw-call\r\nCSeq: 1 INVITE\r\n"
        b"Contact: <sip:x@203.0.113.5:5060>\r\nContent-Length: 0\r\n"
    )
    raw.send_bytes(SWITCH, head + b'From: "M\xfcller" <sip:555@provider.example>;tag=raw\r\n\r\n')
    pair.run(0.1)
    ours = pair.one("switch", InviteReceived).leg_id
    assert succeed(pair, write_down(pair.switch, [ours])) == [ours]
    pair.run(1.0)
    tag = raw.responses("INVITE")[-1].to.tag
    raw.send_bytes(
        SWITCH,
        head.replace(b"INVITE", b"ACK").replace(b"switch.example>", f"switch.example>;tag={tag}".encode())
        + b'From: "M\xfcller" <sip:555@provider.example>;tag=raw\r\n\r\n',
    )
    pair.run(0.1)
    pair.switch.hang_up(ours, pair.now)
    pair.run(0.1)
    assert any(b'To: "M\xfcller"' in passage.message for passage in pair.network.transcript[-2:])
