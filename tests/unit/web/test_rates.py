"""Buckets of tokens, under a clock that is told what time it is."""

from softswitch.web.rates import RateLimit


def test_a_burst_and_then_the_rate():
    limit = RateLimit(2.0)
    assert [limit.take("anna", 0.0) for _ in range(4)] == [0.0] * 4
    assert limit.take("anna", 0.0) == 0.5
    assert limit.take("anna", 0.5) == 0.0
    assert limit.take("anna", 0.5) == 0.5


def test_one_s_requests_cost_another_nothing():
    limit = RateLimit(1.0, burst=1)
    assert limit.take("anna", 0.0) == 0.0
    assert limit.take("boris", 0.0) == 0.0
    assert limit.take("anna", 0.0) > 0


def test_being_refused_costs_nothing():
    limit = RateLimit(1.0, burst=1)
    limit.take("anna", 0.0)
    for _ in range(100):
        limit.take("anna", 0.5)
    assert limit.take("anna", 1.0) == 0.0


def test_those_who_asked_longest_ago_are_forgotten():
    limit = RateLimit(1.0, burst=1, buckets_max=3)
    for name in ("a", "b", "c", "d"):
        limit.take(name, 0.0)
    assert len(limit) == 3
    assert limit.take("d", 0.0) > 0
    assert limit.take("a", 0.0) == 0.0
