"""The members of all rooms that are in one phase, and their sums.

Frames are of different phases, so each phase keeps what its own members of a room say together in their latest tick
(`Frames.room_parts`), and a member hears the parts of all phases less himself. The arithmetic is exact in 32 bits, and
a member's own voice is taken away before the sum is limited.

Members who are digitally silent (muted, or with a phone that sends nothing) are left out of the sum, and those of one
room and codec share one encoded frame.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixing.limiter import FULL_SCALE, Limiter, fits
from softswitch.media.packets.byte_windows import as_runs
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.quality.voice_facts import LOOK_TICKS
from softswitch.media.tick_grid import FRAME_SAMPLES

Int64s = NDArray[np.int64]


class Seat(NamedTuple):
    """A member's place: rows of `Frames` and of the phase. Who does not hear speaks all the same."""

    frame_row: int
    row: int
    codec: int
    hears: bool


class RoomSums:
    """The rooms of one phase, each in a slot that is its number in all phases."""

    __slots__ = ("_members", "_phase", "_seats", "_ticks", "changed")

    def __init__(self, phase: int) -> None:
        self._phase = phase
        self._seats: dict[int, _Seats] = {}
        """By slot; only rooms with members here."""
        self._members: _Members | None = None
        """What `_seats` amounts to; None when it is to be worked out again."""
        self._ticks = 0
        self.changed: set[int] = set()
        """Slots of the rooms in which somebody began or ceased to talk."""

    @property
    def is_empty(self) -> bool:
        return not self._seats

    def put(self, slot: int, seats: Sequence[Seat], frames: Frames, tables: CodecTables) -> None:
        """The room has these members here from now on; none of them: it is not here."""
        if not seats and slot not in self._seats:
            return
        room = _Seats(seats)
        if seats:
            self._seats[slot] = room
        else:
            del self._seats[slot]
        self._members = None
        content, codec = frames.content[room.frame_row], room.codec
        speaking = np.flatnonzero(~_is_silent(content, codec, tables))
        sound = tables.decode(content[speaking], codec[speaking])
        frames.room_parts[self._phase, slot] = sound.sum(axis=0, dtype=np.int32)

    def mix(
        self,
        frames: Frames,
        tables: CodecTables,
        limiter: Limiter,
        outgoing: OutgoingBuffer,
        extra: Sequence[tuple[int, NDArray[np.int32]]],
    ) -> None:
        """Write what the members hear to their packets' payloads.

        `extra` is what some of them hear besides: row and int32[FRAME_SAMPLES] of each.
        """
        if self._members is None:
            self._members = _Members(self._seats)
        members = self._members
        content = frames.content[members.frame_row]
        is_silent = _is_silent(content, members.codec, tables)
        speaking = np.flatnonzero(~is_silent)
        sound = tables.decode(content[speaking], members.codec[speaking])
        frames.room_parts[self._phase, members.slots] = members.add(sound, ~is_silent)
        totals = frames.room_parts[:, members.slots].sum(axis=0, dtype=np.int32)
        self._note_talkers(members, frames)
        own = members.apart(~is_silent, totals, limiter, extra)
        heard = totals[members.room[own]]
        voices = sound.astype(np.int32)
        if len(speaking) == len(own):
            heard -= voices
        else:
            heard[np.searchsorted(own, speaking)] -= voices
        for row, besides in extra:
            heard[np.searchsorted(own, members.index(row))] += besides
        frame = np.empty((len(members.row), FRAME_SAMPLES), np.uint8)
        frame[own] = tables.encode(limiter.limit(heard, members.row[own]), members.codec[own])
        if len(own) < len(frame):
            members.share(frame, totals, own, tables)
        listening = members.listening
        outgoing.payload_runs[members.row[listening]] = as_runs(frame)[listening]

    def _note_talkers(self, members: "_Members", frames: Frames) -> None:
        self._ticks += 1
        if self._ticks % LOOK_TICKS == 0:
            is_talking = frames.is_talking[members.frame_row]
            changed = (is_talking != members.is_talking).nonzero()[0]
            if len(changed):
                members.is_talking = is_talking
                self.changed.update(members.slots[members.room[changed]].tolist())


