"""RTCP of running streams, both ways, and what the switch is told of them every five seconds."""

import random

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DropStream, Quality, StreamReport, StreamReports, StreamStatistics
from softswitch.media.quality.rtcp import Report, ReportBlock, SenderInfo, build, middle_of, ntp_of, parse
from softswitch.media.tick_grid import FRAME_SAMPLES
from softswitch.testing.media_engine import EngineDriver, party

TICKS_PER_S = 50
SSRC = 5


class Line:
    """One stream and its party, whose packets come as they are told to."""

    def __init__(self, **changes: object) -> None:
        self.driver = EngineDriver()
        self.driver.put(1, **changes)
        self.sequence = 0

    def run(self, seconds: float, *, lost: frozenset[int] = frozenset(), wait_ms: float | None = None) -> None:
        for _ in range(round(seconds * TICKS_PER_S)):
            if self.sequence not in lost:
                self.driver.deliver(1, packet(self.sequence), wait_ms=wait_ms)
            self.sequence += 1
            self.driver.tick()

    def reports(self) -> list[Report]:
        """What the party was sent."""
        reports = [parse(sent) for sent in self.driver.rtcp_sent(1)]
        return [report for report in reports if report is not None]

    def told(self) -> list[StreamReport]:
        """What the switch was told since the last time."""
        events = self.driver.engine.take_events()
        return [report for event in events if isinstance(event, StreamReports) for report in event.reports]

    def last(self) -> Quality:
        return self.told()[-1].quality

    def dropped(self) -> StreamStatistics:
        self.driver.engine.take_events()
        self.driver.apply(DropStream(StreamId(1)))
        (event,) = [event for event in self.driver.engine.take_events() if isinstance(event, StreamStatistics)]
        return event


def packet(sequence: int) -> bytes:
    return pack(
        payload_type=0, sequence=sequence, timestamp=sequence * FRAME_SAMPLES, ssrc=SSRC, payload=bytes(FRAME_SAMPLES)
    )


def block(**changes: int) -> ReportBlock:
    """The party's report on stream 1, whose SSRC is 1."""
    return ReportBlock(1, 0, 0, 0, 0, 0, 0)._replace(**changes)


# To the party


def test_a_report_goes_out_about_every_five_seconds_and_the_first_one_sooner() -> None:
    line = Line()
    line.run(1)
    assert not line.reports()
    line.run(2.5)
    assert len(line.reports()) == 1
    line.run(100)
    assert 20 <= len(line.reports()) <= 32


def test_streams_that_begin_together_do_not_report_together() -> None:
    driver = EngineDriver()
    for number in range(1, 101):
        driver.put(number)
    worst = 0
    before = 0
    for _ in range(20 * TICKS_PER_S):
        driver.tick()
        sent = sum(len(driver.rtcp_sent(number)) for number in range(1, 101))
        worst, before = max(worst, sent - before), sent
    assert before > 400
    assert worst <= 10  # one in ten, in the ticks that look to them


def test_it_says_what_was_sent_and_when() -> None:
    line = Line(timestamp=1000)
    line.run(20)
    first, second = line.reports()[:2]
    assert first.ssrc == 1
    assert first.sender is not None
    assert second.sender is not None
    assert second.sender.octets == second.sender.packets * FRAME_SAMPLES
    seconds = (second.sender.ntp - first.sender.ntp) / (1 << 32)
    assert second.sender.packets - first.sender.packets == pytest.approx(seconds * TICKS_PER_S, abs=1)
    assert second.sender.timestamp - first.sender.timestamp == pytest.approx(seconds * 8000, abs=2)
    assert second.sender.timestamp == 1000 + (second.sender.packets - 1) * FRAME_SAMPLES


def test_who_is_not_sent_anything_gets_receiver_reports() -> None:
    line = Line(sends=False)
    line.run(10)
    assert line.reports()
    assert all(report.sender is None for report in line.reports())


def test_it_says_how_the_party_is_received() -> None:
    line = Line()
    lost = frozenset(range(100, 1000, 10))
    line.run(19.98, lost=lost)
    last = line.reports()[-1].blocks[0]
    assert last.ssrc == SSRC
    assert last.fraction_lost == pytest.approx(25.6, abs=3)
    assert last.highest_sequence <= line.sequence - 1
    assert last.lost == sum(1 for sequence in lost if sequence <= last.highest_sequence)
    assert last.jitter == 0


