"""Which legs an extension has."""

from softswitch.base.ids import CallId, LegId
from softswitch.calls.runtime.extension_legs import ExtensionLegs


def test_several_phones_that_ring_for_one_call_are_one():
    legs = ExtensionLegs()
    legs.began("ann", LegId("a"), CallId("1"))
    legs.began("ann", LegId("b"), CallId("1"))
    legs.began("ann", LegId("c"), CallId("2"))
    assert legs.calls_of("ann", but=CallId("3")) == 2
    assert legs.calls_of("ann", but=CallId("1")) == 1
    assert legs.of("ann") == {"a": "1", "b": "1", "c": "2"}


def test_a_leg_that_moves_to_another_call_is_counted_there():
    legs = ExtensionLegs()
    legs.began("ann", LegId("a"), CallId("1"))
    legs.began("ann", LegId("a"), CallId("2"))
    assert legs.of("ann") == {"a": "2"}


def test_nothing_is_left_of_legs_that_are_over():
    legs = ExtensionLegs()
    legs.began("ann", LegId("a"), CallId("1"))
    legs.ended(LegId("a"))
    legs.ended(LegId("a"))
    legs.ended(LegId("stranger"))
    assert legs.count == legs.calls_of("ann", but=CallId("")) == 0
