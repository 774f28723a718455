"""Everything a centre does is in progress, and its processes are killed one after the other: nobody notices.

Thirty calls by real SIP and RTP from another process; SOFTSWITCH_SURVIVAL_CALLS=300 makes it three hundred. The tests
are steps of one day of one centre, in this order; the last ones end it, and look at its books.
"""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch import __version__
from softswitch.app.supervisor_client import ask_supervisor
from tests.survival.centre import TALK, Sizes
from tests.survival.installation import install
from tests.survival.ledger import faults, recording_faults, settled_books
from tests.survival.scene import SUPERVISOR, Aftermath, Scene

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

CALLS = int(os.environ.get("SOFTSWITCH_SURVIVAL_CALLS", "30"))
JITTER_MS = 60.0
"""What a phone's jitter buffer bears, and nobody hears."""
WORKER_GAP_MS = 1000.0
DEATHS_MAX = 3
TALKS_S = 1.5
NEXT_VERSION = f"{__version__}+next"
RENEWED_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("survival"), Sizes.of(CALLS)) as scene:
        scene.fill()
        yield scene
    assert "Traceback" not in scene.centre.log()
    assert "Traceback" not in scene.crowd.log()


def check(after: Aftermath, *, gap_ms: float) -> None:
    """No call is lost, and nobody heard anything wrong, or nothing for longer than so."""
    print(after.told())
    told = after.told()
    assert after.lines_lost == 0, told
    assert not after.faults, told
    assert not after.breaks, told
    assert not after.foreign, told
    assert not after.deaf, told
    assert after.gap_ms <= gap_ms + after.withheld_ms, told
    assert after.silence_ms <= gap_ms + after.withheld_ms + after.late_ms, told


@pytest.mark.parametrize("name", ["web", SUPERVISOR, "switch"])
def test_the_death_of_a_process_that_carries_no_sound_is_heard_by_nobody(scene: Scene, name: str) -> None:
    """Packets can be late because other programs have the processors: of a few deaths one is heard by nobody."""
    before = scene.picture()
    told: list[str] = []
    for _ in range(DEATHS_MAX):
        after = scene.kill(name)
        check(after, gap_ms=math.inf)
        assert before.differences(scene.picture()) == []
        if after.gap_ms <= JITTER_MS and after.missing == 0:
            return
        told.append(after.told())
    raise AssertionError("\n".join(told))


@pytest.mark.parametrize("name", ["media-0", "media-1"])
def test_the_death_of_a_media_worker_is_less_than_a_second_of_silence(scene: Scene, name: str) -> None:
    before = scene.picture()
    check(scene.kill(name), gap_ms=WORKER_GAP_MS)
    assert before.differences(scene.picture()) == []


def test_switch_and_worker_die_together(scene: Scene) -> None:
    before = scene.picture()
    check(scene.kill("switch", "media-0"), gap_ms=WORKER_GAP_MS)
    assert before.differences(scene.picture()) == []


def test_everybody_is_served_afterwards(scene: Scene) -> None:
    """Who waited is served in his turn, who was rung for is answered, and who was asked chooses with a key."""
    scene.serve()
    scene.crowd.mark()
    time.sleep(TALKS_S)
    check(scene.look(), gap_ms=JITTER_MS)


def test_the_day_ends_and_its_books_are_right(scene: Scene) -> None:
    assert scene.end() == []
    books = settled_books(scene.centre, calls=scene.dialled)
    assert faults(books, calls=scene.dialled) == []
    assert recording_faults(books, hole_s=scene.hole_s) == []
    chosen = [cdr.tags for cdr in books.cdrs if cdr.flow == "menu"]
    assert chosen == [{"choice": "2"}] * scene.sizes.menu
    assert scene.served_in_turn(books.cdrs)


def test_when_everything_dies_at_once_each_call_has_one_record_and_nothing_is_left(scene: Scene) -> None:
    """Who could not be kept has a record that says why; the next caller is served."""
    scene.clear()
    scene.fill()
    scene.serve()
    before = scene.dialled
    scene.kill("switch", *scene.centre.workers, "web", SUPERVISOR)
    scene.end()
    scene.crowd.forget()
    scene.call(TALK, 1)
    scene.centre.wait_until(lambda: len(scene.talking_agents()) == 1, 10)
    assert scene.end() == []
    books = settled_books(scene.centre, calls=before + 1)
    assert len({cdr.call_id for cdr in books.cdrs}) == len(books.cdrs) == before + 1
    assert books.calls_left == []


def test_an_upgrade_is_heard_by_nobody(scene: Scene, tmp_path: Path) -> None:
    """Another version takes over from the one that runs; media workers become it when they are empty."""
    scene.clear()
    scene.fill()
    before, workers = scene.picture(), [scene.pid(name) for name in scene.centre.workers]
    after = scene.upgrade(install(tmp_path / "next", NEXT_VERSION))
    check(after, gap_ms=JITTER_MS)
    assert after.missing == 0, after.told()
    assert before.differences(scene.picture()) == []
    assert [scene.pid(name) for name in scene.centre.workers] == workers
    status = scene.centre.status()
    assert status is not None
    assert status.version == NEXT_VERSION
    assert {row.version for row in status.workers} == {__version__}
    assert scene.end() == []
    run_directory = str(scene.centre.directory / "run")
    scene.centre.wait_until(lambda: not ask_supervisor(run_directory).outdated, RENEWED_WITHIN_S)
    status = scene.centre.status()
    assert status is not None
    assert {row.version for row in status.workers} == {NEXT_VERSION}
    assert not any(row.is_draining for row in status.workers)
