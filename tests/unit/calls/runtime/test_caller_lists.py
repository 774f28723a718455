"""Lists as they are now: numbers of the configuration, and those added since, which outlive a restart."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from softswitch.base.errors import LocalError
from softswitch.calls import limits
from softswitch.calls.boosts import BoostRule, number_list
from softswitch.calls.caller_lists import CallerList, Listed, Region, RegionMap
from softswitch.calls.runtime import caller_lists
from softswitch.calls.runtime.caller_lists import CallerLists
from softswitch.calls.settings import CallSettings
from softswitch.store import Store, memory_store
from softswitch.testing.clock import ManualClock

T = TypeVar("T")
EVA, ADAM = "+442071838750", "+15550100"
SETTINGS = CallSettings(
    domain="centre.test",
    media_ip="127.0.0.1",
    recordings_directory="/nowhere",
    caller_lists={
        "vip": CallerList(name="VIP", numbers=number_list([EVA, "+7495!"]), notes={"442071838750": "gold"}),
        "blocked": CallerList(name="blocked"),
    },
    regions=RegionMap([Region(region_id="britain", prefixes=("44",))]),
    boosts=(
        BoostRule(boost_s=60, lists=("vip",)),
        BoostRule(boost_s=5, regions=frozenset({"britain"})),
        BoostRule(boost_s=-90, lists=("blocked",), queues=frozenset({"sales"})),
    ),
)


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> Store:
    return memory_store()


@pytest.fixture
def lists(store: Store, clock: ManualClock) -> CallerLists:
    return CallerLists(store, clock, lambda: SETTINGS)


def test_numbers_of_the_configuration(lists: CallerLists) -> None:
    assert lists.find("vip", EVA) == Listed(note="gold")
    assert lists.find("vip", "+74951234567") == Listed()
    assert lists.find("vip", ADAM) is None
    assert lists.find("vip", "") is None
    assert lists.find("blocked", EVA) is None


def test_an_added_number_is_there_until_its_time_is_over(lists: CallerLists, clock: ManualClock) -> None:
    assert run(lists.add("blocked", ADAM, note="rude", for_s=60, by="olga"))
    since = clock.wall()
    assert lists.find("blocked", "15550100") == Listed(note="rude", by="olga", since_wall=since, until_wall=since + 60)
    clock.advance(59.9)
    assert lists.find("blocked", ADAM)
    clock.advance(0.1)
    assert lists.find("blocked", ADAM) is None
    assert list(lists.added("blocked")) == []


def test_added_numbers_outlive_a_restart(lists: CallerLists, store: Store, clock: ManualClock) -> None:
    run(lists.add("vip", ADAM, note="silver", by="flow:hotline"))
    after = CallerLists(store, clock, lambda: SETTINGS)
    found = after.find("vip", ADAM)
    assert found is not None
    assert found.note == "silver"
    assert run(after.remove("vip", ADAM))
    assert CallerLists(store, clock, lambda: SETTINGS).find("vip", ADAM) is None


def test_what_is_configured_is_not_removed(lists: CallerLists) -> None:
    assert not run(lists.remove("vip", EVA))
    assert lists.find("vip", EVA)


def test_a_note_that_was_added_goes_before_the_configuration_s(lists: CallerLists) -> None:
    run(lists.add("vip", EVA, note="platinum", by="olga"))
    found = lists.find("vip", EVA)
    assert found is not None
    assert found.note == "platinum"


def test_a_list_that_does_not_exist_is_named_with_those_that_do(lists: CallerLists) -> None:
    with pytest.raises(LocalError, match='there is no list "vop"; known: blocked, vip'):
        lists.find("vop", EVA)


def test_who_shows_no_number_is_not_listed(lists: CallerLists) -> None:
    with pytest.raises(LocalError, match="hidden callers"):
        run(lists.add("blocked", "", by="flow:hotline"))


def test_full_lists_drop_what_is_over_before_they_refuse(
    lists: CallerLists, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_lists, "LISTED_NUMBERS_MAX", 2)
    run(lists.add("blocked", "+1555001", for_s=10, by="olga"))
    run(lists.add("blocked", "+1555002", by="olga"))
    with pytest.raises(LocalError, match="lists hold 2 added numbers already"):
        run(lists.add("blocked", "+1555003", by="olga"))
    assert run(lists.add("blocked", "+1555002", note="still", by="olga"))
    clock.advance(10)
    assert run(lists.add("blocked", "+1555003", by="olga"))
    assert limits.LISTED_NUMBERS_MAX > 2


def test_lists_and_regions_bring_callers_forward(lists: CallerLists) -> None:
    assert lists.boost_s("support", calling_number=EVA, called_number="100") == 65
    assert lists.boost_s("support", calling_number="+442079460000", called_number="100") == 5
    run(lists.add("blocked", ADAM, by="olga"))
    assert lists.boost_s("sales", calling_number=ADAM, called_number="100") == -90
    assert lists.boost_s("support", calling_number=ADAM, called_number="100") == 0


def test_a_number_is_shown_as_it_was_given(lists: CallerLists) -> None:
    run(lists.add("vip", ADAM, by="kim"))
    (row,) = lists.added("vip")
    assert (row.number, row.spelt) == ("15550100", ADAM)
    assert run(lists.remove("vip", "15550100"))
