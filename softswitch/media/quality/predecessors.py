"""What was measured of streams whose worker died: counted on by what the next worker measures of them.

Counts and times of all workers are added. What is an estimate for the last seconds is the present worker's; for the
whole life of a stream the mean score is weighted by what each worker received.
"""

from collections.abc import Container, Iterable

import msgspec

from softswitch.base.ids import StreamId
from softswitch.media.protocol import Quality, StreamReport, StreamStatistics, VoiceFacts


class Predecessors:
    """The last reports of dead workers, by stream."""

    __slots__ = ("_reports",)

    def __init__(self) -> None:
        self._reports: dict[StreamId, StreamReport] = {}

    def worker_died(self, last: Iterable[StreamReport], open_streams: Container[StreamId]) -> None:
        """The `last` reports of its streams. Of those that are not open any more nothing comes from anybody."""
        self._reports = {
            stream_id: report for stream_id, report in self._reports.items() if stream_id in open_streams
        } | {report.stream_id: report for report in last}

    def reported(self, report: StreamReport) -> StreamReport:
        """With what was counted before."""
        before = self._reports.get(report.stream_id)
        if before is None:
            return report
        quality = _counted_on(report.quality, before.quality)
        return msgspec.structs.replace(report, quality=quality, voice=_heard_on(report.voice, before.voice))

    def finished(self, statistics: StreamStatistics) -> StreamStatistics:
        """The same for the last that is heard of the stream."""
        before = self._reports.pop(statistics.stream_id, None)
        if before is None:
            return statistics
        quality = _counted_on(statistics.quality, before.quality)
        parts = [(one.packets_received, one.mos) for one in (statistics.quality, before.quality) if one.mos]
        received = sum(packets for packets, _ in parts)
        if received:
            mos = round(sum(packets * mos for packets, mos in parts) / received, 2)
            quality = msgspec.structs.replace(quality, mos=mos)
        voice = _heard_on(statistics.voice, before.voice)
        return msgspec.structs.replace(statistics, quality=quality, voice=voice)


def _counted_on(now: Quality, before: Quality) -> Quality:
    return msgspec.structs.replace(
        now,
        packets_received=now.packets_received + before.packets_received,
        packets_sent=now.packets_sent + before.packets_sent,
        packets_lost=now.packets_lost + before.packets_lost,
        packets_late=now.packets_late + before.packets_late,
    )


def _heard_on(now: VoiceFacts, before: VoiceFacts) -> VoiceFacts:
    return msgspec.structs.replace(
        now,
        talk_s=now.talk_s + before.talk_s,
        overlap_s=now.overlap_s + before.overlap_s,
        silence_max_s=max(now.silence_max_s, before.silence_max_s),
    )
