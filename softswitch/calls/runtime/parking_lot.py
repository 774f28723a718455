"""Which parking slot is taken, and by whom: for those who park, those who retrieve, and the lamps that show it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


class ParkingLot:
    """Slots by number. Those that exist stand in the settings; here are those that are taken."""

    __slots__ = ("_calls", "_told")

    def __init__(self) -> None:
        self._calls: dict[str, ActiveCall] = {}
        self._told: list[Callable[[str], object]] = []

    def when_changed(self, told: Callable[[str], object]) -> None:
        """Call `told` with the number of a slot that was taken or is free again."""
        self._told.append(told)

    def take(self, call: "ActiveCall", slots: Sequence[str]) -> str | None:
        """The first of these slots that is free, which `call` has from now on; None if none is."""
        slot = next((each for each in slots if each not in self._calls), None)
        if slot is not None:
            self._calls[slot] = call
            self._tell(slot)
        return slot

    def free(self, slot: str, call: "ActiveCall") -> None:
        """The slot is free, if `call` has it; once more is fine."""
        if self._calls.get(slot) is call:
            del self._calls[slot]
            self._tell(slot)

    def at(self, slot: str) -> "ActiveCall | None":
        """The call in a slot."""
        return self._calls.get(slot)

    def slot_of(self, call: "ActiveCall") -> str:
        """Where a call is; "" if it is not parked."""
        return next((slot for slot, each in self._calls.items() if each is call), "")

    @property
    def taken(self) -> "dict[str, ActiveCall]":
        return dict(self._calls)

    def _tell(self, slot: str) -> None:
        for told in self._told:
            told(slot)
