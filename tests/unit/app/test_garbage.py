"""What is new is looked through often, everything only while nobody waits, and nothing is kept for ever."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from softswitch.app.garbage import ALWAYS_EVERY_S, IDLE_EVERY_S, NEW_OBJECTS, GarbageRounds


class Knot:
    """Only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


class Switch:
    is_idle = False


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def rounds(switch: Switch) -> Iterator[GarbageRounds]:
    rounds = GarbageRounds(lambda: switch.is_idle, 0.0)
    rounds.start()
    yield rounds
    rounds.stop()


def knot_set_aside() -> "weakref.ref[Knot]":
    """A knot that survived a look through what is new and was forgotten only then."""
    knot = Knot()
    gc.collect(0)
    return weakref.ref(knot)


def test_new_knots_are_found_without_a_round(rounds: GarbageRounds) -> None:
    knot = weakref.ref(Knot())
    kept = [[index] for index in range(2 * NEW_OBJECTS)]
    assert knot() is None, f"{len(kept)} new objects were not looked through"


def test_what_is_new_is_looked_through_often_and_each_thing_once(rounds: GarbageRounds) -> None:
    knot = weakref.ref(Knot())
    kept = [[index] for index in range(NEW_OBJECTS // 2)]
    assert knot() is not None
    rounds.look_at_new()
    assert knot() is None
    assert len(gc.get_objects()) < len(kept), "what survives is set aside"


def test_nothing_piles_up_while_as_much_is_freed_as_is_made(rounds: GarbageRounds) -> None:
    kept = [[index] for index in range(NEW_OBJECTS)]
    rounds.look_at_new()
    for place in range(NEW_OBJECTS):
        kept[place] = [place]
    assert len(gc.get_objects()) > NEW_OBJECTS // 2, "Python's own rule sees no reason to look"
    rounds.look_at_new()
    assert len(gc.get_objects()) < NEW_OBJECTS // 2


def test_what_was_set_aside_is_looked_through_when_idle(rounds: GarbageRounds, switch: Switch) -> None:
    knot = knot_set_aside()
    switch.is_idle = True
    assert not rounds.round(IDLE_EVERY_S - 1.0)
    assert rounds.round(IDLE_EVERY_S)
    assert knot() is None


def test_while_there_are_calls_only_once_a_day(rounds: GarbageRounds) -> None:
    knot = knot_set_aside()
    assert not rounds.round(ALWAYS_EVERY_S - 1.0)
    assert knot() is not None
    assert rounds.round(ALWAYS_EVERY_S)
    assert knot() is None
    assert not rounds.round(ALWAYS_EVERY_S + 1.0)


def test_much_more_than_before_is_looked_through_at_once(
    rounds: GarbageRounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.app.garbage.GROWTH_MAX", 50_000)
    knot = knot_set_aside()
    assert not rounds.round(1.0)
    kept = [[index] for index in range(60_000)]
    assert rounds.round(2.0)
    assert knot() is None
    assert not rounds.round(3.0), f"{len(kept)} are known now"


def test_survivors_are_not_looked_through_again(rounds: GarbageRounds) -> None:
    before = gc.get_freeze_count()
    kept = [[index] for index in range(2 * NEW_OBJECTS)]
    assert gc.get_freeze_count() > before
    assert len(gc.get_objects()) < len(kept)
