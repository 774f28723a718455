"""Parties from which nothing comes: their sockets are opened again for other sources, and the switch is told.

What is told may wait for a switch that is away. If the party is heard again before one comes, it was never silent as
far as that one is concerned.
"""

import numpy as np

from softswitch.base.ids import StreamId
from softswitch.media.phase import Phase
from softswitch.media.protocol import MediaEvent, StreamTimedOut
from softswitch.media.streams import Streams
from softswitch.media.tick_grid import TICK_S

SILENCE_TICKS = 10
"""After 200 ms without a packet a learnt source may come back from another address (latch.py)."""


class Silences:
    __slots__ = ("_streams", "_untold")

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._untold: dict[StreamId, int] = {}
        """The tick in which a stream was found to be silent, until that is told."""

    def watch(self, phase: Phase) -> list[StreamTimedOut]:
        """After a tick of the phase, now and then: whose time is over."""
        if phase.tick % SILENCE_TICKS:
            return []
        table = phase.live
        silent = phase.tick - table.last_tick
        for row in np.flatnonzero(table.guarded & (silent > SILENCE_TICKS)).tolist():
            self._streams.reopen(phase.streams[row])
        unreported = phase.tick - np.maximum(table.last_tick, table.reported_tick)
        is_overdue = (table.timeout_ticks > 0) & (unreported >= table.timeout_ticks)
        events: list[StreamTimedOut] = []
        for row in np.flatnonzero(is_overdue).tolist():
            table.reported_tick[row] = phase.tick
            description = phase.streams[row].description
            if description.remote is not None:
                self._untold[description.stream_id] = phase.tick
                silent_s = int(silent[row]) * TICK_S
                events.append(StreamTimedOut(description.call_id, description.stream_id, silent_s))
        return events

    def told(self, events: list[MediaEvent]) -> list[MediaEvent]:
        """What is still so of what is about to be told."""
        if not self._untold:
            return events
        still_so = [event for event in events if not self._is_over(event)]
        self._untold.clear()
        return still_so

    def _is_over(self, event: MediaEvent) -> bool:
        if not isinstance(event, StreamTimedOut) or event.stream_id not in self._untold:
            return False
        stream = self._streams.find(event.stream_id)
        return stream is not None and stream.phase.live.last_tick[stream.row] > self._untold[event.stream_id]
