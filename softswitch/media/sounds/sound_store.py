"""Sounds in memory, encoded for the wire, in one array: a frame of any of them is a run of its bytes.

A sound stays after its last playback until its room is needed. A long one is copied in over several ticks, so that no
tick waits for it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.packets.byte_windows import Windows, windows
from softswitch.media.tick_grid import FRAME_SAMPLES

COPIED_PER_TICK_BYTES = 512 * 1024
"""About a tenth of a millisecond."""


class SoundKey(NamedTuple):
    path: str
    codec: int


class Sound:
    """Where a sound is in the store: `length` samples (bytes) from `start` on."""

    __slots__ = ("length", "start", "used_at", "users", "version")

    def __init__(self, start: int, length: int, version: int) -> None:
        self.start = start
        self.length = length
        self.version = version
        """Tells the file's content from what it was before (its modification time and size, hashed)."""
        self.users = 0
        self.used_at = 0


class _Copy(NamedTuple):
    key: SoundKey
    sound: Sound
    content: NDArray[np.uint8]
    done: int


class SoundStore:
    __slots__ = ("_content", "_copies", "_gaps", "_retired", "_serial", "_sounds", "runs")

    def __init__(self, size_bytes: int) -> None:
        self._content: NDArray[np.uint8] = np.zeros(size_bytes, np.uint8)
        self.runs: Windows = windows(self._content, FRAME_SAMPLES)
        """A frame from any byte on."""
        self._gaps: list[tuple[int, int]] = [(0, size_bytes)]
        """(start, length) of what is free, in order, no two adjacent."""
        self._sounds: dict[SoundKey, Sound] = {}
        self._retired: list[Sound] = []
        """Replaced by a newer version while somebody was still hearing them."""
        self._copies: list[_Copy] = []
        self._serial = 0

    def find(self, key: SoundKey) -> Sound | None:
        return self._sounds.get(key)

    def add(self, key: SoundKey, content: NDArray[np.uint8], version: int) -> bool:
        """Take a sound in; `copied` tells when it may be found. False when it has no room beside those in use."""
        start = self._allocate(len(content))
        if start is None:
            return False
        self._copies.append(_Copy(key, Sound(start, len(content), version), content, 0))
        return True

    def copied(self) -> list[SoundKey]:
        """Once per tick: go on copying; the sounds that are complete now."""
        complete: list[SoundKey] = []
        budget = COPIED_PER_TICK_BYTES
        while self._copies and budget > 0:
            key, sound, content, done = self._copies[0]
            step = min(budget, len(content) - done)
            budget -= step
            begin = sound.start + done
            self._content[begin : begin + step] = content[done : done + step]
            if done + step < len(content):
                self._copies[0] = _Copy(key, sound, content, done + step)
                break
            del self._copies[0]
            self._replace(key, sound)
            complete.append(key)
        return complete

    def hold(self, sound: Sound) -> None:
        """A playback uses the sound: it stays where it is until `release`."""
        sound.users += 1

    def release(self, sound: Sound) -> None:
        sound.users -= 1
        self._serial += 1
        sound.used_at = self._serial
        if sound.users == 0 and sound in self._retired:
            self._retired.remove(sound)
            self._free(sound)

    def read(self, start: int, length: int) -> bytes:
        return self._content[start : start + length].tobytes()

    def _replace(self, key: SoundKey, sound: Sound) -> None:
        old = self._sounds.get(key)
        self._sounds[key] = sound
        if old is None:
            return
        if old.users:
            self._retired.append(old)
        else:
            self._free(old)

    def _allocate(self, length: int) -> int | None:
        while (start := self._take_gap(length)) is None:
            idle = [(sound.used_at, key) for key, sound in self._sounds.items() if not sound.users]
            if not idle:
                return None
            self._free(self._sounds.pop(min(idle)[1]))
        return start

    def _take_gap(self, length: int) -> int | None:
        for index, (start, free) in enumerate(self._gaps):
            if free >= length:
                if free == length:
                    del self._gaps[index]
                else:
                    self._gaps[index] = (start + length, free - length)
                return start
        return None

    def _free(self, sound: Sound) -> None:
        merged: list[tuple[int, int]] = []
        for start, length in sorted([*self._gaps, (sound.start, sound.length)]):
            if merged and merged[-1][0] + merged[-1][1] == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((start, length))
        self._gaps = merged
