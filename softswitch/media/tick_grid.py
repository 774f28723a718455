"""The grid of time all streams stand on: slots of 5 ms, four phases, a tick of each phase every 20 ms.

Slots are counted from the origin of the monotonic clock, which is common to all processes of a machine. So a worker
that takes over from another one finds sequence and timestamp of every stream by arithmetic.

A stream belongs to one phase for life. The phases spread the packets of a tick over 20 ms, so that thousands of them do
not leave in one burst.
"""

import math

TICK_S = 0.020
PHASES = 4
SLOT_S = TICK_S / PHASES

SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = 160
"""Samples of one tick; also its bytes, since every codec of the tick has one byte per sample."""


def slot_at(now: float) -> int:
    """The slot that `now` (monotonic seconds) lies in."""
    return math.floor(now / SLOT_S)


def time_of(slot: int) -> float:
    """When the slot begins, in monotonic seconds."""
    return slot * SLOT_S


def first_slot(started_at: float, phase: int) -> int:
    """The first slot of the phase that begins at or after `started_at`."""
    slot = math.ceil(started_at / SLOT_S)
    return slot + (phase - slot) % PHASES


def phase_of_port(port: int) -> int:
    """The phase that a shared port belongs to, with all its streams."""
    return port // 2 % PHASES
