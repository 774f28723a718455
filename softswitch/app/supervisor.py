"""The supervisor: starts the processes of the switch, starts again whatever dies, and ends them in order.

It holds no call and reads no socket of the network, so that it has no reason to die itself. If it is killed all the
same its children go on, each in a session of its own; the next supervisor of the same run directory takes them over.

It keeps the switch's listening sockets open for the next switch (held_sockets.py).

An upgrade (upgrade.py) puts the switch of another installation in the place of the one that runs. Then the supervisor
becomes the other installation's as well: the same process executes the other program (`execv`), which finds its
children as after a kill, and in its environment what only a process can hand on (`LeftSupervisor`). What carries no
call is started anew by it at once, and media workers when they are empty (renewal.py).
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping, MutableMapping, Sequence

import msgspec

from softswitch import __version__
from softswitch.app.child_process import Process, how_it_ended
from softswitch.app.children import AllGone, Children, GaveUp, Output, Restart, Role, Send, Spawn
from softswitch.app.health import notify
from softswitch.app.held_sockets import LeftSockets, SocketStore, is_fault_of_switch
from softswitch.app.renewal import Renewal
from softswitch.app.run_directory import SWITCH, RunDirectory
from softswitch.app.spare import Spare
from softswitch.app.supervisor_protocol import (
    AskSupervisor,
    Rejoin,
    Request,
    Supervised,
    Upgrade,
    Upgraded,
    supervisor_socket,
)
from softswitch.app.supervisor_socket import Client, SupervisorSocket
from softswitch.app.upgrade import Outcome
from softswitch.app.upgrading import Upgrading
from softswitch.base.clock import Clock, SystemClock
from softswitch.base.log import get_logger

SPARE_AFTER_S, SPARE_SOON_S = 2.0, 0.2
"""A spare process is made ready when what has just been started has had the processor to itself; where a spare worker
has just been used, or everything runs already, it needs none."""

_LEFT = "SOFTSWITCH_SUPERVISOR"

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = get_logger("supervisor")


class Program(msgspec.Struct, frozen=True):
    """A child and its command line."""

    role: Role
    arguments: tuple[str, ...]
    spare: tuple[str, ...] = ()
    """The command line of a process that may wait to become such a child (spare.py): then `arguments` begin with it,
    but for its last word, which says that it is to wait."""


class LeftSupervisor(msgspec.Struct, frozen=True, kw_only=True):
    """What the program of before an upgrade has left in this process: descriptors, and the names of the children."""

    pid: int
    lock: int | None
    sockets: LeftSockets
    children: list[str]

    @classmethod
    def found_in(cls, environment: MutableMapping[str, str]) -> "LeftSupervisor | None":
        """Takes it out, for it is nobody else's."""
        text = environment.pop(_LEFT, "")
        try:
            left = msgspec.json.decode(text, type=cls) if text else None
        except msgspec.MsgspecError:
            return None
        return left if left is not None and left.pid == os.getpid() else None


