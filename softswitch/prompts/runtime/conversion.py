"""Any recording a person may have (WAV, FLAC, Ogg, MP3 ... at any rate) as 8 kHz mono samples, by FFmpeg."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import Fault
from softswitch.prompts.errors import PromptError
from softswitch.prompts.levels import PEAK_DBFS, peak_dbfs
from softswitch.prompts.limits import RATE_HZ_MAX, SOUND_S_MAX
from softswitch.prompts.resampling import resample

CONVERSION_VERSION = 1
"""Part of every converted file's name: raise it when the same file would now sound different."""

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".g722", ".gsm")
"""File names taken for sounds, best first when there are several of one name."""


def read_sound(path: Path) -> NDArray[np.float32]:
    """The first audio track, mixed to mono, at 8 kHz, full scale 1.0.

    The level is the operator's choice and kept, except that peaks above -3 dBFS are brought down to it.
    Raises PromptError for what is no sound, is too long, or cannot be read.
    """
    # 0.1 s and 30 MB that a switch whose sounds are all in the cache never needs.
    import av
    from av.error import FFmpegError

    chunks: list[NDArray[np.float32]] = []
    rate_hz = 0
    length = 0
    try:
        # A playlist that pretends to be a sound must not make us open anything else.
        only_files = {"protocol_whitelist": "file"}
        with av.open(str(path), options=only_files, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise _unreadable(path, "there is no sound in it")
            resampler = av.AudioResampler(format="flt", layout="mono")
            for frame in container.decode(audio=0):
                rate_hz = rate_hz or frame.sample_rate
                for mono in resampler.resample(frame):
                    chunks.append(mono.to_ndarray().reshape(-1).astype(np.float32))
                    length += len(chunks[-1])
                if rate_hz > RATE_HZ_MAX or length > SOUND_S_MAX * rate_hz:
                    raise _unreadable(path, f"it is longer than {SOUND_S_MAX // 60} minutes or sampled too fast")
    except (FFmpegError, OSError, ValueError) as error:  # ValueError: the format changes in the middle
        raise _unreadable(path, getattr(error, "strerror", None) or "it is damaged") from None
    if not length:
        raise _unreadable(path, "it is empty")
    samples = resample(np.concatenate(chunks), rate_hz)
    excess_db = max(0.0, peak_dbfs(samples) - PEAK_DBFS)
    return samples * np.float32(10 ** (-excess_db / 20))


def _unreadable(path: Path, reason: str) -> PromptError:
    return PromptError(Fault(str(path), "sound", f"it cannot be played: {reason}", "Replace the file or remove it"))
