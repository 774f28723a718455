"""Speech, fast and slow, that holds neither keys nor fax tones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softswitch.media.sounds.wav import WavFault, read_sound
from softswitch.prompts.runtime.library import SoundLibrary

Sound = NDArray[np.float64]


def spoken(texts: Sequence[tuple[str, str]], directory: Path) -> list[Sound]:
    """Texts, each with its language. What was made once in `directory` is not made again."""
    library = SoundLibrary(cache=directory / "talk")
    return [_read(library.say(text, language)) for text, language in texts]


def at_speed(sound: Sound, speed: float) -> Sound:
    """Which moves the voice through all frequencies."""
    return np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound)


def _read(path: str) -> Sound:
    sound = read_sound(path)
    assert not isinstance(sound, WavFault)
    return sound.astype(np.float64)
