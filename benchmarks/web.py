"""What the HTTP API costs the calls: how long set-up takes without requests, and with very many.

    python benchmarks/web.py [--requests 500] [--readers 200] [--calls-per-s 20] [--talk-s 15] [--rounds 3]
        [--before-others] [--json]

Calls come at a steady rate (by signalling_load.py) and talk for a while, so that `calls_per_s * talk_s` of them are in
progress. From an INVITE sent to its 200 received is `setup_ms`, as the two ends see it, which are programs on a core
that others want too. The switch's part is `wire_ms` (as root only): from the caller's INVITE to the one for the phone,
as the kernel saw them on loopback. Rounds without and with requests follow each other, so that a machine that becomes
slower or faster does so for both. Requests are listings of calls, agents, queues and figures, by kept connections;
readers follow all events by WebSocket.

The switch has the first core; the media worker, the web process, the supervisor, the calls' two ends and who sends the
requests share the second. Who sends them gives way to all others: in life that is another machine.
The bar is that the 99th percentile changes by less than a fifth.

On a machine that does other work meanwhile: `own_ms` is `wire_ms` without the time in which other programs had the
switch's core (by perf, as root), and with `--before-others` all that is measured goes before that work (as root).
"""

import asyncio
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
import click
from core_share import CoreShare
from processes import LOAD_CORE, SERVER_CORE, cpu_s, put_on_core, where_and_when
from processes import before_others as go_before_others
from signalling_load import LoadResult, load
from wire import Request, Wire

from softswitch.base.address import HostPort
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

SWITCH, PHONE, CALLER = "127.0.0.1", "127.0.0.3", "127.0.0.4"
PASSWORD = "long-enough-4711"
KEY = "ssw_benchmark"
CONNECTIONS = 50
PATHS = ("calls", "agents", "queues", "calls", "figures")
"""Asked in turn; calls most often, as a wallboard does."""
BAR = 0.20
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
AGENTS = 100


def files(port: int, web_port: int) -> dict[str, str]:
    agents = "".join(f'[[agent]]\nid = "agent{number}"\npassword = "{PASSWORD}"\n' for number in range(AGENTS))
    return {
        "softswitch.toml": f'[sip]\ndomain = "{SWITCH}"\nlisten = ["udp:{SWITCH}:{port}"]\n'
        f'[media]\nip = "{SWITCH}"\nports = "10000-29999"\nworkers = 1\n[log]\nlevel = "warning"\n'
        f'[web]\nenabled = true\nlisten = "127.0.0.1:{web_port}"\n'
        "requests_per_s = 100000\naddress_requests_per_s = 100000\n",
        "agents.toml": f'[[phone]]\nid = "answers"\npassword = "{PASSWORD}"\nnumber = "101"\ncalls_max = 0\n{agents}',
        "queues.toml": '[[queue]]\nid = "support"\n',
        "numbers.toml": '[[route]]\nnumber = "1xx"\nflow = "extension"\n',
        "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["{CALLER}"]\n',
        "users.toml": f'[[key]]\nid = "all"\nrole = "admin"\nhash = "{hashlib.sha256(KEY.encode()).hexdigest()}"\n',
    }


