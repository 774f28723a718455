"""REFER, its NOTIFYs and Replaces between real endpoints; the ladders are compared with tests/golden/ladders."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from softswitch.base.ids import LegId, ReferId
from softswitch.sip.limits import REFERS_MAX
from softswitch.sip.messages.message import Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    ReferProgress,
    ReferReceived,
    RequestFinished,
    SipOutput,
)
from softswitch.sip.sessions.received_refer import LASTS_S
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SipPair

GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"
BY = "sip:555@provider.example"


@pytest.fixture
def pair() -> Iterator[SipPair]:
    """Every endpoint must have forgotten everything when the scenario is over."""
    pair = SipPair()
    yield pair
    for endpoint in (pair.switch, pair.provider):
        left = endpoint.statistics()
        assert (left.legs, left.dialogs, left.transactions, left.refers) == (0, 0, 0, 0)


@pytest.fixture
def golden(request: pytest.FixtureRequest, pair: SipPair) -> Callable[[], None]:
    def compare() -> None:
        path = GOLDEN / f"{request.node.name.removeprefix('test_')}.txt"
        if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
            path.write_text(pair.ladder())
        assert pair.ladder() == path.read_text()

    return compare


def answering(pair: SipPair) -> None:
    def rule(name: str, fact: SipOutput, now: float) -> None:
        if isinstance(fact, InviteReceived) and fact.replaces is None:
            endpoint = pair.switch if name == "switch" else pair.provider
            endpoint.progress(fact.leg_id, 180, None, now)
            endpoint.accept(fact.leg_id, ANSWER, now)

    pair.rules.append(rule)


def call(pair: SipPair) -> LegId:
    return pair.provider.invite(pair.target("100"), from_uri=BY, sdp=OFFER, now=pair.now)


def established(pair: SipPair) -> tuple[LegId, LegId]:
    """A call in progress: the provider's leg and the switch's."""
    if not pair.rules:
        answering(pair)
    leg_id = call(pair)
    pair.run(1.0)
    return leg_id, pair.all("switch", InviteReceived)[-1].leg_id


def refer(pair: SipPair, leg_id: LegId, target: str = "sip:201@switch.example", **options: LegId) -> ReferId:
    refer_id = pair.provider.refer(leg_id, target, pair.now, referred_by=BY, **options)
    assert refer_id is not None
    pair.run(0.5)
    return refer_id


def test_blind_transfer_asked_for_and_told_of(pair: SipPair, golden: Callable[[], None]) -> None:
    theirs, ours = established(pair)
    refer_id = refer(pair, theirs)
    asked = pair.one("switch", ReferReceived)
    assert (asked.leg_id, asked.target, asked.target_uri) == (ours, "201", "sip:201@switch.example")
    assert (asked.replaces_leg, asked.referred_by) == (None, BY)
    pair.switch.accept_refer(asked.refer_id, pair.now)
    pair.run(0.5)
    pair.switch.notify_refer(asked.refer_id, 180, pair.now)
    pair.run(0.5)
    pair.switch.notify_refer(asked.refer_id, 200, pair.now)
    pair.switch.hang_up(ours, pair.now)
    pair.run()
    told = [(fact.status, fact.is_over) for fact in pair.all("provider", ReferProgress) if fact.refer_id == refer_id]
    assert told == [(202, False), (100, False), (180, False), (200, True)]
    golden()


def test_transferor_leaves_early(pair: SipPair, golden: Callable[[], None]) -> None:
    theirs, _ = established(pair)
    refer(pair, theirs)
    asked = pair.one("switch", ReferReceived)
    pair.switch.accept_refer(asked.refer_id, pair.now)
    pair.provider.hang_up(theirs, pair.now)
    pair.run(0.5)
    assert pair.one("switch", LegEnded).by == "remote"
    pair.switch.notify_refer(asked.refer_id, 200, pair.now)
    pair.run()
    golden()


def test_transfer_refused(pair: SipPair, golden: Callable[[], None]) -> None:
    theirs, _ = established(pair)
    refer(pair, theirs)
    pair.switch.refuse_refer(pair.one("switch", ReferReceived).refer_id, 403, pair.now)
    pair.run(0.5)
    assert pair.one("provider", ReferProgress).status == 403
    assert pair.one("provider", ReferProgress).is_over
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    golden()


def test_a_transfer_that_comes_to_nothing_is_no_longer_told_of(pair: SipPair) -> None:
    theirs, ours = established(pair)
    refer(pair, theirs)
    pair.switch.accept_refer(pair.one("switch", ReferReceived).refer_id, pair.now)
    pair.run(LASTS_S + 1)
    assert pair.all("provider", ReferProgress)[-1].is_over
    assert pair.switch.statistics().refers == 0
    pair.switch.hang_up(ours, pair.now)
    pair.run()


def test_of_the_news_of_a_transfer_that_cannot_be_told_yet_only_the_last_is_kept(pair: SipPair) -> None:
    theirs, ours = established(pair)
    refer(pair, theirs)
    asked = pair.one("switch", ReferReceived)
    pair.switch.accept_refer(asked.refer_id, pair.now)
    for status in (180, 181, 182, 183):
        pair.switch.notify_refer(asked.refer_id, status, pair.now)
    pair.run(1.0)
    pair.switch.notify_refer(asked.refer_id, 486, pair.now)
    pair.run(1.0)
    assert [fact.status for fact in pair.all("provider", ReferProgress)] == [202, 100, 183, 486]
    pair.switch.hang_up(ours, pair.now)
    pair.run()


def test_a_dialog_has_so_many_transfers_under_way_and_no_more(pair: SipPair) -> None:
    theirs, ours = established(pair)
    for _ in range(REFERS_MAX + 1):
        refer(pair, theirs)
    assert len(pair.all("switch", ReferReceived)) == REFERS_MAX
    assert [fact.status for fact in pair.all("provider", ReferProgress)] == [503]
    pair.switch.hang_up(ours, pair.now)
    pair.run()
    statuses = [fact.status for fact in pair.all("provider", ReferProgress)]
    assert statuses == [503] + [481] * REFERS_MAX, "those nobody had answered were refused before the BYE"


def test_second_transfer_of_a_dialog_is_told_of_by_number(pair: SipPair) -> None:
    theirs, ours = established(pair)
    for status in (486, 200):
        refer(pair, theirs)
        asked = pair.all("switch", ReferReceived)[-1]
        pair.switch.accept_refer(asked.refer_id, pair.now)
        pair.switch.notify_refer(asked.refer_id, status, pair.now)
        pair.run(0.5)
    assert [fact.status for fact in pair.all("provider", ReferProgress)] == [202, 100, 486, 202, 100, 200]
    pair.switch.hang_up(ours, pair.now)
    pair.run()


def test_refer_of_ours_takes_the_call_away(pair: SipPair, golden: Callable[[], None]) -> None:
    theirs, ours = established(pair)
    pair.switch.refer(ours, "sip:+4930123@provider.example", pair.now, referred_by="sip:201@switch.example")
    pair.run(0.5)
    asked = pair.one("provider", ReferReceived)
    pair.provider.accept_refer(asked.refer_id, pair.now)
    pair.provider.notify_refer(asked.refer_id, 200, pair.now)
    pair.run(0.5)
    assert [fact.status for fact in pair.all("switch", ReferProgress)] == [202, 100, 200]
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    golden()


def test_attended_transfer_names_our_other_leg(pair: SipPair, golden: Callable[[], None]) -> None:
    first, ours_first = established(pair)
    second, ours_second = established(pair)
    refer(pair, first, replaces_leg=second)
    asked = pair.one("switch", ReferReceived)
    assert (asked.leg_id, asked.replaces_leg) == (ours_first, ours_second)
    pair.switch.accept_refer(asked.refer_id, pair.now)
    pair.switch.notify_refer(asked.refer_id, 200, pair.now)
    for leg_id in (ours_first, ours_second):
        pair.switch.hang_up(leg_id, pair.now)
    pair.run()
    golden()


def replacing_invite(pair: SipPair, replaces: str) -> None:
    pair.provider.invite(
        pair.target("100"),
        from_uri=BY,
        sdp=OFFER,
        headers=[("replaces", replaces)],
        now=pair.now,
    )
    pair.run(1.0)


def dialog_of(pair: SipPair, method: str = "INVITE") -> tuple[str, str, str]:
    """Call-ID, To tag and From tag of the last response of the switch's, or to it."""
    parsed = [parse(passage.message) for passage in pair.network.transcript]
    last = [each for each in parsed if isinstance(each, Response) and each.cseq.method == method and each.to.tag][-1]
    return last.call_id, last.to.tag or "", last.from_.tag or ""


