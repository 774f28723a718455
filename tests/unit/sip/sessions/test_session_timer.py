"""RFC 4028: what is read, what is agreed, and when something is due."""

import pytest

from softswitch.base.deadlines import Deadlines
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.sessions.session_timer import (
    SessionExpires,
    SessionTerms,
    SessionTimer,
    agree,
    agreed,
    ask,
    is_too_brief,
    min_se,
)
from softswitch.sip.settings import SessionPolicy

POLICY = SessionPolicy(session_expires_s=1800)
OFF = SessionPolicy()


def request(*headers: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:x@y", headers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1800", SessionExpires(1800, "")),
        ("1800;refresher=uac", SessionExpires(1800, "uac")),
        ("90 ; foo=bar ; Refresher = UAS", SessionExpires(90, "uas")),
        ("90;refresher=us", SessionExpires(90, "")),
        ("90;norefresher=uac", SessionExpires(90, "")),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("99999999999", None),
    ],
)
def test_session_expires_is_read(text: str, expected: SessionExpires | None) -> None:
    assert SessionExpires.of(request(("session-expires", text))) == expected


def test_the_shortest_interval_is_never_below_that_of_the_rfc() -> None:
    assert min_se(request()) == min_se(request(("min-se", "5"))) == min_se(request(("min-se", "x"))) == 90
    assert min_se(request(("min-se", "300;lr"))) == 300


@pytest.mark.parametrize(
    ("headers", "before", "terms", "said"),
    [
        ((), None, None, ()),
        ((("supported", "timer"),), None, SessionTerms(1800, False), ("1800;refresher=uac", "timer")),
        (
            (("supported", "path, Timer"), ("session-expires", "600")),
            None,
            SessionTerms(600, False),
            ("600;refresher=uac", "timer"),
        ),
        (
            (("supported", "timer"), ("session-expires", "600;refresher=uas")),
            None,
            SessionTerms(600, True),
            ("600;refresher=uas", "timer"),
        ),
        ((("session-expires", "600"),), None, SessionTerms(600, True), ("600;refresher=uas",)),
        (
            (("supported", "timer"), ("session-expires", "7200"), ("min-se", "3600")),
            None,
            SessionTerms(3600, False),
            ("3600;refresher=uac", "timer"),
        ),
        (
            (("supported", "timer"), ("session-expires", "1800")),
            SessionTerms(1800, True),
            SessionTerms(1800, True),
            ("1800;refresher=uas", "timer"),
        ),
    ],
)
def test_what_we_agree_to(
    headers: tuple[tuple[str, str], ...],
    before: SessionTerms | None,
    terms: SessionTerms | None,
    said: tuple[str, ...],
) -> None:
    found, answer = agree(POLICY, request(*headers), before)
    assert found == terms
    assert tuple(value for _, value in answer) == said
    assert agree(OFF, request(*headers), before) == (None, ())


def test_what_a_2xx_says() -> None:
    assert agreed(POLICY, Response(200)) is None
    assert agreed(POLICY, Response(200, None, [("session-expires", "300;refresher=uas")])) == SessionTerms(300, False)
    assert agreed(POLICY, Response(200, None, [("session-expires", "300")])) == SessionTerms(300, True)
    assert agreed(OFF, Response(200, None, [("session-expires", "300")])) is None


@pytest.mark.parametrize(("said", "taken"), [("0", 90), ("1", 90), ("89", 90), ("9999999999", 14_400)])
def test_a_2xx_can_neither_make_us_refresh_all_the_time_nor_keep_a_call_for_ever(said: str, taken: int) -> None:
    answer = Response(200, None, [("session-expires", f"{said};refresher=uac")])
    assert agreed(POLICY, answer) == SessionTerms(taken, True)


def test_nobody_demands_a_session_that_never_ends() -> None:
    greedy = request(("supported", "timer"), ("session-expires", "9999999999"), ("min-se", "9999999999"))
    assert agree(POLICY, greedy, None)[0] == SessionTerms(14_400, False)
    assert min_se(Response(422, None, [("min-se", "9999999999")])) == 14_400


def test_only_who_can_try_again_is_refused_for_a_brief_interval() -> None:
    brief = ("session-expires", "60")
    assert is_too_brief(POLICY, request(brief, ("supported", "timer")))
    assert not is_too_brief(POLICY, request(brief))
    assert not is_too_brief(OFF, request(brief, ("supported", "timer")))
    assert not is_too_brief(POLICY, request(("session-expires", "90"), ("supported", "timer")))


def test_what_we_ask_for() -> None:
    assert ask(OFF) == ()
    assert ask(POLICY) == (("session-expires", "1800"),)
    assert ask(POLICY, interval_s=3600) == (("session-expires", "3600"), ("min-se", "3600"))
    assert ask(POLICY, interval_s=600, is_refresh=True) == (("session-expires", "600;refresher=uac"),)


def run(terms: SessionTerms, until: float) -> list[tuple[float, str]]:
    """What a timer that began at 0 says, and when."""
    deadlines: Deadlines[object] = Deadlines()
    said: list[tuple[float, str]] = []
    timer = SessionTimer(
        deadlines,  # type: ignore[arg-type]
        terms,
        0.0,
        on_refresh=lambda now: said.append((now, "refresh")),
        on_expiry=lambda now: said.append((now, "expired")),
    )
    while (at := deadlines.next()) is not None and at <= until:
        for _ in deadlines.pop_due(at):
            timer.handle_timeout(at)
    return said


def test_who_refreshes_does_so_at_half_time_and_again_while_it_fails() -> None:
    assert run(SessionTerms(1800, True), 901.0) == [(900.0, "refresh")]
    assert run(SessionTerms(90, True), 100.0) == [
        (45.0, "refresh"), (52.5, "refresh"), (57.5, "refresh"), (60.0, "expired"),
    ]  # fmt: skip


def test_who_waits_gives_up_a_little_before_the_end() -> None:
    assert run(SessionTerms(1800, False), 1800.0) == [(1768.0, "expired")]
    assert run(SessionTerms(90, False), 90.0) == [(60.0, "expired")]
