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

DIGITS = "0123456789*#ABCD"
EVENT_BYTES = 4

_SEEN_MAX = 4
"""Events remembered per stream; packets do not arrive later than three key presses after their own."""

_SEGMENT_SLACK = 400
"""Timestamp units (50 ms) that may be missing between two segments: one lost update. Key presses are further apart."""

_END = 0x80


class _Event(NamedTuple):
    """What is known of one event; times in RTP timestamp units."""

    timestamp: int
    digit: int
    duration: int
    is_ended: bool


class DtmfReceiver:
    """The events of all streams of a worker, by row."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
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
                event = _Event(timestamp, digit, payload[2] << 8 | payload[3], bool(payload[1] & _END))
                if self._is_new(row, event, marker):
                    digits.append((row, DIGITS[digit]))
        return digits

    def forget(self, row: int) -> None:
        """The row is given to another stream, or its sender began anew (another SSRC)."""
        self._seen.pop(row, None)

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
        is_new = not seen or marker or not _continues(seen[-1], event)
        seen.append(event)
        del seen[:-_SEEN_MAX]
        return is_new


def _continues(last: _Event, event: _Event) -> bool:
    """Whether `event`, with a timestamp of its own, is still the key press `last`."""
    if event.digit != last.digit:
        return False
    elapsed = (event.timestamp - last.timestamp) & 0xFFFFFFFF
    if elapsed < last.duration:
        return True
    return not last.is_ended and elapsed <= last.duration + _SEGMENT_SLACK
