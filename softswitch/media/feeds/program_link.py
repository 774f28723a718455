"""The switch's end of a program's WebSocket, without the socket: what waits to be sent, what it has said ahead.

To the program goes a frame each tick. One that is too slow gets the latest WAITING_FRAMES_MAX: the oldest are left out,
and a "dropped" message in their place says how many. The same message stands where frames were lost on the way here.

From the program comes sound in pieces of any length. They are cut into frames, of which no more than AHEAD_FRAMES are
with the worker at a time; the rest waits here, where "clear" throws it away. So the worker's ticks are the clock. What
is more than SAID_FRAMES_MAX ahead is refused and counted. The last piece of a sentence, shorter than a frame, is
completed with silence when the program sends a mark, or nothing for two ticks.

A mark is reached when all frames before it have been played: `played` comes with every frame from the worker. A worker
that was started again counts from zero, and what was with its predecessor is lost.
"""

from collections import deque
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.media.feeds import limits, messages
from softswitch.media.feeds.messages import (
    Changed,
    Dropped,
    Dtmf,
    Fault,
    Marked,
    Start,
    WantsClear,
    WantsDtmf,
    WantsMark,
    WantsStop,
)
from softswitch.media.feeds.orders import Counts, Dial
from softswitch.media.feeds.voices import AHEAD_FRAMES
from softswitch.media.tick_grid import TICK_S

SAMPLE_BYTES = 2
SHORT_PIECE_TICKS = 2


class Ended(NamedTuple):
    """The program has ended it: `fault` says what it did wrong, or it said "stop" with a `result`, which is JSON."""

    fault: str = ""
    result: str = ""


class Piece(NamedTuple):
    """A frame for the worker; with `clears` those that wait there are thrown away before."""

    clears: bool
    sound: bytes


