"""WAV files: reading the sounds a worker plays, and the format its recordings are written in.

Sounds have one format, that of the wire: 8 kHz, mono, 16-bit linear PCM. The prompt library converts everything else
once; a file that was not converted is a `WavFault`, which a playback reports. Our own recordings have two channels, and
are heard as the sum of both.

A recording is written front to back and must be readable at any instant, because the process may be killed. So its
header says 0xFFFFFFFF ("not known yet") for both sizes from the start; libsndfile, FFmpeg and Python's `wave` then read
up to the end of the file. With zeros there, as some switches write until they close, nothing can be read.
"""

import os
import struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import SOUND_BYTES_MAX

SAMPLE_RATE_HZ = 8000
SAMPLE_BYTES = 2
HEADER_BYTES = 44

_SIZE_UNKNOWN = 0xFFFFFFFF
_PCM = 1
_EXTENSIBLE = 0xFFFE
_PCM_SUBFORMAT = bytes.fromhex("0100000000001000800000aa00389b71")


class WavFault(msgspec.Struct, frozen=True):
    """Why a file cannot be played, in words for people, without the file's name."""

    reason: str


def read_sound(path: str) -> NDArray[np.int16] | WavFault:
    """The samples of a WAV file: read-only int16[samples], 8 kHz. Every failure is a value."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > SOUND_BYTES_MAX:
                return WavFault(f"{size} bytes are more than the {SOUND_BYTES_MAX} a sound may have: cut it")
            content = file.read(SOUND_BYTES_MAX)
    except OSError as error:
        return WavFault(error.strerror or str(error))
    except ValueError as error:  # a NUL byte in the name
        return WavFault(str(error))
    return parse_sound(content)


def parse_sound(content: bytes) -> NDArray[np.int16] | WavFault:
    """The samples of a whole WAV file: read-only int16[samples], of one with a single channel a view of `content`.

    A data chunk that ends early (a crash, a size not known when it was written) gives the samples that are there.
    """
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return WavFault("not a WAV file")
    channels = 0
    position = 12
    while position + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, position)
        position += 8
        if kind == b"fmt ":
            found = _channels(content[position : position + size])
            if isinstance(found, WavFault):
                return found
            channels = found
        elif kind == b"data":
            if not channels:
                return WavFault("damaged WAV file: the samples come before their format")
            samples = min(size, len(content) - position) // (SAMPLE_BYTES * channels) * channels
            sound = np.frombuffer(content, "<i2", count=samples, offset=position)
            return sound if channels == 1 else _both(sound)
        position += size + (size & 1)
    return WavFault("damaged WAV file: it ends before its samples")


def header(*, channels: int, frames: int | None) -> bytes:
    """The HEADER_BYTES of an 8 kHz 16-bit file. `frames` None, or too many for 32 bits, leaves the sizes unknown."""
    frame_bytes = channels * SAMPLE_BYTES
    data_bytes = _SIZE_UNKNOWN if frames is None else frames * frame_bytes
    riff_bytes = data_bytes + HEADER_BYTES - 8
    if riff_bytes > _SIZE_UNKNOWN:
        data_bytes = riff_bytes = _SIZE_UNKNOWN
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        riff_bytes,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        channels,
        SAMPLE_RATE_HZ,
        SAMPLE_RATE_HZ * frame_bytes,
        frame_bytes,
        8 * SAMPLE_BYTES,
        b"data",
        data_bytes,
    )


def _both(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    """The sum of the two channels of int16[2 * samples]."""
    both = sound.reshape(-1, 2).sum(axis=1, dtype=np.int32)
    heard = np.clip(both, -32768, 32767).astype(np.int16)
    heard.flags.writeable = False
    return heard


def _channels(chunk: bytes) -> int | WavFault:
    """Of the `fmt ` chunk, 1 or 2; WAVE_FORMAT_EXTENSIBLE is taken when its subformat is PCM."""
    if len(chunk) < 16:
        return WavFault("damaged WAV file: its format is cut short")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    is_pcm = tag == _PCM or (tag == _EXTENSIBLE and chunk[24:40] == _PCM_SUBFORMAT)
    if is_pcm and channels in (1, 2) and (rate, bits) == (SAMPLE_RATE_HZ, 8 * SAMPLE_BYTES):
        return channels
    kind = "PCM" if is_pcm else f"format {tag:#06x}"
    found = f"{rate} Hz, {channels} channel{'s' if channels != 1 else ''}, {bits}-bit {kind}"
    return WavFault(f"must be 8000 Hz, 1 channel, 16-bit PCM, but is {found}: convert it")