def test_replaces_of_an_established_call(pair: SipPair, golden: Callable[[], None]) -> None:
    theirs, ours = established(pair)
    call_id, to_tag, from_tag = dialog_of(pair)
    replacing_invite(pair, f"{call_id};to-tag={to_tag};from-tag={from_tag}")
    invite = pair.all("switch", InviteReceived)[-1]
    assert invite.replaces == ours
    pair.switch.accept(invite.leg_id, ANSWER, pair.now)
    pair.switch.hang_up(ours, pair.now)
    pair.run(1.0)
    assert pair.one("provider", LegEnded).leg_id == theirs
    pair.switch.hang_up(invite.leg_id, pair.now)
    pair.run()
    golden()


def test_replaces_of_a_ringing_phone(pair: SipPair, golden: Callable[[], None]) -> None:
    ringing = pair.switch.invite(pair.target("201", PROVIDER), from_uri="sip:1@switch.example", sdp=OFFER, now=pair.now)
    pair.run(0.5)
    theirs = pair.one("provider", InviteReceived).leg_id
    pair.provider.progress(theirs, 180, None, pair.now)
    pair.run(0.5)
    call_id, to_tag, from_tag = dialog_of(pair)
    replacing_invite(pair, f"{call_id};to-tag={from_tag};from-tag={to_tag};early-only")
    invite = pair.one("switch", InviteReceived)
    assert invite.replaces == ringing
    pair.switch.accept(invite.leg_id, ANSWER, pair.now)
    pair.switch.hang_up(ringing, pair.now)
    pair.run(1.0)
    pair.switch.hang_up(invite.leg_id, pair.now)
    pair.run()
    golden()


