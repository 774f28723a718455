"""A hook that fails is left alone, and tried again."""

from softswitch.acd.hook_breaker import HookBreaker
from softswitch.acd.limits import HOOK_FAILURES_MAX, HOOK_REST_S


def broken(now: float) -> HookBreaker:
    breaker = HookBreaker()
    news = [breaker.failed(now) for _ in range(HOOK_FAILURES_MAX)]
    assert news == [False] * (HOOK_FAILURES_MAX - 1) + [True]
    return breaker


def test_failures_that_are_not_in_a_row_do_no_harm() -> None:
    breaker = HookBreaker()
    for _ in range(3):
        for _ in range(HOOK_FAILURES_MAX - 1):
            assert not breaker.failed(0.0)
        assert not breaker.answered()
    assert breaker.may_ask(0.0)


def test_too_many_in_a_row_and_it_rests_until_one_trial() -> None:
    breaker = broken(100.0)
    assert not breaker.may_ask(100.0)
    assert not breaker.may_ask(100.0 + HOOK_REST_S - 0.001)
    assert breaker.may_ask(100.0 + HOOK_REST_S)
    assert not breaker.may_ask(100.0 + HOOK_REST_S), "one question, not a flood"


def test_a_trial_that_fails_is_another_rest_and_one_that_works_ends_it() -> None:
    breaker = broken(0.0)
    assert breaker.may_ask(HOOK_REST_S)
    assert not breaker.failed(HOOK_REST_S + 1.0), "it is known already"
    assert not breaker.may_ask(HOOK_REST_S + 1.0)
    assert breaker.may_ask(2 * HOOK_REST_S + 1.0)
    assert breaker.answered()
    assert breaker.may_ask(2 * HOOK_REST_S + 1.0)
    assert not breaker.is_resting


def test_a_trial_nobody_waits_for_is_no_trial() -> None:
    breaker = broken(0.0)
    assert breaker.may_ask(HOOK_REST_S)
    breaker.taken_back()
    assert breaker.may_ask(HOOK_REST_S)


def test_questions_that_were_on_their_way_do_not_prolong_the_rest() -> None:
    breaker = broken(0.0)
    assert not breaker.failed(HOOK_REST_S - 1.0)
    assert breaker.may_ask(HOOK_REST_S)