class Supervisor:
    """Runs `programs`, which are in the order of their start. Made and used inside a running event loop."""

    def __init__(
        self,
        programs: Sequence[Program],
        run_directory: RunDirectory,
        *,
        itself: Sequence[str] = (),
        left: LeftSupervisor | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`itself` is the supervisor's own command line, without which it stays what it is after an upgrade."""
        self._itself = tuple(itself)
        self._left = left
        self._programs = {program.role.name: program for program in programs}
        self._run_directory = run_directory
        self._clock = clock or SystemClock()
        self._children = Children([program.role for program in programs])
        self._spares = {program.spare: Spare(program.spare) for program in programs if program.spare}
        """By their command lines."""
        self._processes: dict[str, Process] = {}
        self._loop = asyncio.get_running_loop()
        self._sockets = SocketStore()
        self._reads: int | None = None
        """The descriptor on which the switch says which of its sockets are to be held."""
        self._switch_began_at = 0.0
        self._hung: set[str] = set()
        """Children that were killed because they did not answer."""
        self._timer: asyncio.TimerHandle | None = None
        self._exit_code: asyncio.Future[int] = self._loop.create_future()
        self._began_at = self._clock.now()
        self._upgrading: Upgrading | None = None
        self._last_upgrade: Upgrading | None = None
        self._socket: SupervisorSocket | None = None
        self.renewal = Renewal(())
        """Of media workers with the code of before."""

    async def run(self) -> int:
        """Start everything; returns the exit code when everything has ended."""
        self._take_over()
        is_running = bool(self._processes)
        self._children.start(self._clock.now(), already_running=self._processes.keys())
        self._renew_left()
        self._drain()
        self._loop.call_later(SPARE_SOON_S if is_running else SPARE_AFTER_S, self.prepare_spares)
        asked = SupervisorSocket(supervisor_socket(str(self._run_directory.path)), self._asked)
        self._socket = asked
        try:
            return await self._exit_code
        finally:
            asked.close()
            if self._last_upgrade is not None:
                self._last_upgrade.close()
            self._end_spares()
            self._stop_reading()
            self._sockets.close()

    def stop(self) -> None:
        """End everything in order; a second time, quickly."""
        _log.info("stopping")
        notify("STOPPING=1")
        if self._upgrading is not None:
            self._upgrading.abandon()
        self._children.stop(self._clock.now())
        self._drain()

    def reload(self) -> None:
        """Tell the switch that the configuration has changed."""
        self._children.reload()
        self._drain()

    def kill(self, name: str) -> None:
        """End a child that hangs at once; it is started again as after any death."""
        if name in self._processes:
            _log.error("does not answer, and is killed", child=name, pid=self._processes[name].pid)
            self._hung.add(name)
            self._processes[name].send("KILL")

    def renew(self, name: str) -> None:
        """End a child, and start it as what it is now."""
        _log.info("renewing", child=name)
        self._children.renew(name, self._clock.now())
        self._drain()

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by the name of the child."""
        return {name: process.pid for name, process in self._processes.items()}

    @property
    def spare_pids(self) -> dict[str, int]:
        """Of the processes that wait, by the names of the children that each can become."""
        return {
            name: pid
            for name, program in self._programs.items()
            if program.spare in self._spares and (pid := self._spares[program.spare].pid) is not None
        }

    def _take_over(self) -> None:
        for name in self._programs:
            pid = self._run_directory.living_process(name)
            if pid is None:
                continue
            if self._left is None:
                _log.warning("taken over, its supervisor was killed", child=name, pid=pid)
            self._watch(name, Process(pid))
        if self._left is not None:
            self._sockets.resume(self._left.sockets)
            self._listen_to_switch()
            _log.info("upgraded", version=__version__, children=self.pids)

    def _renew_left(self) -> None:
        """After an upgrade: what the program of before has started becomes what it is in this version."""
        if self._left is None:
            return
        for name in self._left.children:
            if name not in self._programs:
                pid = self._run_directory.living_process(name)
                if pid is not None:
                    _log.info("ended, it is not configured any more", child=name, pid=pid)
                    os.kill(pid, signal.SIGTERM)
                    self._run_directory.forget_process(name)
            elif name != SWITCH and not self._programs[name].role.carries_calls:
                self.renew(name)
        self.renewal = Renewal(
            name for name in self._left.children if name in self._programs and self._programs[name].role.carries_calls
        )

    def _drain(self) -> None:
        while outputs := self._children.take_outputs():
            for output in outputs:
                self._carry_out(output)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._children.next_timeout()
        if deadline is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - self._clock.now()), self._wake)

    def _carry_out(self, output: Output) -> None:
        match output:
            case Spawn(name):
                self._spawn(name)
            case Send(name, signal_name):
                if name in self._processes:
                    self._processes[name].send(signal_name)
            case Restart(name, in_s):
                _log.warning("restarting", child=name, in_s=in_s)
            case GaveUp(name):
                _log.error("cannot start, see above", child=name)
            case AllGone(exit_code):
                if not self._exit_code.done():
                    self._exit_code.set_result(exit_code)

    def _spawn(self, name: str) -> None:
        program = self._programs[name]
        try:
            process = self._spawn_holding(program) if name == SWITCH else self._spawn_other(program)
        except OSError as error:
            _log.error("the system cannot start a process", child=name, reason=error.strerror)
            self._children.exited(name, None, self._clock.now())
            return
        _log.info("started", child=name, pid=process.pid)
        self._watch(name, process)
        self._run_directory.note_process(name, process.pid)

    def _spawn_other(self, program: Program) -> Process:
        return self._become(program, SPARE_SOON_S) or Process.spawn(program.arguments)

    def _become(
        self,
        program: Program,
        next_after_s: float,
        variables: Mapping[str, str] | None = None,
        inherited: Sequence[int] = (),
    ) -> Process | None:
        """The spare process if there is one for it; then another is made ready, once this one has begun."""
        spare = self._spares.get(program.spare)
        if spare is None:
            return None
        process = spare.become(program.arguments[len(program.spare) - 1 :], variables, inherited)
        self._loop.call_later(SPARE_AFTER_S if process is None else next_after_s, self._prepare, spare)
        return process

    def prepare_spares(self) -> None:
        """Have a process ready for each kind of child that has such a thing."""
        for spare in self._spares.values():
            self._prepare(spare)

    def _prepare(self, spare: Spare) -> None:
        if not self._exit_code.done():
            spare.prepare()

    def _end_spares(self) -> None:
        for spare in self._spares.values():
            spare.end()

    def _spawn_holding(self, program: Program, *, waits: bool = False) -> Process:
        """The switch goes on with the sockets of the one before."""
        self._stop_reading()
        variables, inherited = self._sockets.begin(waits=waits)
        try:
            spare = None if waits else self._become(program, SPARE_AFTER_S, variables, inherited)
            process = spare or Process.spawn(program.arguments, variables, inherited)
        finally:
            self._sockets.begun(inherited)
        self._listen_to_switch()
        self._switch_began_at = self._clock.now()
        return process

    def _listen_to_switch(self) -> None:
        channel = self._sockets.channel
        if channel is not None:
            self._reads = channel.fileno()
            self._loop.add_reader(self._reads, self._hear)

    def _hear(self) -> None:
        """All that the switch wants held, or says."""
        while (heard := self._sockets.receive()) != "nothing":
            if heard == "over":
                self._stop_reading()
                return
            if self._upgrading is not None:
                self._upgrading.heard(heard)

    def _stop_reading(self) -> None:
        if self._reads is not None:
            self._loop.remove_reader(self._reads)
            self._reads = None

    def _watch(self, name: str, process: Process) -> None:
        self._processes[name] = process
        self._loop.add_reader(process.descriptor, self._ended, name)

    def _ended(self, name: str) -> None:
        process = self._processes.pop(name)
        self._loop.remove_reader(process.descriptor)
        exit_code = process.finish()
        _log.info("ended", child=name, pid=process.pid, how=how_it_ended(exit_code))
        self._run_directory.forget_process(name)
        if name == SWITCH:
            self._hear()  # what it had said and nobody had read
            if self._upgrading is not None and self._upgrading.switch_ended(exit_code):
                self._drain()
                return
            is_fault = is_fault_of_switch(exit_code, has_hung=name in self._hung)
            self._hung.discard(name)
            if self._sockets.ended(self._clock.now() - self._switch_began_at, is_fault=is_fault):
                _log.error("the switch dies again and again: it begins anew, without the calls of before", child=name)
        self._children.exited(name, exit_code, self._clock.now())
        self._drain()

    # Upgrades

    def _asked(self, client: Client, request: Request) -> None:
        match request:
            case AskSupervisor():
                client.tell(
                    Supervised(
                        version=__version__,
                        python=self._python_of_switch(),
                        pid=os.getpid(),
                        began_at=self._began_at,
                        children=self.pids,
                        outdated=self.renewal.names,
                        sockets=self._sockets.names,
                    )
                )
            case Rejoin():
                self._rejoined(client)
            case Upgrade():
                if refusal := self._upgrade_refused():
                    client.tell(Upgraded("refused", refusal))
                    return
                _log.info("upgrade", python=request.python)
                self._upgrading = self._last_upgrade = Upgrading(self, request, client.tell, self._clock)
                self._upgrading.begin()

    def _rejoined(self, client: Client) -> None:
        """The switch that was taken over gives its sockets again; any other is told to go, and may ask again."""
        assert self._socket is not None, "it has asked through it"
        process = self._processes.get(SWITCH)
        if process is None or client.pid != process.pid or self._upgrading is not None:
            self._socket.drop(client)
            return
        self._stop_reading()
        self._sockets.rejoined(self._socket.release(client))
        self._listen_to_switch()

    def _upgrade_refused(self) -> str:
        if self._upgrading is not None:
            return "another upgrade is under way: wait for its end"
        if SWITCH not in self._processes or not self._children.is_running(SWITCH):
            return "the switch does not run now: softswitch status says when it does"
        return ""

    def spawn_successor(self, python: str) -> Process:
        """Of the switch: the same command line, of another installation. Raises `OSError`."""
        process = self._spawn_holding(self._of(python), waits=True)
        _log.info("started", child="the next switch", pid=process.pid)
        return process

    def signal_switch(self, name: str) -> None:
        """To the process that is the switch now."""
        if SWITCH in self._processes:
            self._processes[SWITCH].send(name)

    def promote(self, successor: Process) -> None:
        """It is the switch from now on, and has its turn."""
        self._watch(SWITCH, successor)
        self._run_directory.note_process(SWITCH, successor.pid)
        self._switch_began_at = self._clock.now()
        self._sockets.go()

    def restart_switch(self, python: str | None) -> None:
        """As after any death; of this installation from now on, or of the one there was."""
        if python is not None:
            self._programs[SWITCH] = self._of(python)
        self._children.replaced(SWITCH, self._clock.now())
        self._children.exited(SWITCH, None, self._clock.now())

    def upgrade_over(self, outcome: Outcome, python: str) -> None:
        """The supervisor becomes what its switch is."""
        self._upgrading = None
        if outcome == "upgraded":
            self._programs[SWITCH] = self._of(python)
            self._children.replaced(SWITCH, self._clock.now())
            self._execute(python)

    def _of(self, python: str) -> Program:
        program = self._programs[SWITCH]
        return Program(program.role, (python, *program.arguments[1:]))

    def _python_of_switch(self) -> str:
        return self._programs[SWITCH].arguments[0] if SWITCH in self._programs else ""

    def _execute(self, python: str) -> None:
        """Execute the supervisor of this installation, in this process. Returns if that is impossible."""
        if not self._itself:
            return
        left = LeftSupervisor(
            pid=os.getpid(), lock=self._run_directory.leave(), sockets=self._sockets.leave(), children=list(self.pids)
        )
        environment = {**os.environ, _LEFT: msgspec.json.encode(left).decode()}
        _log.info("becomes the new version", python=python)
        self._end_spares()
        notify("WATCHDOG=1")
        # Whatever is told to it meanwhile, it hears when it listens (supervise).
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            os.execve(python, [python, *self._itself[1:]], environment)
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            _log.error("the supervisor remains the old version", reason=error.strerror)
            self.prepare_spares()

    def _wake(self) -> None:
        self._timer = None
        self._children.handle_timeout(self._clock.now())
        self._drain()


async def supervise(
    programs: Sequence[Program],
    run_directory: RunDirectory,
    beside: Callable[[Supervisor], Coroutine[None, None, None]] | None = None,
    *,
    itself: Sequence[str] = (),
    left: LeftSupervisor | None = None,
) -> int:
    """Run the programs until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit code.

    `beside` goes on as long as they run. `itself` and `left` are those of `Supervisor`.
    """
    supervisor = Supervisor(programs, run_directory, itself=itself, left=left)
    watching = None if beside is None else asyncio.create_task(beside(supervisor))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
    loop.add_signal_handler(signal.SIGINT, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reload)
    if left is not None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    try:
        return await supervisor.run()
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
