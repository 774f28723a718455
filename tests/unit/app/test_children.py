"""The table of app/children.py, row by row, under a clock that stands still."""

import pytest

from softswitch.app.children import (
    BACK_OFF_MAX_S,
    HEALTHY_S,
    HURRY_S,
    AllGone,
    Child,
    Children,
    GaveUp,
    Output,
    Restart,
    Role,
    Send,
    Spawn,
)
from softswitch.testing.clock import ManualClock

SWITCH = Role(name="switch", stop_rank=0, kill_after_s=35.0, reloads=True)
WORKERS = [Role(name=f"media-{number}", stop_rank=1, kill_after_s=5.0) for number in range(2)]


class Scene:
    """A child and its clock; `happened` is what came out since the last look."""

    def __init__(self) -> None:
        self._outputs: list[Output] = []
        self.clock = ManualClock()
        self.child = Child(SWITCH, self._outputs)

    def happened(self) -> list[Output]:
        taken = self._outputs.copy()
        self._outputs.clear()
        return taken

    def wait(self) -> float:
        """Let the next deadline come; how long that took."""
        deadline = self.child.next_timeout()
        assert deadline is not None
        waited_s = deadline - self.clock.now()
        self.child.handle_timeout(self.clock.advance_to(deadline))
        return waited_s


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def running(scene: Scene) -> Scene:
    scene.child.start(scene.clock.now())
    assert scene.happened() == [Spawn("switch")]
    return scene


def test_the_first_restart_is_immediate(running: Scene) -> None:
    running.child.exited(None, running.clock.advance(1))
    assert running.happened() == [Restart("switch", 0.0), Spawn("switch")]
    assert running.child.next_timeout() is None


def test_the_back_off_doubles_up_to_its_maximum(running: Scene) -> None:
    running.child.exited(1, running.clock.now())
    running.happened()
    delays: list[float] = []
    for _ in range(9):
        running.child.exited(1, running.clock.now())
        delays.append(round(running.wait(), 3))
        assert running.happened() == [Restart("switch", delays[-1]), Spawn("switch")]
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, BACK_OFF_MAX_S]


def test_a_healthy_run_forgets_earlier_failures(running: Scene) -> None:
    for _ in range(3):
        running.child.exited(1, running.clock.now())
        if running.child.next_timeout() is not None:
            running.wait()
    running.happened()
    running.child.exited(1, running.clock.advance(HEALTHY_S))
    assert running.happened() == [Restart("switch", 0.0), Spawn("switch")]


@pytest.mark.parametrize("exit_code", [2, 78])
def test_a_first_run_that_cannot_start_is_given_up(running: Scene, exit_code: int) -> None:
    running.child.exited(exit_code, running.clock.advance(0.5))
    assert running.happened() == [GaveUp("switch")]
    assert running.child.is_gone
    assert running.child.next_timeout() is None


def test_the_same_exit_code_later_is_tried_again(running: Scene) -> None:
    running.child.exited(None, running.clock.now())
    running.happened()
    running.child.exited(2, running.clock.now())
    assert running.happened() == [Restart("switch", 0.1)]


def test_a_first_run_that_was_healthy_is_started_again_whatever_its_code(running: Scene) -> None:
    running.child.exited(2, running.clock.advance(HEALTHY_S))
    assert running.happened() == [Restart("switch", 0.0), Spawn("switch")]


def test_stop_terminates_and_at_the_deadline_kills(running: Scene) -> None:
    running.child.stop(running.clock.now())
    assert running.happened() == [Send("switch", "TERM")]
    assert running.wait() == pytest.approx(SWITCH.kill_after_s)
    assert running.happened() == [Send("switch", "KILL")]
    running.child.exited(None, running.clock.now())
    assert running.happened() == []
    assert running.child.is_gone


def test_a_second_stop_draws_the_deadline_near(running: Scene) -> None:
    running.child.stop(running.clock.now())
    running.child.stop(running.clock.advance(1))
    assert running.happened() == [Send("switch", "TERM"), Send("switch", "TERM")]
    assert running.wait() == pytest.approx(HURRY_S)
    assert running.happened() == [Send("switch", "KILL")]


def test_an_ordered_end_is_not_restarted(running: Scene) -> None:
    running.child.stop(running.clock.now())
    running.child.exited(0, running.clock.advance(3))
    assert running.happened() == [Send("switch", "TERM")]
    assert running.child.next_timeout() is None


def test_stop_during_the_back_off_ends_it(running: Scene) -> None:
    running.child.exited(1, running.clock.now())
    running.child.exited(1, running.clock.now())
    running.happened()
    running.child.stop(running.clock.now())
    assert running.happened() == []
    assert running.child.is_gone


def test_stop_before_the_start_ends_it(scene: Scene) -> None:
    scene.child.stop(scene.clock.now())
    scene.child.start(scene.clock.now())
    assert scene.happened() == []
    assert scene.child.is_gone


