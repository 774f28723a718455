"""How much a provider carries: counted in both directions, refused with a reason."""

from softswitch.sip.trunks.capacity import Capacity, CapacitySettings


def test_without_limits_everything_is_carried() -> None:
    capacity = Capacity(CapacitySettings())
    assert all(capacity.take("out", 0.0) == "" for _ in range(1000))
    assert (capacity.used, capacity.used_out) == (1000, 1000)


def test_both_directions_share_what_the_provider_sells() -> None:
    capacity = Capacity(CapacitySettings(both_max=3))
    assert [capacity.take(way, 0.0) for way in ("in", "out", "in")] == ["", "", ""]
    assert capacity.take("in", 0.0) == "all 3 channels are in use"
    assert capacity.take("out", 0.0) == "all 3 channels are in use"
    capacity.give_back("out")
    assert capacity.take("in", 0.0) == ""


def test_each_direction_may_have_a_limit_of_its_own() -> None:
    capacity = Capacity(CapacitySettings(both_max=10, in_max=1, out_max=2))
    assert capacity.take("in", 0.0) == ""
    assert capacity.take("in", 0.0) == "all 1 channels for calls from there are in use"
    assert [capacity.take("out", 0.0) for _ in range(2)] == ["", ""]
    assert capacity.take("out", 0.0) == "all 2 channels for calls to there are in use"
    assert capacity.used == 3


def test_calls_begin_no_faster_than_the_provider_likes() -> None:
    capacity = Capacity(CapacitySettings(out_per_s=2.0))
    assert [capacity.take("out", 0.0) for _ in range(3)] == ["", "", "2 calls per second are begun already"]
    assert capacity.used_out == 2, "a refused call is not counted"
    assert capacity.take("out", 0.4) != ""
    assert capacity.take("out", 0.5) == ""
    assert capacity.take("out", 0.6) != ""
    assert capacity.take("in", 0.6) == "", "whoever calls us is not slowed down"


def test_less_than_one_a_second_still_lets_one_through() -> None:
    capacity = Capacity(CapacitySettings(out_per_s=0.1))
    assert capacity.take("out", 0.0) == ""
    assert capacity.take("out", 9.9) != ""
    assert capacity.take("out", 10.1) == ""


def test_nothing_is_given_back_twice() -> None:
    capacity = Capacity(CapacitySettings())
    capacity.give_back("in")
    capacity.give_back("out")
    assert capacity.used == 0
