"""RTCP of one stream (RFC 3550 sections 6.3 and 6.4): what its party is told, and what we learn from its reports.

Both sides send a report about every five seconds, at random between two and six. Each says what the sender of the
report has received from the other; and since every report repeats when the other's last one was sent, and how long
ago it came, whoever gets it knows how long a packet takes there and back.
"""

from collections import deque

from softswitch.media.quality.rtcp import Report, ReportBlock, SenderInfo, build, middle_of, ntp_of

INTERVAL_S = 5.0
INTERVAL_SHARE_MIN, INTERVAL_SHARE_MAX = 0.5, 1.5
"""The random factor, so that those who began together do not report together."""
RECONSIDERATION = 1.21828
"""e - 3/2: RFC 3550 divides by it because its algorithm would otherwise wait longer than meant (section 6.3.1)."""
ROUND_TRIP_MAX_S = 10.0
"""More than that is a clock that was set, or a peer's mistake."""
REPORTS_REMEMBERED = 4
"""Of ours; a peer's report answers one of the last."""

_UNITS_PER_S = 1 << 16


class RtcpSession:
    """Starts with the stream and ends with it. Times are wall clock seconds."""

    __slots__ = (
        "_chance",
        "_cname",
        "_heard_at_s",
        "_heard_ntp",
        "_highest",
        "_lost_before",
        "_lost_told",
        "_received_told",
        "_sent_ntps",
        "_sent_told",
        "_source",
        "_ssrc",
        "has_left",
        "remote",
        "reports_received",
        "reports_sent",
        "round_trip_s",
    )

    def __init__(self, ssrc: int) -> None:
        self.remote: ReportBlock | None = None
        """The last the party said of what it receives from us."""
        self.round_trip_s: float | None = None
        self.has_left = False
        """The party has said BYE."""
        self.reports_sent = 0
        self.reports_received = 0
        self._ssrc = ssrc
        self._cname = f"{ssrc:08x}"
        """Of this stream alone: a lasting name would tell parties which calls belong together (RFC 7022)."""
        self._chance = ssrc * 2_654_435_761 & 0xFFFFFFFF
        self._sent_ntps: deque[int] = deque(maxlen=REPORTS_REMEMBERED)
        self._heard_ntp = 0
        self._heard_at_s = 0.0
        """The party's last sender report: its own time, middle bits, and when it came."""
        self._source = -1
        self._highest = 0
        self._lost_before = 0
        """Lost of sources before this one."""
        self._lost_told = 0
        self._received_told = 0
        self._sent_told = 0
        """The counts as they were in the last report."""

    def next_interval_s(self) -> float:
        """How long to wait until the next report; the first one comes after half of that (section 6.2)."""
        # A generator of Numerical Recipes' kind: it need only not run in step with that of other streams.
        self._chance = (1_664_525 * self._chance + 1_013_904_223) & 0xFFFFFFFF
        share = INTERVAL_SHARE_MIN + (INTERVAL_SHARE_MAX - INTERVAL_SHARE_MIN) * self._chance / (1 << 32)
        return INTERVAL_S * share / RECONSIDERATION / (1 if self.reports_sent else 2)

    def receive(self, report: Report, came_at_s: float) -> None:
        """Take a report of the party's; whether it is the party's has been seen to."""
        self.reports_received += 1
        self.has_left |= report.is_goodbye
        if report.sender is not None:
            self._heard_ntp, self._heard_at_s = middle_of(report.sender.ntp), came_at_s
        for block in report.blocks:
            if block.ssrc == self._ssrc:
                self.remote = block
                if block.last_report in self._sent_ntps:
                    self._measure_round_trip(block, came_at_s)

    def report(
        self,
        *,
        source: int,
        sequence: int,
        received: int,
        lost: int,
        jitter: int,
        sent: int,
        octets: int,
        timestamp: int,
        wall_s: float,
    ) -> bytes:
        """The compound packet that is due.

        `source` is the party's SSRC, -1 if it was never heard; `sequence` that of its newest packet. `jitter` and
        `timestamp` (of what is sent at `wall_s`) are in units of the stream's RTP clock. The rest are counts so far.
        """
        ntp = ntp_of(wall_s)
        sender = SenderInfo(ntp, timestamp & 0xFFFFFFFF, sent & 0xFFFFFFFF, octets & 0xFFFFFFFF)
        is_sender = sent > self._sent_told
        block = None if source < 0 else self._block(source, sequence, received, lost, jitter, wall_s)
        self._sent_told, self._received_told, self._lost_told = sent, received, lost
        self.reports_sent += 1
        if is_sender:
            self._sent_ntps.append(middle_of(ntp))
        return build(self._ssrc, sender if is_sender else None, block, self._cname)

    def goodbye(self) -> bytes | None:
        """The last packet; None when the party never heard of us by RTCP (section 6.3.7)."""
        return build(self._ssrc, None, None, self._cname, is_goodbye=True) if self.reports_sent else None

    def _block(self, source: int, sequence: int, received: int, lost: int, jitter: int, wall_s: float) -> ReportBlock:
        if source != self._source:
            self._source, self._highest, self._lost_before = source, sequence, min(self._lost_told, lost)
        # Only the lower half is on the wire of RTP. Reports are far closer together than its wraps.
        self._highest = (self._highest + ((sequence - self._highest) & 0xFFFF)) & 0xFFFFFFFF
        lost_now = max(lost - self._lost_told, 0)
        expected_now = received - self._received_told + lost_now
        return ReportBlock(
            ssrc=source,
            fraction_lost=min(256 * lost_now // expected_now, 255) if expected_now > 0 else 0,
            lost=lost - self._lost_before,
            highest_sequence=self._highest,
            jitter=min(jitter, 0xFFFFFFFF),
            last_report=self._heard_ntp,
            since_last_report=self._since_heard(wall_s),
        )

    def _since_heard(self, wall_s: float) -> int:
        if not self._heard_ntp:
            return 0
        return round(max(wall_s - self._heard_at_s, 0.0) * _UNITS_PER_S) & 0xFFFFFFFF

    def _measure_round_trip(self, block: ReportBlock, came_at_s: float) -> None:
        units = (middle_of(ntp_of(came_at_s)) - block.last_report - block.since_last_report) & 0xFFFFFFFF
        # A round trip shorter than the clocks' grain comes out as just below zero.
        round_trip_s = 0.0 if units >= 1 << 31 else units / _UNITS_PER_S
        if round_trip_s <= ROUND_TRIP_MAX_S:
            self.round_trip_s = round_trip_s
