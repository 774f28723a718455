"""Session timers (RFC 4028): who refreshes, how, and what ends a session nobody refreshes. Ladders: conftest.py."""

from collections.abc import Callable

from softswitch.base.ids import LegId
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
    ReinviteReceived,
    SipOutput,
)
from softswitch.sip.settings import SessionPolicy
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SipPair, switch_settings
from tests.simulation.test_sip_odd_peers import SDP, Scene

TIMED = SessionPolicy(session_expires_s=1800)
UPDATES = "Allow: INVITE, ACK, CANCEL, BYE, UPDATE"


def established(pair: SipPair, session: SessionPolicy = TIMED) -> tuple[LegId, LegId]:
    def answer(name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, InviteReceived):
            pair.switch.accept(fact.leg_id, ANSWER, now)

    pair.rules.append(answer)
    leg_id = pair.provider.invite(
        pair.target("100"), from_uri="sip:555@provider.example", sdp=OFFER, session=session, now=pair.now
    )
    pair.run(1.0)
    return leg_id, pair.one("switch", InviteReceived).leg_id


class TimedScene(Scene):
    """A raw peer, and a switch with session timers."""

    def __init__(self) -> None:
        super().__init__()
        self.switch.update_settings(switch_settings(TIMED))

    def establish(self, *extra: str) -> tuple[LegId, str]:
        tag = self.invite(*extra)
        self.ack(tag)
        return self.one("switch", InviteReceived).leg_id, tag

    def requests(self) -> list[tuple[str, str | None, bytes]]:
        """What the switch has said on its own: method, Session-Expires, body."""
        return [
            (each.method, each.get("session-expires"), each.body)
            for method in ("INVITE", "UPDATE", "BYE")
            for each in self.raw.requests(method)
        ]


def test_session_refreshed_by_the_caller(ladder: Callable[[SipPair], None]) -> None:
    """By UPDATE without SDP, since the switch allows it; nobody hears of it."""
    pair = SipPair(session=TIMED)
    leg_id, _ = established(pair)
    pair.run(2000.0)
    assert pair.all("switch", ReinviteReceived) == pair.all("provider", ReinviteAnswered) == []
    pair.provider.hang_up(leg_id, pair.now)
    pair.run()
    ladder(pair)


def test_session_refreshed_by_the_called(ladder: Callable[[SipPair], None]) -> None:
    """The caller wants it so, and takes no UPDATE: a re-INVITE with the same description."""
    scene = TimedScene()
    leg_id, tag = scene.establish("Supported: timer", "Session-Expires: 1200;refresher=uas")
    answered = scene.raw.responses("INVITE")[-1]
    assert answered.get("session-expires") == "1200;refresher=uas"
    assert answered.get("require") == "timer"
    scene.run(600.0)
    (refresh,) = scene.raw.requests("INVITE")
    assert (refresh.get("session-expires"), refresh.body) == ("1200;refresher=uac", ANSWER)
    scene.raw.answer(
        refresh, 200, "", f"Contact: <sip:x@{PROVIDER}>", "Session-Expires: 1200;refresher=uac", SDP,
        body=OFFER.decode(),
    )  # fmt: skip
    scene.run(1.0)
    assert scene.one("switch", ReinviteAnswered) == ReinviteAnswered(leg_id, OFFER)
    scene.run(590.0)
    assert len(scene.raw.requests("INVITE")) == 1
    scene.send("BYE sip:switch", cseq="2 BYE", to_tag=tag)
    scene.run()
    ladder(scene)


def test_session_that_is_not_refreshed_ends(ladder: Callable[[SipPair], None]) -> None:
    scene = TimedScene()
    leg_id, _ = scene.establish("Supported: timer", "Session-Expires: 300;refresher=uac")
    scene.run(267.0)
    assert scene.all("switch", LegEnded) == []
    scene.run(2.0)
    assert scene.one("switch", LegEnded) == LegEnded(leg_id, "timeout", "session timer expired", 408)
    bye = scene.raw.requests("BYE")[0]
    assert bye.get("reason") == 'SIP;cause=408;text="session timer expired"'
    scene.raw.answer(bye, 200, "")
    scene.run()
    ladder(scene)


def test_session_interval_too_small(ladder: Callable[[SipPair], None]) -> None:
    scene = TimedScene()
    scene.send("INVITE sip:100@switch.example", "Supported: timer", "Session-Expires: 60", SDP, body=OFFER.decode())
    (refused,) = scene.raw.responses("INVITE")
    assert (refused.status, refused.get("min-se")) == (422, "90")
    scene.send("ACK sip:100@switch.example", branch="INVITE", cseq="1 ACK", to_tag=refused.to.tag or "")
    scene.run()
    ladder(scene)