def test_loss_is_what_appendix_a_3_computes_whatever_the_network_does() -> None:
    chance = random.Random(4)
    driver = EngineDriver()
    driver.put(1)
    first = 65_000
    arrivals: list[tuple[float, int]] = []
    for number in range(1500):
        if chance.random() < 0.05:
            continue
        at = number + chance.choice([0, 0, 0, 0, 0, 2])
        arrivals.append((at, number))
    arrivals.sort()
    received = len(arrivals)
    for tick in range(1503):
        while arrivals and arrivals[0][0] <= tick:
            driver.deliver(1, packet_at(first, arrivals.pop(0)[1]))
        driver.tick()
    driver.tick(500)
    last = parse(driver.rtcp_sent(1)[-1])
    assert last is not None
    expected = last.blocks[0].highest_sequence - first + 1
    assert last.blocks[0].highest_sequence > 65_536
    assert last.blocks[0].lost == expected - received


def packet_at(first: int, number: int) -> bytes:
    return pack(
        payload_type=0,
        sequence=first + number,
        timestamp=number * FRAME_SAMPLES,
        ssrc=SSRC,
        payload=bytes(FRAME_SAMPLES),
    )


def test_a_party_never_heard_is_not_reported_on() -> None:
    line = Line()
    line.driver.tick(6 * TICKS_PER_S)
    assert {report.blocks for report in line.reports()} == {()}


def test_the_end_is_told_but_not_to_who_never_heard_of_us() -> None:
    line = Line()
    line.run(8)
    line.driver.apply(DropStream(StreamId(1)))
    assert line.reports()[-1] == Report(1, None, (), True)
    line = Line()
    line.driver.apply(DropStream(StreamId(1)))
    assert not line.reports()


def test_nothing_goes_out_before_it_is_known_where_to() -> None:
    line = Line(remote=None)
    line.driver.tick(10 * TICKS_PER_S)
    assert not line.driver.port.rtcp_sent


# From the party


def test_round_trip_loss_and_jitter_of_the_other_side_are_read_from_its_reports() -> None:
    line = Line()
    line.run(5)
    sent = line.reports()[-1].sender
    assert sent is not None
    line.driver.deliver_rtcp(1, build(SSRC, None, block(last_report=1, since_last_report=0), "x"))
    line.run(0.02)
    assert_no_round_trip(line)
    now = middle_of(ntp_of(line.driver.wall_s))
    held = now - middle_of(sent.ntp) - 6554  # the party answers so that 100 ms are left for the way
    answer = block(lost=7, fraction_lost=13, jitter=80, last_report=middle_of(sent.ntp), since_last_report=held)
    line.driver.deliver_rtcp(1, build(SSRC, None, answer, "x"))
    line.run(5.2)
    quality = line.last()
    assert quality.round_trip_ms == pytest.approx(100.0, abs=0.5)
    assert quality.remote_lost == 7
    assert quality.remote_jitter_ms == pytest.approx(10.0)
    assert quality.remote_mos is not None
    assert 3.5 < quality.remote_mos < 4.2


def assert_no_round_trip(line: Line) -> None:
    line.run(5.2)
    assert line.last().round_trip_ms is None


def test_a_sender_report_is_answered_with_its_time_and_how_long_ago_it_came() -> None:
    line = Line()
    line.run(1)
    came_at = line.driver.wall_s
    info = SenderInfo(0x1111_2222_3333_4444, 0, 0, 0)
    line.driver.deliver_rtcp(1, build(SSRC, info, None, "x"))
    line.run(10)
    report = line.reports()[0]
    assert report.sender is not None
    assert report.blocks[0].last_report == 0x2222_3333
    told_at = report.sender.ntp / (1 << 32) - 2_208_988_800
    assert report.blocks[0].since_last_report / 65536 == pytest.approx(told_at - came_at, abs=0.001)


@pytest.mark.parametrize(
    ("ssrc", "source"),
    [(SSRC + 1, None), (SSRC, HostPort("198.51.100.9", 4001))],
)
def test_reports_of_another_source_or_from_elsewhere_do_not_count(ssrc: int, source: HostPort | None) -> None:
    line = Line()
    line.run(1)
    line.driver.deliver_rtcp(1, build(ssrc, None, block(lost=7), "x"), source=source)
    line.run(5.2)
    assert line.last().remote_lost is None
    if source is not None:
        assert source not in line.driver.port.rtcp_sent


