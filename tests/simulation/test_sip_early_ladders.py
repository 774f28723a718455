"""Before the answer: reliable provisional responses (RFC 3262), UPDATE (RFC 3311), forks. Ladders as in conftest.py."""

from collections.abc import Callable

from softswitch.base.ids import LegId
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ProgressConfirmed,
    ReinviteAnswered,
    ReinviteReceived,
    SipOutput,
)
from softswitch.sip.settings import ReliablePolicy, SessionPolicy
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SWITCH, SipPair, switch_settings
from tests.simulation.test_sip_odd_peers import SDP, Scene

RELIABLE = SessionPolicy(reliable="required")
CHANGED = OFFER.replace(b"o=- 1 1", b"o=- 1 2") + b"a=sendonly\r\n"
CHANGED_ANSWER = ANSWER.replace(b"o=- 2 1", b"o=- 2 2") + b"a=recvonly\r\n"
ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE"


class ReliableScene(Scene):
    """A raw peer and a switch that reliably rings, but does not answer."""

    def __init__(self) -> None:
        super().__init__(answers=False)

    def ringing(self, status: int, sdp: bytes | None) -> LegId:
        leg_id = self.one("switch", InviteReceived).leg_id
        self.switch.progress(leg_id, status, sdp, self.now)
        self.run(0.1)
        return leg_id

    def prack(self, number: int, *extra: str, body: str = "") -> int:
        """Acknowledge the last provisional response; returns the status of the answer."""
        progress = next(each for each in reversed(self.raw.responses("INVITE")) if each.get("rseq") is not None)
        self.send(
            "PRACK sip:switch", f"RAck: {progress.require('rseq')} 1 INVITE", *extra,
            cseq=f"{number} PRACK", branch=f"prack{number}", to_tag=progress.to.tag or "", body=body,
        )  # fmt: skip
        return self.raw.responses("PRACK")[-1].status


def call(pair: SipPair, sdp: bytes = OFFER) -> tuple[LegId, LegId]:
    leg_id = pair.provider.invite(
        pair.target("100"), from_uri="sip:555@provider.example", sdp=sdp, session=RELIABLE, now=pair.now
    )
    pair.run(0.1)
    return leg_id, pair.one("switch", InviteReceived).leg_id


