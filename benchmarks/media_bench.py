"""What the benchmarks of the media engine share: the load, a worker with its streams, the floor, how CPU is counted.

The server is on one core, the load (media_load.py) on the other, each with real-time priority where the system permits
it. Figures are CPU time, user and system, of all
threads of that process alone, per leg and 20 ms: the mean of the quieter half of the windows, since other programs on a
machine make things dearer and never cheaper. On loopback the system time of a send holds the receiver's part of the
kernel as well; every server pays that alike.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import click
import msgspec
from media_load import SLICES, SOCKETS, LoadFigures, LoadOrder
from processes import LOAD_CORE, SERVER_CORE, cpu_s, resident_kib

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.protocol import MediaCommand, PutStream, StreamDescription
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess

TICKS_PER_S = 50
SHARED_PORTS = 72
WINDOW_S = 0.5
LATE_SHARE_MAX = 0.05
COMMANDS_PER_BATCH = 200


class Setting(msgspec.Struct):
    """`laws` and `groups` by leg: what it speaks, and which legs belong together (the streams of one call)."""

    laws: list[str]
    groups: list[int]
    is_shared: bool
    seconds: float
    settle_s: float
    speaks: list[bool] = []
    """By leg; those who do not send faint noise. Empty: all speak."""

    @property
    def legs(self) -> int:
        return len(self.laws)


class Measured(msgspec.Struct):
    cpu_us_per_leg_tick: float
    core_percent: float
    loss: float
    delay_ms_p50: float
    delay_ms_p99: float
    delay_ms_max: float
    load_late_slices: int
    load_core_percent: float
    late_ticks: int = 0
    memory_kib_per_leg: float = 0.0

    @property
    def legs_per_core(self) -> float:
        return 1e6 / TICKS_PER_S / self.cpu_us_per_leg_tick


class Load:
    """The parties: their ports are bound when this returns, and they speak while `measure` runs."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        path = str(Path(__file__).with_name("media_load.py"))
        self._process = subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        put_on(LOAD_CORE, self._process.pid)
        assert self._process.stdout is not None
        self.ports: list[int] = json.loads(self._process.stdout.readline())

    def remote(self, leg: int) -> HostPort:
        return HostPort("127.0.0.1", self.ports[leg % SOCKETS])

    def measure(self, pid: int, targets: list[int]) -> tuple[float, LoadFigures]:
        """Speak; CPU seconds per second of process `pid` (mean of the quieter windows), and what the parties saw."""
        setting = self._setting
        order = LoadOrder(targets, setting.laws, setting.settle_s, setting.seconds, setting.speaks)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        time.sleep(setting.settle_s)
        shares: list[float] = []
        end = time.monotonic() + self._setting.seconds - WINDOW_S
        while time.monotonic() < end:
            began, at = cpu_s(pid), time.monotonic()
            time.sleep(WINDOW_S)
            shares.append((cpu_s(pid) - began) / (time.monotonic() - at))
        printed, _ = self._process.communicate()
        quiet = sorted(shares)[: max(1, len(shares) // 2)]
        return sum(quiet) / len(quiet), msgspec.json.decode(printed.splitlines()[-1], type=LoadFigures)

    def __enter__(self) -> "Load":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


class Engine:
    """A media worker with a stream for each leg; who hears whom is for the benchmark to say.

    Use it as a context manager.
    """

    def __init__(self, setting: Setting, load: Load) -> None:
        self._setting = setting
        self.folder = tempfile.TemporaryDirectory()
        self._process = MediaProcess(Path(self.folder.name, "media-0.sock"))
        self.pid = self._process.process.pid
        self._empty_kib = resident_kib(self.pid)
        self.ports = ports_of(setting)
        self.command(*self._streams(load))

    def command(self, *commands: MediaCommand) -> None:
        """Carry them out, in batches. Raises ClickException when the worker refuses one."""
        for first in range(0, len(commands), COMMANDS_PER_BATCH):
            refusals = self._process.command(*commands[first : first + COMMANDS_PER_BATCH])
            if refusals:
                self.end()
                raise click.ClickException(refusals[0])

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def late_ticks(self) -> int:
        statistics = self._process.statistics()
        return statistics.overruns if statistics is not None else 0

    def memory_kib_per_leg(self) -> float:
        return (resident_kib(self.pid) - self._empty_kib) / self._setting.legs

    def _streams(self, load: Load) -> Sequence[MediaCommand]:
        setting, now = self._setting, time.monotonic()
        streams = [
            StreamDescription(
                stream_id=StreamId(leg),
                call_id=CallId(str(setting.groups[leg])),
                local_ip="127.0.0.1",
                port=self.ports[leg],
                ssrc=leg + 1,
                sequence=0,
                timestamp=0,
                started_at=now,
                remote=load.remote(leg),
                learn=False,
                is_shared=setting.is_shared,
                codec=setting.laws[leg],
                payload_type=8 if setting.laws[leg] == "PCMA" else 0,
                has_rtcp_mux=True,
            )
            for leg in range(setting.legs)
        ]
        return [PutStream(stream) for stream in streams]

    def end(self) -> None:
        self._process.kill()
        self.folder.cleanup()


def ports_of(setting: Setting) -> list[int]:
    """A server's port by leg. On shared ports, legs of one party's port are on different ones: the pair is the leg."""
    if not setting.is_shared:
        return list(free_range(2 * setting.legs))[::2]
    pool = list(free_range(2 * SHARED_PORTS))[::2]
    return [pool[leg // SOCKETS % SHARED_PORTS] for leg in range(setting.legs)]


@contextmanager
def floor(setting: Setting, load: Load) -> Generator[tuple[int, list[int]]]:
    """A process that only receives and sends as many packets over the same kind of sockets."""
    ports = ports_of(setting)
    remotes = [load.remote(leg).port for leg in range(setting.legs)]
    order = json.dumps({"ports": ports, "remotes": remotes, "is_shared": setting.is_shared})
    path = str(Path(__file__).with_name("media_floor.py"))
    process = subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order + "\n")
        process.stdin.flush()
        process.stdout.readline()
        yield process.pid, ports
    finally:
        process.kill()
        process.wait()


def put_on(core: int, pid: int) -> None:
    """All threads of the process on one core, before other programs there, as our worker sees to itself."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
        with suppress(PermissionError):
            os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(1))


def measured(setting: Setting, load: Load, pid: int, targets: list[int]) -> Measured:
    put_on(SERVER_CORE, pid)
    share, figures = load.measure(pid, targets)
    return Measured(
        cpu_us_per_leg_tick=share * 1e6 / TICKS_PER_S / setting.legs,
        core_percent=100 * share,
        loss=1 - figures.received / max(figures.sent, 1),
        delay_ms_p50=figures.delay_ms_p50,
        delay_ms_p99=figures.delay_ms_p99,
        delay_ms_max=figures.delay_ms_max,
        load_late_slices=figures.late_slices,
        load_core_percent=figures.core_percent,
    )


def measure_engine(setting: Setting, load: Load, engine: Engine) -> Measured:
    result = measured(setting, load, engine.pid, engine.ports)
    result.late_ticks = engine.late_ticks()
    result.memory_kib_per_leg = engine.memory_kib_per_leg()
    return result


def measure_floor(setting: Setting) -> Measured:
    with Load(setting) as load, floor(setting, load) as (pid, ports):
        return measured(setting, load, pid, ports)


def raise_descriptor_limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def print_table(rows: dict[str, Measured], seconds: float) -> None:
    print("              µs/leg-tick   core %   legs/core   loss %   delay ms p50 / p99 / max   KiB/leg  late ticks")
    for name, row in rows.items():
        print(
            f"  {name:<12}{row.cpu_us_per_leg_tick:10.2f}{row.core_percent:10.1f}{row.legs_per_core:12.0f}"
            f"{100 * row.loss:9.2f}{row.delay_ms_p50:12.1f} /{row.delay_ms_p99:6.1f} /{row.delay_ms_max:6.1f}"
            f"{row.memory_kib_per_leg:10.1f}{row.late_ticks:8d}"
            f"   (load: {row.load_core_percent:.0f} % of its core, {row.load_late_slices} late)"
        )
    if any(row.load_late_slices > LATE_SHARE_MAX * SLICES * TICKS_PER_S * seconds for row in rows.values()):
        print("The load itself was late: the machine had too much else to do for these figures to mean much.")
