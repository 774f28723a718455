"""Playbacks: lists of sounds without a gap between them, in place of what their listener would hear, or added to it.

A playback goes through three states. It waits until the loader has looked at every file of its list (the disk is never
touched in a tick); then it runs; and it ends at its last sample, when it is stopped or replaced, or with its stream. A
sound that cannot be read is left out and named in the `PlayFinished`.

Where a looping playback is follows from the clock alone. So does that of one described again after a worker died: it
leaves out what would have been heard by now, and ends on time.
"""

import numpy as np

from softswitch.base.ids import CallId, StreamId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.protocol import Playback, PlayFinished
from softswitch.media.sounds.sound_store import Sound, SoundKey, SoundStore
from softswitch.media.sounds.tones import once_and_again
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ


class _Running:
    """One playback of one stream."""

    __slots__ = (
        "again",
        "call_id",
        "codec",
        "fault",
        "names",
        "next_sound",
        "origin",
        "playback",
        "repeated",
        "round",
        "sounds",
        "waiting",
    )

    def __init__(self, playback: Playback, call_id: CallId, codec: int, origin: float | None) -> None:
        self.playback = playback
        self.call_id = call_id
        self.codec = codec
        self.origin = origin
        """When its first sample is or was heard (monotonic seconds); None until it runs."""
        self.fault = ""
        split = [once_and_again(sound) for sound in playback.sounds]
        self.names = [name for once, again in split for name in once + again]
        self.repeated = [name for _, again in split for name in again]
        """Names of what is played at first, and of what is repeated; they differ for some tones only."""
        self.waiting = set(self.names)
        self.sounds: list[Sound] = []
        self.again: list[Sound] = []
        """The same two lists as sounds, once nothing is waited for."""
        self.round: list[Sound] = []
        """The one of the two that is being played."""
        self.next_sound = 0
        """Index in `round` of the one after that which is being heard."""


