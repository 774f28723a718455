"""What a whole back-to-back call costs, how many a second one core can do, and what memory a call holds.

SIPp calls the switch, the switch rings a registered phone, which is SIPp again: INVITE, 100, 180, 200, ACK, BYE, 200 on
two legs, no media. The switch is the real one: flow, a stream in a media worker for each leg, call record in LMDB. Its
figure is the CPU time, user and system, of the switch process with all its threads; the media worker is another process
and is reported beside it. The switch has the first core, the media worker shares the second one with the load.

    python benchmarks/signalling.py [--peer sippy] [--json]

`--peer sippy` runs PyPI's sippy B2BUA (b2bua_simple) under the same calls in the same run; it is installed into a
virtual environment of its own that is thrown away. `--soak N` places N calls more and says what memory the switch holds
after each tenth of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from processes import LOAD_CORE, SERVER_CORE, cpu_s, own_kib, put_on_core, where_and_when
from sipp_load import Answering, CallFigures, place, register

from softswitch.base.address import HostPort
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

TALK_S = 0.5
FAILED_SHARE_MAX = 0.001
WARM_UP_CALLS = 400
STEP_S = 10.0
"""How long each rate is tried."""
CALLERS = 3
"""SIPp processes: one cannot do much more than a thousand calls a second."""
SOAK_ROUNDS = 10
SIPPY = "sippy==2.5.0"
SERVER = HostPort("127.0.0.2", 5060)
"""Below the ports for media, of which it takes nearly all: each rests for half a minute after its call."""


class Server(msgspec.Struct, frozen=True):
    """A back-to-back user agent under test: where it listens, its process, and where its calls go."""

    name: str
    address: HostPort
    pid: int
    number: str
    media_pid: int = 0


class Row(msgspec.Struct, kw_only=True):
    """One measured rate."""

    per_s: float
    calls: int
    failed: int
    retransmissions: int
    cpu_ms_per_call: float
    core: float
    media_cpu_ms_per_call: float = 0.0


@contextmanager
def softswitch(folder: Path, phone: HostPort, callers: list[HostPort]) -> Generator[Server]:
    address = SERVER
    files = {
        "softswitch.toml": f'[sip]\ndomain = "{address.host}"\nlisten = ["udp:{address}"]\n'
        f'[media]\nip = "{address.host}"\n'
        'ports = "10000-65500"\nworkers = 1\n[limits]\ncalls = 20000\n',
        "agents.toml": '[[phone]]\nid = "desk"\npassword = "long-enough-4711"\nnumber = "110"\n',
        "numbers.toml": '[[route]]\nnumber = "1xx"\nflow = "extension"\n',
        "trunks.toml": f'[[trunk]]\nname = "load"\naddresses = {json.dumps([each.host for each in callers])}\n',
    }
    with RunningSwitch(folder / "centre", files) as switch:
        pid, media_pid = switch.pid("switch"), switch.pid("media-0")
        put_on_core(pid, SERVER_CORE)
        put_on_core(media_pid, LOAD_CORE)  # real-time priority: beside the switch it would take its core's time
        register(phone, address)
        yield Server("softswitch", address, pid, "110", media_pid)


@contextmanager
def sippy(folder: Path, phone: HostPort) -> Generator[Server]:
    """PyPI's sippy, every call to the phone."""
    environment = folder / "sippy"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", SIPPY], check=True)
    address = SERVER
    command = [str(environment / "bin" / "b2bua_simple"), "-f", "-l", address.host, "-p", str(address.port)]
    settings = {**os.environ, "SIPLOG_LVL": "ERR", "SIPLOG_BEND": "stderr"}
    with (folder / "sippy.log").open("wb") as log:
        process = subprocess.Popen([*command, "-n", str(phone)], env=settings, stdout=log, stderr=log)
    try:
        time.sleep(3.0)
        put_on_core(process.pid, SERVER_CORE)
        yield Server("sippy", address, process.pid, "110")
    finally:
        process.kill()
        process.wait()


def measure(server: Server, callers: list[HostPort], *, calls: int, per_s: float, talk_s: float = TALK_S) -> Row:
    began_s, media_began_s = cpu_s(server.pid), cpu_s(server.media_pid) if server.media_pid else 0.0
    figures: CallFigures = place(callers, server.address, server.number, calls=calls, per_s=per_s, talk_s=talk_s)
    spent_s = cpu_s(server.pid) - began_s
    media_s = cpu_s(server.media_pid) - media_began_s if server.media_pid else 0.0
    done = max(1, figures.successful)
    return Row(
        per_s=per_s,
        calls=calls,
        failed=figures.failed,
        retransmissions=figures.retransmissions,
        cpu_ms_per_call=1000 * spent_s / done,
        core=spent_s / figures.seconds,
        media_cpu_ms_per_call=1000 * media_s / done,
    )


