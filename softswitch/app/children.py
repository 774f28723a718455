"""The processes the supervisor keeps alive, as state machines without processes.

One `Child` is started, started again whenever it ends, and at last told to end:

    state      input                        next       outputs
    new        start                        running    Spawn
    new        start, runs already (3)      running
    running    exited                       waiting    Restart (and if the back-off is nil, as in the next row)
    running    exited, cannot start (1)     gone       GaveUp
    running    reload                       running    Send HUP, to a child that reloads
    running    renew (4)                    renewing   Send TERM; kill deadline set
    running    replaced (5)                 running
    renewing   exited                       running    Spawn
    renewing   kill deadline                renewing   Send KILL
    running, renewing   stop                stopping   Send TERM; kill deadline set
    waiting    back-off over                running    Spawn
    waiting    stop                         gone
    stopping   exited                       gone
    stopping   kill deadline                stopping   Send KILL
    stopping   stop again (2)               stopping   Send TERM; kill deadline drawn near
    new        stop                         gone

Whatever is not in the table changes nothing.

(1) Exit code 2 or 78 (EX_CONFIG) of its very first run within `HEALTHY_S`: it has printed what is wrong with the
configuration or the machine, and would print it for ever. Later the same codes are a reason to try again: what broke
may be repaired while the others carry the calls.
(2) A person who presses Ctrl-C twice does not want to wait for calls to end.
(3) A former supervisor was killed and this child survived it; or it has become another program (supervisor.py).
(4) It is to be another version of itself.
(5) An upgrade has put another process in its place (upgrade.py), in its own order.

The first restart is immediate, because a call centre is waiting; the next come after 0.1, 0.2, 0.4 ... 5 s; a run of
`HEALTHY_S` forgets all that.

`Children` puts them in order: media workers are started before the switch and stopped after it, since the switch needs
them to end calls properly. Until its turn comes a worker that dies is still restarted.
"""

from collections.abc import Container, Sequence
from enum import Enum, auto
from typing import Literal

import msgspec

FIRST_BACK_OFF_S = 0.1
BACK_OFF_MAX_S = 5.0
HEALTHY_S = 10.0
HURRY_S = 2.0
"""What is left to a child after a second order to stop."""

CANNOT_START = frozenset({2, 78})


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a child.

    Children of the lowest `stop_rank` are told to stop first, and waited for. `kill_after_s` is how long one may take
    to end after SIGTERM. One that `reloads` is sent SIGHUP when the configuration has changed.
    """

    name: str
    stop_rank: int
    kill_after_s: float
    reloads: bool = False
    carries_calls: bool = False


class Spawn(msgspec.Struct, frozen=True):
    """Start the process now; if the system refuses, report `exited`."""

    name: str


class Send(msgspec.Struct, frozen=True):
    """Send the process a signal."""

    name: str
    signal: Literal["HUP", "KILL", "TERM"]


class Restart(msgspec.Struct, frozen=True):
    """It ended by itself and will be started again (for the log)."""

    name: str
    in_s: float


class GaveUp(msgspec.Struct, frozen=True):
    """It cannot start and has said why; the others are being stopped."""

    name: str


class AllGone(msgspec.Struct, frozen=True):
    """No process is left. The supervisor ends with this exit code."""

    exit_code: int


Output = Spawn | Send | Restart | GaveUp | AllGone


class _State(Enum):
    NEW = auto()
    RUNNING = auto()
    RENEWING = auto()
    WAITING = auto()
    STOPPING = auto()
    GONE = auto()


class Child:
    """One process, from its first start until it is gone for good."""

    __slots__ = ("_back_off_s", "_deadline", "_outputs", "_runs", "_started_at", "_state", "role")

    def __init__(self, role: Role, outputs: list[Output]) -> None:
        """`outputs` is where this child's outputs go, in order with those of its siblings."""
        self.role = role
        self._outputs = outputs
        self._state = _State.NEW
        self._runs = 0
        self._back_off_s = 0.0
        self._started_at = 0.0
        self._deadline: float | None = None

    def start(self, now: float, *, runs_already: bool = False) -> None:
        if self._state is not _State.NEW:
            return
        if runs_already:
            self._state = _State.RUNNING
            self._started_at = now
        else:
            self._spawn(now)

    def exited(self, exit_code: int | None, now: float) -> None:
        """The process has ended (`exit_code` negative: by that signal; None: unknown, or it never began)."""
        if self._state is _State.STOPPING:
            self._is_over()
        elif self._state is _State.RENEWING:
            self._deadline = None
            self._spawn(now)
        elif self._state is _State.RUNNING:
            was_healthy = now - self._started_at >= HEALTHY_S
            if exit_code in CANNOT_START and self._runs == 1 and not was_healthy:
                self._is_over()
                self._outputs.append(GaveUp(self.role.name))
            else:
                self._plan_restart(0.0 if was_healthy else self._back_off_s, now)

    def reload(self) -> None:
        if self._state is _State.RUNNING and self.role.reloads:
            self._outputs.append(Send(self.role.name, "HUP"))

    def renew(self, now: float) -> None:
        if self._state is _State.RUNNING:
            self._state = _State.RENEWING
            self._deadline = now + self.role.kill_after_s
            self._outputs.append(Send(self.role.name, "TERM"))

    def replaced(self, now: float) -> None:
        if self._state is _State.RUNNING:
            self._runs += 1
            self._started_at = now
            self._back_off_s = 0.0

    def stop(self, now: float) -> None:
        match self._state:
            case _State.RUNNING | _State.RENEWING:
                self._state = _State.STOPPING
                self._deadline = now + self.role.kill_after_s
                self._outputs.append(Send(self.role.name, "TERM"))
            case _State.STOPPING:
                self._deadline = min(now + HURRY_S, self._deadline or now)
                self._outputs.append(Send(self.role.name, "TERM"))
            case _State.NEW | _State.WAITING:
                self._is_over()
            case _State.GONE:
                pass

    def handle_timeout(self, now: float) -> None:
        if self._deadline is None or now < self._deadline:
            return
        self._deadline = None
        if self._state is _State.WAITING:
            self._spawn(now)
        elif self._state in (_State.STOPPING, _State.RENEWING):
            self._outputs.append(Send(self.role.name, "KILL"))

    def next_timeout(self) -> float | None:
        return self._deadline

    @property
    def is_running(self) -> bool:
        return self._state is _State.RUNNING

    @property
    def is_gone(self) -> bool:
        return self._state is _State.GONE

    @property
    def is_stopping(self) -> bool:
        return self._state is _State.STOPPING

    def _spawn(self, now: float) -> None:
        self._state = _State.RUNNING
        self._runs += 1
        self._started_at = now
        self._outputs.append(Spawn(self.role.name))

    def _plan_restart(self, back_off_s: float, now: float) -> None:
        self._back_off_s = min(BACK_OFF_MAX_S, max(FIRST_BACK_OFF_S, 2 * back_off_s))
        self._state = _State.WAITING
        self._deadline = now + back_off_s
        self._outputs.append(Restart(self.role.name, back_off_s))
        self.handle_timeout(now)

    def _is_over(self) -> None:
        self._state = _State.GONE
        self._deadline = None


