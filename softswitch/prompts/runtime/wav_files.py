"""WAV files of 8 kHz, mono, 16 bits: what the media workers play."""

import os
import wave
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import Fault
from softswitch.prompts.errors import PromptError
from softswitch.prompts.levels import to_pcm16
from softswitch.prompts.resampling import SAMPLE_RATE_HZ


def write_wav(path: Path, samples: NDArray[np.float32]) -> None:
    """Write samples (full scale 1.0) to a file that is either not there or whole.

    Raises PromptError if the disk does not take it.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            with wave.open(file, "wb") as writer:
                writer.setparams((1, 2, SAMPLE_RATE_HZ, len(samples), "NONE", ""))
                writer.writeframes(to_pcm16(samples).astype("<i2").tobytes())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = f"it cannot be written ({error.strerror})"
        raise PromptError(
            Fault(str(path), "sound", reason, "Make room, or let the switch write to the cache directory")
        ) from None


def is_telephone_wav(path: Path) -> bool:
    """Whether a file can be played as it is. False for what is no WAV at all."""
    try:
        with path.open("rb") as file, wave.open(file, "rb") as reader:
            format_ = (reader.getnchannels(), reader.getsampwidth(), reader.getframerate())
            return format_ == (1, 2, SAMPLE_RATE_HZ) and reader.getnframes() > 0
    except (wave.Error, EOFError, OSError):
        return False