def test_ours_goes_where_the_partys_comes_from() -> None:
    line = Line()
    line.run(1)
    behind_nat = HostPort(party(1).host, 61_000)
    line.driver.deliver_rtcp(1, build(SSRC, None, None, "x"), source=behind_nat)
    line.run(10)
    assert line.driver.port.rtcp_sent[behind_nat]


def test_rtcp_on_the_rtp_port_is_taken_and_is_no_packet_of_the_stream() -> None:
    line = Line(has_rtcp_mux=True)
    line.run(1)
    line.driver.deliver(1, build(SSRC, None, block(lost=7), "x"))
    line.run(5.2)
    quality = line.last()
    assert quality.remote_lost == 7
    assert quality.packets_received <= line.sequence
    assert quality.packets_lost == 0
    assert line.driver.port.rtcp_sent[party(1)]


def test_nobody_is_learnt_from_rtcp_and_nobody_elsewhere_is_heard_by_it() -> None:
    line = Line(has_rtcp_mux=True)
    stranger = HostPort("198.51.100.9", 4000)
    for _ in range(10):
        line.driver.deliver(1, build(SSRC, None, block(lost=7), "x"), source=stranger)
        line.driver.tick()
    line.run(6)
    assert line.last().remote_lost is None
    assert stranger not in line.driver.port.rtcp_sent


def test_a_goodbye_of_the_party_is_noted_and_ends_nothing() -> None:
    line = Line()
    line.run(1)
    line.driver.deliver_rtcp(1, build(SSRC, None, None, "x", is_goodbye=True))
    line.run(1)
    stream = line.driver.engine.streams.find(StreamId(1))
    assert stream is not None
    assert stream.rtcp.has_left


# To the switch


def test_every_stream_is_reported_every_five_seconds() -> None:
    driver = EngineDriver()
    for number in range(1, 61):
        driver.put(number)
    counts: dict[StreamId, int] = {}
    for _ in range(20 * TICKS_PER_S):
        driver.tick()
        for event in driver.engine.take_events():
            for report in event.reports if isinstance(event, StreamReports) else []:
                counts[report.stream_id] = counts.get(report.stream_id, 0) + 1
    assert len(counts) == 60
    # What has become due since the last look is reported by the next.
    assert set(counts.values()) <= {3, 4}
    assert sum(counts.values()) >= 4 * 60 - 5


def test_while_nobody_reads_only_the_last_report_of_each_stream_is_kept() -> None:
    line = Line()
    line.run(60)
    assert len(line.told()) == 1


def test_a_clean_line_is_as_good_as_the_telephone_gets() -> None:
    line = Line()
    line.run(5.2, wait_ms=10)
    quality = line.last()
    assert 4.3 < quality.mos <= 4.41
    assert quality.jitter_ms < 2
    assert quality.burst_ratio == 1.0
    assert 10 <= quality.delay_ms <= 40


def test_the_live_score_is_of_the_last_five_seconds_and_the_final_one_of_all() -> None:
    line = Line()
    line.run(5, lost=frozenset(range(20, 250, 10)))
    line.run(0.2)
    bad = line.last().mos
    line.run(5)
    good = line.last().mos
    final = line.dropped().quality
    assert bad < 3.6
    assert good > 4.3
    assert bad < final.mos < good
    assert final.packets_lost == 23


def test_losses_in_runs_are_worse_than_as_many_single_ones() -> None:
    single, runs = Line(), Line()
    single.run(15, lost=frozenset(range(20, 700, 20)))
    runs.run(15, lost=frozenset(sequence for begin in range(20, 700, 100) for sequence in range(begin, begin + 5)))
    alone, together = single.dropped().quality, runs.dropped().quality
    assert alone.packets_lost == pytest.approx(together.packets_lost, abs=1)
    assert alone.burst_ratio == 1.0
    assert together.burst_ratio == pytest.approx(4.76, abs=0.1)
    assert together.mos < alone.mos


def test_a_party_that_says_nothing_keeps_its_score() -> None:
    line = Line()
    line.run(6)
    line.told()
    line.driver.tick(10 * TICKS_PER_S)
    assert line.last().mos > 4.3


def test_whoever_sends_rtcp_is_there() -> None:
    line = Line()
    line.run(1)
    for _ in range(4):
        line.driver.deliver_rtcp(1, build(SSRC, None, None, "x"))
        line.driver.tick(5 * TICKS_PER_S)
    names = {type(event).__name__ for event in line.driver.engine.take_events()}
    assert "StreamTimedOut" not in names
