"""Keys with which somebody who talks commands the switch, on phones whose configuration says so (`call_keys`).

| state     | key               | what happens                                         | then      |
|-----------|-------------------|------------------------------------------------------|-----------|
| PASSING   | `*`               | held back                                            | STARRED   |
| PASSING   | any other         | passed on to whoever he talks to                     | PASSING   |
| STARRED   | `1`               | recording begins, or ends                            | PASSING   |
| STARRED   | `2`               | the number of a transfer follows                     | DIALLING  |
| STARRED   | `3`               | the other waits; the number of whom to ask follows   | DIALLING  |
| STARRED   | any other, or HOLD_S without one | passed on, the star first             | PASSING   |
| DIALLING  | a digit           | kept                                                 | DIALLING  |
| DIALLING  | `#`, or BETWEEN_S without a digit | transferred or called, if there is a number | PASSING |
| DIALLING  | `*`, or FIRST_S without a digit | nothing; the other waits no longer     | PASSING   |

While he asks somebody else (`is_consulting`, calls/runtime/key_consultation.py) other keys follow the star. They
are those of Asterisk's attended transfers:

| state     | key               | what happens                                         | then      |
|-----------|-------------------|------------------------------------------------------|-----------|
| STARRED   | `1`               | back to the other                                    | PASSING   |
| STARRED   | `2`               | the two are connected, as when he hangs up           | PASSING   |
| STARRED   | `3`               | all three talk                                       | PASSING   |
| STARRED   | `4`               | to the other and back, by turns                      | PASSING   |
"""

from enum import Enum

import msgspec

from softswitch.calls.limits import DIALLED_DIGITS_MAX

RECORD_KEY, TRANSFER_KEY, CONSULT_KEY = "1", "2", "3"
BACK_KEY, CONNECT_KEY, CONFERENCE_KEY, SWAP_KEY = "1", "2", "3", "4"
HOLD_S = 1.5
"""A star that is meant for the other side is late by so much, and people think about which key comes next."""
FIRST_S, BETWEEN_S = 10.0, 4.0


class PassOn(msgspec.Struct, frozen=True):
    """Keys for whoever he talks to."""

    digits: str


class RecordingWished(msgspec.Struct, frozen=True):
    """The conversation is to be recorded from now on, or no longer."""


class NumberWanted(msgspec.Struct, frozen=True):
    """He is to be told that the switch listens; if he wants to ask somebody, the other is to wait."""

    is_consultation: bool


class NumberDropped(msgspec.Struct, frozen=True):
    """No number came of it."""


class TransferWished(msgspec.Struct, frozen=True):
    """Whoever he talks to is to go to this number."""

    target: str


class ConsultationWished(msgspec.Struct, frozen=True):
    """He wants to talk to this number while the other waits."""

    target: str


class BackWished(msgspec.Struct, frozen=True):
    """He wants to talk to the other again, and no longer to whom he has asked."""


class ConnectionWished(msgspec.Struct, frozen=True):
    """The other is to talk to whom he has asked, without him."""


class ConferenceWished(msgspec.Struct, frozen=True):
    """All three are to talk."""


class SwapWished(msgspec.Struct, frozen=True):
    """He wants to talk to whoever waits, and the one he talks to is to wait."""


ConsultationKey = BackWished | ConnectionWished | ConferenceWished | SwapWished
Wish = PassOn | RecordingWished | NumberWanted | NumberDropped | TransferWished | ConsultationWished | ConsultationKey

_WHILE_CONSULTING: dict[str, ConsultationKey] = {
    BACK_KEY: BackWished(),
    CONNECT_KEY: ConnectionWished(),
    CONFERENCE_KEY: ConferenceWished(),
    SWAP_KEY: SwapWished(),
}


class _State(Enum):
    PASSING = "passing"
    STARRED = "starred"
    DIALLING = "dialling"


class CallKeys:
    """One party's. Times are monotonic seconds."""

    __slots__ = ("_dialled", "_due_at", "_is_for_consultation", "_state", "_wishes", "is_consulting")

    def __init__(self) -> None:
        self.is_consulting = False
        """He talks to somebody while another waits, or has dialled to."""
        self._state = _State.PASSING
        self._dialled = ""
        self._is_for_consultation = False
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
                self._dialled = ""
                self._dial()
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
        if self.is_consulting:
            self._wishes.append(_WHILE_CONSULTING.get(digit) or PassOn("*" + digit))
        elif digit in (TRANSFER_KEY, CONSULT_KEY):
            self._is_for_consultation = digit == CONSULT_KEY
            self._wishes.append(NumberWanted(self._is_for_consultation))
            self._go(_State.DIALLING, now + FIRST_S)
            return
        else:
            self._wishes.append(RecordingWished() if digit == RECORD_KEY else PassOn("*" + digit))
        self._go(_State.PASSING)

    def _dial(self) -> None:
        if not self._dialled:
            self._wishes.append(NumberDropped())
        elif self._is_for_consultation:
            self._wishes.append(ConsultationWished(self._dialled))
        else:
            self._wishes.append(TransferWished(self._dialled))
        self._go(_State.PASSING)

    def _go(self, state: _State, due_at: float | None = None) -> None:
        self._state, self._due_at, self._dialled = state, due_at, ""
