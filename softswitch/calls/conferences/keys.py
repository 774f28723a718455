"""The keys of a phone in a conference: what is typed after "*" comes to orders.

| keys         | hosts                                                         | guests                      |
|--------------|---------------------------------------------------------------|-----------------------------|
| `*1`         | own microphone off and on                                     | the same                    |
| `*2`         | all guests' microphones off and on                            |                             |
| `*3 N #`     | the microphone of participant N off and on; gives the word    |                             |
| `*4`, `*6`   | own voice softer, louder                                      | the same                    |
| `*#4`, `*#6` | what one hears of all others softer, louder                   | the same                    |
| `*5 N #`     | talk with participant N in private; again: one more           |                             |
| `*5 #`       | all of the private talk come back                             |                             |
| `*7 N #`     | remove participant N                                          |                             |
| `*7 #`       | remove whoever came last                                      |                             |
| `*8`         | roll call, with the numbers N                                 |                             |
| `*9`         | how many are here                                             | the same                    |
| `*0 number #`| call somebody in                                              | `*0`: leave                 |
| `*0 #`       | call everybody of the room's list                             |                             |
| `*#0 number #`| call somebody, and talk with him in private first (`*5 #`)   |                             |
| `*#1`        | lock and unlock the room                                      |                             |
| `*#2`        | lecture on and off                                            |                             |
| `*#3`        | recording on and off                                          |                             |
| `*#9`        | end the conference for all                                    |                             |
| `**`         | help                                                          | the same                    |

A key that is not followed by another within KEY_S was none. Digits without "*" mean nothing here. "*" begins anew.
"""

from collections.abc import Callable, Mapping

import msgspec

from softswitch.calls.conferences.orders import (
    CallIn,
    CallList,
    Count,
    End,
    Fetch,
    HearLouder,
    Help,
    Leave,
    Lecture,
    Lock,
    Louder,
    MuteAll,
    MuteOne,
    MuteSelf,
    Order,
    Record,
    Remove,
    Return,
    RollCall,
    TakeAside,
)
from softswitch.calls.conferences.terms import Role

KEY_S = 6.0
"""Long enough to read the next digit of a number from a paper."""
STEP_DB = 3.0
ARGUMENT_MAX = 24
"""Digits of a number; the longest there are have fifteen, and prefixes."""
SEAT_DIGITS_MAX = 4


class WrongKeys(msgspec.Struct, frozen=True):
    """What was typed means nothing to him who has typed it."""


_AT_ONCE: Mapping[str, Order] = {
    "1": MuteSelf(),
    "4": Louder(-STEP_DB),
    "6": Louder(STEP_DB),
    "#4": HearLouder(-STEP_DB),
    "#6": HearLouder(STEP_DB),
    "9": Count(),
    "*": Help(),
}
_OF_HOSTS: Mapping[str, Order] = {
    "2": MuteAll(),
    "8": RollCall(),
    "#1": Lock(),
    "#2": Lecture(),
    "#3": Record(),
    "#9": End(),
}
_OF_GUESTS: Mapping[str, Order] = {"0": Leave()}


def _seat(make: Callable[[int], Order]) -> Callable[[str], Order | None]:
    return lambda typed: make(int(typed)) if 0 < len(typed) <= SEAT_DIGITS_MAX else None


_WITH_NUMBER: Mapping[str, Callable[[str], Order | None]] = {
    "3": _seat(MuteOne),
    "5": lambda typed: _seat(TakeAside)(typed) if typed else Return(),
    "7": lambda typed: _seat(Remove)(typed) if typed else Remove(),
    "0": lambda typed: CallIn(typed) if typed else CallList(),
    "#0": lambda typed: Fetch(typed) if typed else None,
}
"""Of hosts; what is typed after them ends with "#"."""


class Keys:
    """Those of one participant."""

    __slots__ = ("_at", "_code", "_number", "_role")

    def __init__(self, role: Role) -> None:
        self._role = role
        self._code: str | None = None
        """What was typed after "*"; None: nothing begins."""
        self._number = ""
        self._at = 0.0

    def press(self, digit: str, now: float) -> Order | WrongKeys | None:
        """None: more is to come, or it means nothing."""
        if self._code is not None and now >= self._at + KEY_S:
            self._code = None
        self._at = now
        if self._code is None:
            if digit == "*":
                self._begin()
            return None
        if self._is_number(self._code):
            return self._press_number(digit)
        self._code += digit
        return self._press_code(self._code)

    def _begin(self) -> None:
        self._code, self._number = "", ""

    def _is_number(self, code: str) -> bool:
        return self._role is Role.HOST and code in _WITH_NUMBER

    def _press_code(self, code: str) -> Order | WrongKeys | None:
        if code == "#" or self._is_number(code):
            return None
        self._code = None
        own = _OF_HOSTS if self._role is Role.HOST else _OF_GUESTS
        return _AT_ONCE.get(code) or own.get(code) or WrongKeys()

    def _press_number(self, digit: str) -> Order | WrongKeys | None:
        if digit == "*":
            self._begin()
            return None
        if digit != "#":
            self._number += digit
            if len(self._number) <= ARGUMENT_MAX:
                return None
        code, self._code = self._code or "", None
        if len(self._number) > ARGUMENT_MAX:
            return WrongKeys()
        return _WITH_NUMBER[code](self._number) or WrongKeys()
