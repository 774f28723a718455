"""The disk of the store is full while people talk: nobody notices, nothing untrue is said, and what waited is written.

A limit of the kernel on the size of files stands for the disk; it is the switch's, and its successors'.
"""

import resource
from collections.abc import Iterator

import pytest

from softswitch.control.protocol.replies import PhoneSet
from softswitch.control.protocol.requests import SetPhone
from softswitch.control.runtime.client import ControlFailed
from softswitch.store.schema import Cdr
from tests.survival.centre import TALK, Sizes
from tests.survival.scene import SETTLED_WITHIN_S, SUPERVISOR, Scene

pytestmark = [pytest.mark.network, pytest.mark.timeout(120)]

FULL_BYTES = 4096
"""A pid file still finds room, and no page of the store does."""
JITTER_MS = 60.0
SIZES = Sizes(talking=2, recorded=1, dialled=1, waiting=1, ringing=0, menu=0, conference=0, spare=1)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("storage"), SIZES) as scene:
        scene.fill()
        yield scene
    assert "Traceback" not in scene.centre.log()


def limit_files(scene: Scene, limit_bytes: int) -> None:
    for pid in (scene.pid("switch"), scene.pid(SUPERVISOR), *scene.centre.spare_switches()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))


def fill_disk(scene: Scene) -> None:
    limit_files(scene, FULL_BYTES)


def make_room(scene: Scene) -> None:
    limit_files(scene, resource.RLIM_INFINITY)
    scene.centre.wait_until(lambda: not store_fault(scene), SETTLED_WITHIN_S)


def store_fault(scene: Scene) -> str:
    status = scene.centre.status()
    return "the switch is away" if status is None else status.store.fault


def cdrs(scene: Scene) -> list[Cdr]:
    with scene.centre.store() as store:
        return list(store.cdrs.ascending())


def states(scene: Scene, *lines: int) -> list[str]:
    return [line.state for line in scene.crowd.lines() if line.line in lines]


def do_not_disturb(scene: Scene, is_on: bool | None) -> bool:
    with scene.centre.control() as client:
        return client.ask(SetPhone(phone="desk1", do_not_disturb=is_on), PhoneSet).phone.do_not_disturb


def test_calls_come_and_go_and_everybody_is_told_what_is_so(scene: Scene) -> None:
    first, _ = scene.lines("talking")
    scene.crowd.mark()
    fill_disk(scene)
    (line,) = scene.call(TALK, 1)
    scene.centre.wait_until(lambda: states(scene, line) == ["talking"], SETTLED_WITHIN_S)
    assert scene.crowd.hang_up([first]) == {first: 200}
    scene.centre.wait_until(lambda: bool(store_fault(scene)), SETTLED_WITHIN_S)
    with pytest.raises(ControlFailed, match="refuses"):
        do_not_disturb(scene, True)
    assert cdrs(scene) == []

    make_room(scene)
    scene.centre.wait_until(lambda: len(cdrs(scene)) == 1, SETTLED_WITHIN_S)
    assert do_not_disturb(scene, None) is False, "what was refused is not done later"
    scene.settle()


def test_a_switch_that_is_killed_meanwhile_has_a_successor(scene: Scene) -> None:
    (last,) = scene.lines("talking")[-1:]
    fill_disk(scene)
    assert scene.crowd.hang_up([last]) == {last: 200}
    scene.centre.wait_until(lambda: bool(store_fault(scene)), SETTLED_WITHIN_S)
    scene.settle()
    after = scene.kill("switch")
    print(after.told())
    assert after.lines_lost == 0, after.told()
    assert after.gap_ms <= JITTER_MS + after.withheld_ms, after.told()
    assert after.is_sound, after.told()
    status = scene.centre.status()
    assert status is not None
    assert status.calls == scene.dialled - 2, "who had hung up is not thought to be there"
    assert store_fault(scene)


def test_the_books_are_right_when_there_is_room(scene: Scene) -> None:
    make_room(scene)
    assert scene.end() == []
    scene.centre.wait_until(lambda: len(cdrs(scene)) == scene.dialled, SETTLED_WITHIN_S)
    reasons = [cdr.end_reason for cdr in cdrs(scene)]
    assert sorted(reasons) == ["abandoned", *["completed"] * (scene.dialled - 1)], "one never got an agent"
    with scene.centre.store() as store:
        assert store.active_calls.count() == 0
        (recording,) = store.recordings.ascending()
    assert recording.fault == ""
