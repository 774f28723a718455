"""The table of app/upgrade.py, row by row, under a clock that stands still."""

import pytest

from softswitch.app.upgrade import (
    HAND_OVER_WITHIN_S,
    PREPARED_WITHIN_S,
    READY_WITHIN_S,
    Drop,
    Go,
    HandOver,
    Kill,
    Output,
    Over,
    Prepare,
    Return,
    SwitchUpgrade,
)
from softswitch.testing.clock import ManualClock


class Scene:
    """An upgrade and its clock; `happened` is what came out since the last look."""

    def __init__(self, *, can_return: bool = True) -> None:
        self.clock = ManualClock()
        self.upgrade = SwitchUpgrade(can_return=can_return)

    def happened(self) -> list[Output]:
        return self.upgrade.take_outputs()

    def wait(self) -> float:
        """Let the next deadline come; how long that took."""
        deadline = self.upgrade.next_timeout()
        assert deadline is not None
        waited_s = deadline - self.clock.now()
        self.upgrade.handle_timeout(self.clock.advance_to(deadline))
        return waited_s

    def prepare(self) -> None:
        self.upgrade.begin(self.clock.now())
        assert self.happened() == [Prepare()]

    def hand_over(self) -> None:
        self.prepare()
        self.upgrade.prepared(self.clock.advance(0.5))
        assert self.happened() == [HandOver()]

    def start(self) -> None:
        self.hand_over()
        self.upgrade.old_ended(self.clock.advance(0.02))
        assert self.happened() == [Go()]

    def over(self) -> Over:
        """All that is left to happen."""
        (over,) = self.happened()
        assert isinstance(over, Over)
        assert self.upgrade.next_timeout() is None
        return over


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_one_switch_takes_the_place_of_the_other(scene: Scene) -> None:
    scene.start()
    assert scene.upgrade.owns_switch
    scene.upgrade.ready(scene.clock.advance(0.3))
    assert scene.over() == Over("upgraded")
    assert not scene.upgrade.owns_switch


def test_until_the_old_one_is_told_to_hand_over_its_death_is_its_own(scene: Scene) -> None:
    scene.prepare()
    assert not scene.upgrade.owns_switch
    scene.upgrade.old_ended(scene.clock.now())
    assert scene.happened() == [
        Drop(),
        Over("refused", "the switch died meanwhile, and is started again as it was: try again"),
    ]


def test_a_version_that_cannot_start_costs_nothing(scene: Scene) -> None:
    scene.prepare()
    scene.upgrade.successor_ended("exit code 2", scene.clock.now())
    over = scene.over()
    assert over.outcome == "refused"
    assert "exit code 2" in over.reason


def test_a_version_that_is_never_prepared_is_ended(scene: Scene) -> None:
    scene.prepare()
    assert scene.wait() == PREPARED_WITHIN_S
    drop, over = scene.happened()
    assert drop == Drop()
    assert isinstance(over, Over)
    assert over.outcome == "refused"
    scene.upgrade.successor_ended("signal SIGKILL", scene.clock.now())
    assert scene.happened() == []


def test_a_switch_that_does_not_hand_over_is_killed_and_the_next_has_its_turn(scene: Scene) -> None:
    scene.hand_over()
    assert scene.wait() == pytest.approx(HAND_OVER_WITHIN_S)
    assert scene.happened() == [Kill()]
    scene.upgrade.old_ended(scene.clock.now())
    assert scene.happened() == [Go()]


def test_the_old_version_comes_back_when_the_new_one_dies_in_its_turn(scene: Scene) -> None:
    scene.start()
    assert scene.upgrade.has_begun
    scene.upgrade.successor_ended("exit code 1", scene.clock.now())
    assert scene.happened() == [Return(to_new=False)]
    assert not scene.upgrade.owns_switch, "the next death is answered with a restart"
    scene.upgrade.ready(scene.clock.advance(1))
    over = scene.over()
    assert over.outcome == "returned"
    assert "exit code 1" in over.reason


def test_the_old_version_comes_back_when_the_new_one_does_not_get_ready(scene: Scene) -> None:
    scene.start()
    assert scene.wait() == pytest.approx(READY_WITHIN_S)
    assert scene.happened() == [Drop()]
    scene.upgrade.successor_ended("signal SIGKILL", scene.clock.now())
    assert scene.happened() == [Return(to_new=False)]
    scene.upgrade.ready(scene.clock.now())
    assert "was not ready within 30 s" in scene.over().reason


def test_the_old_version_comes_back_when_the_new_one_dies_just_before_its_turn(scene: Scene) -> None:
    scene.hand_over()
    scene.upgrade.successor_ended("signal SIGSEGV", scene.clock.now())
    assert scene.happened() == [Kill()]
    assert scene.upgrade.owns_switch
    scene.upgrade.old_ended(scene.clock.now())
    assert scene.happened() == [Return(to_new=False)]


def test_a_store_of_the_new_version_has_no_way_back() -> None:
    scene = Scene(can_return=False)
    scene.start()
    scene.upgrade.successor_ended("exit code 1", scene.clock.now())
    assert scene.happened() == [Return(to_new=True)]
    assert scene.wait() == READY_WITHIN_S
    over = scene.over()
    assert over.outcome == "failed"
    assert "the store is the new version's" in over.reason


def test_a_store_that_the_new_version_never_opened_has_one() -> None:
    scene = Scene(can_return=False)
    scene.hand_over()
    scene.upgrade.successor_ended("exit code 1", scene.clock.now())
    scene.upgrade.old_ended(scene.clock.now())
    assert scene.happened() == [Kill(), Return(to_new=False)]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_stop_ends_it_and_whoever_waits(scene: Scene, steps: int) -> None:
    [scene.prepare, scene.hand_over, scene.start][steps - 1]()
    scene.upgrade.abandon()
    outputs = scene.happened()
    assert outputs[-1] == Over("refused", "the switch is being stopped")
    assert (Drop() in outputs) == (steps < 3), "once it is the switch it is told to stop as any other"
    scene.upgrade.old_ended(scene.clock.now())
    scene.upgrade.ready(scene.clock.now())
    scene.upgrade.abandon()
    assert scene.happened() == []
