"""Calls to names: looked up by somebody else, one server after the other, and what comes of those left behind."""

import pytest

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    RequestFinished,
    ResolveTarget,
    SipOutput,
)
from softswitch.sip.routing.server_location import Destination, Wanted
from softswitch.sip.settings import SipSettings, Target, TrunkPeer
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SWITCH, SipPair

NAME = "carrier.example"
TARGET = Target(uri=f"sip:100@{NAME}")
DEAD = HostPort("203.0.113.66", 5060)
OTHER = HostPort("203.0.113.7", 5060)
UDP, TCP = TransportKind.UDP, TransportKind.TCP


def answer_calls(pair: SipPair, station: str) -> None:
    def rule(name: str, fact: SipOutput, now: float) -> None:
        if name == station and isinstance(fact, InviteReceived):
            pair.provider.accept(fact.leg_id, ANSWER, now)

    pair.rules.append(rule)


def lead_to(pair: SipPair, *servers: tuple[TransportKind, HostPort]) -> None:
    """What every lookup of the switch finds."""

    def rule(name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, ResolveTarget):
            found = tuple(Destination(kind, remote) for kind, remote in servers)
            pair.switch.resolved(fact.query_id, found, now)

    pair.rules.append(rule)


def call(pair: SipPair) -> LegId:
    return pair.switch.invite(TARGET, from_uri="sip:201@switch.example", sdp=OFFER, now=pair.now)


@pytest.fixture
def pair() -> SipPair:
    pair = SipPair()
    answer_calls(pair, "provider")
    return pair


@pytest.fixture
def other(pair: SipPair) -> RawStation:
    """Another server of the name, that says what it is told."""
    station = RawStation(OTHER)
    pair.network.attach("other", station, (UDP, OTHER))
    return station


def test_a_name_is_looked_up_and_called(pair: SipPair) -> None:
    lead_to(pair, (UDP, PROVIDER))
    leg_id = call(pair)
    pair.run(1.0)
    assert pair.one("switch", LegAnswered).leg_id == leg_id
    assert pair.one("switch", ResolveTarget) == ResolveTarget(1, NAME, None, None, False)
    assert pair.one("provider", InviteReceived).request_uri == TARGET.uri


def test_a_server_that_says_nothing_is_left_for_the_next(pair: SipPair) -> None:
    lead_to(pair, (UDP, DEAD), (UDP, PROVIDER))
    call(pair)
    pair.run(3.9)
    assert pair.all("provider", InviteReceived) == []
    pair.run(0.2)
    pair.one("switch", LegAnswered)
    pair.run()
    assert pair.all("switch", LegFailed) == []


def test_a_server_that_cannot_be_reached_is_left_at_once(pair: SipPair) -> None:
    lead_to(pair, (TCP, DEAD), (TCP, PROVIDER))
    call(pair)
    pair.run(1.0)
    pair.one("switch", LegAnswered)
    assert pair.one("provider", InviteReceived).flow.kind is TCP


def test_a_server_that_says_503_is_left_and_acknowledged(pair: SipPair, other: RawStation) -> None:
    lead_to(pair, (UDP, OTHER), (UDP, PROVIDER))
    call(pair)
    pair.run(0.1)
    (invite,) = other.requests("INVITE")
    other.answer(invite, 503, "x")
    pair.run(0.1)
    assert other.requests("ACK")
    pair.one("switch", LegAnswered)
    assert pair.one("provider", InviteReceived).sip_call_id == invite.call_id


def test_other_refusals_are_final(pair: SipPair, other: RawStation) -> None:
    lead_to(pair, (UDP, OTHER), (UDP, PROVIDER))
    call(pair)
    pair.run(0.1)
    other.answer(other.requests("INVITE")[0], 486, "x")
    pair.run(10.0)
    assert pair.one("switch", LegFailed).status == 486
    assert pair.all("provider", InviteReceived) == []


def test_when_all_are_dead_the_last_says_how(pair: SipPair) -> None:
    lead_to(pair, (UDP, DEAD), (TCP, DEAD))
    leg_id = call(pair)
    pair.run(60.0)
    assert pair.one("switch", LegFailed) == LegFailed(leg_id, 503, "Connection Failed")


def test_a_name_that_leads_nowhere_has_no_route(pair: SipPair) -> None:
    lead_to(pair)
    call(pair)
    number = pair.switch.request("OPTIONS", TARGET, from_uri="sip:x@y", now=pair.now)
    pair.run(1.0)
    assert (pair.one("switch", LegFailed).status, pair.one("switch", LegFailed).reason) == (503, "No Route to Target")
    assert pair.one("switch", RequestFinished) == RequestFinished(number, 503, "No Route to Target")