class _Seats:
    """The members of one room, as arrays."""

    __slots__ = ("codec", "frame_row", "hears", "row")

    def __init__(self, seats: Sequence[Seat]) -> None:
        self.frame_row: Int64s = np.array([seat.frame_row for seat in seats], np.int64)
        self.row: Int64s = np.array([seat.row for seat in seats], np.int64)
        self.codec: Int64s = np.array([seat.codec for seat in seats], np.int64)
        self.hears: NDArray[np.bool_] = np.array([seat.hears for seat in seats], np.bool_)


class _Members:
    """All members that are in the phase, room after room, as arrays."""

    __slots__ = ("_begin", "_codecs", "codec", "frame_row", "is_talking", "listening", "room", "row", "slots")

    def __init__(self, rooms: Mapping[int, _Seats]) -> None:
        seats = list(rooms.values())
        lengths = np.array([len(each.row) for each in seats], np.int64)
        self.slots: Int64s = np.array(list(rooms), np.int64)
        self.room: Int64s = np.repeat(np.arange(len(rooms)), lengths)
        """By member: the room, as an index into `slots`."""
        self.frame_row: Int64s = np.concatenate([each.frame_row for each in seats])
        self.row: Int64s = np.concatenate([each.row for each in seats])
        self.codec: Int64s = np.concatenate([each.codec for each in seats])
        self.listening: Int64s = np.flatnonzero(np.concatenate([each.hears for each in seats]))
        self.is_talking: NDArray[np.bool_] = np.zeros(len(self.row), np.bool_)
        """As last looked at."""
        self._codecs: list[int] = np.unique(self.codec).tolist()
        self._begin: Int64s = np.cumsum(lengths) - lengths

    def index(self, row: int) -> int:
        """Of the member who has this row of the phase."""
        return int(np.flatnonzero(self.row == row)[0])

    def add(self, sound: NDArray[np.int16], is_speaking: NDArray[np.bool_]) -> NDArray[np.int32]:
        """The sum of each room: `sound` int16[speaking members, samples] -> int32[rooms, samples]."""
        count = np.add.reduceat(is_speaking, self._begin, dtype=np.int64)
        return _sum_runs(sound, np.cumsum(count) - count, count)

    def apart(
        self,
        is_speaking: NDArray[np.bool_],
        totals: NDArray[np.int32],
        limiter: Limiter,
        extra: Sequence[tuple[int, NDArray[np.int32]]],
    ) -> Int64s:
        """Who needs a frame of his own: who speaks, hears more than the room, or is limited."""
        is_apart = is_speaking
        if not fits(totals):
            is_apart = is_apart | (np.abs(totals).max(axis=1) > FULL_SCALE)[self.room]
        busy = limiter.busy(self.row)
        if busy is not None:
            is_apart = is_apart | busy
        if extra:
            is_apart = is_apart.copy()
            is_apart[[self.index(row) for row, _ in extra]] = True
        return np.flatnonzero(is_apart)

    def share(self, frame: NDArray[np.uint8], totals: NDArray[np.int32], own: Int64s, tables: CodecTables) -> None:
        """Write the whole room's sound to the frames of all others."""
        is_shared = np.ones(len(frame), np.bool_)
        is_shared[own] = False
        # Rooms that are too loud have nobody here.
        sound = totals.astype(np.int16)
        for codec in self._codecs:
            shared = np.flatnonzero(is_shared & (self.codec == codec))
            encoded = tables.encode(sound, np.full(len(sound), codec))
            as_runs(frame)[shared] = as_runs(encoded)[self.room[shared]]


def _is_silent(content: NDArray[np.uint8], codec: Int64s, tables: CodecTables) -> NDArray[np.bool_]:
    """Which of the frames uint8[n, FRAME_SAMPLES] are digital silence; eight samples are compared at a time."""
    return (content.view(np.uint64) == tables.silence_words[codec, np.newaxis]).all(axis=1)


def _sum_runs(sound: NDArray[np.int16], begin: Int64s, count: Int64s) -> NDArray[np.int32]:
    """The sums of runs of `count` rows that begin at the rows `begin`: int32[runs, samples].

    Runs of one length are added together: most rooms are alike. (`reduceat` takes three times as long.)
    """
    sums = np.zeros((len(begin), FRAME_SAMPLES), np.int32)
    for rows in np.unique(count).tolist():
        runs = np.flatnonzero(count == rows)
        sums[runs] = sound[begin[runs, np.newaxis] + np.arange(rows)].sum(axis=1, dtype=np.int32)
    return sums
