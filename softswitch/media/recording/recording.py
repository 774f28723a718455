"""Recordings: names, length and layout of the files, apart from anything that touches a disk.

While a call lasts its recording is `<path>.part`; the final name appears when the file is complete. Time in a file is
counted from the recording's `started_at`: frame n is the sound at started_at + n / 8000, whatever happened in between.
So sound that was lost, to a full disk or a dead worker, is silence of the same length.
"""

from datetime import UTC, datetime
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import CallId
from softswitch.media.sounds.wav import HEADER_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ

CHANNELS = 2
SampleTables = tuple[NDArray[np.int16], NDArray[np.int16]]
"""What the bytes of the left and of the right channel mean: int16[256] each."""

FRAME_BYTES = CHANNELS * SAMPLE_BYTES
PART_SUFFIX = ".part"

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_NAME_LENGTH_MAX = 200  # file names have 255 bytes, and the suffixes need some


def recording_path(directory: str, wall: float, call_id: CallId) -> str:
    """`directory`/yyyy/mm/dd/call_id.wav, by the UTC day of `wall` (seconds since 1970).

    The name holds no telephone number, so that a directory listing tells nothing about the callers. Two recordings of
    one call need two ids, such as "<call_id>-2".
    """
    name = "".join(character if character in _NAME_CHARACTERS else "_" for character in call_id)[:_NAME_LENGTH_MAX]
    day = datetime.fromtimestamp(wall, UTC)
    return str(PurePath(directory, f"{day:%Y}", f"{day:%m}", f"{day:%d}", f"{name.lstrip('.') or '_'}.wav"))


def frames_at(started_at: float, now: float) -> int:
    """Frames a recording has at `now` (both monotonic seconds)."""
    return max(0, round((now - started_at) * SAMPLE_RATE_HZ))


def frames_in(size_bytes: int) -> int:
    """Whole frames in a recording's file of this size."""
    return max(0, size_bytes - HEADER_BYTES) // FRAME_BYTES


def position_of(frame: int) -> int:
    """Where in the file that frame begins."""
    return HEADER_BYTES + frame * FRAME_BYTES


def interleave(sound: bytes, samples: SampleTables) -> bytes:
    """A block of both channels, the left one first, as frames: int16, left and right in turn, little-endian.

    A frame is one number of 32 bits here, so that each channel is one look-up and nothing has to be moved apart.
    """
    left, right = np.frombuffer(sound, np.uint8).reshape(CHANNELS, -1)
    frames = samples[0].astype("<u2").astype("<u4").take(left)
    frames |= (samples[1].astype("<u2").astype("<u4") << 16).take(right)
    return frames.tobytes()


def duration_s(frames: int) -> float:
    return frames / SAMPLE_RATE_HZ
