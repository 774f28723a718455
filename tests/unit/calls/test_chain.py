"""Which calls are one caller's experience, whoever goes where."""

from softswitch.base.ids import CallId
from softswitch.calls.chain import Chain
from softswitch.calls.limits import HISTORY_MAX


def chain(name: str, at: float) -> Chain:
    return Chain(CallId(name), at)


def test_the_older_chain_names_both() -> None:
    caller, asked = chain("caller", 10.0), chain("asked", 20.0)
    asked.call_over((20.0, CallId("asked")))
    assert asked.join(caller) == [(20.0, "asked")]
    assert (caller.chain_id, asked.chain_id) == ("caller", "caller")
    assert asked.join(caller) == caller.join(asked) == [], "they are one already"


def test_chains_of_chains_are_one() -> None:
    first, second, third = chain("1", 1.0), chain("2", 2.0), chain("3", 3.0)
    third.call_over((3.0, CallId("3")))
    assert second.join(third) == [(3.0, "3")]
    second.call_over((2.0, CallId("2")))
    assert first.join(third) == [(3.0, "3"), (2.0, "2")], "whoever has ended is told once more"
    assert {each.chain_id for each in (first, second, third)} == {"1"}


def test_very_many_calls_are_not_remembered_for_ever() -> None:
    young, old = chain("young", 2.0), chain("old", 1.0)
    for number in range(HISTORY_MAX + 5):
        young.call_over((float(number), CallId(str(number))))
    renamed = old.join(young)
    assert len(renamed) == HISTORY_MAX
    assert renamed[-1] == (HISTORY_MAX + 4.0, str(HISTORY_MAX + 4))
