"""Keys with which somebody who talks commands the switch, on phones whose configuration says so (`call_keys`).

| state     | key               | what happens                              | then      |
|-----------|-------------------|-------------------------------------------|-----------|
| PASSING   | `*`               | held back                                 | STARRED   |
| PASSING   | any other         | passed on to whoever he talks to          | PASSING   |
| STARRED   | `1`               | recording begins, or ends                 | PASSING   |
| STARRED   | `2`               | the number of a transfer follows          | DIALLING  |
| STARRED   | any other, or HOLD_S without one | passed on, the star first  | PASSING   |
| DIALLING  | a digit           | kept                                      | DIALLING  |
| DIALLING  | `#`, or BETWEEN_S without a digit | the transfer, if there is a number | PASSING |
| DIALLING  | `*`, or FIRST_S without a digit | nothing                     | PASSING   |
"""

from enum import Enum

import msgspec

from softswitch.calls.limits import DIALLED_DIGITS_MAX

RECORD_KEY, TRANSFER_KEY = "1", "2"
HOLD_S = 1.5
"""A star that is meant for the other side is late by so much, and people think about which key comes next."""
FIRST_S, BETWEEN_S = 10.0, 4.0


class PassOn(msgspec.Struct, frozen=True):
    """Keys for whoever he talks to."""

    digits: str


class RecordingWished(msgspec.Struct, frozen=True):
    """The conversation is to be recorded from now on, or no longer."""


class NumberWanted(msgspec.Struct, frozen=True):
    """He is to be told that the switch listens."""


class TransferWished(msgspec.Struct, frozen=True):
    """Whoever he talks to is to go to this number."""

    target: str


Wish = PassOn | RecordingWished | NumberWanted | TransferWished


class _State(Enum):
    PASSING = "passing"
    STARRED = "starred"
    DIALLING = "dialling"


class CallKeys:
    """One party's. Times are monotonic seconds."""

    __slots__ = ("_dialled", "_due_at", "_state", "_wishes")

    def __init__(self) -> None:
        self._state = _State.PASSING
        self._dialled = ""
        self._due_at: float | None = None
        self._wishes: list[Wish] = []

    def press(self, digit: str, now: float) -> None:
        """He has pressed a key."""
        self.handle_timeout(now)
        match self._state:
            case _State.PASSING if digit == "*":
                self._go(_State.STARRED, now + HOLD_S)
            case _State.PASSING:
                self._wishes.append(PassOn(digit))
            case _State.STARRED:
                self._after_star(digit, now)
            case _State.DIALLING if digit == "#":
                self._dial()
            case _State.DIALLING if digit == "*":
                self._go(_State.PASSING)
            case _State.DIALLING:
                self._dialled = (self._dialled + digit)[:DIALLED_DIGITS_MAX]
                self._due_at = now + BETWEEN_S

    def handle_timeout(self, now: float) -> None:
        """Nothing was pressed for some time."""
        if self._due_at is None or now < self._due_at:
            return
        if self._state is _State.STARRED:
            self._wishes.append(PassOn("*"))
            self._go(_State.PASSING)
        else:
            self._dial()

    def next_timeout(self) -> float | None:
        return self._due_at

    def take_wishes(self) -> list[Wish]:
        wishes, self._wishes = self._wishes, []
        return wishes

    # Private

    def _after_star(self, digit: str, now: float) -> None:
        if digit == TRANSFER_KEY:
            self._wishes.append(NumberWanted())
            self._go(_State.DIALLING, now + FIRST_S)
            return
        self._wishes.append(RecordingWished() if digit == RECORD_KEY else PassOn("*" + digit))
        self._go(_State.PASSING)

    def _dial(self) -> None:
        if self._dialled:
            self._wishes.append(TransferWished(self._dialled))
        self._go(_State.PASSING)

    def _go(self, state: _State, due_at: float | None = None) -> None:
        self._state, self._due_at, self._dialled = state, due_at, ""
