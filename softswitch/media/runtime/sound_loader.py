"""The thread that reads sounds, so that no tick waits for a disk.

For every playback each of its files is looked at: a file that is as it was when it was read last is not read again.
Tones are made here too, once each.
"""

import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.sounds.sound_store import SoundKey
from softswitch.media.sounds.tones import ToneFault, is_tone, render
from softswitch.media.sounds.wav import WavFault, read_sound


class LoadedSound(NamedTuple):
    """What became of a request: `content` uint8[samples] if the file was read, else it is as before or at `fault`."""

    key: SoundKey
    content: NDArray[np.uint8] | None
    version: int
    fault: str


class SoundLoader:
    __slots__ = ("_answers", "_requests", "_tables", "_thread")

    def __init__(self, tables: CodecTables) -> None:
        self._tables = tables
        self._requests: SimpleQueue[tuple[SoundKey, int] | None] = SimpleQueue()
        self._answers: deque[LoadedSound] = deque()
        self._thread = threading.Thread(target=self._run, name="sound-loader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._requests.put(None)

    def request(self, key: SoundKey, version: int) -> None:
        """Look at the file; `version` is that of the sound the worker has, 0 for none."""
        self._requests.put((key, version))

    def take_answers(self) -> list[LoadedSound]:
        answers: list[LoadedSound] = []
        while self._answers:
            answers.append(self._answers.popleft())
        return answers

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            self._answers.append(self._load(*request))

    def _load(self, key: SoundKey, known_version: int) -> LoadedSound:
        if is_tone(key.path):
            return self._make_tone(key, known_version)
        try:
            status = os.stat(key.path)
        except (OSError, ValueError) as error:
            return LoadedSound(key, None, 0, getattr(error, "strerror", None) or str(error))
        version = hash((status.st_ino, status.st_mtime_ns, status.st_size)) | 1
        if version == known_version:
            return LoadedSound(key, None, version, "")
        sound = read_sound(key.path)
        if isinstance(sound, WavFault):
            return LoadedSound(key, None, 0, sound.reason)
        return LoadedSound(key, self._tables.encode_sound(sound, key.codec), version, "")

    def _make_tone(self, key: SoundKey, known_version: int) -> LoadedSound:
        if known_version:
            return LoadedSound(key, None, known_version, "")
        tone = render(key.path)
        if isinstance(tone, ToneFault):
            return LoadedSound(key, None, 0, tone.reason)
        return LoadedSound(key, self._tables.encode_sound(tone, key.codec), 1, "")