class Children:
    """All processes of a switch. `roles` are in the order in which they are started."""

    __slots__ = ("_children", "_exit_code", "_is_stopping", "_outputs")

    def __init__(self, roles: Sequence[Role]) -> None:
        self._outputs: list[Output] = []
        self._children = {role.name: Child(role, self._outputs) for role in roles}
        self._exit_code = 0
        self._is_stopping = False

    def start(self, now: float, *, already_running: Container[str] = ()) -> None:
        for name, child in self._children.items():
            child.start(now, runs_already=name in already_running)

    def exited(self, name: str, exit_code: int | None, now: float) -> None:
        """As for one child. Whatever ends this way may be the reason to go on with the stop."""
        child = self._children[name]
        child.exited(exit_code, now)
        if child.is_gone and not self._is_stopping:
            self._exit_code = 2
            self._is_stopping = True
        self._stop_next(now)

    def is_running(self, name: str) -> bool:
        """It runs, and nothing else is wanted of it."""
        return self._children[name].is_running

    def renew(self, name: str, now: float) -> None:
        """End a child and start it again."""
        self._children[name].renew(now)

    def replaced(self, name: str, now: float) -> None:
        """Another process is in the place of a child."""
        self._children[name].replaced(now)

    def reload(self) -> None:
        """The configuration has changed."""
        for child in self._children.values():
            child.reload()

    def stop(self, now: float) -> None:
        """End everything in order; a second time: quickly."""
        if self._is_stopping:
            for child in self._children.values():
                if child.is_stopping:
                    child.stop(now)
        self._is_stopping = True
        self._stop_next(now)

    def handle_timeout(self, now: float) -> None:
        for child in self._children.values():
            child.handle_timeout(now)

    def next_timeout(self) -> float | None:
        deadlines = [at for child in self._children.values() if (at := child.next_timeout()) is not None]
        return min(deadlines, default=None)

    def take_outputs(self) -> list[Output]:
        taken = self._outputs.copy()
        self._outputs.clear()
        return taken

    def _stop_next(self, now: float) -> None:
        """Tell the next rank to stop once the one before is gone."""
        while self._is_stopping and (remaining := [child for child in self._children.values() if not child.is_gone]):
            rank = min(child.role.stop_rank for child in remaining)
            untold = [child for child in remaining if child.role.stop_rank == rank and not child.is_stopping]
            if not untold:
                return
            for child in untold:
                child.stop(now)
        if self._is_stopping:
            self._outputs.append(AllGone(self._exit_code))