class ProgramLink:
    """See the module. `next_message` and `take_said` are emptied after every input; `ended` is looked at then."""

    __slots__ = (
        "_clears",
        "_dial",
        "_digits",
        "_faults",
        "_frame_bytes",
        "_is_connected",
        "_lost",
        "_marks",
        "_overdue",
        "_piece",
        "_piece_age",
        "_played",
        "_said",
        "_sent_to_worker",
        "_tick",
        "_waiting",
        "_waiting_frames",
        "counts",
        "ended",
    )

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._frame_bytes = round(dial.rate_hz * TICK_S) * SAMPLE_BYTES
        self.counts = Counts()
        self.ended: Ended | None = None
        self._is_connected = False
        self._waiting: deque[bytes | str] = deque()
        self._waiting_frames = 0
        self._lost = 0
        """Frames that were left out since the last one that waits,"""
        self._overdue = 0
        """and before the first one that waits."""
        self._tick: int | None = None
        self._said: deque[bytes] = deque()
        """Frames that are not with the worker yet."""
        self._piece = bytearray()
        """Of the frame that is not complete."""
        self._piece_age = 0
        self._clears = False
        self._sent_to_worker = 0
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()
        """Names, and how many frames go before each."""
        self._faults = 0
        self._digits = ""

    # The connection

    def connected(self) -> None:
        """A new connection: what waited for the former is forgotten."""
        is_resumed = self.counts.sent > 0
        self._is_connected = True
        media = {
            "encoding": "s16le",
            "rate_hz": self._dial.rate_hz,
            "channels": 2 if self._dial.side == "both" else 1,
            "side": self._dial.side,
            "frame_ms": round(TICK_S * 1000),
        }
        self._waiting.append(
            messages.write(
                Start(
                    stream_id=str(self._dial.feed_id),
                    call=self._dial.start,
                    media=media,
                    talks=self._dial.talks,
                    is_resumed=is_resumed,
                )
            )
        )

    def disconnected(self) -> None:
        """What the program has said is played to its end, unless it is thrown away with the feed."""
        self._is_connected = False
        self._lost += self._waiting_frames + self._overdue
        self.counts.dropped += self._waiting_frames
        self._waiting.clear()
        self._waiting_frames = self._overdue = 0

    def next_message(self) -> bytes | str | None:
        """What is to be sent now."""
        if not self._waiting:
            return None
        if self._overdue and isinstance(self._waiting[0], bytes):
            frames, self._overdue = self._overdue, 0
            return messages.write(Dropped("to_program", frames))
        message = self._waiting.popleft()
        if isinstance(message, bytes):
            self._waiting_frames -= 1
            self.counts.sent += 1
        return message

    # From the worker

    def heard(self, tick: int, played: int, sound: NDArray[np.int16]) -> None:
        """A tick's frame of both sides, int16[2, samples]."""
        if self._tick is not None and (gap := tick - self._tick - 1 & 0xFFFFFFFF) and gap < 1 << 31:
            self._left_out(gap)
        self._tick = tick
        self._note_played(played)
        if self._piece:
            self._piece_age += 1
            if self._piece_age > SHORT_PIECE_TICKS:
                self._complete_piece()
        if not self._is_connected:
            self._left_out(1)
            return
        while self._waiting_frames >= limits.WAITING_FRAMES_MAX:
            self._drop_oldest()
        if self._lost:
            self._tell(Dropped("to_program", self._lost))
            self._lost = 0
        self._waiting.append(self._chosen(sound))
        self._waiting_frames += 1

    def worker_lost(self) -> None:
        """Another one will count from zero."""
        self._tick = None
        lost = self._sent_to_worker - self._played
        self._marks = deque((max(at - self._sent_to_worker, 0), name) for at, name in self._marks)
        self.counts.refused += lost
        self._sent_to_worker = self._played = 0

    def take_said(self) -> list[Piece]:
        """Frames for the worker, as many as it is to have now."""
        pieces: list[Piece] = []
        while self._said and self._sent_to_worker - self._played < AHEAD_FRAMES:
            pieces.append(Piece(self._clears, self._said.popleft()))
            self._clears = False
            self._sent_to_worker += 1
            self.counts.said += 1
        if self._clears:
            pieces.append(Piece(True, bytes(self._frame_bytes)))
            self._clears = False
            self._sent_to_worker += 1
        return pieces

    @property
    def is_silent(self) -> bool:
        """All that the program has said was heard."""
        return not self._said and not self._piece and not self._clears and self._played >= self._sent_to_worker

    @property
    def said_ahead_s(self) -> float:
        return (len(self._said) + self._sent_to_worker - self._played) * TICK_S

    @property
    def is_full(self) -> bool:
        """What the program says beyond this is refused."""
        return len(self._said) >= limits.SAID_FRAMES_MAX

    # From the switch

    def pressed(self, digit: str) -> None:
        self._tell(Dtmf(digit))

    def changed(self, call: dict[str, Any]) -> None:
        self._tell(Changed(call))

    # From the program

    def receive(self, message: str | bytes) -> None:
        """A message, of at most MESSAGE_BYTES_MAX."""
        if isinstance(message, bytes):
            self._receive_sound(message)
            return
        match messages.read(message):
            case Fault() as fault:
                self._misunderstood(fault)
            case WantsStop(result):
                self._stop(result)
            case _ if not self._dial.talks:
                self._misunderstood(Fault("this stream only listens: nothing but stop is understood"))
            case WantsMark(name):
                self._mark(name)
            case WantsClear():
                self._clear()
            case WantsDtmf(digits):
                if len(digits) > limits.DIGITS_MAX or set(digits) - set("0123456789*#ABCD"):
                    self._misunderstood(Fault(f"digits are 0-9 * # A-D, at most {limits.DIGITS_MAX}"))
                else:
                    self._digits = (self._digits + digits)[: limits.DIGITS_MAX]

    def take_digits(self) -> str:
        """Digits that the caller is to be sent."""
        digits, self._digits = self._digits, ""
        return digits

    # Private

    def _stop(self, result: Any) -> None:
        try:
            text = msgspec.json.encode(result).decode()
        except RecursionError:
            self._misunderstood(Fault("the result is nested too deeply"))
            return
        if len(text) > limits.RESULT_BYTES_MAX:
            self._end(f"its result is longer than {limits.RESULT_BYTES_MAX} bytes")
        else:
            self.ended = self.ended or Ended(result=text)

    def _receive_sound(self, sound: bytes) -> None:
        if not self._dial.talks:
            self._misunderstood(Fault("this stream only listens: sound is not for anybody"))
            return
        if len(sound) % SAMPLE_BYTES:
            self._misunderstood(Fault("a sample has two bytes: sound of an odd number of bytes"))
            return
        self._piece += sound
        self._piece_age = 0
        room = limits.SAID_FRAMES_MAX - len(self._said)
        whole = len(self._piece) // self._frame_bytes
        for index in range(min(whole, room)):
            self._said.append(bytes(self._piece[index * self._frame_bytes : (index + 1) * self._frame_bytes]))
        del self._piece[: whole * self._frame_bytes]
        if whole > room:
            self.counts.refused += whole - room
            self._tell(Dropped("to_call", whole - room))

    def _complete_piece(self) -> None:
        if self._piece and len(self._said) < limits.SAID_FRAMES_MAX:
            self._said.append(bytes(self._piece.ljust(self._frame_bytes, b"\0")))
        self._piece.clear()
        self._piece_age = 0

    def _mark(self, name: str) -> None:
        if len(name) > limits.MARK_CHARACTERS_MAX or len(self._marks) == limits.MARKS_MAX:
            self._misunderstood(
                Fault(f"at most {limits.MARKS_MAX} marks, of {limits.MARK_CHARACTERS_MAX} characters each")
            )
            return
        self._complete_piece()
        self._marks.append((self._sent_to_worker + len(self._said), name))
        self._reach_marks()

    def _clear(self) -> None:
        self.counts.refused += len(self._said)
        self._said.clear()
        self._piece.clear()
        self._clears = self._sent_to_worker > self._played
        while self._marks:
            self._tell(Marked(self._marks.popleft()[1], is_played=False))

    def _note_played(self, played: int) -> None:
        # A new worker's count begins at zero, and what its predecessor had counts no more (`worker_lost`).
        self._played = min(max(played, self._played), self._sent_to_worker)
        self._reach_marks()

    def _reach_marks(self) -> None:
        while self._marks and self._marks[0][0] <= self._played:
            self._tell(Marked(self._marks.popleft()[1], is_played=True))

    def _chosen(self, sound: NDArray[np.int16]) -> bytes:
        match self._dial.side:
            case "caller":
                return sound[0].tobytes()
            case "other":
                return sound[1].tobytes()
            case "both":
                return np.ascontiguousarray(sound.T).tobytes()
            case "mixed":
                both = sound[0].astype(np.int32) + sound[1]
                return np.clip(both, -32768, 32767).astype(np.int16).tobytes()

    def _drop_oldest(self) -> None:
        """The oldest frame that waits; what is said between frames stays, in its order."""
        before: list[str] = []
        while isinstance(message := self._waiting.popleft(), str):
            before.append(message)
        self._waiting.extendleft(reversed(before))
        self._waiting_frames -= 1
        self._overdue += 1
        self.counts.dropped += 1

    def _left_out(self, frames: int) -> None:
        self.counts.dropped += frames
        self._lost += frames

    def _misunderstood(self, fault: Fault) -> None:
        self._faults += 1
        if self._faults > limits.FAULTS_MAX:
            self._end(f"it sent {self._faults} messages that are not understood, the last: {fault.reason}")
        else:
            self._tell(fault)

    def _tell(self, message: Dtmf | Marked | Dropped | Changed | Fault) -> None:
        if not self._is_connected:
            return
        if len(self._waiting) - self._waiting_frames >= limits.WAITING_TEXTS_MAX:
            self._end(f"it does not take its messages: {limits.WAITING_TEXTS_MAX} wait")
            return
        self._waiting.append(messages.write(message))

    def _end(self, fault: str) -> None:
        self.ended = self.ended or Ended(fault)
