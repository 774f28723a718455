"""What recording costs a media worker, from the tick's taps to the disk. Run: python benchmarks/bench_recorder.py

As many recordings as asked for run in real time, as in a worker but without its other work: four phases 5 ms apart tap
the sound of both parties of each call, blocks go to the recorder's thread, files grow. Measured: CPU time of the ticks
and of the thread, how long a block waits from the tick to the file, and whether every file has every sample in the end.
`--json` prints one object as the last line: microseconds per recording and second, milliseconds of delay.
"""

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.limits import RECORDINGS_MAX
from softswitch.media.protocol import Recording
from softswitch.media.recording.recording import frames_in
from softswitch.media.recording.taps import Taps
from softswitch.media.runtime.recording.recorder import Recorder
from softswitch.media.tick_grid import PHASES, SLOT_S

SWITCH_INTERVAL_S = 0.0005
"""As in a worker."""


def measure(recordings: int, seconds: float, directory: Path) -> dict[str, float]:
    tables = CodecTables(load_codecs())
    streams = 2 * recordings
    frames = Frames(streams, tables)
    generator = np.random.default_rng(1)
    speech: NDArray[np.uint8] = generator.integers(0, 256, (8, streams, 160), np.uint8)
    recorder = Recorder()
    recorder.start()
    phases = [Taps(RECORDINGS_MAX // PHASES, recorder, tables) for _ in range(PHASES)]
    started_at = time.monotonic()
    for number in range(recordings):
        recording = Recording(
            recording_id=RecordingId(str(number)),
            call_id=CallId(str(number)),
            path=str(directory / f"{number}.wav"),
            left=StreamId(2 * number),
            right=StreamId(2 * number + 1),
            started_at=started_at,
        )
        recorder.open(recording, started_at)
        phases[number % PHASES].add(recording.recording_id, (2 * number, 2 * number + 1), frames)
    slots = round(seconds / SLOT_S)
    tick_cpu_s = 0.0
    late_s_max = 0.0
    waiting_max = 0
    cpu_began, own_cpu_began = time.process_time(), time.thread_time()
    began = time.monotonic()
    for slot in range(slots):
        due = began + slot * SLOT_S
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        else:
            late_s_max = max(late_s_max, now - due)
        frames.content[:streams] = speech[slot % 8]
        cpu = time.thread_time()
        phases[slot % PHASES].take(frames, 1, due)
        tick_cpu_s += time.thread_time() - cpu
        waiting_max = max(waiting_max, recorder.waiting_bytes)
    thread_cpu_s = time.process_time() - cpu_began - (time.thread_time() - own_cpu_began)
    for taps, rest in zip(phases, range(PHASES), strict=True):
        for slot in range(len(range(rest, recordings, PHASES))):
            taps.remove(slot)
    recorder.stop(timeout_s=120.0)
    finished = recorder.take_finished()
    expected = slots // PHASES * 160
    gaps = sum(bool(event.fault) for event in finished)
    gaps += sum(frames_in(os.path.getsize(event.path)) != expected for event in finished)
    recorded_s = recordings * seconds
    return {
        "recordings": recordings,
        "seconds": seconds,
        "files_with_gaps": gaps + recordings - len(finished),
        "tick_us_per_recording_s": tick_cpu_s / recorded_s * 1e6,
        "thread_us_per_recording_s": thread_cpu_s / recorded_s * 1e6,
        "core_share": (tick_cpu_s + thread_cpu_s) / seconds,
        "waiting_s_max": waiting_max / (recordings * 16000),
        "late_ms_max": late_s_max * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--recordings", type=int, nargs="+", default=[200, 1200])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument(
        "--directory", help="a directory on the disk to be measured; otherwise the system's temporary one"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    results: list[dict[str, float]] = []
    for recordings in arguments.recordings:
        with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
            results.append(measure(recordings, arguments.seconds, Path(directory)))
        print("  ".join(f"{name} {value:.3g}" for name, value in results[-1].items()))
    if arguments.json:
        print(json.dumps({"machine": platform.processor() or platform.machine(), "results": results}))


if __name__ == "__main__":
    main()
