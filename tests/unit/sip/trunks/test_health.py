"""Whether a provider is alive: not by one packet lost, not by one that came through."""

from softswitch.base.entropy import SeededEntropy
from softswitch.sip.trunks.health import RETRY_S, Health, HealthChanged, HealthCheck, HealthSettings, SendOptions


def started(**settings: object) -> HealthCheck:
    options: dict[str, object] = {"options_every_s": 30.0, **settings}
    check = HealthCheck(HealthSettings(**options), SeededEntropy(1))  # pyright: ignore[reportArgumentType]
    check.start(0.0)
    return check


def ask(check: HealthCheck) -> float:
    """Let the next OPTIONS go out."""
    at = check.next_timeout()
    assert at is not None
    check.handle_timeout(at)
    assert SendOptions() in check.take_outputs()
    return at


def test_options_go_out_now_and_then_and_any_answer_is_life() -> None:
    check = started()
    assert check.take_outputs() == [SendOptions()]
    check.options_answered(404, 0.1)
    assert check.take_outputs() == [HealthChanged(Health.UP, "")]
    assert 27.0 <= ask(check) - 0.1 <= 30.0
    check.options_answered(200, 30.0)
    assert check.take_outputs() == []


def test_a_provider_is_down_after_three_failures_in_a_row_and_soon() -> None:
    check = started()
    check.options_answered(200, 0.0)
    first = ask(check)
    check.options_unanswered("no answer", first)
    second = ask(check)
    check.options_unanswered("no answer", second)
    assert check.health is Health.UP
    third = ask(check)
    check.options_unanswered("no answer", third)
    assert check.take_outputs() == [HealthChanged(Health.DOWN, "OPTIONS: no answer")]
    assert third - first <= 10.0
    assert (check.next_timeout() or 0) - third >= 27.0, "a dead one is not asked every five seconds"


def test_an_answer_in_between_begins_the_count_anew() -> None:
    check = started()
    for _ in range(5):
        check.options_unanswered("no answer", 0.0)
        check.options_unanswered("no answer", 0.0)
        check.options_answered(200, 0.0)
    assert check.health is Health.UP


def test_it_is_up_again_after_two_answers() -> None:
    check = started()
    for _ in range(3):
        check.options_unanswered("no answer", 0.0)
    check.options_answered(200, 1.0)
    assert check.health is Health.DOWN
    at = check.next_timeout()
    assert at is not None
    assert at - 1.0 <= 5.0
    check.options_answered(200, at)
    assert check.health is Health.UP


def test_some_answers_mean_death_where_the_operator_says_so() -> None:
    check = started(bad_statuses=frozenset({503}), down_after=1)
    check.options_answered(503, 0.0)
    assert check.health is Health.DOWN
    assert check.reason == "503 to OPTIONS"


def test_calls_tell_as_well() -> None:
    check = started()
    check.options_answered(200, 0.0)
    check.take_outputs()
    for _ in range(3):
        check.call_failed("no response to INVITE", 1.0)
    assert check.take_outputs() == [HealthChanged(Health.DOWN, "no response to INVITE")]
    check.call_answered(2.0)
    check.call_answered(3.0)
    assert check.health is Health.UP


def test_without_options_a_dead_one_is_tried_with_one_call() -> None:
    check = started(options_every_s=0.0)
    assert check.take_outputs() == []
    assert check.next_timeout() is None
    for _ in range(3):
        check.call_failed("503", 1.0)
    assert check.health is Health.DOWN
    assert check.next_timeout() == 1.0 + RETRY_S
    check.handle_timeout(1.0 + RETRY_S)
    assert check.health is Health.UNKNOWN
    check.call_failed("503", 40.0)
    assert check.health is Health.DOWN, "one failure is enough now"
    check.handle_timeout(40.0 + RETRY_S)
    check.call_answered(80.0)
    assert check.health is Health.UP
    check.call_failed("503", 81.0)
    assert check.health is Health.UP


def test_a_stopped_one_asks_nothing_more() -> None:
    check = started()
    check.take_outputs()
    check.stop()
    check.options_answered(200, 1.0)
    assert check.next_timeout() is None


def test_the_silence_of_a_provider_who_may_never_answer_options_says_nothing_until_he_has() -> None:
    check = started(is_answer_certain=False)
    for _ in range(5):
        check.options_unanswered("no answer", 0.0)
        ask(check)
    assert check.health is Health.UNKNOWN
    check.options_answered(200, 0.0)
    for _ in range(3):
        check.options_unanswered("no answer", 0.0)
    assert check.health is Health.DOWN


def test_such_a_one_that_calls_found_dead_is_tried_again_by_a_call() -> None:
    check = started(is_answer_certain=False)
    check.options_unanswered("no answer", 0.0)
    for _ in range(3):
        check.call_failed("503", 10.0)
    assert check.health is Health.DOWN
    assert ask(check) == 10.0 + RETRY_S
    assert check.health is Health.UNKNOWN
    check.options_unanswered("no answer", 42.0)
    assert check.health is Health.UNKNOWN
    check.call_failed("503", 43.0)
    assert check.health is Health.DOWN
