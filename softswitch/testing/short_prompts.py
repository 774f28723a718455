"""Sounds of a tenth of a second in the place of all phrases, for tests in real time that are not about what is said."""

from pathlib import Path

import numpy as np

from softswitch.prompts.catalogue import LANGUAGES, catalogue
from softswitch.prompts.runtime.wav_files import write_wav

SAMPLES = 800


def replace_prompts(directory: Path) -> None:
    """In the configuration `directory`, before its switch is started."""
    silence = np.full(SAMPLES, 0.001, dtype=np.float32)
    for language in LANGUAGES:
        phrases = catalogue(language)
        for name in phrases.texts if phrases else ():
            path = directory / "sounds" / language / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, silence)
