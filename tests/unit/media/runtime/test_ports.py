"""The port range: even ports, in turn, at rest after use."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.entropy import SeededEntropy
from softswitch.media.runtime.ports import REST_LEAST_S, REST_S, PortPool


def pool(ports: range, seed: int = 1) -> PortPool:
    return PortPool(ports, SeededEntropy(seed))


def test_every_even_port_with_its_odd_partner_is_given_out_once() -> None:
    for ports, even in [
        (range(10000, 10006), [10000, 10002, 10004]),
        (range(10001, 10006), [10002, 10004]),
        (range(10000, 10005), [10000, 10002]),
        (range(10000, 10001), []),
        (range(0), []),
    ]:
        free = pool(ports)
        taken = [port for _ in range(10) if (port := free.take(0.0)) is not None]
        assert sorted(taken) == even
        assert free.in_use == len(even)


def test_a_port_rests_after_use() -> None:
    free = pool(range(10000, 10002))
    assert free.take(0.0) == 10000
    free.release(10000, 5.0)
    assert free.take(5.0 + REST_LEAST_S - 0.1) is None
    assert free.take(5.0 + REST_LEAST_S) == 10000


def test_while_others_are_free_a_port_rests_for_long() -> None:
    free = pool(range(10000, 10004))
    used = free.take(0.0)
    assert used is not None
    free.release(used, 0.0)
    other = free.take(REST_S - 0.1)
    assert other not in (None, used)
    assert free.take(REST_S - 0.1) == used


def test_releasing_twice_or_a_strange_port_changes_nothing() -> None:
    free = pool(range(10000, 10002))
    free.release(10000, 0.0)
    assert free.take(0.0) == 10000
    free.release(10000, 0.0)
    free.release(10000, 0.0)
    assert free.take(REST_S) == 10000
    assert free.take(REST_S) is None


def test_where_the_round_begins_cannot_be_guessed() -> None:
    assert len({pool(range(10000, 10200), seed).take(0.0) for seed in range(20)}) > 5


def test_the_range_as_people_write_it() -> None:
    assert str(pool(range(10000, 20000))) == "10000-19999"


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=60))
def test_no_port_is_used_twice_or_before_its_rest(steps: list[tuple[bool, float]]) -> None:
    free = pool(range(10000, 10016))
    now = 0.0
    used: list[int] = []
    released_at: dict[int, float] = {}
    for is_release, wait_s in steps:
        now += wait_s
        if is_release and used:
            port = used.pop(0)
            free.release(port, now)
            released_at[port] = now
        elif (taken := free.take(now)) is not None:
            assert taken not in used
            assert now >= released_at.get(taken, -REST_S) + REST_LEAST_S
            used.append(taken)
    assert free.in_use == len(used)


def test_ports_that_are_claimed_are_in_use_and_others_than_ours_are_not() -> None:
    free = pool(range(10000, 10008))
    taken = free.take(0.0)
    assert taken is not None
    free.release(taken, 0.0)
    free.claim([10002, taken, 10003, 20000])
    free.claim([10002])
    assert free.in_use == len({10002, taken})
    assert free.size == 4
    rest = {free.take(REST_S) for _ in range(4)}
    assert rest - {None} == {10000, 10002, 10004, 10006} - {10002, taken}
    free.release(20000, 0.0)
    free.release(10002, 0.0)
    assert free.take(REST_S) == 10002
