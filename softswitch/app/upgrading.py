"""An upgrade as the supervisor carries it out: the processes and sockets behind the state machine of upgrade.py."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from softswitch.app.child_process import Process, how_it_ended
from softswitch.app.supervisor_protocol import Reply, Step, Upgrade, Upgraded
from softswitch.app.upgrade import Drop, Go, HandOver, Kill, Outcome, Output, Over, Prepare, Return, SwitchUpgrade
from softswitch.base.clock import Clock
from softswitch.base.log import get_logger

_log = get_logger("supervisor")


class Upgradable(Protocol):
    """What the supervisor does for it."""

    def spawn_successor(self, python: str) -> Process:
        """Start the switch of this installation, which waits for its turn. Raises `OSError`."""
        ...

    def signal_switch(self, name: str) -> None:
        """To the process that is the switch now."""
        ...

    def promote(self, successor: Process) -> None:
        """It is the switch from now on, and has its turn."""
        ...

    def restart_switch(self, python: str | None) -> None:
        """As after any death; of this installation from now on, or of the one there was."""
        ...

    def upgrade_over(self, outcome: Outcome, python: str) -> None: ...


class Upgrading:
    """One upgrade. `tell` is for whoever has asked for it."""

    def __init__(self, supervisor: Upgradable, request: Upgrade, tell: Callable[[Reply], None], clock: Clock) -> None:
        self._supervisor = supervisor
        self._python = request.python
        self._tell = tell
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._core = SwitchUpgrade(can_return=request.can_return)
        self._successor: Process | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._core.begin(self._clock.now())
        self._drain()

    def heard(self, word: str) -> None:
        """From the switch that was started last."""
        if word == "prepared":
            self._core.prepared(self._clock.now())
        elif word == "ready":
            self._core.ready(self._clock.now())
        self._drain()

    def switch_ended(self, exit_code: int | None) -> bool:
        """The process that is the switch is no more; whether that was part of it, and no reason to start it again."""
        is_ours = self._core.owns_switch
        if self._core.has_begun:
            self._core.successor_ended(how_it_ended(exit_code), self._clock.now())
        else:
            self._core.old_ended(self._clock.now())
        self._drain()
        return is_ours

    def abandon(self) -> None:
        """Everything is told to stop."""
        self._core.abandon()
        self._drain()

    def close(self) -> None:
        """The supervisor ends: nobody waits for his turn any more."""
        if self._successor is not None:
            self._successor.send("KILL")
            self._loop.remove_reader(self._successor.descriptor)
            self._successor.finish()

    # Private

    def _drain(self) -> None:
        while outputs := self._core.take_outputs():
            for output in outputs:
                self._carry_out(output)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._core.next_timeout()
        if deadline is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - self._clock.now()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._core.handle_timeout(self._clock.now())
        self._drain()

    def _carry_out(self, output: Output) -> None:
        match output:
            case Prepare():
                self._step("the new version reads the configuration")
                self._spawn()
            case HandOver():
                self._step("the switch hands its calls over")
                self._supervisor.signal_switch("USR1")
            case Kill():
                _log.warning("does not hand over in time, and is killed", child="switch")
                self._supervisor.signal_switch("KILL")
            case Go():
                self._step("the new version takes them over")
                self._promote()
            case Drop():
                if self._successor is not None:
                    self._successor.send("KILL")
                else:  # it is the switch
                    self._supervisor.signal_switch("KILL")
            case Return(to_new):
                self._step("no switch is there, and one is started again")
                self._supervisor.restart_switch(self._python if to_new else None)
            case Over(outcome, reason):
                note = _log.info if outcome == "upgraded" else _log.error
                note("upgrade over", outcome=outcome, reason=reason)
                self._tell(Upgraded(outcome, reason))
                self._supervisor.upgrade_over(outcome, self._python)

    def _step(self, what: str) -> None:
        _log.info("upgrade", step=what)
        self._tell(Step(what))

    def _spawn(self) -> None:
        try:
            self._successor = self._supervisor.spawn_successor(self._python)
        except OSError as error:
            self._core.successor_ended(error.strerror or str(error), self._clock.now())
            return
        self._loop.add_reader(self._successor.descriptor, self._successor_ended)

    def _promote(self) -> None:
        successor, self._successor = self._successor, None
        if successor is not None:
            self._loop.remove_reader(successor.descriptor)
            self._supervisor.promote(successor)

    def _successor_ended(self) -> None:
        """Before its turn."""
        successor, self._successor = self._successor, None
        if successor is not None:
            self._loop.remove_reader(successor.descriptor)
            self._core.successor_ended(how_it_ended(successor.finish()), self._clock.now())
            self._drain()
