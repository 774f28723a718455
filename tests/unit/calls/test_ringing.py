"""Who begins and stops ringing when, whatever fails meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.calls.limits import RING_TARGETS_MAX
from softswitch.calls.ringing import STRATEGIES, BeginRing, Ring, RingPlan, RingStrategy, StopRing


def story(plan: RingPlan, failures: dict[float, int] | None = None, until: float = 100.0) -> list[tuple[float, str]]:
    """What the plan says and when: "+0" begins, "-0" stops. `failures` are places by when they fail."""
    said: list[tuple[float, str]] = []
    pending = dict(failures or {})
    now = 0.0
    while now <= until:
        plan.handle_timeout(now)
        for at in [at for at in pending if at <= now]:
            plan.failed(pending.pop(at), now)
        for output in plan.take_outputs():
            said.append((now, ("+" if isinstance(output, BeginRing) else "-") + str(output.place)))
        due = [at for at in (plan.next_timeout(), *pending) if at is not None]
        if not due:
            break
        now = max(now, min(due))
    return said


def test_parallel_rings_all_at_once():
    assert story(RingPlan(["a", "b", "c"])) == [(0, "+0"), (0, "+1"), (0, "+2")]


def test_serial_rings_each_alone():
    said = story(RingPlan(["a", "b"], "serial", 10))
    assert said == [(0, "+0"), (10, "-0"), (10, "+1"), (20, "-1")]


def test_delayed_lets_the_others_ring_on():
    assert story(RingPlan(["a", "b", "c"], "delayed", 5)) == [(0, "+0"), (5, "+1"), (10, "+2")]


def test_when_nobody_rings_any_more_the_next_begins_at_once_and_the_rest_moves_forward():
    said = story(RingPlan(["a", "b", "c"], "serial", 10), failures={2.0: 0})
    assert said == [(0, "+0"), (2, "+1"), (12, "-1"), (12, "+2"), (22, "-2")]


def test_while_somebody_rings_nobody_is_brought_forward():
    said = story(RingPlan(["a", Ring("b", after_s=8), Ring("c", after_s=0, ring_s=4)]), failures={1.0: 0})
    assert said == [(0, "+0"), (0, "+2"), (4, "-2"), (4, "+1")]


def test_a_target_with_times_of_its_own():
    plan = RingPlan(["a", Ring("b", ring_s=3), "c"], "serial", 10)
    assert plan.length_s(30) == 23
    assert story(plan) == [(0, "+0"), (10, "-0"), (10, "+1"), (13, "-1"), (13, "+2"), (23, "-2")]


def test_its_length_is_that_of_whoever_rings_last():
    assert RingPlan(["a", "b"]).length_s(30) == 30
    assert RingPlan(["a", "b"], "delayed", 10).length_s(30) == 40


@pytest.mark.parametrize(
    ("rings", "each_s"),
    [([], 5.0), (["a"] * (RING_TARGETS_MAX + 1), 5.0), (["a"], 0.0), ([Ring("a", ring_s=0)], 5.0)],
)
def test_what_cannot_be_rung(rings: list[str | Ring], each_s: float):
    with pytest.raises(LocalError, match="dial"):
        RingPlan(rings, "serial", each_s)


@given(
    rings=st.lists(
        st.builds(
            Ring,
            target=st.just("a"),
            after_s=st.none() | st.floats(0, 50),
            ring_s=st.none() | st.floats(0.5, 50),
        ),
        min_size=1,
        max_size=8,
    ),
    strategy=st.sampled_from(STRATEGIES),
    failures=st.dictionaries(st.floats(0, 100), st.integers(0, 7), max_size=12),
)
def test_everybody_begins_once_and_stops_at_most_once(
    rings: list[Ring], strategy: RingStrategy, failures: dict[float, int]
):
    plan = RingPlan(rings, strategy, 7.0)
    said = [what for _, what in story(plan, {at: each for at, each in failures.items() if each < len(rings)}, 2000.0)]
    assert len(set(said)) == len(said)
    for place in range(len(rings)):
        if f"-{place}" in said:
            assert said.index(f"+{place}") < said.index(f"-{place}")
    for place in range(len(rings)):
        plan.failed(place, 2000.0)
    assert all(isinstance(each, BeginRing | StopRing) for each in plan.take_outputs())
    assert plan.is_over
    assert plan.next_timeout() is None
