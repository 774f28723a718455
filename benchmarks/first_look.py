"""The two figures everything follows from: CPU µs per leg and 20 ms tick of a bridge, CPU ms per call of signalling.

Both are of the real processes on loopback: a media worker that bridges pairs of legs, fed with G.711 by a second one;
the switch that connects trunk calls to a registered phone (two legs, a stream opened for each, a call record written).
CPU time is user and system of that one process, from /proc.

    python benchmarks/first_look.py [--legs 100,400] [--calls 1000] [--json]
"""

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
from processes import cpu_s
from signalling_load import load

from softswitch.base.address import HostPort
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import CallId
from softswitch.media.protocol import MediaEvent
from softswitch.media.runtime.client import MediaClient
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.prompts.music import hold_music
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.testing.runtime.free_ports import free_port, free_range
from softswitch.testing.runtime.running import RunningSwitch

TICKS_PER_S = 50
SETTLE_S = 3.0
"""Latching and jitter adaptation are over, and imports and first allocations are not in the figure."""


class BridgeBench:
    """Two workers: `bridge` is measured, `load` speaks into every leg of it and listens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._music = folder / "music.wav"
        write_wav(self._music, hold_music())

    async def run(self, legs: int, seconds: float) -> dict[str, float]:
        ports = free_range(2 * (2 * legs + 100))
        bridge, bridging = await self._worker("bridge", legs, ports[: len(ports) // 2])
        loader, loading = await self._worker("load", legs, ports[len(ports) // 2 :])
        try:
            await self._connect(bridge, loader, legs)
            await asyncio.sleep(SETTLE_S)
            began_at, began_cpu_s = time.monotonic(), cpu_s(bridging.pid)
            await asyncio.sleep(seconds)
            spent_s, lasted_s = cpu_s(bridging.pid) - began_cpu_s, time.monotonic() - began_at
            statistics = bridge.workers()[0].statistics
            assert statistics is not None, "the worker was connected for seconds"
            return {
                "legs": legs,
                "us_per_leg_tick": spent_s * 1e6 / (legs * lasted_s * TICKS_PER_S),
                "core_percent": 100 * spent_s / lasted_s,
                "overruns": statistics.overruns,
                "packets_received_per_leg_s": statistics.packets_received / legs / (SETTLE_S + lasted_s),
            }
        finally:
            await bridge.close()
            await loader.close()
            for process in (bridging, loading):
                process.terminate()
                process.wait()

    async def _worker(self, name: str, legs: int, ports: range) -> tuple[MediaClient, subprocess.Popen[bytes]]:
        path = str(self._folder / f"{name}-{legs}.sock")
        arguments = ("-m", "softswitch.media.runtime.worker", "--socket", path, "--name", name, "--log-level", "error")
        process = await asyncio.to_thread(subprocess.Popen[bytes], (sys.executable, *arguments))

        def ignore(_: MediaEvent) -> None:
            pass

        client = MediaClient(
            {name: path},
            local_ip="127.0.0.1",
            ports=ports,
            clock=SystemClock(),
            entropy=SystemEntropy(),
            on_event=ignore,
            open_within_s=30.0,
        )
        await client.start()
        return client, process

    async def _connect(self, bridge: MediaClient, loader: MediaClient, legs: int) -> None:
        call = CallId("bench")
        inner = [await bridge.open_stream(call, learn=False) for _ in range(legs)]
        outer = [await loader.open_stream(call, learn=False) for _ in range(legs)]
        for ours, theirs in zip(inner, outer, strict=True):
            _join(ours, theirs)
            _join(theirs, ours)
            theirs.play([str(self._music)], loop=True)
        for left, right in zip(inner[::2], inner[1::2], strict=True):
            left.hear(right)
            right.hear(left)


def _join(ours: MediaStream, theirs: MediaStream) -> None:
    ours.connect(
        remote=theirs.local, codec="PCMU", payload_type=0, telephone_event=101, ptime_ms=20, sends=True, receives=True
    )


def signalling(folder: Path, calls: int, per_s: float) -> dict[str, float]:
    """CPU of the switch per call, both legs, from INVITE to the end of the last transaction."""
    sip, caller, phone = HostPort("127.0.0.1", free_port()), free_port("127.0.0.2"), free_port()
    media = free_range(4 * calls + 400)  # four ports a call, and each rests for half a minute
    files = {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:{sip}"]\n[media]\nip = "127.0.0.1"\n'
        f'ports = "{media[0]}-{media[-1]}"\nworkers = 1\n[log]\nlevel = "warning"\n',
        "agents.toml": '[[phone]]\nid = "desk"\npassword = "long-enough-4711"\nnumber = "110"\n',
        "numbers.toml": '[[route]]\nnumber = "1xx"\nflow = "extension"\n',
        "trunks.toml": '[[trunk]]\nname = "load"\naddresses = ["127.0.0.2"]\n',
    }
    with RunningSwitch(folder / "centre", files) as switch:
        addresses = [HostPort("127.0.0.2", caller), HostPort("127.0.0.1", phone)]
        account = ("desk", "long-enough-4711")
        began_cpu_s = cpu_s(switch.pid("switch"))
        result = asyncio.run(load(sip, addresses, "110", account, calls=calls, per_s=per_s, talk_s=1.0))
        spent_s = cpu_s(switch.pid("switch")) - began_cpu_s
    return {
        "calls": calls,
        "calls_per_s": per_s,
        "failed": result.failed,
        "ms_per_call": spent_s * 1000 / calls,
        "setup_ms_p50": result.setup_percentile_ms(0.5),
        "setup_ms_p99": result.setup_percentile_ms(0.99),
    }


@click.command
@click.option("--legs", default="100,400", help="Numbers of bridged legs to measure.")
@click.option("--seconds", default=8.0, help="How long each is measured.")
@click.option("--calls", default=1000)
@click.option("--rate", default=60.0, help="Calls per second.")
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object.")
def main(legs: str, seconds: float, calls: int, rate: float, as_json: bool) -> None:
    """Measure the bridge and the signalling."""
    with tempfile.TemporaryDirectory(prefix="first-look-") as name:
        folder = Path(name)
        bench = BridgeBench(folder)
        bridges = [asyncio.run(bench.run(int(count), seconds)) for count in legs.split(",")]
        calls_result = signalling(folder, calls, rate)
    _print_table(bridges, calls_result)
    if as_json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "machine": platform.machine()}
        print(json.dumps({"bridge": bridges, "signalling": calls_result, "where": machine}))


def _print_table(bridges: Sequence[dict[str, float]], calls: dict[str, float]) -> None:
    print("Bridge of G.711 legs, one media worker")
    for row in bridges:
        print(
            f"  {row['legs']:>5.0f} legs   {row['us_per_leg_tick']:6.2f} µs per leg and tick   "
            f"{row['core_percent']:5.1f} % of a core   {row['overruns']:.0f} late ticks"
        )
    print("Signalling, one switch process")
    print(
        f"  {calls['calls']:>5.0f} calls  {calls['ms_per_call']:6.2f} ms of CPU per call   "
        f"{calls['failed']:.0f} failed   set-up {calls['setup_ms_p50']:.1f} ms (p99 {calls['setup_ms_p99']:.1f})"
    )


if __name__ == "__main__":
    main()
