"""Calls through a back-to-back user agent with SIPp on both sides: how many went well, and what SIPp itself could do.

SIPp has the second core and the agent under test the first, so that the two do not take each other's time; which core a
SIPp process runs on is ours to say. Its own retransmissions are counted: a server that makes them happen is too slow.
"""

import csv
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType

import click
import msgspec
from processes import LOAD_CORE, put_on_core

from softswitch.base.address import HostPort

SCENARIOS = Path(__file__).with_name("scenarios")
SETTLE_S = 40.0
"""How long calls may take to end after the last one began: 64 T1 and some."""


class CallFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the callers saw."""

    successful: int
    failed: int
    retransmissions: int
    seconds: float
    """From the first INVITE to the end of the last call."""


@cache
def sink() -> socket.socket:
    """A port on all our addresses where whatever comes is dropped. Without one each packet would cost an ICMP error."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.bind(("", 0))
    return opened


def sipp(scenario: str, local: HostPort, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A SIPp process on the load's core, with a scenario of ours."""
    path = shutil.which("sipp")
    if path is None:
        raise click.ClickException("SIPp is missing: apt-get install sip-tester")
    command = [path, "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", local.host, "-p", str(local.port)]
    command += ["-mi", local.host, "-nostdin", "-skip_rlimit", "-trace_stat", "-stf", f"{scenario}.csv", "-fd", "1"]
    command += ["-trace_err", "-error_file", f"{scenario}.errors", "-buff_size", "4194304", *arguments]
    command += ["-key", "sink", str(sink().getsockname()[1])]
    with (folder / f"{scenario}.out").open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    put_on_core(process.pid, LOAD_CORE)
    return process


class Answering:
    """SIPp as the phone that answers; a context manager."""

    def __init__(self, local: HostPort) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sipp-phone-")
        self._process = sipp("phone", local, Path(self._folder.name), "-rtcheck", "loose")

    def __enter__(self) -> "Answering":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._folder.cleanup()


def register(phone: HostPort, server: HostPort) -> None:
    """Register "desk" from the port where it will answer. Raises ClickException when the server will not have it."""
    with tempfile.TemporaryDirectory(prefix="sipp-register-") as name:
        process = sipp("register", phone, Path(name), f"{server.host}:{server.port}", "-m", "1", "-timeout", "10s")
        if process.wait() != 0:
            raise click.ClickException(f"the phone could not register: {(Path(name) / 'register.errors').read_text()}")


def place(
    callers: Sequence[HostPort], server: HostPort, number: str, *, calls: int, per_s: float, talk_s: float
) -> CallFigures:
    """Place `calls` calls at this rate, spread over one SIPp process per caller; wait until all are over."""
    with tempfile.TemporaryDirectory(prefix="sipp-callers-") as name:
        began_at = time.monotonic()
        processes: list[subprocess.Popen[bytes]] = []
        for index, caller in enumerate(callers):
            folder = Path(name, str(index))
            folder.mkdir()
            each = calls // len(callers)
            arguments = [f"{server.host}:{server.port}", "-s", number, "-d", str(round(talk_s * 1000))]
            arguments += ["-m", str(each), "-r", str(per_s / len(callers)), "-l", "100000"]
            arguments += ["-timeout", f"{round(each * len(callers) / per_s + talk_s + SETTLE_S)}s"]
            processes.append(sipp("caller", caller, folder, *arguments))
        for process in processes:
            process.wait()
        lasted_s = time.monotonic() - began_at
        figures = [_figures(Path(name, str(index), "caller.csv")) for index in range(len(callers))]
    successful = sum(each[0] for each in figures)
    return CallFigures(
        successful=successful,
        failed=calls // len(callers) * len(callers) - successful,
        retransmissions=sum(each[1] for each in figures),
        seconds=lasted_s,
    )


def _figures(path: Path) -> tuple[int, int]:
    """Successful calls and retransmissions, from SIPp's last line of statistics."""
    with path.open() as file:
        row = list(csv.DictReader(file, delimiter=";"))[-1]
    return int(row["SuccessfulCall(C)"]), int(row["Retransmissions(C)"])
