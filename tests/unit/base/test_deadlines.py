"""The timer structure of every core: what a copy of it says."""

from softswitch.base.deadlines import Deadlines


def test_entries_are_all_there_is_and_lead_to_the_same_order() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key, at in (("c", 3.0), ("b", 1.0), ("a", 1.0), ("gone", 2.0), ("c", 1.0)):
        deadlines.set(key, at)
    deadlines.cancel("gone")
    other: Deadlines[str] = Deadlines()
    for at, _, key in sorted(deadlines.entries()):
        other.set(key, at)
    assert other.pop_due(9.0) == deadlines.pop_due(9.0) == ["b", "a", "c"]