def test_whoever_hangs_up_before_the_name_is_known_calls_nobody(pair: SipPair) -> None:
    leg_id = pair.switch.invite(TARGET, from_uri="sip:201@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    pair.switch.hang_up(leg_id, pair.now)
    pair.switch.resolved(1, (Destination(UDP, PROVIDER),), pair.now)
    pair.run()
    assert pair.one("switch", LegEnded).reason == "cancelled"
    assert pair.all("provider", InviteReceived) == []


def test_a_server_that_wakes_up_too_late_is_sent_to_sleep_again(pair: SipPair, other: RawStation) -> None:
    lead_to(pair, (UDP, OTHER), (UDP, PROVIDER))
    call(pair)
    pair.run(4.5)
    pair.one("switch", LegAnswered)
    invite = other.requests("INVITE")[0]
    other.answer(invite, 180, "late")
    pair.run(0.1)
    (cancel,) = other.requests("CANCEL")
    assert cancel.require("via") == invite.require("via")
    other.answer(invite, 200, "late", "contact: <sip:203.0.113.7>", body=ANSWER.decode())
    pair.run(0.1)
    assert len(other.requests("ACK")) == len(other.requests("BYE")) == 1
    pair.run(1.0)
    assert pair.all("switch", LegEnded) == []


def test_a_ringing_server_is_not_left(pair: SipPair, other: RawStation) -> None:
    lead_to(pair, (UDP, OTHER), (UDP, PROVIDER))
    call(pair)
    pair.run(0.1)
    other.answer(other.requests("INVITE")[0], 180, "x")
    pair.run(20.0)
    assert pair.all("provider", InviteReceived) == []


def test_a_register_goes_to_the_next_server_with_its_contact(pair: SipPair, other: RawStation) -> None:
    lead_to(pair, (TCP, DEAD), (UDP, OTHER))
    pair.switch.request(
        "REGISTER",
        Target(uri=f"sip:{NAME}"),
        from_uri=f"sip:account@{NAME}",
        credentials=Credential(username="account", realm=NAME, password="x"),
        now=pair.now,
    )
    pair.run(0.1)
    (register,) = other.requests("REGISTER")
    assert register.require("contact") == f"<sip:account@{SWITCH}>"
    assert register.require("via").startswith("SIP/2.0/UDP ")


def test_a_contact_with_a_name_is_followed_within_its_trunk() -> None:
    trunks = (TrunkPeer(name="provider", addresses=("203.0.113.0/24",)),)
    pair = SipPair(settings=SipSettings(domain="switch.example", trunks=trunks))
    lead_to(pair, (UDP, PROVIDER))
    other = RawStation(OTHER)
    pair.network.attach("other", other, (UDP, OTHER))
    pair.switch.invite(Target(uri=f"sip:100@{OTHER}"), from_uri="sip:201@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    other.answer(other.requests("INVITE")[0], 200, "x", f"contact: <sip:media.{NAME}>", body=ANSWER.decode())
    pair.run(0.1)
    leg_id = pair.one("switch", LegAnswered).leg_id
    pair.switch.hang_up(leg_id, pair.now)
    pair.run(0.1)
    assert len(other.requests("ACK")) == 1
    assert other.requests("BYE") == []
    assert [each.message[:4] for each in pair.network.transcript if each.destination == "provider"] == [b"BYE "]


def test_the_calls_of_a_trunk_known_by_name_come_from_where_it_leads() -> None:
    trunks = (TrunkPeer(name="carrier", server=Wanted(NAME)),)
    pair = SipPair(settings=SipSettings(domain="switch.example", trunks=trunks))
    lead_to(pair, (UDP, PROVIDER))

    def accept(name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, InviteReceived):
            pair.switch.accept(fact.leg_id, ANSWER, now)

    pair.rules.append(accept)
    pair.provider.invite(pair.target("100"), from_uri="sip:49@carrier", sdp=OFFER, now=pair.now)
    pair.run(0.5)
    assert pair.all("switch", InviteReceived) == []
    pair.switch.look_up_trunks(pair.now)
    pair.run(0.1)
    pair.provider.invite(pair.target("100"), from_uri="sip:49@carrier", sdp=OFFER, now=pair.now)
    pair.run(0.5)
    assert pair.one("switch", InviteReceived).source.name == "carrier"
    pair.one("switch", LegConfirmed)
    pair.switch.update_settings(SipSettings(domain="switch.example", trunks=trunks))
    pair.provider.invite(pair.target("100"), from_uri="sip:49@carrier", sdp=OFFER, now=pair.now)
    pair.run(0.5)
    assert len(pair.all("switch", InviteReceived)) == 2