@pytest.mark.parametrize(
    ("change", "status"),
    [("{}", 0), ("x{}", 481), ("{};early-only", 486), ("nothing", 400), ("{};to-tag=other", 400)],
)
def test_what_a_replaces_is_answered(pair: SipPair, change: str, status: int) -> None:
    _, ours = established(pair)
    call_id, to_tag, from_tag = dialog_of(pair)
    replacing_invite(pair, change.format(f"{call_id};to-tag={to_tag};from-tag={from_tag}"))
    assert [fact.status for fact in pair.all("provider", LegFailed)] == ([status] if status else [])
    for invite in pair.all("switch", InviteReceived)[1:]:
        pair.switch.reject(invite.leg_id, 403, now=pair.now)
    pair.switch.hang_up(ours, pair.now)
    pair.run()


def test_a_call_that_is_being_ended_is_not_replaced(pair: SipPair) -> None:
    _, ours = established(pair)
    call_id, to_tag, from_tag = dialog_of(pair)
    pair.network.lose_next("switch", "provider", "BYE")
    pair.switch.hang_up(ours, pair.now)
    pair.run(0.2)
    replacing_invite(pair, f"{call_id};to-tag={to_tag};from-tag={from_tag}")
    assert [fact.status for fact in pair.all("provider", LegFailed)] == [603]
    pair.run()


def test_nobody_is_transferred_outside_a_call_or_before_the_answer(pair: SipPair) -> None:
    pair.provider.request(
        "REFER", pair.target("100"), from_uri=BY, headers=[("refer-to", "<sip:201@switch.example>")], now=pair.now
    )
    pair.provider.request("NOTIFY", pair.target("100"), from_uri=BY, headers=[("event", "refer")], now=pair.now)
    pair.run()
    assert [fact.status for fact in pair.all("provider", RequestFinished)] == [403, 481]
    assert not pair.all("switch", ReferReceived)


def test_a_transfer_of_a_leg_that_is_over_is_asked_of_nobody(pair: SipPair) -> None:
    theirs, ours = established(pair)
    pair.provider.hang_up(theirs, pair.now)
    pair.run()
    assert pair.switch.refer(ours, "sip:1@provider.example", pair.now, referred_by=BY) is None
    assert pair.all("provider", LegAnswered)
