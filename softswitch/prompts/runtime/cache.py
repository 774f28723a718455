"""The cache of sounds: made once, under names that change with whatever they were made from.

A file is either whole or not there (`write_wav`), so any number of switches may share a cache.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import Fault
from softswitch.prompts.catalogue import base_language, voice_of
from softswitch.prompts.errors import PromptError
from softswitch.prompts.limits import MUSIC_S_MAX, SPOKEN_BYTES_MAX, SPOKEN_TEXTS_MAX
from softswitch.prompts.resampling import SAMPLE_RATE_HZ
from softswitch.prompts.runtime.conversion import CONVERSION_VERSION, read_sound
from softswitch.prompts.runtime.speech import SPEECH_VERSION, Speech
from softswitch.prompts.runtime.wav_files import is_telephone_wav, write_wav


class SoundCache:
    """Makes sounds and remembers them on disk. Every method raises PromptError for what it cannot make."""

    __slots__ = ("_folder", "_speech")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._speech = Speech()

    def phrase(self, name: str, text: str, language: str) -> Path:
        """A phrase of ours, spoken; its name stays readable in the cache."""
        path = self._folder / "phrases" / base_language(language) / f"{name}-{_speech_key(text, language)[:12]}.wav"
        if not _is_there(path):
            self._speak(text, language, path)
        return path

    def text(self, text: str, language: str) -> Path:
        """Any text, spoken. The oldest texts make room for new ones."""
        path = self._folder / "texts" / base_language(language) / f"{_speech_key(text, language)}.wav"
        if _is_there(path):
            with suppress(OSError):  # another switch has pruned it just now: then it is spoken the next time
                os.utime(path)
        else:
            self._speak(text, language, path)
            _prune(path.parent)
        return path

    def converted(self, source: Path) -> Path:
        """A recording in any format; the file itself if it can be played as it is."""
        path = self._converted_path([source])
        if _is_there(path):
            return path
        if is_telephone_wav(source):
            return source
        write_wav(path, read_sound(source))
        return path

    def joined(
        self, sources: Sequence[Path], on_fault: Callable[[Fault], None], *, longest_s: int = MUSIC_S_MAX
    ) -> Path:
        """Recordings one after another. Those that cannot be read, or would make it too long, are left out."""
        path = self._converted_path(sources)
        if _is_there(path):
            return path
        pieces: list[NDArray[np.float32]] = []
        room = longest_s * SAMPLE_RATE_HZ
        for source in sources:
            try:
                piece = read_sound(source)
            except PromptError as error:
                on_fault(error.fault)
                continue
            if len(piece) > room:
                reason = f"it would make the music longer than {longest_s} seconds"
                on_fault(Fault(str(source), "music", reason, "Remove some of the files"))
                continue
            pieces.append(piece)
            room -= len(piece)
        if not pieces:
            raise PromptError(
                Fault(str(sources[0].parent), "music", "no file in it can be played", "Put WAV files there")
            )
        write_wav(path, np.concatenate(pieces))
        return path

    def generated(self, name: str, make: Callable[[], NDArray[np.float32]]) -> Path:
        """Samples that only need to be computed; `name` says all that they depend on."""
        path = self._folder / "generated" / f"{name}.wav"
        if not _is_there(path):
            write_wav(path, make())
        return path

    def _speak(self, text: str, language: str, path: Path) -> None:
        write_wav(path, self._speech.speak(text, voice_of(language)))

    def _converted_path(self, sources: Sequence[Path]) -> Path:
        states: list[tuple[str, int, int]] = []
        for source in sources:
            try:
                stat = source.stat()
            except OSError as error:
                reason = f"it cannot be read ({error.strerror})"
                raise PromptError(Fault(str(source), "sound", reason, "Put the file back or remove its use")) from None
            states.append((str(source), stat.st_size, stat.st_mtime_ns))
        return self._folder / "converted" / f"{sources[0].stem[:80]}-{_key(CONVERSION_VERSION, *states)[:16]}.wav"


def _speech_key(text: str, language: str) -> str:
    return _key(SPEECH_VERSION, voice_of(language), text)


def _key(*parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode(), digest_size=16).hexdigest()


def _is_there(path: Path) -> bool:
    """Whether a file has been made; one that lost its samples in a power failure is made again."""
    try:
        return path.stat().st_size > 44
    except OSError:
        return False


def _prune(folder: Path) -> None:
    """Forget the texts unused for longest, a tenth of them, when there are too many or they are too large."""
    with suppress(OSError):  # another switch prunes the same folder
        states = [(stat.st_mtime, stat.st_size, path) for path in folder.glob("*.wav") for stat in [path.stat()]]
        if len(states) <= SPOKEN_TEXTS_MAX and sum(size for _, size, _ in states) <= SPOKEN_BYTES_MAX:
            return
        for _, _, path in sorted(states)[: max(1, len(states) // 10)]:
            path.unlink()
