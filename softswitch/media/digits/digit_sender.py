"""Digits that a stream is sent, one after another: as telephone events (RFC 4733), or as tones.

An event is sent in place of sound, one packet for each that would have been sent: it takes its sequence number, so that
nothing is missing or twice in the sequence, and all its packets have the timestamp of the first.

```
   ptime      |  1   |  2   |  3   |  4   |  5   |  6   |  7   |  8   |        100 ms, then 60 ms of pause
   sequence     n      n+1    n+2    n+3    n+4    n+5    n+6    n+7
   timestamp    t      t      t      t      t      t      t      t+1120
   packet       M 160  320    480    640    E 800  E 800  E 800  silence
```

The end is sent three times (section 2.5.1.4). A key held for longer than the duration field can count goes on as
another segment, with the timestamp at which the last one ended and no marker (section 2.5.1.3).
"""

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.digits.dtmf import DIGITS, END
from softswitch.media.digits.dtmf_tones import LEVEL_DBM0, tone_of
from softswitch.media.limits import DIGIT_MS_MAX, DIGITS_WAITING_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ

DIGIT_MS_MIN = 40
PAUSE_MS_MIN = 40
"""Shorter ones need not be recognised (Q.24)."""

_ENDS = 3
_DURATION_MAX = 0xFFFF


class _Key(NamedTuple):
    digit: str
    duration_ms: int
    pause_ms: int


class _Event:
    """A key that is being sent as an event; times in the clock of events."""

    __slots__ = ("ends", "is_begun", "length", "offset", "sent", "timestamp")

    def __init__(self, timestamp: int, length: int) -> None:
        self.timestamp = timestamp
        """Of the present segment."""
        self.length = length
        self.offset = 0
        """Where the present segment begins, counted from the beginning of the event."""
        self.sent = 0
        """How long the key has been down at the end of the last packet."""
        self.ends = 0
        """Packets with the E bit so far."""
        self.is_begun = False


class DigitSender:
    """The digits of one stream, taken frame by frame (tones) or packet by packet (events).

    It may change from one to the other with any digit, because the party's SDP may.
    """

    __slots__ = ("_elapsed", "_event", "_keys")

    def __init__(self) -> None:
        self._keys: deque[_Key] = deque()
        """The first is the one that is being sent."""
        self._elapsed = 0
        """Samples since the first key went down."""
        self._event: _Event | None = None
        """Of the first key, until its end has been sent three times."""

    @property
    def is_over(self) -> bool:
        """All is sent, with the pause after the last digit."""
        return not self._keys

    def add(self, digits: str, duration_ms: int, pause_ms: int) -> str | None:
        """Send these after those still waiting; None, or why that cannot be."""
        wrong = next((digit for digit in digits if digit not in DIGITS), "")
        if wrong:
            return f"{wrong!r} is no digit: there are {DIGITS}"
        if not all(DIGIT_MS_MIN <= length <= DIGIT_MS_MAX for length in (duration_ms, pause_ms)):
            return f"a digit lasts {DIGIT_MS_MIN} to {DIGIT_MS_MAX} ms, and so does the pause after it"
        if len(self._keys) + len(digits) > DIGITS_WAITING_MAX:
            return f"no more than {DIGITS_WAITING_MAX} digits may wait to be sent"
        self._keys += [_Key(digit, duration_ms, pause_ms) for digit in digits]
        return None

    def next_frame(self) -> NDArray[np.int16]:
        """The next frame of the digits as tones, int16[FRAME_SAMPLES]."""
        self._event = None
        frame = np.zeros(FRAME_SAMPLES, np.int16)
        filled = 0
        while filled < FRAME_SAMPLES and self._keys:
            key = self._keys[0]
            length = _samples(key.duration_ms)
            # Nothing is left of a key whose event lasted longer than its tone would have.
            left = max(_samples(key.duration_ms + key.pause_ms) - self._elapsed, 0)
            step = min(left, FRAME_SAMPLES - filled)
            frame[filled : filled + step] = tone_of(key.digit, self._elapsed, step, length)
            self._advance(step)
            filled += step
        return frame

    def convert(self, packet: bytes, *, payload_type: int, clock_hz: int, ptime_ms: int) -> bytes:
        """What is to be sent in place of `packet`, an RTP packet of `ptime_ms` of silence: an event's, or itself."""
        if not self._keys:
            return packet
        if self._elapsed == 0:
            length = clock_hz * self._keys[0].duration_ms // 1000
            self._event = _Event(int.from_bytes(packet[4:8], "big"), length)
        if self._event is not None:
            packet = self._event_packet(self._event, packet, payload_type, clock_hz * ptime_ms // 1000)
        self._advance(_samples(ptime_ms))
        return packet

    def _event_packet(self, event: _Event, packet: bytes, payload_type: int, step: int) -> bytes:
        event.sent += step
        duration = min(event.sent, event.length) - event.offset
        is_end = event.sent >= event.length and duration <= _DURATION_MAX
        payload = bytes((DIGITS.index(self._keys[0].digit), END * is_end | -round(LEVEL_DBM0)))
        converted = pack(
            payload_type=payload_type,
            sequence=int.from_bytes(packet[2:4], "big"),
            timestamp=event.timestamp,
            ssrc=int.from_bytes(packet[8:12], "big"),
            payload=payload + min(duration, _DURATION_MAX).to_bytes(2, "big"),
            marker=not event.is_begun,
        )
        event.is_begun = True
        event.ends += is_end
        if duration > _DURATION_MAX:
            event.timestamp += _DURATION_MAX
            event.offset += _DURATION_MAX
        if event.ends == _ENDS:
            self._event = None
        return converted

    def _advance(self, samples: int) -> None:
        self._elapsed += samples
        key = self._keys[0]
        if self._event is None and self._elapsed >= _samples(key.duration_ms + key.pause_ms):
            self._keys.popleft()
            self._elapsed = 0


def _samples(duration_ms: int) -> int:
    return SAMPLE_RATE_HZ * duration_ms // 1000
