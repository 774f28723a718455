"""The streams' reports: RTCP to their parties, quality and voice facts to the switch.

Each is due every five seconds: RTCP by the random intervals of RFC 3550, the switch's by the stream's row. A phase
looks to them in every fifth tick. So no tick has much to do, and what it does, it does for several streams: the first
costs five times what the others do, while code and tables come back into the processor's caches.
"""

import heapq
from collections.abc import Sequence

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.packet_port import PacketPort
from softswitch.media.phase import Phase, Stream, position_of
from softswitch.media.protocol import Quality, StreamReport, StreamReports
from softswitch.media.quality.quality import REMOTE_BUFFER_MS, Counts, score
from softswitch.media.quality.rtcp import RtcpPacket, parse
from softswitch.media.streams import Streams
from softswitch.media.tick_grid import FRAME_SAMPLES, PHASES, SAMPLE_RATE_HZ, TICK_S

REPORT_TICKS = 250
"""Five seconds."""
LOOK_TICKS = 5
TELL_TICKS = 10
"""The reports of 200 ms are told together: one event for dozens of streams."""
REPORTS_PER_EVENT = 100
"""Some 45 KB."""

_SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1000


class Reports:
    """Of all streams of a worker."""

    __slots__ = ("_due", "_is_told", "_looked_at", "_port", "_rtcp_due", "_streams")

    def __init__(self, streams: Streams, port: PacketPort) -> None:
        self._streams = streams
        self._port = port
        self._rtcp_due: list[list[tuple[int, StreamId]]] = [[] for _ in range(PHASES)]
        """By phase, a heap of when which stream's RTCP is due; those of dropped streams are passed over."""
        self._looked_at = [0] * PHASES
        """By phase, the tick."""
        self._due: dict[StreamId, StreamReport] = {}
        """For the switch: while there is none, the last of each stream."""
        self._is_told = True

    def begin(self, stream: Stream) -> None:
        """A stream was made."""
        phase = stream.phase
        if phase.tick - self._looked_at[phase.index] > REPORT_TICKS:
            # The phase had no streams, and ran no ticks.
            self._looked_at[phase.index] = phase.tick
        self._schedule(stream)

    def end(self, stream: Stream) -> None:
        """A stream is about to be dropped: its party is told."""
        self._due.pop(stream.description.stream_id, None)
        goodbye = stream.rtcp.goodbye()
        if goodbye is not None:
            self._send(stream, goodbye)

    def receive(self, phase: Phase, packets: Sequence[RtcpPacket], wall_s: float) -> None:
        """RTCP from the hosts of the streams' parties: it counts if it is of the party whose RTP is heard."""
        table = phase.live
        for row, packet, source, came_at_s in packets:
            stream = phase.streams.get(row)
            report = None if stream is None else parse(_decrypted(stream, packet, source))
            if stream is None or report is None or table.ssrc[row] not in (-1, report.ssrc):
                continue
            stream.rtcp.receive(report, came_at_s or wall_s - _muxed_wait_s(stream))
            if source is not None:
                self._streams.rtcp_heard(stream, source)
            # Whoever reports is there, though he may have nothing to say.
            table.last_tick[row] = phase.tick

    def run(self, phase: Phase, wall_s: float) -> None:
        """After each tick: send the RTCP that is due, and note the reports that are."""
        tick = phase.tick
        passed = tick - self._looked_at[phase.index]
        if passed < LOOK_TICKS:
            return
        self._looked_at[phase.index] = tick
        rtcp_due = self._rtcp_due[phase.index]
        while rtcp_due and rtcp_due[0][0] <= tick:
            stream = self._streams.find(heapq.heappop(rtcp_due)[1])
            if stream is not None:
                self._send_report(stream, wall_s)
                self._schedule(stream)
        for due_tick in range(tick - min(passed, REPORT_TICKS) + 1, tick + 1):
            for row in range(due_tick % REPORT_TICKS, phase.row_count, REPORT_TICKS):
                stream = phase.streams.get(row)
                if stream is not None:
                    self._due[stream.description.stream_id] = self._report(stream)
        if tick // TELL_TICKS != (tick - passed) // TELL_TICKS:
            self._is_told = False

    def take(self) -> list[StreamReports]:
        """For the switch, now and then."""
        if self._is_told:
            return []
        self._is_told = True
        due, self._due = list(self._due.values()), {}
        return [StreamReports(due[at : at + REPORTS_PER_EVENT]) for at in range(0, len(due), REPORTS_PER_EVENT)]

    def final_quality(self, stream: Stream) -> Quality:
        """Of the whole life of the stream."""
        return _quality(stream, _counts(stream))

    def _report(self, stream: Stream) -> StreamReport:
        counts = _counts(stream)
        quality = _quality(stream, counts.since(stream.counts_reported))
        stream.counts_reported = counts
        description = stream.description
        facts = stream.phase.voices.facts(stream.row)
        return StreamReport(description.call_id, description.stream_id, quality, facts, position_of(stream))

    def _schedule(self, stream: Stream) -> None:
        at = stream.phase.tick + round(stream.rtcp.next_interval_s() / TICK_S)
        heapq.heappush(self._rtcp_due[stream.phase.index], (at, stream.description.stream_id))

    def _send_report(self, stream: Stream, wall_s: float) -> None:
        if stream.latch.destination() is None:
            return
        table, row, phase, description = stream.phase.live, stream.row, stream.phase, stream.description
        units = stream.description.clock_rate_hz // SAMPLE_RATE_HZ
        sample = (phase.tick - stream.first_tick) * FRAME_SAMPLES
        sent = int(table.sent[row])
        packet = stream.rtcp.report(
            source=int(table.ssrc[row]),
            sequence=(int(table.next_sequence[row]) - 1) & 0xFFFF,
            received=int(table.received[row]),
            lost=int(table.lost[row]),
            jitter=round(float(table.jitter[row]) * units),
            sent=sent + stream.packets_sent,
            octets=sent * FRAME_SAMPLES + stream.octets_sent,
            timestamp=description.timestamp + sample * units,
            wall_s=wall_s,
        )
        self._send(stream, packet)

    def _send(self, stream: Stream, packet: bytes) -> None:
        ready = packet if stream.srtp is None else stream.srtp.sender.protect_rtcp(packet)
        if ready:
            self._port.send_rtcp(stream.frame_row, ready)


