"""The supervisor: starts the processes of the switch, starts again whatever dies, and ends them in order.

It holds no call and reads no socket of the network, so that it has no reason to die itself. If it is killed all the
same its children go on, each in a session of its own; the next supervisor of the same run directory takes them over.

It keeps the switch's listening sockets open for the next switch (held_sockets.py).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence

import msgspec

from softswitch.app.children import AllGone, Children, GaveUp, Output, Restart, Role, Send, Spawn
from softswitch.app.health import notify
from softswitch.app.held_sockets import SocketStore
from softswitch.app.run_directory import SWITCH, RunDirectory
from softswitch.base.clock import Clock, SystemClock
from softswitch.base.log import get_logger

_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""For the children, unless the operator says otherwise: numpy would share among all cores, with threads that spin, what
takes one core a fraction of a millisecond; the other cores have workers of their own."""

_log = get_logger("supervisor")


class Program(msgspec.Struct, frozen=True):
    """A child and its command line."""

    role: Role
    arguments: tuple[str, ...]


class Process:
    """A running child, known by its pidfd (Linux 5.3): its end is an event, and a signal never hits another process."""

    __slots__ = ("_popen", "descriptor", "pid")

    def __init__(self, pid: int, popen: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._popen = popen
        self.descriptor = os.pidfd_open(pid)

    @classmethod
    def spawn(
        cls, arguments: Sequence[str], variables: Mapping[str, str] | None = None, inherited: Sequence[int] = ()
    ) -> "Process":
        """Raises `OSError`. A session of its own, so that neither Ctrl-C nor a closed terminal reaches it.

        It has these `variables` besides the supervisor's, and `inherited` descriptors besides the three usual ones.
        """
        environment = {**_ENVIRONMENT, **os.environ, **(variables or {})}
        popen = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
            pass_fds=inherited,
        )
        return cls(popen.pid, popen)

    def send(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.Signals[f"SIG{name}"])

    def finish(self) -> int | None:
        """Bury the ended process. Its exit code; negative is a signal; None for one that is not our own child."""
        os.close(self.descriptor)
        return self._popen.wait() if self._popen else None


class Supervisor:
    """Runs `programs`, which are in the order of their start. Made and used inside a running event loop."""

    def __init__(self, programs: Sequence[Program], run_directory: RunDirectory, *, clock: Clock | None = None) -> None:
        self._programs = {program.role.name: program for program in programs}
        self._run_directory = run_directory
        self._clock = clock or SystemClock()
        self._children = Children([program.role for program in programs])
        self._processes: dict[str, Process] = {}
        self._loop = asyncio.get_running_loop()
        self._sockets = SocketStore()
        self._reads: int | None = None
        """The descriptor on which the switch says which of its sockets are to be held."""
        self._switch_began_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._exit_code: asyncio.Future[int] = self._loop.create_future()

    async def run(self) -> int:
        """Start everything; returns the exit code when everything has ended."""
        self._take_over()
        self._children.start(self._clock.now(), already_running=self._processes.keys())
        self._drain()
        try:
            return await self._exit_code
        finally:
            self._stop_reading()
            self._sockets.close()

    def stop(self) -> None:
        """End everything in order; a second time, quickly."""
        _log.info("stopping")
        notify("STOPPING=1")
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
            self._processes[name].send("KILL")

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by the name of the child."""
        return {name: process.pid for name, process in self._processes.items()}

    def _take_over(self) -> None:
        for name in self._programs:
            pid = self._run_directory.living_process(name)
            if pid is not None:
                _log.warning("taken over, its supervisor was killed", child=name, pid=pid)
                self._watch(name, Process(pid))

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
        try:
            process = self._spawn_holding(name) if name == SWITCH else Process.spawn(self._programs[name].arguments)
        except OSError as error:
            _log.error("the system cannot start a process", child=name, reason=error.strerror)
            self._children.exited(name, None, self._clock.now())
            return
        _log.info("started", child=name, pid=process.pid)
        self._watch(name, process)
        self._run_directory.note_process(name, process.pid)

    def _spawn_holding(self, name: str) -> Process:
        """The switch goes on with the sockets of the one before."""
        self._stop_reading()
        variables, inherited = self._sockets.begin()
        try:
            process = Process.spawn(self._programs[name].arguments, variables, inherited)
        finally:
            self._sockets.begun(inherited)
        channel = self._sockets.channel
        if channel is not None:
            self._reads = channel.fileno()
            self._loop.add_reader(self._reads, self._hold)
        self._switch_began_at = self._clock.now()
        return process

    def _hold(self) -> None:
        if not self._sockets.receive():
            self._stop_reading()

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
        _log.info("ended", child=name, pid=process.pid, how=_how_it_ended(exit_code))
        self._run_directory.forget_process(name)
        if name == SWITCH:
            self._hold()  # what it had said and nobody had read
            if self._sockets.ended(self._clock.now() - self._switch_began_at):
                _log.error("the switch dies again and again: what waits in its sockets is dropped", child=name)
        self._children.exited(name, exit_code, self._clock.now())
        self._drain()

    def _wake(self) -> None:
        self._timer = None
        self._children.handle_timeout(self._clock.now())
        self._drain()


async def supervise(
    programs: Sequence[Program],
    run_directory: RunDirectory,
    beside: Callable[[Supervisor], Coroutine[None, None, None]] | None = None,
) -> int:
    """Run the programs until SIGTERM or SIGINT; SIGHUP reloads. Returns the exit code.

    `beside` goes on as long as they run.
    """
    supervisor = Supervisor(programs, run_directory)
    watching = None if beside is None else asyncio.create_task(beside(supervisor))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
    loop.add_signal_handler(signal.SIGINT, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reload)
    try:
        return await supervisor.run()
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is None:
        return "unknown"
    return f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
