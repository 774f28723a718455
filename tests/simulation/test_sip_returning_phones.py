"""Phones whose connection broke with the process of the switch: their calls go on along the next one."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from softswitch.base.address import Flow, TransportKind
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.kept import KeptSession
from softswitch.sip.outputs import (
    Binding,
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
    ReinviteReceived,
    RequestFinished,
    ResolveTarget,
    SipOutput,
)
from softswitch.sip.routing.server_location import Destination
from softswitch.sip.settings import PLAIN_SESSION, Account, SessionPolicy, SipSettings, Target, TrunkPeer
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ALICE, ANSWER, OFFER, PROVIDER, SWITCH, SipPair, switch_settings
from softswitch.testing.successor import succeed, write_down

PASSWORD = Credential(username="alice", realm="switch.example", password="correct horse")
KINDS = pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.TLS, TransportKind.WS, TransportKind.WSS])


def settings_with(session: SessionPolicy) -> SipSettings:
    """How the switch conducts calls with alice."""
    alice = Account(username="alice", password="correct horse", session=session)
    return replace(switch_settings(), accounts={"alice": alice})


class PhoneOnAStream:
    """Alice's phone, along a connection it has opened and opens again whenever it has something to say."""

    def __init__(self, kind: TransportKind, session: SessionPolicy = PLAIN_SESSION) -> None:
        self.pair = SipPair(kind=kind)
        self.session = session
        self.pair.switch.update_settings(settings_with(session))
        self.kind = kind
        self.pair.rules.append(self._answer)
        self.is_answering = True

    @property
    def target(self) -> Target:
        return Target(uri="sip:switch.example", flow=Flow(self.kind, ALICE, SWITCH))

    def register(self) -> None:
        self.ask("REGISTER", ("expires", "600"))

    def ask(self, method: str, *headers: tuple[str, str]) -> None:
        self.pair.alice.request(
            method,
            self.target,
            from_uri="sip:alice@switch.example",
            to_uri="sip:alice@switch.example",
            headers=headers,
            credentials=PASSWORD,
            now=self.pair.now,
        )
        self.pair.run(0.2)
        assert self.pair.all("alice", RequestFinished)[-1].status == 200

    def calls(self) -> tuple[LegId, LegId]:
        """Her leg, and the switch's, of a call she makes."""
        theirs = self.pair.alice.invite(
            Target(uri="sip:100@switch.example", flow=self.target.flow),
            from_uri="sip:alice@switch.example",
            sdp=OFFER,
            credentials=PASSWORD,
            session=self.session,
            now=self.pair.now,
        )
        self.pair.run(0.5)
        return theirs, self.pair.one("switch", InviteReceived).leg_id

    def is_called(self) -> tuple[LegId, LegId]:
        (binding,) = self.bindings()
        ours = self.pair.switch.invite(
            Target(uri=binding.contact_uri, flow=binding.flow),
            from_uri="sip:100@switch.example",
            sdp=OFFER,
            session=self.session,
            now=self.pair.now,
        )
        self.pair.run(0.5)
        return self.pair.one("alice", InviteReceived).leg_id, ours

    def bindings(self) -> list[Binding]:
        return self.pair.switch.bindings("alice@switch.example")

    def switch_dies(self, *legs: LegId) -> None:
        """And the next process knows what was written down: legs, and registrations without their connections."""
        pair = self.pair
        bindings = [replace(each, flow=each.flow._replace(connection=0)) for each in self.bindings()]
        assert len(succeed(pair, write_down(pair.switch, list(legs)), settings=settings_with(self.session))) == len(
            legs
        )
        pair.switch.restore_bindings(bindings, pair.now, pair.clock.wall())
        pair.run(1.0)

    def _answer(self, name: str, fact: SipOutput, now: float) -> None:
        if self.is_answering and isinstance(fact, InviteReceived):
            getattr(self.pair, name).accept(fact.leg_id, ANSWER, now)


def comes_back_with_a_request(phone: PhoneOnAStream, theirs: LegId) -> None:
    phone.pair.alice.send_info(theirs, "application/dtmf", b"1", phone.pair.now)
    phone.pair.run(0.2)
    assert phone.pair.one("switch", InfoReceived).body == b"1"


def comes_back_with_a_registration(phone: PhoneOnAStream, theirs: LegId) -> None:
    phone.register()


def comes_back_with_a_question(phone: PhoneOnAStream, theirs: LegId) -> None:
    phone.ask("OPTIONS")