def highest_rate(server: Server, callers: list[HostPort], rates: list[float]) -> tuple[float, list[Row]]:
    """The highest of these rates at which hardly any call fails; a rate is tried twice before it counts as too high."""
    best, rows = 0.0, list[Row]()
    for per_s in rates:
        for _ in range(2):
            row = measure(server, callers, calls=round(per_s * STEP_S), per_s=per_s)
            rows.append(row)
            print_row(server.name, row)
            if row.failed <= FAILED_SHARE_MAX * row.calls:
                best = per_s
                break
        else:
            break
    return best, rows


def memory_per_call_kib(server: Server, callers: list[HostPort], calls: int) -> float:
    """What `calls` established calls hold at once in a switch that has not had as many before."""
    per_s = 150.0
    talk_s = calls / per_s + 5.0
    before = own_kib(server.pid)
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(place, callers, server.address, server.number, calls=calls, per_s=per_s, talk_s=talk_s)
        time.sleep(calls / per_s + 2.5)
        held = own_kib(server.pid)
        placing.result()
    return (held - before) / calls


def soaked(server: Server, callers: list[HostPort], *, calls: int, per_s: float) -> dict[str, object]:
    """Memory after each tenth of so many calls. In the first one rings and caches fill; what grows later is lost."""
    memory_kib, failed = [own_kib(server.pid)], 0
    for _ in range(SOAK_ROUNDS):
        row = measure(server, callers, calls=calls // SOAK_ROUNDS, per_s=per_s)
        print_row("soak", row)
        failed += row.failed
        memory_kib.append(own_kib(server.pid))
        print(f"  memory     {memory_kib[-1]} KiB", flush=True)
    return {"calls": calls, "failed": failed, "memory_kib": memory_kib, "grown_kib": memory_kib[-1] - memory_kib[1]}


def print_row(name: str, row: Row) -> None:
    print(
        f"  {name:<11}{row.per_s:7.0f}/s {row.calls:7d} calls {row.failed:6d} failed {row.retransmissions:6d} repeated"
        f"{row.cpu_ms_per_call:9.2f} ms a call{100 * row.core:7.0f} % of a core"
        f"{row.media_cpu_ms_per_call:8.2f} ms in the media worker",
        flush=True,
    )


@click.command
@click.option("--calls", default=3000, help="For the CPU time of a call.")
@click.option("--rate", default=150.0, help="Calls a second, for the same.")
@click.option("--rates", default="300,400,500,550,600,650,700,800", help="Tried in turn for the highest; '' for none.")
@click.option("--held", default=2000, help="Calls held at once for the memory of one; 0 for none.")
@click.option("--soak", default=0, help="So many calls more, at --rate times two; what memory is after each tenth.")
@click.option("--peer", type=click.Choice(["sippy"]), help="Measured in the same run.")
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object.")
def main(calls: int, rate: float, rates: str, held: int, soak: int, peer: str | None, as_json: bool) -> None:
    """Measure the signalling of the whole switch."""
    phone = HostPort("127.0.0.3", free_port("127.0.0.3"))
    callers = [HostPort(f"127.0.0.{4 + index}", free_port(f"127.0.0.{4 + index}")) for index in range(CALLERS)]
    steps = [float(text) for text in rates.split(",") if text]
    result: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="signalling-") as name:
        folder = Path(name)
        with softswitch(folder, phone, callers) as server, Answering(phone):
            measure(server, callers, calls=WARM_UP_CALLS, per_s=100.0)
            held_kib = memory_per_call_kib(server, callers, held) if held else 0.0
            row = measure(server, callers, calls=calls, per_s=rate)
            print_row("softswitch", row)
            print(f"  memory     {held_kib:.1f} KiB per established call, {held} held", flush=True)
            best, rows = highest_rate(server, callers, steps)
            result = {
                "cpu_ms_per_call": round(row.cpu_ms_per_call, 3),
                "media_cpu_ms_per_call": round(row.media_cpu_ms_per_call, 3),
                "max_cps": best,
                "failed": row.failed,
                "kib_per_call": round(held_kib, 1),
                "rates": [msgspec.to_builtins(each) for each in rows],
            }
            if soak:
                result["soak"] = soaked(server, callers, calls=soak, per_s=2 * rate)
        if peer:
            with sippy(folder, phone) as server, Answering(phone):
                measure(server, callers, calls=WARM_UP_CALLS, per_s=50.0)
                row = measure(server, callers, calls=calls // 2, per_s=rate / 2)
                print_row("sippy", row)
                result["sippy"] = {"cpu_ms_per_call": round(row.cpu_ms_per_call, 3), "failed": row.failed}
    if as_json:
        print(json.dumps({**result, **where_and_when()}))


if __name__ == "__main__":
    main()