def test_prack(ladder: Callable[[SipPair], None]) -> None:
    """The 2xx, given at once, waits until every reliable response has arrived, and has no SDP of its own any more."""
    pair = SipPair()
    leg_id, called = call(pair)
    assert pair.one("switch", InviteReceived).is_reliable
    pair.switch.progress(called, 183, ANSWER, pair.now)
    pair.switch.progress(called, 180, None, pair.now)
    pair.switch.accept(called, ANSWER, pair.now)
    pair.run(1.0)
    assert pair.all("provider", LegProgress) == [LegProgress(leg_id, 183, ANSWER), LegProgress(leg_id, 180, b"")]
    assert pair.one("provider", LegAnswered) == LegAnswered(leg_id, ANSWER)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_prack_that_is_lost(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = call(pair)
    pair.network.lose_next("switch", "provider", "183")
    pair.network.lose_next("provider", "switch", "PRACK")
    pair.switch.progress(called, 183, ANSWER, pair.now)
    pair.run(3.0)
    assert pair.one("provider", LegProgress).sdp == ANSWER
    pair.switch.accept(called, ANSWER, pair.now)
    pair.run(1.0)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_prack_that_never_comes(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = call(pair)
    for _ in range(20):
        pair.network.lose_next("provider", "switch", "PRACK")
    pair.switch.progress(called, 180, None, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded) == LegEnded(called, "timeout", "no PRACK", 408)
    assert pair.one("provider", LegFailed).status == 504
    assert pair.all("provider", LegProgress) == [LegProgress(leg_id, 180, b"")]
    ladder(pair)


def test_cancel_before_the_prack(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = call(pair)
    pair.switch.progress(called, 180, None, pair.now)
    pair.run(0.015)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    assert pair.one("switch", LegEnded) == LegEnded(called, "remote", "cancelled", 487)
    ladder(pair)


def test_prack_with_offer(ladder: Callable[[SipPair], None]) -> None:
    """The answer to the caller's first offer is in the 183, so the PRACK may carry another one."""
    scene = ReliableScene()
    scene.invite("Require: 100rel")
    leg_id = scene.ringing(183, ANSWER)
    scene.send(
        "PRACK sip:switch", f"RAck: {scene.raw.responses('INVITE')[-1].require('rseq')} 1 INVITE", SDP,
        cseq="2 PRACK", branch="p", to_tag=scene.raw.responses("INVITE")[-1].to.tag or "", body=CHANGED.decode(),
    )  # fmt: skip
    assert scene.one("switch", ReinviteReceived) == ReinviteReceived(leg_id, CHANGED)
    scene.switch.accept(leg_id, b"", scene.now)
    scene.run(0.1)
    assert scene.statuses("INVITE") == [100, 183]
    scene.switch.answer_reinvite(leg_id, CHANGED_ANSWER, scene.now)
    scene.run(0.1)
    assert scene.raw.responses("PRACK")[-1].body == CHANGED_ANSWER
    answered = scene.raw.responses("INVITE")[-1]
    assert (answered.status, answered.body) == (200, b"")
    scene.ack(answered.to.tag or "")
    scene.send("BYE sip:switch", cseq="3 BYE", to_tag=answered.to.tag or "")
    scene.run()
    ladder(scene)


def test_late_offer_in_a_reliable_response(ladder: Callable[[SipPair], None]) -> None:
    scene = ReliableScene()
    scene.invite("Require: 100rel", body=b"")
    leg_id = scene.ringing(183, OFFER)
    assert scene.prack(2, SDP, body=ANSWER.decode()) == 200
    assert scene.one("switch", ProgressConfirmed) == ProgressConfirmed(leg_id, ANSWER)
    scene.switch.accept(leg_id, OFFER, scene.now)
    scene.run(0.1)
    answered = scene.raw.responses("INVITE")[-1]
    assert (answered.status, answered.body) == (200, b"")
    scene.ack(answered.to.tag or "")
    assert scene.one("switch", LegConfirmed) == LegConfirmed(leg_id, b"")
    scene.send("BYE sip:switch", cseq="3 BYE", to_tag=answered.to.tag or "")
    scene.run()
    ladder(scene)


def test_a_late_offer_that_the_prack_does_not_answer_ends_the_call() -> None:
    scene = ReliableScene()
    scene.invite("Require: 100rel", body=b"")
    leg_id = scene.ringing(183, OFFER)
    assert scene.prack(2) == 200
    assert scene.one("switch", LegEnded) == LegEnded(leg_id, "remote", "no answer in PRACK", 488)
    assert scene.statuses("INVITE")[-1] == 488


def test_pracks_of_other_responses_are_unknown() -> None:
    scene = ReliableScene()
    tag = scene.invite("Require: 100rel")
    scene.ringing(180, None)
    for number, rack in enumerate(("1 1 INVITE", "0 1 INVITE", "99999999999 1 INVITE", "x"), start=2):
        tag = scene.raw.responses("INVITE")[-1].to.tag or ""
        scene.send("PRACK sip:switch", f"RAck: {rack}", cseq=f"{number} PRACK", branch=f"u{number}", to_tag=tag)
    assert scene.statuses("PRACK") == [481, 481, 400, 400]
    assert scene.prack(9) == 200
    assert scene.prack(10) == 481
    assert scene.all("switch", LegEnded) == []


def test_an_offer_before_the_first_one_is_answered_gets_500() -> None:
    scene = ReliableScene()
    scene.invite(ALLOW)
    scene.ringing(180, None)
    tag = scene.raw.responses("INVITE")[-1].to.tag or ""
    scene.send("UPDATE sip:switch", SDP, cseq="2 UPDATE", to_tag=tag, body=CHANGED.decode())
    assert scene.raw.responses("UPDATE")[-1].require("retry-after").isdigit()
    assert scene.statuses("UPDATE") == [500]


def test_reliable_responses_are_used_as_configured() -> None:
    """As a callee: where they are off whoever requires them is refused, where they are required whoever lacks them."""
    cases: tuple[tuple[ReliablePolicy, str, int], ...] = (
        ("off", "Require: 100rel", 420),
        ("off", "Supported: 100rel", 180),
        ("supported", "Supported: 100rel", 180),
        ("required", "Supported: path", 421),
        ("required", "Supported: path, 100rel", 180),
    )
    for reliable, extra, expected in cases:
        scene = ReliableScene()
        scene.switch.update_settings(switch_settings(SessionPolicy(reliable=reliable)))
        scene.invite(extra)
        if expected == 180:
            scene.ringing(180, None)
            is_reliable = scene.raw.responses("INVITE")[-1].get("rseq") is not None
            assert is_reliable == (reliable == "required"), (reliable, extra)
        assert scene.statuses("INVITE")[-1] == expected, (reliable, extra)


def agree(pair: SipPair) -> None:
    def rule(name: str, fact: SipOutput, now: float) -> None:
        if isinstance(fact, ReinviteReceived):
            getattr(pair, name).answer_reinvite(fact.leg_id, CHANGED_ANSWER, now)

    pair.rules.append(rule)


def test_update_before_the_answer_both_ways(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = call(pair)
    agree(pair)
    pair.provider.reinvite(leg_id, CHANGED, pair.now)  # waits: the first offer is not answered yet
    pair.switch.progress(called, 183, ANSWER, pair.now)
    pair.run(0.5)
    assert pair.one("switch", ReinviteReceived) == ReinviteReceived(called, CHANGED)
    assert pair.one("provider", ReinviteAnswered) == ReinviteAnswered(leg_id, CHANGED_ANSWER)
    pair.switch.reinvite(called, OFFER, pair.now)
    pair.run(0.5)
    assert pair.one("provider", ReinviteReceived) == ReinviteReceived(leg_id, OFFER)
    assert pair.one("switch", ReinviteAnswered) == ReinviteAnswered(called, CHANGED_ANSWER)
    pair.switch.accept(called, b"", pair.now)
    pair.run(0.5)
    assert pair.one("provider", LegAnswered) == LegAnswered(leg_id, b"")
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_update_glare(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id, called = call(pair)
    agree(pair)
    pair.switch.progress(called, 183, ANSWER, pair.now)
    pair.run(0.5)
    pair.provider.reinvite(leg_id, CHANGED, pair.now)
    pair.switch.reinvite(called, OFFER, pair.now)
    pair.run(10.0)
    assert len(pair.all("provider", ReinviteAnswered)) == len(pair.all("switch", ReinviteAnswered)) == 1
    pair.switch.accept(called, b"", pair.now)
    pair.run(0.5)
    pair.switch.hang_up(called, pair.now)
    pair.run()
    ladder(pair)


def test_what_cannot_be_offered_early_is_offered_after_the_answer(ladder: Callable[[SipPair], None]) -> None:
    pair = SipPair()
    leg_id = pair.provider.invite(pair.target("100"), from_uri="sip:555@p.example", sdp=OFFER, now=pair.now)
    agree(pair)
    pair.run(0.1)
    called = pair.one("switch", InviteReceived).leg_id
    pair.provider.reinvite(leg_id, CHANGED, pair.now)
    pair.switch.progress(called, 180, None, pair.now)
    pair.run(0.5)
    assert pair.all("switch", ReinviteReceived) == []
    pair.switch.accept(called, ANSWER, pair.now)
    pair.run(0.5)
    assert pair.one("provider", ReinviteAnswered) == ReinviteAnswered(leg_id, CHANGED_ANSWER)
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_forked_ringing(ladder: Callable[[SipPair], None]) -> None:
    """Two phones behind a proxy, each with reliable responses of its own; what comes out of order is not read."""
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    contact = f"Contact: <sip:x@{PROVIDER}>"
    answered: list[int] = []

    def ring(status: int, tag: str, rseq: int, body: str = "") -> None:
        scene.raw.answer(
            invite, status, tag, contact, ALLOW, "Require: 100rel", f"RSeq: {rseq}", *([SDP] if body else []), body=body
        )
        scene.run(0.1)
        for prack in scene.raw.requests("PRACK")[len(answered) :]:
            answered.append(prack.cseq.number)
            scene.raw.answer(prack, 200, tag)
        scene.run(0.1)

    ring(183, "one", 700, ANSWER.decode())
    ring(180, "two", 5)
    ring(180, "two", 7)
    ring(180, "two", 5)
    ring(183, "two", 6, CHANGED_ANSWER.decode())
    ring(180, "one", 701)
    ring(199, "one", 702)
    assert scene.all("switch", LegProgress) == [
        LegProgress(leg_id, 183, ANSWER, 0),
        LegProgress(leg_id, 180, b"", 1),
        LegProgress(leg_id, 183, CHANGED_ANSWER, 1),
        LegProgress(leg_id, 180, b"", 0),
    ]
    pracks = [(prack.to.tag, prack.require("rack")) for prack in scene.raw.requests("PRACK")]
    assert pracks == [
        ("one", "700 1 INVITE"),
        ("two", "5 1 INVITE"),
        ("two", "6 1 INVITE"),
        ("one", "701 1 INVITE"),
        ("one", "702 1 INVITE"),
    ]
    scene.raw.answer(invite, 200, "two", contact)
    scene.run(0.1)
    assert scene.one("switch", LegAnswered) == LegAnswered(leg_id, CHANGED_ANSWER, 1)
    scene.switch.hang_up(leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    assert (bye.to.tag, bye.cseq.number) == ("two", 4)
    scene.raw.answer(bye, 200, "two")
    scene.run()
    ladder(scene)


def test_more_forks_than_anybody_has_are_not_followed() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    for number in range(100):
        scene.raw.answer(invite, 183, f"fork{number}", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    assert len(scene.all("switch", LegProgress)) == 16
    assert scene.switch.statistics().dialogs == 16
    scene.switch.hang_up(leg_id, scene.now)
    scene.run()
    assert scene.switch.statistics().dialogs == 0


def test_the_called_party_offers_before_it_answers(ladder: Callable[[SipPair], None]) -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    contact = f"Contact: <sip:x@{PROVIDER}>"
    scene.raw.answer(invite, 183, "a", contact, ALLOW, "Require: 100rel", "RSeq: 1", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.raw.answer(scene.raw.requests("PRACK")[0], 200, "a")
    dialog = (
        f"Call-ID: {invite.call_id}",
        f"To: {invite.require('from')}",
        "From: <sip:x@y>;tag=a",
        "Max-Forwards: 70",
    )
    for number, body in ((1, CHANGED.decode()), (2, "")):
        scene.raw.send(
            SWITCH, "\n".join((
                "UPDATE sip:switch SIP/2.0", f"Via: SIP/2.0/UDP {PROVIDER};branch=z9hG4bKupdate{number}", *dialog,
                f"CSeq: {number} UPDATE", contact, *([SDP] if body else []),
            )), body,
        )  # fmt: skip
        scene.run(0.1)
        if body:
            assert scene.one("switch", ReinviteReceived) == ReinviteReceived(leg_id, CHANGED)
            scene.switch.answer_reinvite(leg_id, CHANGED_ANSWER, scene.now)
            scene.run(0.1)
    assert [(each.status, each.body) for each in scene.raw.responses("UPDATE")] == [(200, CHANGED_ANSWER), (200, b"")]
    scene.raw.answer(invite, 486, "a")
    scene.run()
    assert scene.one("switch", LegFailed).status == 486
    ladder(scene)


def test_redirected(ladder: Callable[[SipPair], None]) -> None:
    """Where a 3xx points to is told, the best first; nothing is sent there."""
    scene = Scene()
    policy = SessionPolicy(follows_redirects=True)
    leg_id = scene.switch.invite(
        scene.target("555", PROVIDER), from_uri="sip:100@switch.example", sdp=OFFER, session=policy, now=scene.now
    )
    scene.run(0.1)
    (invite,) = scene.raw.requests("INVITE")
    contacts = "Contact: <sip:1@a>;q=0.2, <sip:2@b>, <sip:3@c>;q=0.9, <tel:4>;q=x, <sip:5@e>;q=0.1, <sip:6@f>;q=0"
    scene.raw.answer(invite, 302, "a", contacts)
    scene.run()
    assert scene.one("switch", LegFailed) == LegFailed(
        leg_id, 302, "Whatever", None, 0, ("sip:2@b", "tel:4", "sip:3@c", "sip:1@a", "sip:5@e")
    )
    ladder(scene)


def test_without_the_policy_nobody_hears_where_a_redirect_points_to() -> None:
    scene = Scene()
    scene.call_out()
    scene.raw.answer(scene.raw.requests("INVITE")[0], 301, "a", "Contact: <sip:1@a>")
    scene.run(0.1)
    assert scene.one("switch", LegFailed).contacts == ()
