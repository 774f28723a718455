"""The jitter buffer on networks of every kind: how much of the sound comes too late, and how long all of it waits."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.media.receiving.playout_line import FRAME, PlayoutLine, arrival_ticks, encode

TICKS = 4000
LEARNT = 500
MS = 8

Trace = NDArray[np.float64]
CHANCE = np.random.default_rng(4)


def bursts(every_ms: int, length_ms: int) -> Trace:
    """Once in a while nothing comes for so long, then all of it at once: Wi-Fi that looks for other stations."""
    delays = CHANCE.uniform(0, 5, TICKS)
    for begin in range(100, TICKS - 20, every_ms // 20):
        held = np.arange(length_ms // 20)
        delays[begin + held] += length_ms - 20 * held
    return delays


def pareto(scale_ms: float) -> Trace:
    """Mostly little, sometimes much, up to 300 ms."""
    return np.minimum(scale_ms * CHANCE.pareto(1.5, TICKS), 300)


def uniform(most_ms: float) -> Trace:
    return CHANCE.uniform(0, most_ms, TICKS)


def in_turn(first: Trace, second: Trace) -> Trace:
    return np.concatenate([first[: TICKS // 2], second[TICKS // 2 :]])


def talk() -> NDArray[np.uint8]:
    """Two seconds of a voice, and half a second of silence."""
    time = np.arange(125 * FRAME)
    voice = 4000 * np.sin(2 * np.pi * time / 73) + 2000 * np.sin(2 * np.pi * time / 51)
    return encode(np.where(time < 100 * FRAME, voice, 0.0))


@pytest.mark.parametrize(
    ("trace", "late_max", "delay_max_ms", "end_max_ms"),
    [
        (lambda: np.full(TICKS, 30.0), 0.001, 65, 65),
        (lambda: uniform(20), 0.002, 60, 60),
        (lambda: uniform(60), 0.005, 100, 100),
        (lambda: uniform(100), 0.005, 140, 140),
        (lambda: pareto(5), 0.06, 170, 190),
        (lambda: pareto(10), 0.07, 240, 260),
        (lambda: bursts(2000, 100), 0.035, 115, 125),
        (lambda: bursts(5000, 200), 0.04, 150, 170),
        (lambda: bursts(1000, 160), 0.02, 190, 190),
        (lambda: in_turn(uniform(10), 120 + uniform(10)), 0.005, 120, 175),
        (lambda: in_turn(uniform(60), uniform(2)), 0.002, 70, 42),
        (lambda: in_turn(pareto(10), uniform(2)), 0.04, 150, 42),
    ],
    ids=[
        "constant",
        "uniform-20",
        "uniform-60",
        "uniform-100",
        "pareto-5",
        "pareto-10",
        "wifi-100",
        "wifi-200",
        "wifi-160",
        "step",
        "calm-again",
        "calm-after-pareto",
    ],
)
def test_late_sound_and_delay(
    trace: Callable[[], Trace], late_max: float, delay_max_ms: float, end_max_ms: float
) -> None:
    """Delays are those from the party's microphone on: the network's own is in them, and the packet's 20 ms are not."""
    came = arrival_ticks(trace()) + 1
    line = PlayoutLine(talk()[np.newaxis])
    row = np.zeros(1, np.int64)
    taken = spoiled = 0
    delays = np.zeros(TICKS)
    for tick in range(1, TICKS):
        while taken < TICKS and came[taken] <= tick:
            line.receive(row, np.array([taken]))
            taken += 1
        line.play()
        spoiled += int(line.table.concealed[0] > 0)
        delays[tick] = (tick * FRAME - (line.first[0] + line.table.play[0] - FRAME)) / MS
    late, delay, end = spoiled / TICKS, delays[LEARNT:].mean(), delays[-LEARNT:].mean()
    print(f"late {late:.2%}, delay {delay:.0f} ms, at the end {end:.0f} ms")
    assert late <= late_max
    assert delay <= delay_max_ms
    assert end <= end_max_ms
