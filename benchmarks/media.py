"""Calls per core of the media engine: bridged, between two laws, or recorded; the floor and rtpengine beside it.

    python benchmarks/media.py --mode bridge|transcode|record --calls 200 [--ports shared] [--peer rtpengine] [--json]

In one run, one after another, each on a core of its own with the load on the other (media_bench.py):

* `floor`: the same packets over the same kind of sockets, received and sent by the shortest code there is: no engine;
* `engine`: a media worker process that bridges the calls, two legs each;
* `rtpengine`: Debian's, in user space (`--table=-1`), one worker thread, the same calls set up by its own protocol. It
  forwards packets as they come, without a jitter buffer; it records to pcap files.
"""

import json
import time
from pathlib import Path

import click
import msgspec
from media_bench import (
    Engine,
    Load,
    Measured,
    Setting,
    measure_engine,
    measure_floor,
    measured,
    print_table,
    raise_descriptor_limit,
)
from processes import where_and_when
from rtpengine_peer import Rtpengine

from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.protocol import Hearing, Recording, SetHearing, StartRecording

LAWS = {"bridge": ("PCMU", "PCMU"), "record": ("PCMU", "PCMU"), "transcode": ("PCMU", "PCMA")}
"""Of the two legs of a call, by mode."""


def run_engine(setting: Setting, *, is_recorded: bool) -> Measured:
    with Load(setting) as load, Engine(setting, load) as engine:
        engine.command(
            *(SetHearing(Hearing(StreamId(leg), [StreamId(leg ^ 1)])) for leg in range(setting.legs)),
        )
        if is_recorded:
            engine.command(*(StartRecording(recording_of(call, engine)) for call in range(setting.legs // 2)))
        return measure_engine(setting, load, engine)


def recording_of(call: int, engine: Engine) -> Recording:
    return Recording(
        recording_id=RecordingId(str(call)),
        call_id=CallId(str(call)),
        path=str(Path(engine.folder.name, f"{call}.wav")),
        left=StreamId(2 * call),
        right=StreamId(2 * call + 1),
        started_at=time.monotonic(),
    )


def run_rtpengine(setting: Setting, *, is_recorded: bool) -> Measured:
    with Load(setting) as load, Rtpengine(2 * setting.legs) as peer:
        targets: list[int] = []
        for near in range(0, setting.legs, 2):
            parties = [(load.remote(leg), setting.laws[leg]) for leg in (near, near + 1)]
            targets += peer.call(str(near // 2), *parties, is_recorded=is_recorded)
        return measured(setting, load, peer.pid, targets)


@click.command(help=__doc__)
@click.option("--mode", type=click.Choice(list(LAWS)), default="bridge")
@click.option("--calls", default=200, help="Calls, two legs each.")
@click.option("--ports", type=click.Choice(["dedicated", "shared"]), default="dedicated")
@click.option("--seconds", default=6.0, help="Measured time, after the settling.")
@click.option(
    "--settle", default=15.0, help="Seconds before anything counts: the jitter buffers have found their length."
)
@click.option("--peer", type=click.Choice(["rtpengine"]), default=None)
@click.option("--no-floor", is_flag=True, help="Leave the floor out.")
@click.option("--json", "as_json", is_flag=True)
def main(
    mode: str, calls: int, ports: str, seconds: float, settle: float, peer: str | None, no_floor: bool, as_json: bool
) -> None:
    raise_descriptor_limit()
    setting = Setting(
        laws=[*LAWS[mode]] * calls,
        groups=[leg // 2 for leg in range(2 * calls)],
        is_shared=ports == "shared",
        seconds=seconds,
        settle_s=settle,
    )
    rows: dict[str, Measured] = {}
    if not no_floor:
        rows["floor"] = measure_floor(setting)
    rows["engine"] = run_engine(setting, is_recorded=mode == "record")
    if peer is not None:
        rows["rtpengine"] = run_rtpengine(setting, is_recorded=mode == "record")
    print(f"{mode}, {calls} calls of two legs, {ports} ports")
    print_table(rows, seconds)
    if as_json:
        asked = {"benchmark": "media", "mode": mode, "calls": calls, "ports": ports}
        print(json.dumps(asked | figures(rows) | where_and_when()))


def figures(rows: dict[str, Measured]) -> dict[str, object]:
    ours, floor, peer = rows["engine"], rows.get("floor"), rows.get("rtpengine")
    return {
        "cpu_us_per_leg_tick": round(ours.cpu_us_per_leg_tick, 3),
        "floor_us_per_leg_tick": round(floor.cpu_us_per_leg_tick, 3) if floor else None,
        "ratio_to_floor": round(ours.cpu_us_per_leg_tick / floor.cpu_us_per_leg_tick, 3) if floor else None,
        "calls_per_core": round(ours.legs_per_core / 2),
        "loss": round(ours.loss, 5),
        "latency_ms_p99": round(ours.delay_ms_p99, 1),
        "late_ticks": ours.late_ticks,
        "peer_calls_per_core": round(peer.legs_per_core / 2) if peer else None,
        "ratio_to_peer": round(ours.legs_per_core / peer.legs_per_core, 3) if peer else None,
        "rows": {name: msgspec.to_builtins(row) for name, row in rows.items()},
    }


if __name__ == "__main__":
    main()
