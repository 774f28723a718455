"""Digits received as RFC 4733 telephone events: each reported once, when it begins, whatever the network did to it.

An event is a run of packets with one RTP timestamp, the instant the key was pressed. Each repeats digit and duration so
far, so any one of them is enough, and the last is sent three times with the E bit. What arrives is told apart so:

| packet                                                                         | verdict                          |
|--------------------------------------------------------------------------------|----------------------------------|
| a timestamp and digit not seen lately, with or without marker or E             | a new digit (2.5.1.2, 2.5.1.4)   |
| a timestamp and digit seen lately: an update, a repeated or late packet        | the same digit (2.5.1.2)         |
| same digit, no marker, begins where the one without E so far ends, or a little |                                  |
| later: the next segment of a key held longer than the duration field can count | the same digit (2.5.1.3)         |
| same digit, no marker, begins before the last one ends: the sender moves the   |                                  |
| timestamp although the key is still the same                                   | the same digit (not to the RFC)  |
| event number above 15: flash, fax and modem tones                              | ignored                          |

The few packets of a batch that are events (50 a second while a key is down) are looked at one by one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.tick_grid import SAMPLE_RATE_HZ

DIGITS = "0123456789*#ABCD"
EVENT_BYTES = 4

_SEEN_MAX = 4
"""Events remembered per stream; packets do not arrive later than three key presses after their own."""

_SEGMENT_SLACK_MS = 50
"""What may be missing between two segments: one lost update. Key presses are further apart."""

END = 0x80
"""The E bit, in an event's second byte."""


class _Event(NamedTuple):
    """What is known of one event; times in RTP timestamp units."""

    timestamp: int
    digit: int
    duration: int
    is_ended: bool


class DtmfReceiver:
    """The events of all streams of a worker, by row."""

    __slots__ = ("_clocks", "_seen")

    def __init__(self) -> None:
        self._clocks: dict[int, int] = {}
        """Units of the timestamp in a second, by row, where they are not 8000."""
        self._seen: dict[int, list[_Event]] = {}
        """By row, latest last."""

    def receive(
        self,
        rows: NDArray[np.integer],
        timestamps: NDArray[np.uint32],
        payloads: NDArray[np.uint8],
        markers: NDArray[np.bool_],
    ) -> list[tuple[int, str]]:
        """Take a batch of events in the order of arrival; returns (row, digit) for each that begins a new one.

        `rows` [n], `timestamps` uint32[n], `payloads` uint8[n, >= 4], `markers` bool[n]. Packets with a shorter payload
        must have been left out.
        """
        digits: list[tuple[int, str]] = []
        for row, timestamp, payload, marker in zip(
            rows.tolist(), timestamps.tolist(), payloads.tolist(), markers.tolist(), strict=True
        ):
            digit = payload[0]
            if digit < len(DIGITS):
                event = _Event(timestamp, digit, payload[2] << 8 | payload[3], bool(payload[1] & END))
                if self._is_new(row, event, marker):
                    digits.append((row, DIGITS[digit]))
        return digits

    def set_clock(self, row: int, clock_hz: int) -> None:
        """Times of the row's events are in units of 1 / `clock_hz` s: 48000 beside Opus (RFC 7587)."""
        self._clocks[row] = clock_hz
        if clock_hz == SAMPLE_RATE_HZ:
            del self._clocks[row]

    def forget(self, row: int) -> None:
        """The row is given to another stream, or its sender began anew (another SSRC)."""
        self._seen.pop(row, None)
        self._clocks.pop(row, None)

    def _is_new(self, row: int, event: _Event, marker: bool) -> bool:
        seen = self._seen.setdefault(row, [])
        for index, known in enumerate(seen):
            if (known.timestamp, known.digit) == (event.timestamp, event.digit):
                seen[index] = _Event(
                    known.timestamp,
                    known.digit,
                    max(known.duration, event.duration),
                    known.is_ended or event.is_ended,
                )
                return False
        slack = _SEGMENT_SLACK_MS * self._clocks.get(row, SAMPLE_RATE_HZ) // 1000
        is_new = not seen or marker or not _continues(seen[-1], event, slack)
        seen.append(event)
        del seen[:-_SEEN_MAX]
        return is_new


def _continues(last: _Event, event: _Event, slack: int) -> bool:
    """Whether `event`, with a timestamp of its own, is still the key press `last`."""
    if event.digit != last.digit:
        return False
    elapsed = (event.timestamp - last.timestamp) & 0xFFFFFFFF
    if elapsed < last.duration:
        return True
    return not last.is_ended and elapsed <= last.duration + slack