def _muxed_wait_s(stream: Stream) -> float:
    """How long RTCP lay in an RTP socket, about: it came between the last tick's packet and this one's."""
    return TICK_S / 2 + int(stream.phase.live.wait[stream.row]) / SAMPLE_RATE_HZ


def _decrypted(stream: Stream, packet: bytes, source: HostPort | None) -> bytes:
    if stream.srtp is None or source is None:
        return packet
    return stream.srtp.receiver.unprotect_rtcp(packet)


def _counts(stream: Stream) -> Counts:
    table, row = stream.phase.live, stream.row
    return Counts(int(table.received[row]), int(table.lost[row]), int(table.late[row]), int(table.loss_runs[row]))


def _quality(stream: Stream, counts: Counts) -> Quality:
    """The counts of the stream so far, and the scores for what `counts` says."""
    table, row, rtcp, description = stream.phase.live, stream.row, stream.rtcp, stream.description
    left = int(table.end[row] - table.play[row])
    buffer_ms = (max(left, 0) + int(table.wait[row])) / _SAMPLES_PER_MS
    round_trip_ms = None if rtcp.round_trip_s is None else rtcp.round_trip_s * 1000
    way_ms = description.ptime_ms + (round_trip_ms or 0.0) / 2
    if counts.expected:
        stream.mos = score(
            description.codec,
            loss_percent=counts.loss_percent,
            burst_ratio=counts.burst_ratio,
            delay_ms=way_ms + buffer_ms,
        )
    remote = rtcp.remote
    return Quality(
        packets_received=int(table.received[row]),
        packets_sent=int(table.sent[row]) + stream.packets_sent,
        packets_lost=int(table.lost[row]),
        packets_late=int(table.late[row]),
        jitter_ms=float(table.jitter[row]) / _SAMPLES_PER_MS,
        burst_ratio=counts.burst_ratio,
        delay_ms=buffer_ms,
        mos=stream.mos,
        round_trip_ms=round_trip_ms,
        remote_lost=None if remote is None else remote.lost,
        remote_jitter_ms=None if remote is None else remote.jitter * 1000 / stream.description.clock_rate_hz,
        remote_mos=None
        if remote is None
        else score(
            description.codec,
            loss_percent=remote.fraction_lost / 2.56,
            burst_ratio=1.0,
            delay_ms=way_ms + REMOTE_BUFFER_MS,
        ),
    )