def test_a_longer_interval_is_tried_when_ours_is_too_small(ladder: Callable[[SipPair], None]) -> None:
    scene = Scene()
    leg_id = scene.switch.invite(
        scene.target("555", PROVIDER), from_uri="sip:100@switch.example", sdp=OFFER, session=TIMED, now=scene.now
    )
    scene.run(0.1)
    scene.raw.answer(scene.raw.requests("INVITE")[0], 422, "a", "Min-SE: 3600")
    scene.run(0.1)
    again = scene.raw.requests("INVITE")[-1]
    assert (again.get("session-expires"), again.get("min-se"), again.cseq.number) == ("3600", "3600", 2)
    for number in (7200, 9000):
        scene.raw.answer(scene.raw.requests("INVITE")[-1], 422, "a", f"Min-SE: {number}")
        scene.run(0.1)
    assert scene.one("switch", LegFailed).status == 422
    assert scene.one("switch", LegFailed).leg_id == leg_id
    scene.run()
    ladder(scene)


def test_a_refresh_that_is_too_brief_is_repeated_and_an_update_that_is_unknown_becomes_a_reinvite() -> None:
    scene = TimedScene()
    scene.establish("Supported: timer", "Session-Expires: 1800;refresher=uas", UPDATES)
    scene.run(900.0)
    (update,) = scene.raw.requests("UPDATE")
    assert (update.get("session-expires"), update.body) == ("1800;refresher=uac", b"")
    scene.raw.answer(update, 422, "", "Min-SE: 2400")
    scene.run(0.1)
    assert scene.raw.requests("UPDATE")[-1].get("session-expires") == "2400;refresher=uac"
    scene.raw.answer(scene.raw.requests("UPDATE")[-1], 405, "")
    scene.run(0.1)
    assert scene.raw.requests("INVITE")[-1].body == ANSWER


def test_a_failed_refresh_is_tried_again_until_the_session_ends() -> None:
    scene = TimedScene()
    leg_id, _ = scene.establish("Supported: timer", "Session-Expires: 600;refresher=uas", UPDATES)
    answered = 0
    for _ in range(600):
        scene.run(1.0)
        for update in scene.raw.requests("UPDATE")[answered:]:
            answered += 1
            scene.raw.answer(update, 503, "")
    assert 2 < answered < 12
    assert scene.one("switch", LegEnded) == LegEnded(leg_id, "timeout", "session timer expired", 408)


def test_the_peer_takes_refreshing_over() -> None:
    """`refresher` names a role of the transaction it is in: "uac" in the peer's refresh is the peer."""
    scene = TimedScene()
    _, tag = scene.establish("Supported: timer", "Session-Expires: 600;refresher=uas", UPDATES)
    scene.run(100.0)
    scene.send(
        "UPDATE sip:switch", "Supported: timer", "Session-Expires: 600;refresher=uac", cseq="2 UPDATE", to_tag=tag
    )
    assert scene.raw.responses("UPDATE")[-1].get("session-expires") == "600;refresher=uac"
    scene.run(500.0)
    assert scene.requests() == []
    scene.send(
        "UPDATE sip:switch", "Supported: timer", "Session-Expires: 600;refresher=uas", cseq="3 UPDATE", branch="u3",
        to_tag=tag,
    )  # fmt: skip
    scene.run(310.0)
    assert {method for method, _, _ in scene.requests()} == {"UPDATE"}
    assert scene.all("switch", LegEnded) == []


def test_who_does_not_know_session_timers_is_left_alone() -> None:
    scene = TimedScene()
    scene.establish()
    assert scene.raw.responses("INVITE")[-1].get("session-expires") is None
    scene.run(10_000.0)
    assert scene.requests() == []


def test_a_proxy_that_wants_a_timer_gets_one_from_us() -> None:
    """The caller knows none, so he is not required to know it and we refresh (RFC 4028 section 9)."""
    scene = TimedScene()
    scene.establish("Session-Expires: 1800")
    answered = scene.raw.responses("INVITE")[-1]
    assert (answered.get("session-expires"), answered.get("require")) == ("1800;refresher=uas", None)


def test_with_timers_off_nothing_is_said_of_them() -> None:
    scene = Scene()
    tag = scene.invite("Supported: timer", "Session-Expires: 60;refresher=uas")
    scene.ack(tag)
    answered = scene.raw.responses("INVITE")[-1]
    assert (answered.status, answered.get("session-expires")) == (200, None)
    scene.run(1000.0)
    assert scene.raw.requests("BYE") == []


def test_a_callee_that_refreshes_unasked_is_believed_only_where_timers_are_on() -> None:
    scene = Scene()
    scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    assert invite.get("session-expires") is None
    scene.raw.answer(
        invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", "Session-Expires: 90;refresher=uas", SDP,
        body=ANSWER.decode(),
    )  # fmt: skip
    scene.run(1000.0)
    assert len(scene.all("switch", LegAnswered)) == 1
    assert scene.all("switch", LegEnded) == []