WAYS_BACK = pytest.mark.parametrize(
    "comes_back", [comes_back_with_a_request, comes_back_with_a_registration, comes_back_with_a_question]
)
WayBack = Callable[[PhoneOnAStream, LegId], None]
DIRECTIONS = pytest.mark.parametrize("call", [PhoneOnAStream.calls, PhoneOnAStream.is_called])
Call = Callable[[PhoneOnAStream], tuple[LegId, LegId]]


@KINDS
@DIRECTIONS
@WAYS_BACK
def test_a_call_goes_on_along_the_new_connection(kind: TransportKind, call: Call, comes_back: WayBack) -> None:
    """What we had to say meanwhile has waited for it."""
    phone = PhoneOnAStream(kind)
    pair = phone.pair
    phone.register()
    theirs, ours = call(phone)
    phone.switch_dies(ours)
    pair.switch.send_info(ours, "application/dtmf", b"7", pair.now)
    pair.run(5.0)
    assert pair.all("alice", InfoReceived) == pair.all("switch", LegEnded) == pair.all("alice", LegEnded) == []
    comes_back(phone, theirs)
    pair.run(0.5)
    assert pair.one("alice", InfoReceived).body == b"7"
    pair.switch.hang_up(ours, pair.now)
    pair.run(0.5)
    assert pair.one("alice", LegEnded) == LegEnded(theirs, "remote", "bye", 200)
    assert len(pair.all("alice", InviteReceived)) + len(pair.all("switch", InviteReceived)) == 1


@KINDS
def test_a_bye_waits_for_the_phone_to_come_back(kind: TransportKind) -> None:
    phone = PhoneOnAStream(kind)
    phone.register()
    theirs, ours = phone.calls()
    phone.switch_dies(ours)
    phone.pair.switch.hang_up(ours, phone.pair.now)
    phone.pair.run(20.0)
    phone.register()
    assert phone.pair.one("alice", LegEnded).leg_id == theirs
    phone.pair.run(40.0)
    assert phone.pair.switch.statistics().transactions == phone.pair.switch.statistics().dialogs == 0


@KINDS
@DIRECTIONS
def test_who_is_asked_whether_he_is_there_while_he_is_not_is_asked_when_he_is_back(
    kind: TransportKind, call: Call
) -> None:
    """His user has hung up while there was no connection along which to say so."""
    phone = PhoneOnAStream(kind)
    pair = phone.pair
    phone.register()
    _, ours = call(phone)
    phone.switch_dies(ours)
    pair.switch.ask_whether_there(ours, pair.now)
    pair.run(3.0)
    assert pair.all("switch", LegEnded) == []
    pair.alice = SipPair(seed=7).alice
    pair.network.attach("alice", pair.alice)
    phone.register()
    pair.run(1.0)
    assert pair.one("switch", LegEnded) == LegEnded(ours, "remote", "not there any more", 481)


class JustAnswered:
    """A call that alice makes is written down when it is answered, as it is in the store: before its ACK is here."""

    def __init__(self, kind: TransportKind) -> None:
        self.phone = phone = PhoneOnAStream(kind)
        self.pair = pair = phone.pair
        phone.is_answering = False
        written: list[bytes] = []

        def answer(name: str, fact: SipOutput, now: float) -> None:
            if name == "switch" and isinstance(fact, InviteReceived):
                pair.switch.accept(fact.leg_id, ANSWER, now)
                written.extend(write_down(pair.switch, [fact.leg_id]))

        pair.rules.append(answer)
        phone.register()
        self.theirs, self.ours = phone.calls()
        pair.run(5.0)
        assert pair.one("switch", LegConfirmed).leg_id == self.ours
        bindings = [replace(each, flow=each.flow._replace(connection=0)) for each in phone.bindings()]
        assert succeed(pair, written, settings=settings_with(PLAIN_SESSION)) == [self.ours]
        pair.switch.restore_bindings(bindings, pair.now, pair.clock.wall())


@KINDS
def test_a_call_that_was_just_answered_goes_on_however_late_the_phone_is_back(kind: TransportKind) -> None:
    """Its ACK came, which nobody has written down, and it sends no other."""
    scene = JustAnswered(kind)
    scene.pair.run(40.0)
    assert scene.pair.all("switch", LegEnded) == []
    scene.phone.register()
    scene.pair.run(1.0)
    scene.pair.switch.hang_up(scene.ours, scene.pair.now)
    scene.pair.run(0.5)
    assert scene.pair.one("alice", LegEnded) == LegEnded(scene.theirs, "remote", "bye", 200)