class Player:
    """All playbacks of a worker. A listener is given as its phase's table and its row there."""

    __slots__ = ("_finished", "_requests", "_running", "_store", "_tables", "_waiting")

    def __init__(self, store: SoundStore, tables: CodecTables) -> None:
        self._store = store
        self._tables = tables
        self._running: dict[StreamId, _Running] = {}
        self._waiting: dict[SoundKey, list[StreamId]] = {}
        """Who waits for a file that the loader was asked about."""
        self._requests: list[tuple[SoundKey, int]] = []
        self._finished: list[PlayFinished] = []

    # Commands

    def start(self, playback: Playback, call_id: CallId, codec: int, *, is_late: bool) -> None:
        """Begin, in place of the stream's playback so far. `is_late`: begin where it would be by now."""
        self.stop(playback.stream_id)
        origin = playback.started_at if playback.loop or (is_late and playback.started_at > 0.0) else None
        if origin is not None and not playback.loop:
            origin -= playback.skip_s
        running = self._running[playback.stream_id] = _Running(playback, call_id, codec, origin)
        self._request(running)

    def stop(self, stream_id: StreamId, play_id: int | None = None) -> bool:
        """End the stream's playback if it is `play_id` (None: whichever it is); whether it was."""
        running = self._running.get(stream_id)
        if running is None or play_id not in (None, running.playback.play_id):
            return False
        self._finish(stream_id, completed=False)
        return True

    def current(self, stream_id: StreamId) -> Playback | None:
        running = self._running.get(stream_id)
        return running.playback if running is not None else None

    def described(self) -> list[Playback]:
        """Those that are not over, as they were ordered."""
        return [running.playback for running in self._running.values()]

    def streams(self) -> list[StreamId]:
        """Those that have a playback."""
        return list(self._running)

    def change_codec(self, table: StreamTable, row: int, stream_id: StreamId, codec: int) -> None:
        """The listener's codec is another one now; the playback goes on in it."""
        running = self._running.get(stream_id)
        if running is not None and running.codec != codec:
            self._let_go(running)
            # What is left of the sound in the old codec would be noise in the new one.
            table.sound_at[row] = table.sound_end[row] = 0
            running.codec = codec
            running.waiting = set(running.names)
            self._request(running)

    # The loader

    def take_requests(self) -> list[tuple[SoundKey, int]]:
        """Files to look at, each with the version that is here (0: none)."""
        requests, self._requests = self._requests, []
        return requests

    def sound_is_ready(self, key: SoundKey, fault: str = "") -> None:
        """The store has this file as it is now, or `fault` says why not."""
        for stream_id in self._waiting.pop(key, []):
            running = self._running.get(stream_id)
            if running is not None and running.codec == key.codec and key.path in running.waiting:
                running.waiting.discard(key.path)
                if fault and not running.fault:
                    running.fault = f"{key.path}: {fault}"

    # Time

    def write_frames(
        self, table: StreamTable, stream_of_row: list[StreamId], outgoing: OutgoingBuffer, now: float
    ) -> None:
        """Write this tick's frame of every playback of the phase over what its listener would hear."""
        playing = table.playing.nonzero()[0]
        if not len(playing):
            return
        over = playing[table.sound_is_over[playing]]
        heard = outgoing.payload[over]
        at = table.sound_at[playing]
        is_whole = at + FRAME_SAMPLES <= table.sound_end[playing]
        whole = playing[is_whole]
        outgoing.payload_runs[whole] = self._store.runs[at[is_whole]]
        table.sound_at[whole] += FRAME_SAMPLES
        rows: list[int] = playing[~is_whole].tolist()
        for row in rows:
            frame = self._frame_across_sounds(table, row, stream_of_row[row], now)
            outgoing.payload[row] = np.frombuffer(frame, np.uint8)
        if len(over):
            codec = table.codec[over]
            sum_of_both = self._tables.decode(heard, codec).astype(np.int32)
            sum_of_both += self._tables.decode(outgoing.payload[over], codec)
            outgoing.payload[over] = self._tables.encode(np.clip(sum_of_both, -32768, 32767).astype(np.int16), codec)

    def skip_time(self, table: StreamTable, stream_of_row: list[StreamId], now: float) -> None:
        """Ticks were left out: playbacks go on where they should be at `now`."""
        for row in np.flatnonzero(table.playing).tolist():
            running = self._running[stream_of_row[row]]
            if running.sounds:
                self._seek(running, table, row, now)

    def take_finished(self) -> list[PlayFinished]:
        finished, self._finished = self._finished, []
        return finished

    def _request(self, running: _Running) -> None:
        for path in running.waiting:
            key = SoundKey(path, running.codec)
            if key not in self._waiting:
                sound = self._store.find(key)
                self._requests.append((key, sound.version if sound is not None else 0))
            self._waiting.setdefault(key, []).append(running.playback.stream_id)

    def _frame_across_sounds(self, table: StreamTable, row: int, stream_id: StreamId, now: float) -> bytes:
        """A frame that does not lie within one sound: a beginning, a change of sounds, an end, or silence."""
        running = self._running[stream_id]
        silence = self._tables.silence[running.codec : running.codec + 1]
        if running.waiting:
            return silence * FRAME_SAMPLES
        if not running.sounds:
            self._begin(running, table, row, now)
        frame = b""
        while running.sounds and len(frame) < FRAME_SAMPLES:
            at, end = int(table.sound_at[row]), int(table.sound_end[row])
            step = min(end - at, FRAME_SAMPLES - len(frame))
            frame += self._store.read(at, step)
            table.sound_at[row] = at + step
            if at + step == end and not self._next_sound(running, table, row):
                break
        if len(frame) < FRAME_SAMPLES:
            table.playing[row] = False
            self._finish(stream_id, completed=not running.fault)
        return frame + silence * (FRAME_SAMPLES - len(frame))

    def _begin(self, running: _Running, table: StreamTable, row: int, now: float) -> None:
        found: dict[str, Sound] = {}
        for path in dict.fromkeys(running.names):
            sound = self._store.find(SoundKey(path, running.codec))
            if sound is None:
                running.fault = (
                    running.fault or f"{path}: its room in the worker's memory was needed: play fewer at a time"
                )
            elif sound.length:
                self._store.hold(sound)
                found[path] = sound
        running.sounds = [found[path] for path in running.names if path in found]
        running.again = [found[path] for path in running.repeated if path in found]
        if running.origin is None:
            running.origin = now - (0.0 if running.playback.loop else running.playback.skip_s)
        self._seek(running, table, row, now)

    def _seek(self, running: _Running, table: StreamTable, row: int, now: float) -> None:
        """Go to where the playback is at `now`; past its end it has no sound left."""
        origin = now if running.origin is None else running.origin
        position = max(round((now - origin) * SAMPLE_RATE_HZ), 0)
        total = sum(sound.length for sound in running.sounds)
        running.round = running.sounds
        if running.playback.loop and running.again and position >= total:
            running.round = running.again
            position = (position - total) % sum(sound.length for sound in running.again)
        for index, sound in enumerate(running.round):
            if position < sound.length:
                table.sound_at[row] = sound.start + position
                table.sound_end[row] = sound.start + sound.length
                running.next_sound = index + 1
                return
            position -= sound.length
        table.sound_at[row] = table.sound_end[row] = 0
        running.next_sound = len(running.round)

    def _next_sound(self, running: _Running, table: StreamTable, row: int) -> bool:
        if running.next_sound == len(running.round):
            if not running.playback.loop or not running.again:
                return False
            running.round, running.next_sound = running.again, 0
        sound = running.round[running.next_sound]
        running.next_sound += 1
        table.sound_at[row] = sound.start
        table.sound_end[row] = sound.start + sound.length
        return True

    def _finish(self, stream_id: StreamId, *, completed: bool) -> None:
        running = self._running.pop(stream_id)
        self._let_go(running)
        self._finished.append(
            PlayFinished(
                call_id=running.call_id,
                stream_id=stream_id,
                play_id=running.playback.play_id,
                completed=completed,
                fault=running.fault,
            )
        )

    def _let_go(self, running: _Running) -> None:
        for sound in set(running.sounds):
            self._store.release(sound)
        running.sounds, running.again, running.round = [], [], []