def test_reload_reaches_only_what_runs_and_reloads(running: Scene) -> None:
    running.child.reload()
    assert running.happened() == [Send("switch", "HUP")]
    running.child.stop(running.clock.now())
    running.child.reload()
    assert running.happened() == [Send("switch", "TERM")]


def test_a_child_that_runs_already_is_not_started_but_kept_alive(scene: Scene) -> None:
    scene.child.start(scene.clock.now(), runs_already=True)
    assert scene.happened() == []
    scene.child.exited(2, scene.clock.advance(1))
    assert scene.happened() == [Restart("switch", 0.0), Spawn("switch")]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def children(clock: ManualClock) -> Children:
    started = Children([*WORKERS, SWITCH])
    started.start(clock.now())
    assert started.take_outputs() == [Spawn("media-0"), Spawn("media-1"), Spawn("switch")]
    return started


def test_the_switch_ends_before_its_workers(children: Children, clock: ManualClock) -> None:
    children.stop(clock.now())
    assert children.take_outputs() == [Send("switch", "TERM")]
    children.exited("switch", 0, clock.advance(3))
    assert children.take_outputs() == [Send("media-0", "TERM"), Send("media-1", "TERM")]
    children.exited("media-1", 0, clock.now())
    assert children.take_outputs() == []
    children.exited("media-0", 0, clock.now())
    assert children.take_outputs() == [AllGone(0)]


def test_a_worker_that_dies_while_calls_end_is_still_restarted(children: Children, clock: ManualClock) -> None:
    children.stop(clock.now())
    children.take_outputs()
    children.exited("media-0", None, clock.now())
    assert children.take_outputs() == [Restart("media-0", 0.0), Spawn("media-0")]


def test_a_switch_in_its_back_off_does_not_hold_up_the_stop(children: Children, clock: ManualClock) -> None:
    children.exited("switch", 1, clock.now())
    children.exited("switch", 1, clock.now())
    children.take_outputs()
    children.stop(clock.now())
    assert children.take_outputs() == [Send("media-0", "TERM"), Send("media-1", "TERM")]


def test_one_that_cannot_start_ends_all_with_code_2(children: Children, clock: ManualClock) -> None:
    children.exited("switch", 2, clock.now())
    assert children.take_outputs() == [GaveUp("switch"), Send("media-0", "TERM"), Send("media-1", "TERM")]
    for worker in WORKERS:
        children.exited(worker.name, 0, clock.now())
    assert children.take_outputs() == [AllGone(2)]


def test_a_worker_that_cannot_start_ends_the_switch_first(children: Children, clock: ManualClock) -> None:
    children.exited("media-1", 2, clock.now())
    assert children.take_outputs() == [GaveUp("media-1"), Send("switch", "TERM")]
    children.exited("switch", 0, clock.now())
    assert children.take_outputs() == [Send("media-0", "TERM")]


def test_a_second_stop_hurries_whoever_is_being_stopped(children: Children, clock: ManualClock) -> None:
    children.stop(clock.now())
    children.stop(clock.now())
    assert children.take_outputs() == [Send("switch", "TERM"), Send("switch", "TERM")]
    assert children.next_timeout() == clock.now() + HURRY_S
    children.handle_timeout(clock.advance(HURRY_S))
    assert children.take_outputs() == [Send("switch", "KILL")]


def test_the_next_timeout_is_the_earliest_of_all(children: Children, clock: ManualClock) -> None:
    assert children.next_timeout() is None
    for name in ("media-0", "media-0", "media-0", "switch", "switch"):
        children.exited(name, None, clock.now())
        children.handle_timeout(clock.now())
    assert children.next_timeout() == clock.now() + 0.1


def test_reload_is_for_the_switch_alone(children: Children) -> None:
    children.reload()
    assert children.take_outputs() == [Send("switch", "HUP")]


def test_a_child_that_is_renewed_is_ended_and_started_at_once(running: Scene) -> None:
    running.child.renew(running.clock.advance(1))
    assert running.happened() == [Send("switch", "TERM")]
    running.child.exited(0, running.clock.advance(1))
    assert running.happened() == [Spawn("switch")]
    assert running.child.next_timeout() is None


def test_one_that_does_not_end_to_be_renewed_is_killed(running: Scene) -> None:
    running.child.renew(running.clock.now())
    running.happened()
    assert running.wait() == SWITCH.kill_after_s
    assert running.happened() == [Send("switch", "KILL")]
    running.child.exited(-9, running.clock.now())
    assert running.happened() == [Spawn("switch")]


def test_a_child_that_is_being_renewed_can_be_stopped(running: Scene) -> None:
    running.child.renew(running.clock.now())
    running.child.stop(running.clock.advance(1))
    running.happened()
    running.child.exited(0, running.clock.now())
    assert running.happened() == []
    assert running.child.is_gone


def test_a_process_that_was_put_in_the_place_of_a_child_is_no_first_run(running: Scene) -> None:
    running.child.replaced(running.clock.advance(1))
    assert running.happened() == []
    running.child.exited(2, running.clock.advance(1))
    assert running.happened() == [Restart("switch", 0.0), Spawn("switch")]