@KINDS
def test_a_phone_that_has_forgotten_the_call_with_its_connection_is_asked(kind: TransportKind) -> None:
    """It does not acknowledge our 2xx, repeated along the new connection, and says 481 to OPTIONS."""
    scene = JustAnswered(kind)
    scene.pair.alice = SipPair(seed=7).alice
    scene.pair.network.attach("alice", scene.pair.alice)
    scene.phone.register()
    scene.pair.run(40.0)
    assert scene.pair.one("switch", LegEnded) == LegEnded(scene.ours, "remote", "not there any more", 481)


@KINDS
def test_and_hears_at_once_that_the_call_is_over(kind: TransportKind) -> None:
    scene = JustAnswered(kind)
    scene.pair.run(3.0)
    scene.pair.switch.hang_up(scene.ours, scene.pair.now)
    scene.phone.register()
    scene.pair.run(0.5)
    assert scene.pair.one("alice", LegEnded).leg_id == scene.theirs


def test_a_phone_that_never_comes_back_leaves_nothing() -> None:
    timed = SessionPolicy(session_expires_s=90)
    phone = PhoneOnAStream(TransportKind.WS, timed)
    phone.register()
    _, ours = phone.calls()
    phone.switch_dies(ours)
    phone.pair.network.attach("alice", SipPair().alice)
    phone.pair.run(200.0)
    assert phone.pair.one("switch", LegEnded).by == "timeout"
    phone.pair.run(100.0)
    assert phone.pair.switch.statistics().transactions == phone.pair.switch.statistics().dialogs == 0


@DIRECTIONS
def test_a_session_is_refreshed_once_the_phone_is_back(call: Call) -> None:
    """The refresh was due long before, and costs the call nothing."""
    timed = SessionPolicy(session_expires_s=1800)
    phone = PhoneOnAStream(TransportKind.WSS, timed)
    phone.register()
    theirs, ours = call(phone)
    phone.switch_dies(ours)
    phone.pair.run(400.0)
    comes_back_with_a_request(phone, theirs)
    phone.pair.run(5000.0)
    assert phone.pair.all("switch", LegEnded) == phone.pair.all("alice", LegEnded) == []


@KINDS
def test_a_phone_that_rang_stops_when_it_is_back(kind: TransportKind) -> None:
    phone = PhoneOnAStream(kind)
    phone.register()
    phone.is_answering = False
    theirs, ours = phone.is_called()
    phone.pair.alice.progress(theirs, 180, None, phone.pair.now)
    phone.pair.run(0.2)
    phone.switch_dies(ours)
    phone.pair.run(3.0)
    assert phone.pair.all("alice", LegEnded) == []
    phone.register()
    phone.pair.run(0.5)
    assert phone.pair.one("alice", LegEnded) == LegEnded(theirs, "remote", "cancelled", 487)


@KINDS
def test_who_answers_when_nobody_waits_is_told_goodbye_when_it_is_back(kind: TransportKind) -> None:
    """The phone picked up while there was no switch: its 2xx goes along its new connection."""
    phone = PhoneOnAStream(kind)
    phone.register()
    phone.is_answering = False
    theirs, ours = phone.is_called()
    phone.switch_dies(ours)
    phone.pair.alice.accept(theirs, ANSWER, phone.pair.now)
    phone.pair.run(3.0)
    assert phone.pair.one("alice", LegEnded).leg_id == theirs
    assert phone.pair.all("switch", LegAnswered) == phone.pair.all("switch", LegFailed) == []


# While the switch lives: a connection breaks, as those of browsers do


def all_break(pair: SipPair) -> None:
    for number in pair.network.connections:
        pair.network.close(number, pair.now)


@KINDS
@DIRECTIONS
@WAYS_BACK
def test_a_broken_connection_ends_no_call(kind: TransportKind, call: Call, comes_back: WayBack) -> None:
    """Nor does an offer that was on its way: it is made again when the phone is back."""
    phone = PhoneOnAStream(kind)
    pair = phone.pair
    pair.rules.append(
        lambda name, fact, now: (
            pair.alice.answer_reinvite(fact.leg_id, ANSWER, now) if isinstance(fact, ReinviteReceived) else None
        )
    )
    phone.register()
    theirs, ours = call(phone)
    pair.switch.reinvite(ours, OFFER, pair.now)
    pair.run(0.0)
    all_break(pair)
    pair.network.cut("alice", pair.now)
    pair.run(5.0)
    assert phone.bindings() == []
    assert pair.all("switch", LegEnded) == pair.all("switch", ReinviteAnswered) == []
    comes_back(phone, theirs)
    pair.run(2.0)
    assert pair.one("switch", ReinviteAnswered).sdp == ANSWER
    pair.switch.hang_up(ours, pair.now)
    pair.run(0.5)
    assert pair.one("alice", LegEnded).leg_id == theirs


@pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.TLS])
@pytest.mark.parametrize("is_caller", [True, False])
def test_a_trunk_that_closes_idle_connections_is_called_anew(kind: TransportKind, is_caller: bool) -> None:
    pair = SipPair(kind=kind)
    answering = "switch" if not is_caller else "provider"
    pair.rules.append(
        lambda name, fact, now: (
            getattr(pair, answering).accept(fact.leg_id, ANSWER, now) if isinstance(fact, InviteReceived) else None
        )
    )
    if is_caller:
        ours = pair.switch.invite(pair.target("5", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
        pair.run(1.0)
    else:
        pair.provider.invite(pair.target("1"), from_uri="sip:5@provider.example", sdp=OFFER, now=pair.now)
        pair.run(1.0)
        ours = pair.one("switch", InviteReceived).leg_id
    all_break(pair)
    pair.switch.hang_up(ours, pair.now)
    pair.run()
    assert pair.one("provider", LegEnded).by == "remote"


@pytest.mark.parametrize("dies", [True, False])
@pytest.mark.parametrize("routes", [(), (b"<sip:edge.provider.example;transport=tls;lr>",)])
def test_a_trunk_that_goes_by_names_is_called_anew_as_well(dies: bool, routes: tuple[bytes, ...]) -> None:
    """It has called along a connection of its own, which is gone, and says by a name where it can be reached."""
    pair = SipPair(kind=TransportKind.TLS)
    pair.rules.append(
        lambda name, fact, now: (
            pair.switch.accept(fact.leg_id, ANSWER, now) if isinstance(fact, InviteReceived) else None
        )
    )
    pair.provider.invite(pair.target("1"), from_uri="sip:5@provider.example", sdp=OFFER, now=pair.now)
    pair.run(1.0)
    ours = pair.one("switch", InviteReceived).leg_id
    kept = pair.switch.keep(ours)
    assert isinstance(kept, KeptSession)
    named = replace(kept.dialog, remote_target=b"sip:5@edge.provider.example;transport=tls", routes=routes)
    succeed(pair, [msgspec.msgpack.encode(replace(kept, dialog=named))])
    if not dies:
        find_all(pair)
        pair.switch.send_info(ours, "application/dtmf", b"7", pair.now)
        pair.run(1.0)
        all_break(pair)
    pair.run(0.1)
    find_all(pair)
    pair.switch.hang_up(ours, pair.now)
    pair.run(1.0)
    assert pair.one("provider", LegEnded).by == "remote"


def find_all(pair: SipPair) -> None:
    """What the name server says."""
    pair.run(0.1)
    for asked in pair.all("switch", ResolveTarget):
        pair.switch.resolved(asked.query_id, (Destination(TransportKind.TLS, PROVIDER),), pair.now)


def test_connections_that_are_lost_leave_nothing() -> None:
    """A phone that loses its connection a hundred times during one call is found by nothing it had once."""
    phone = PhoneOnAStream(TransportKind.WS)
    phone.register()
    theirs, ours = phone.calls()
    for _ in range(100):
        all_break(phone.pair)
        phone.register()
    phone.pair.switch.hang_up(ours, phone.pair.now)
    phone.pair.run(0.5)
    assert phone.pair.one("alice", LegEnded).leg_id == theirs
    assert phone.pair.switch.statistics().dialogs == 0


# Callers that nobody has answered


@pytest.mark.parametrize("dies", [True, False])
@KINDS
def test_a_caller_who_has_lost_his_connection_is_not_waited_for_long(kind: TransportKind, dies: bool) -> None:
    """His stack has given the call up with the connection: nobody should answer it."""
    phone = PhoneOnAStream(kind)
    phone.is_answering = False
    phone.register()
    _, ours = phone.calls()
    phone.pair.switch.progress(ours, 180, None, phone.pair.now)
    phone.pair.run(0.5)
    if dies:
        phone.switch_dies(ours)
    else:
        all_break(phone.pair)
    phone.pair.switch.progress(ours, 183, ANSWER, phone.pair.now)
    phone.pair.run(5.0)
    assert phone.pair.all("switch", LegEnded) == []
    phone.pair.run(10.0)
    assert phone.pair.one("switch", LegEnded) == LegEnded(ours, "remote", "connection lost", 487)


def test_a_caller_who_is_back_is_answered() -> None:
    """He asks in his early dialog, after the switch has died."""
    scene = PhoneOnAStream(TransportKind.TCP)
    pair = scene.pair
    scene.is_answering = False
    raw = RawStation(PROVIDER, TransportKind.TCP)
    pair.network.attach("raw", raw, (TransportKind.TCP, PROVIDER))
    head = "Via: SIP/2.0/TCP 203.0.113.5:5060;branch=z9hG4bK{branch}\nMax-Forwards: 70\nFrom: <sip:5@p>;tag=raw\n"
    head += "Call-ID: raw-call\nContact: <sip:5@10.0.0.9:5070;transport=tcp>\n"
    raw.send(SWITCH, "INVITE sip:100@switch.example SIP/2.0\nTo: <sip:1@s>\nCSeq: 1 INVITE\n" + head.format(branch="a"))
    pair.run(0.1)
    ours = pair.one("switch", InviteReceived).leg_id
    pair.switch.progress(ours, 180, None, pair.now)
    pair.run(0.1)
    tag = raw.responses("INVITE")[-1].to.tag
    written = write_down(pair.switch, [ours])
    succeed(pair, written, settings=replace(settings_with(PLAIN_SESSION), trunks=()))
    pair.run(5.0)
    raw.send(SWITCH, f"OPTIONS sip:x SIP/2.0\nTo: <sip:1@s>;tag={tag}\nCSeq: 2 OPTIONS\n" + head.format(branch="b"))
    pair.run(30.0)
    assert raw.responses("OPTIONS")[-1].status == 200
    pair.switch.accept(ours, ANSWER, pair.now)
    pair.run(0.2)
    assert raw.responses("INVITE")[-1].status == 200


@pytest.mark.parametrize("invites_again", [True, False])
def test_a_hold_that_was_answered_along_a_broken_connection_ends_no_call(invites_again: bool) -> None:
    """The phone has given its re-INVITE up with the connection, as most do, and never acknowledges our 200."""
    scene = PhoneOnAStream(TransportKind.TCP)
    pair = scene.pair
    pair.switch.update_settings(
        replace(settings_with(PLAIN_SESSION), trunks=(TrunkPeer(name="x", addresses=("203.0.113.5",)),))
    )
    raw = RawStation(PROVIDER, TransportKind.TCP)
    pair.network.attach("raw", raw, (TransportKind.TCP, PROVIDER))
    pair.rules.append(
        lambda name, fact, now: (
            pair.switch.answer_reinvite(fact.leg_id, ANSWER, now) if isinstance(fact, ReinviteReceived) else None
        )
    )
    tag = ""

    def says(method: str, cseq: int) -> None:
        to = f"<sip:1@s>;tag={tag}" if tag else "<sip:1@s>"
        raw.send(
            SWITCH,
            f"{method} sip:100@switch.example SIP/2.0\nVia: SIP/2.0/TCP 203.0.113.5:5060;branch=z9hG4bK{method}{cseq}\n"
            f"Max-Forwards: 70\nFrom: <sip:5@p>;tag=raw\nTo: {to}\nCall-ID: raw-call\nCSeq: {cseq} {method}\n"
            f"Contact: <sip:5@10.0.0.9:5070;transport=tcp>\nContent-Type: application/sdp\n",
            OFFER.decode(),
        )
        pair.run(0.1)

    says("INVITE", 1)
    tag = raw.responses("INVITE")[-1].to.tag or ""
    says("ACK", 1)
    pair.switch.update_settings(replace(settings_with(PLAIN_SESSION), trunks=()))
    says("INVITE", 2)
    assert raw.responses("INVITE")[-1].status == 200
    all_break(pair)
    says("INFO", 3)
    if invites_again:
        says("INVITE", 4)
        assert (raw.responses("INVITE")[-1].status, raw.responses("INVITE")[-1].cseq.number) == (200, 4)
        says("ACK", 4)
    pair.run(60.0)
    assert pair.all("switch", LegEnded) == []
    says("BYE", 5)
    assert pair.one("switch", LegEnded).reason == "bye"
