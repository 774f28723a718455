"""Processes are killed at any moment, while calls begin, ring, are put on hold and end: nothing is lost, nothing leaks.

Two deaths by default; SOFTSWITCH_SURVIVAL_KILLS=20 makes twenty, SOFTSWITCH_SURVIVAL_MINUTES=60 an hour with a death
every half minute. SOFTSWITCH_SURVIVAL_SEED chooses when who dies; the same seed does the same again.

Calls that go on all the time are listened to. Of those that come and go, whoever has talked for an instant when a
process dies goes on talking, every BYE is answered, and each has one record.
"""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.survival.belongings import belongings
from tests.survival.centre import MENU, RECORDED, TALK, Sizes
from tests.survival.crowd import CrowdLine
from tests.survival.ledger import read_books
from tests.survival.scene import SUPERVISOR, WRITTEN_S, Scene

MINUTES = float(os.environ.get("SOFTSWITCH_SURVIVAL_MINUTES", "0"))
EVERY_S = 30.0 if MINUTES else 4.0
KILLS = round(60 * MINUTES / EVERY_S) if MINUTES else int(os.environ.get("SOFTSWITCH_SURVIVAL_KILLS", "2"))
SEED = int(os.environ.get("SOFTSWITCH_SURVIVAL_SEED", "1"))
CALLS = int(os.environ.get("SOFTSWITCH_SURVIVAL_CALLS", "30"))
CALLS_PER_S, TALK_S = 3.0, 2.0
PICKS_UP_WITHIN_S = 0.6
SPARE = 12
REPEATED_AFTER_S = 0.4
"""A request that is not answered is sent again after half a second (T1)."""
GAP_MS, WORKER_GAP_MS = 60.0, 1000.0
VICTIMS: tuple[tuple[str, ...], ...] = (
    *[("switch",)] * 4,
    ("media-0",),
    ("media-1",),
    ("switch", "media-0"),
    ("switch", "web", SUPERVISOR),
    ("web",),
    (SUPERVISOR,),
)
"""Who dies at once; the first most often."""

pytestmark = [pytest.mark.network, pytest.mark.timeout(600 + 90 * MINUTES + 20 * KILLS)]


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("random"), Sizes.of(CALLS, spare=SPARE)) as scene:
        scene.centre.wait_for_web()
        scene.idle = belongings(scene.centre)
        scene.crowd.pick_up_within(scene.centre.phones, PICKS_UP_WITHIN_S)
        scene.fill()
        yield scene
    assert "Traceback" not in scene.centre.log()
    assert "Traceback" not in scene.crowd.log()


def lost(scene: Scene, former: list[CrowdLine]) -> list[CrowdLine]:
    """Who was talking when a switch died, and has been cut off since though nobody of the two wanted it."""
    lines = scene.crowd.lines()
    wanted = {line.calling for line in [*lines, *former] if line.is_to_end}
    return [line for line in lines if line.is_lost and scene.is_written(line) and line.calling not in wanted]


def test_whoever_dies_at_whatever_moment(scene: Scene) -> None:
    chance = random.Random(SEED)
    scene.crowd.begin_traffic([TALK, RECORDED, MENU], menus=[MENU], calls_per_s=CALLS_PER_S, talk_s=TALK_S, seed=SEED)
    over: list[CrowdLine] = []
    for number in range(KILLS):
        began_at = time.monotonic()
        time.sleep(chance.uniform(0.2, 1.5))
        victims = chance.choice(VICTIMS)
        after = scene.kill(*victims)
        print(f"{number}: {after.told()}", flush=True)
        is_worker = any(name in scene.centre.workers for name in victims)
        bound_ms = (WORKER_GAP_MS if is_worker else GAP_MS) + after.withheld_ms
        assert after.lines_lost == 0, after.told()
        assert after.is_sound, after.told()
        assert after.gap_ms <= bound_ms, after.told()
        cut_off = lost(scene, over)
        assert not cut_off, f"died at {scene.deaths}: " + "\n".join(scene.story(line.calling, over) for line in cut_off)
        over += scene.crowd.forget()
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - began_at)))
        print(f"  holds {belongings(scene.centre)}", flush=True)
    calling = scene.crowd.end_traffic()
    left = scene.end()
    over += [line for line in scene.crowd.lines() if line.state == "ended"]
    assert not left, "\n".join([f"died at {scene.deaths}", *left, *stories(scene, left, over)])
    scene.centre.wait_for_web()
    assert scene.idle.grown(belongings(scene.centre)) == []
    check_goodbyes(scene, over)
    check_records(scene, calling, [line for line in over if scene.is_written(line)])


def stories(scene: Scene, left: list[str], over: list[CrowdLine]) -> list[str]:
    """Of the calls that are left, or ended in a wrong way."""
    calling = {line.line: line.calling for line in [*over, *scene.crowd.lines()]}
    named = dict.fromkeys(number for text in left for number in re.findall(r"calling_number='([^']+)'", text))
    named |= dict.fromkeys(calling[int(line)] for text in left for line in re.findall(r"^line (\d+)", text))
    return [scene.story(number, over) for number in named]


def check_goodbyes(scene: Scene, lines: list[CrowdLine]) -> None:
    """200, or 481 where a switch died before it said so, or none was there: the next one may know that he has gone."""
    refused = [
        line
        for line in lines
        if line.is_to_end and scene.is_written(line) and line.goodbye != 200
        if line.goodbye != 481 or not has_met_a_death(line, scene.deaths)
    ]
    assert not refused, f"died at {scene.deaths}: " + "\n".join(scene.story(line.calling, lines) for line in refused)


def has_met_a_death(line: CrowdLine, deaths: list[float]) -> bool:
    """His BYE was repeated, or the switch that heard it died."""
    was_repeated = line.goodbye_at - line.ended_at > REPEATED_AFTER_S
    return was_repeated or any(line.ended_at - WRITTEN_S < death < line.goodbye_at for death in deaths)


def check_records(scene: Scene, calling: list[str], lines: list[CrowdLine]) -> None:
    """One of each call that was answered, none twice, and no row left; of `lines`, that no switch was restarted."""
    scene.centre.wait_until(lambda: not read_books(scene.centre).calls_left, 10.0)
    books = read_books(scene.centre)
    records = Counter(cdr.calling_number for cdr in books.cdrs)
    twice = {number: count for number, count in records.items() if count > 1}
    answered = {line.calling for line in lines if line.answered_at and not line.username}
    assert twice == {}
    assert answered - records.keys() == set(), "calls without a record"
    assert len(set(calling)) == len(calling) > KILLS
    of = {line.calling for line in lines if not line.username}
    wrong = [
        cdr for cdr in books.cdrs if cdr.fault or (cdr.end_reason == "switch restarted" and cdr.calling_number in of)
    ]
    assert not wrong, "\n".join([str(wrong), *(scene.story(cdr.calling_number, lines) for cdr in wrong)])