async def ask(url: str, per_s: float, readers: int, seconds: float) -> dict[str, float]:
    """Requests at a steady rate, and readers of events; how many were answered, how quickly, and what was heard."""
    times_ms: list[float] = []
    failed = frames = 0
    connector = aiohttp.TCPConnector(limit=CONNECTIONS + readers)

    async def one(session: aiohttp.ClientSession, path: str) -> None:
        nonlocal failed
        began_at = time.monotonic()
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with turns, session.get(f"{url}/api/v1/{path}") as answer:
                await answer.read()
                if answer.status == 200:
                    times_ms.append((time.monotonic() - began_at) * 1000)
                    return
        failed += 1

    async def follow(session: aiohttp.ClientSession) -> None:
        nonlocal frames
        async with session.ws_connect(f"{url}/api/v1/events") as socket:
            async for _ in socket:
                frames += 1

    turns = asyncio.Semaphore(CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {KEY}"}) as session:
        following = [asyncio.create_task(follow(session)) for _ in range(readers)]
        began_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(round(per_s * seconds)):
                await asyncio.sleep(max(0.0, began_at + number / per_s - time.monotonic()))
                group.create_task(one(session, PATHS[number % len(PATHS)]))
        took_s = time.monotonic() - began_at
        lost = sum(each.done() for each in following)
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    times_ms.sort()
    return {
        "answered_per_s": len(times_ms) / took_s,
        "failed": failed,
        "median_ms": times_ms[len(times_ms) // 2] if times_ms else 0.0,
        "p99_ms": times_ms[int(0.99 * len(times_ms))] if times_ms else 0.0,
        "readers": readers,
        "readers_lost": lost,
        "frames_per_s": frames / took_s,
    }


@contextlib.contextmanager
def asking(url: str, per_s: float, readers: int, seconds: float) -> Generator[list[dict[str, float]]]:
    """Requests by another process meanwhile; what became of them is in the list afterwards."""
    found: list[dict[str, float]] = []
    if not per_s:
        yield found
        return
    arguments = ["nice", "-n", "10", sys.executable, __file__, "--ask", url, str(per_s), str(readers), str(seconds)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        put_on_core(process.pid, LOAD_CORE)
        yield found
        output, _ = process.communicate(timeout=seconds + 60)
        found.append(json.loads(output))


class Round(NamedTuple):
    """What became of the calls of one, and how long each INVITE was with the switch."""

    calls: LoadResult
    wire_ms: list[float]
    own_ms: list[float]
    """The same without what others had of the switch's core; empty where that cannot be known."""
    others_us: Counter[str]
    """Who had it in the slowest twentieth of these spans, and for how long in all."""


def measure(
    server: HostPort,
    ends: tuple[HostPort, HostPort],
    *,
    calls_per_s: float,
    talk_s: float,
    seconds: float,
    switch: int = 0,
) -> Round:
    """`switch` is its process id, for `own_ms`."""
    calls = round(calls_per_s * seconds)
    wire = open_wire()
    share = CoreShare(SERVER_CORE, Path(tempfile.gettempdir(), f"web-{os.getpid()}.perf")) if wire and switch else None
    account = ("answers", PASSWORD)
    found = asyncio.run(load(server, ends, "101", account, calls=calls, per_s=calls_per_s, talk_s=talk_s))
    spans: list[tuple[float, float]] = []
    own_ms: list[float] = []
    others: Counter[str] = Counter()
    if wire is not None:
        spans = with_the_switch(wire.requests(server.port))
        wire.close()
    if share is not None:
        turns = share.stop({int(task.name) for task in Path(f"/proc/{switch}/task").iterdir()})
        own_ms = sorted(until - at - turns.others_us(at, until).total() / 1000 for at, until in spans)
        slowest = sorted(spans, key=lambda span: span[0] - span[1])[: len(spans) // 20 + 1]
        for at, until in slowest:
            others.update(turns.others_us(at, until))
    return Round(found, sorted(until - at for at, until in spans), own_ms, others)


def open_wire() -> Wire | None:
    try:
        return Wire()
    except PermissionError:
        return None


def with_the_switch(requests: list[Request]) -> list[tuple[float, float]]:
    """From each of the caller's INVITEs until the one for the phone; of those that were sent again, from the first."""
    came_at: dict[str, float] = {}
    spans: list[tuple[float, float]] = []
    for request in requests:
        if request.method == "INVITE" and request.source == CALLER:
            came_at.setdefault(request.calling, request.at_ms)
        elif request.method == "INVITE" and request.destination == PHONE and request.calling in came_at:
            spans.append((came_at.pop(request.calling), request.at_ms))
    return spans


def percentile(times_ms: list[float], share: float) -> float:
    return times_ms[min(len(times_ms) - 1, int(share * len(times_ms)))] if times_ms else 0.0


def median_p99(rounds: list[Round]) -> tuple[float, float, float]:
    """Of set-up, with the switch, and that without others."""
    return (
        statistics.median(each.calls.setup_percentile_ms(0.99) for each in rounds),
        statistics.median(percentile(each.wire_ms, 0.99) for each in rounds),
        statistics.median(percentile(each.own_ms, 0.99) for each in rounds),
    )


@click.command
@click.option("--requests", default=500.0, help="A second.")
@click.option("--readers", default=200, help="Of events, by WebSocket.")
@click.option("--calls-per-s", default=20.0)
@click.option("--talk-s", default=15.0)
@click.option("--seconds", default=30.0, help="How long calls come, in each round.")
@click.option("--rounds", default=3, help="With requests, and as many without.")
@click.option("--before-others", is_flag=True, help="As root: before other work of this machine.")
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object.")
def main(
    requests: float,
    readers: int,
    calls_per_s: float,
    talk_s: float,
    seconds: float,
    rounds: int,
    before_others: bool,
    as_json: bool,
) -> None:
    """Measure what requests to the API change in the set-up of calls."""
    put_on_core(os.getpid(), LOAD_CORE)
    server = HostPort(SWITCH, free_port())
    web_port = free_port()
    ends = (HostPort(CALLER, free_port(CALLER)), HostPort(PHONE, free_port(PHONE)))
    quiet: list[Round] = []
    busy: list[Round] = []
    answers: list[dict[str, float]] = []
    used: dict[str, list[float]] = {"switch quiet": [], "switch busy": [], "web busy": []}
    with tempfile.TemporaryDirectory(prefix="web-") as name:
        running = RunningSwitch(Path(name) / "centre", files(server.port, web_port))
        with running:
            running.wait_until(lambda: running.pid("web") != 0, 30)
            put_on_core(running.pid("switch"), SERVER_CORE)
            if before_others:
                go_before_others([os.getpid(), *(running.pid(name) for name in ("switch", "media-0", "web"))])
            measure(server, ends, calls_per_s=calls_per_s, talk_s=1.0, seconds=5.0)
            for _ in range(rounds):
                for per_s, results in ((0.0, quiet), (requests, busy)):
                    switch_s, web_s = cpu_s(running.pid("switch")), cpu_s(running.pid("web"))
                    began_at = time.monotonic()
                    with asking(f"http://127.0.0.1:{web_port}", per_s, readers, seconds) as answered:
                        results.append(
                            measure(
                                server,
                                ends,
                                calls_per_s=calls_per_s,
                                talk_s=talk_s,
                                seconds=seconds,
                                switch=running.pid("switch") if CoreShare.is_possible() else 0,
                            )
                        )
                    took_s = time.monotonic() - began_at
                    answers += answered
                    used["switch busy" if per_s else "switch quiet"].append(
                        (cpu_s(running.pid("switch")) - switch_s) / took_s
                    )
                    if per_s:
                        used["web busy"].append((cpu_s(running.pid("web")) - web_s) / took_s)
                    calls, wire_ms, own_ms, others = results[-1]
                    print(
                        f"{per_s:4.0f} requests/s: set-up median {calls.setup_percentile_ms(0.5):.2f} ms, "
                        f"p99 {calls.setup_percentile_ms(0.99):.2f} ms; in the switch median "
                        f"{percentile(wire_ms, 0.5):.2f} ms, p99 {percentile(wire_ms, 0.99):.2f} ms, "
                        f"without others {percentile(own_ms, 0.5):.2f}, {percentile(own_ms, 0.99):.2f} ms; "
                        f"{calls.failed} failed"
                    )
                    had = ", ".join(f"{name} {us / 1000:.1f} ms" for name, us in others.most_common(6))
                    print(f"     in the slowest twentieth others had its core: {had or 'nobody'}")
    quiet_p99, quiet_wire_p99, quiet_own_p99 = median_p99(quiet)
    busy_p99, busy_wire_p99, busy_own_p99 = median_p99(busy)
    change = busy_p99 / quiet_p99 - 1
    wire_change = busy_wire_p99 / quiet_wire_p99 - 1 if quiet_wire_p99 else 0.0
    print(f"set-up p99 {quiet_p99:.2f} ms without, {busy_p99:.2f} ms with requests: {100 * change:+.0f} %")
    own_change = busy_own_p99 / quiet_own_p99 - 1 if quiet_own_p99 else 0.0
    print(f"in the switch without others {quiet_own_p99:.2f} and {busy_own_p99:.2f} ms: {100 * own_change:+.0f} %")
    print(f"in the switch {quiet_wire_p99:.2f} and {busy_wire_p99:.2f} ms: {100 * wire_change:+.0f} %; the bar is 20 %")
    print(f"CPU of a core: {', '.join(f'{what} {statistics.median(part):.2f}' for what, part in used.items())}")
    print(f"requests: {answers[-1]}")
    if as_json:
        result = {
            "requests_per_s": requests,
            "readers": readers,
            "before_others": before_others,
            "rounds": [
                {
                    name: [round(percentile(times_ms, share), 2) for times_ms in (each.wire_ms, each.own_ms)]
                    for name, share in PERCENTILES.items()
                }
                for pair in zip(quiet, busy, strict=True)
                for each in pair
            ],
            "others_us": [
                dict(each.others_us.most_common(6)) for pair in zip(quiet, busy, strict=True) for each in pair
            ],
            "calls_in_progress": calls_per_s * talk_s,
            "setup_p99_quiet_ms": round(quiet_p99, 2),
            "setup_p99_busy_ms": round(busy_p99, 2),
            "change": round(change, 3),
            "wire_p99_quiet_ms": round(quiet_wire_p99, 2),
            "wire_p99_busy_ms": round(busy_wire_p99, 2),
            "wire_change": round(wire_change, 3),
            "own_p99_quiet_ms": round(quiet_own_p99, 2),
            "own_p99_busy_ms": round(busy_own_p99, 2),
            "own_change": round(own_change, 3),
            "bar": BAR,
            "failed_calls": sum(each.calls.failed for each in (*quiet, *busy)),
            "answers": answers,
            "cpu": {what: round(statistics.median(part), 3) for what, part in used.items()},
            **where_and_when(),
        }
        print(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        print(json.dumps(asyncio.run(ask(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])))))
    else:
        main()
