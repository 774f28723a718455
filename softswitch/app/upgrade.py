"""One switch process takes the place of another while calls go on: the order of it, as a state machine.

    state         input                     next          outputs
    new           begin                     preparing     Prepare; deadline set
    preparing     prepared                  handing over  HandOver; deadline set
    preparing     successor ended           over          Over("refused")
    preparing     deadline, old ended       over          Drop, Over("refused")
    handing over  old ended                 starting      Go; deadline set
    handing over  deadline                  handing over  Kill
    handing over  successor ended           falling back  Kill
    starting      ready                     over          Over("upgraded")
    starting      deadline                  starting      Drop
    starting      successor ended (1)       returning     Return; deadline set
    falling back  old ended                 returning     Return; deadline set
    returning     ready                     over          Over("returned")
    returning     deadline                  over          Over("failed")
    any           abandon (2)               over          Drop, if there is one that waits; Over("refused")

Whatever is not in the table changes nothing.

Until `HandOver` nothing has changed: the old switch goes on, whatever becomes of the new one. From then on no switch is
there until one of the two says that it is ready; media workers carry the calls meanwhile, and what comes waits in the
sockets. To kill the old one costs no call either.

(1) Which version is started again is told to `Return`: a store that the new one has brought to another schema is none
for the old one.
(2) Everything is told to stop. From then on the child's own state machine (children.py) says what becomes of it.
"""

from enum import Enum, auto
from typing import Literal

import msgspec

PREPARED_WITHIN_S = 60.0
"""To import everything takes half a second, a large configuration a tenth; a machine may be busy."""
HAND_OVER_WITHIN_S = 5.0
"""Three hundred calls are written in milliseconds; a disk may be slow."""
READY_WITHIN_S = 30.0

Outcome = Literal["upgraded", "returned", "failed", "refused"]
"""The new version runs; it does not, and the old one runs again; neither does; nothing was touched."""


class Prepare(msgspec.Struct, frozen=True):
    """Start the successor, which waits for its turn."""


class HandOver(msgspec.Struct, frozen=True):
    """Tell the switch to write what it knows, and to end without ending a call."""


class Kill(msgspec.Struct, frozen=True):
    """End the old switch at once."""


class Go(msgspec.Struct, frozen=True):
    """It is the successor's turn: from now on it is the switch."""


class Drop(msgspec.Struct, frozen=True):
    """End the successor at once."""


class Return(msgspec.Struct, frozen=True):
    """The successor is gone. Have a switch started as after any death, of the new version or else of the old one."""

    to_new: bool


class Over(msgspec.Struct, frozen=True):
    """That was it; `reason` is for people, where it did not go as it should."""

    outcome: Outcome
    reason: str = ""


Output = Prepare | HandOver | Kill | Go | Drop | Return | Over


class _State(Enum):
    NEW = auto()
    PREPARING = auto()
    HANDING_OVER = auto()
    STARTING = auto()
    FALLING_BACK = auto()
    RETURNING = auto()
    OVER = auto()


class SwitchUpgrade:
    """From `begin` to `Over`. `can_return`: the old version can work on the store after the new one."""

    __slots__ = ("_can_return", "_deadline", "_is_started", "_outputs", "_reason", "_state")

    def __init__(self, *, can_return: bool) -> None:
        self._can_return = can_return
        self._state = _State.NEW
        self._outputs: list[Output] = []
        self._deadline: float | None = None
        self._is_started = False
        """The successor has had its turn."""
        self._reason = ""

    def begin(self, now: float) -> None:
        if self._state is _State.NEW:
            self._outputs.append(Prepare())
            self._enter(_State.PREPARING, now + PREPARED_WITHIN_S)

    def prepared(self, now: float) -> None:
        """The successor has read everything, and waits."""
        if self._state is _State.PREPARING:
            self._outputs.append(HandOver())
            self._enter(_State.HANDING_OVER, now + HAND_OVER_WITHIN_S)

    def ready(self, now: float) -> None:
        """The switch that was started answers."""
        if self._state is _State.STARTING:
            self._over("upgraded")
        elif self._state is _State.RETURNING:
            self._over("returned", self._reason)

    def old_ended(self, now: float) -> None:
        if self._state is _State.PREPARING:
            self._outputs.append(Drop())
            self._over("refused", "the switch died meanwhile, and is started again as it was: try again")
        elif self._state is _State.HANDING_OVER:
            self._is_started = True
            self._outputs.append(Go())
            self._enter(_State.STARTING, now + READY_WITHIN_S)
        elif self._state is _State.FALLING_BACK:
            self._return(now)

    def successor_ended(self, how: str, now: float) -> None:
        """`how` is for people: its exit code, or the signal."""
        if self._state is _State.PREPARING:
            self._over("refused", f"the new version cannot start ({how}): the log says why")
        elif self._state is _State.HANDING_OVER:
            self._reason = f"the new version ended before its turn ({how}): the log says why"
            self._outputs.append(Kill())
            self._enter(_State.FALLING_BACK, None)
        elif self._state is _State.STARTING:
            self._reason = self._reason or f"the new version did not get ready ({how}): the log says why"
            self._return(now)

    def abandon(self) -> None:
        """Everything is told to stop."""
        if self._state in (_State.NEW, _State.OVER):
            return
        if self._state in (_State.PREPARING, _State.HANDING_OVER):
            self._outputs.append(Drop())
        self._over("refused", "the switch is being stopped")

    def handle_timeout(self, now: float) -> None:
        if self._deadline is None or now < self._deadline:
            return
        self._deadline = None
        if self._state is _State.PREPARING:
            self._outputs.append(Drop())
            self._over(
                "refused", f"the new version was not prepared within {PREPARED_WITHIN_S:.0f} s: the log says why"
            )
        elif self._state is _State.HANDING_OVER:
            self._outputs.append(Kill())
        elif self._state is _State.STARTING:
            self._reason = f"the new version was not ready within {READY_WITHIN_S:.0f} s: the log says why"
            self._outputs.append(Drop())
        elif self._state is _State.RETURNING:
            self._over("failed", f"{self._reason}; and no switch was ready {READY_WITHIN_S:.0f} s after that")

    def next_timeout(self) -> float | None:
        return self._deadline

    def take_outputs(self) -> list[Output]:
        taken, self._outputs = self._outputs, []
        return taken

    @property
    def has_begun(self) -> bool:
        """The successor is the switch, and not ready yet."""
        return self._state is _State.STARTING

    @property
    def owns_switch(self) -> bool:
        """The end of the process that is the switch is part of it, and none to be answered with a restart."""
        return self._state in (_State.HANDING_OVER, _State.STARTING, _State.FALLING_BACK)

    # Private

    def _return(self, now: float) -> None:
        to_new = self._is_started and not self._can_return
        if to_new:
            self._reason += "; the store is the new version's by now, which is therefore started again"
        self._outputs.append(Return(to_new))
        self._enter(_State.RETURNING, now + READY_WITHIN_S)

    def _enter(self, state: _State, deadline: float | None) -> None:
        self._state, self._deadline = state, deadline

    def _over(self, outcome: Outcome, reason: str = "") -> None:
        self._outputs.append(Over(outcome, reason))
        self._enter(_State.OVER, None)
