"""What the media workers measure, on its way to the log and to the records of the calls.

A stream's last word comes from its worker a moment after the stream was dropped, and so after the call's record was
written: a record is written at once, whatever happens next, and once more when its legs are complete.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from softswitch.base.ids import CallId, StreamId
from softswitch.base.log import get_logger
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.ports import Records
from softswitch.media.protocol import StreamReport, StreamStatistics
from softswitch.store.schema import Cdr

WAIT_S = 5.0
"""For the last word of a call's streams; a worker that died says none, and then their last reports are all there is."""

log = get_logger("calls")


class Measuring:
    """For all calls in progress, and those that have just ended."""

    def __init__(self, calls: Mapping[CallId, ActiveCall], records: Records, loop: asyncio.AbstractEventLoop) -> None:
        self._calls = calls
        self._records = records
        self._loop = loop
        self._ended: dict[CallId, tuple[CallRecord, Cdr]] = {}
        """Calls whose record is not complete."""
        self._moved: dict[StreamId, CallId] = {}
        """Which call a stream's party is in, if it is not the one the stream was opened for."""

    @property
    def is_complete(self) -> bool:
        """Every ended call's record has all that will be known of its legs."""
        return not self._ended

    def moved(self, stream_id: StreamId, call_id: CallId) -> None:
        """The stream's party is in this call from now on."""
        self._moved[stream_id] = call_id

    def call_of(self, stream_id: StreamId, call_id: CallId) -> CallId:
        """The call a stream belongs to that was opened for `call_id`."""
        return self._moved.get(stream_id, call_id) if self._moved else call_id

    def reported(self, reports: Sequence[StreamReport]) -> None:
        for report in reports:
            call = self._calls.get(self.call_of(report.stream_id, report.call_id))
            if call is None:
                continue
            measurements, quality = call.record.measurements, report.quality
            if measurements.reported(report.stream_id, quality, report.voice):
                log.warning(
                    "bad sound",
                    call_id=call.call_id,
                    leg=measurements.party(report.stream_id),
                    mos=quality.mos,
                    remote_mos=quality.remote_mos,
                    lost=quality.packets_lost,
                    jitter_ms=round(quality.jitter_ms, 1),
                    round_trip_ms=quality.round_trip_ms,
                )

    def finished(self, event: StreamStatistics) -> None:
        call_id = self.call_of(event.stream_id, event.call_id)
        self._moved.pop(event.stream_id, None)
        ended = self._ended.get(call_id)
        call = self._calls.get(call_id)
        record = ended[0] if ended is not None else None if call is None else call.record
        if record is None:
            return
        record.measurements.finished(event.stream_id, event.quality, event.voice)
        if ended is not None and record.measurements.is_complete:
            self._complete(call_id)

    def call_ended(self, record: CallRecord, cdr: Cdr) -> None:
        """The record was written with what is known by now."""
        self._ended[record.call_id] = (record, cdr)
        if record.measurements.is_complete:
            self._complete(record.call_id)
        else:
            self._loop.call_later(WAIT_S, self._complete, record.call_id)

    def _complete(self, call_id: CallId) -> None:
        ended = self._ended.pop(call_id, None)
        if ended is None:
            return
        record, cdr = ended
        if self._moved:
            self._moved = {stream_id: home for stream_id, home in self._moved.items() if home != call_id}
        changes = {"legs": record.measurements.legs(), "streams": record.streams.rows()}
        self._records.call_measured(msgspec.structs.replace(cdr, **changes))
