"""Calls of ours that come back to us, by way of a provider, or of a phone that calls on by itself.

A call that goes round between switches ends when its Max-Forwards is used up, if everybody on the way counts it down. A
provider begins anew with 70, and whatever else would tell the call (Call-ID, tags, headers of ours) is the provider's
own as well. What he leaves is who calls whom. So a call that comes in is taken for one of ours, while that rings
outside and nobody has answered it there, if it

| comes through a trunk and                                                | for example                           |
|--------------------------------------------------------------------------|---------------------------------------|
| says that a number we are calling has diverted it (RFC 5806, RFC 7044)   | a mobile phone forwards to the office |
| or is for the number we are calling, best of the same caller             | somebody dials our own public number  |
| or is of the same caller for the same number as the one that rings there | the mobile phone, and no word of it   |

or comes from a phone that we are ringing. Each of ours comes back once. It brings along what is left of its
Max-Forwards, and the numbers it has come to us by.

Coming back is no fault: hotlines are dialled from the desk by their public number. Coming to one number again and again
is: that is a loop, and refused with 482. A call that was taken for another by mistake loses nothing before that.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from softswitch.base.ids import LegId
from softswitch.calls.limits import COMES_MAX, NUMBERS_PASSED_MAX

K = TypeVar("K")


class Outgoing(NamedTuple):
    """A call of ours to the outside, or to a phone, that nobody has answered yet. Numbers are normalised.

    `to` is the number called, or `phone(...)`; `caller` is the number shown, "" for one who hides his. `came_by` are
    the numbers the call has come to us by, the first one first.
    """

    to: str
    caller: str
    came_by: tuple[str, ...]
    max_forwards: int


class Returning:
    """All of them."""

    __slots__ = ("_by_caller", "_by_number", "_outgoing")

    def __init__(self) -> None:
        self._outgoing: dict[LegId, Outgoing] = {}
        self._by_number: dict[str, dict[LegId, None]] = {}
        self._by_caller: dict[tuple[str, str], dict[LegId, None]] = {}
        """By caller and the number he has called."""

    def went(self, leg_id: LegId, outgoing: Outgoing) -> None:
        self._outgoing[leg_id] = outgoing
        self._by_number.setdefault(outgoing.to, {})[leg_id] = None
        if outgoing.caller and outgoing.came_by:
            self._by_caller.setdefault((outgoing.caller, outgoing.came_by[-1]), {})[leg_id] = None

    def over(self, leg_id: LegId) -> None:
        """Somebody has answered there, or nobody will."""
        outgoing = self._outgoing.pop(leg_id, None)
        if outgoing is None:
            return
        _discard(self._by_number, outgoing.to, leg_id)
        if outgoing.caller and outgoing.came_by:
            _discard(self._by_caller, (outgoing.caller, outgoing.came_by[-1]), leg_id)

    def from_trunk(self, number: str, caller: str, diverted_by: Iterable[str]) -> Outgoing | None:
        """Which of ours it is that comes in through a trunk; it does not come again."""
        if not self._outgoing:
            return None
        for diverting in diverted_by:
            if legs := self._by_number.get(diverting):
                return self._take(next(iter(legs)))
        if legs := self._by_number.get(number):
            same = (leg_id for leg_id in legs if caller and self._outgoing[leg_id].caller == caller)
            return self._take(next(same, next(iter(legs))))
        if legs := self._by_caller.get((caller, number)):
            return self._take(next(iter(legs)))
        return None

    def from_phone(self, username: str) -> Outgoing | None:
        """The same of a call by somebody's phone."""
        legs = self._by_number.get(phone(username))
        return self._take(next(iter(legs))) if legs else None

    @property
    def count(self) -> int:
        return len(self._outgoing)

    def _take(self, leg_id: LegId) -> Outgoing:
        outgoing = self._outgoing[leg_id]
        self.over(leg_id)
        return outgoing


def phone(username: str) -> str:
    """What stands for the number of somebody's phones."""
    return f"phone {username}"


def is_loop(before: Outgoing, number: str) -> bool:
    """Whether a call of ours that comes back to `number` has done so too often."""
    return before.came_by.count(number) >= COMES_MAX or len(before.came_by) >= NUMBERS_PASSED_MAX


def _discard(table: dict[K, dict[LegId, None]], key: K, leg_id: LegId) -> None:
    legs = table[key]
    del legs[leg_id]
    if not legs:
        del table[key]
