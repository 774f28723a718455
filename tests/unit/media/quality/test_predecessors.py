"""A stream's figures go on where those of its dead worker ended."""

from softswitch.base.ids import CallId, StreamId
from softswitch.media.protocol import Quality, StreamReport, StreamStatistics, VoiceFacts
from softswitch.media.quality.predecessors import Predecessors

CALL = CallId("call")
ONE, TWO = StreamId(1), StreamId(2)


def report(stream_id: StreamId, received: int, mos: float = 4.0) -> StreamReport:
    quality = Quality(
        packets_received=received, packets_sent=2 * received, packets_lost=3, packets_late=1, mos=mos, delay_ms=40.0
    )
    return StreamReport(CALL, stream_id, quality, VoiceFacts(talk_s=2.0, overlap_s=0.5, silence_max_s=7.0))


def test_counts_and_times_of_several_workers_are_added() -> None:
    predecessors = Predecessors()
    assert predecessors.reported(report(ONE, 10)) == report(ONE, 10)
    predecessors.worker_died([report(ONE, 100)], {ONE, TWO})
    summed = predecessors.reported(report(ONE, 10, mos=3.0))
    quality = summed.quality
    assert (quality.packets_received, quality.packets_sent, quality.packets_lost, quality.packets_late) == (
        110,
        220,
        6,
        2,
    )
    assert (quality.mos, quality.delay_ms) == (3.0, 40.0)
    assert (summed.voice.talk_s, summed.voice.overlap_s, summed.voice.silence_max_s) == (4.0, 1.0, 7.0)
    predecessors.worker_died([summed], {ONE})
    assert predecessors.reported(report(ONE, 1)).quality.packets_received == 111
    assert predecessors.reported(report(TWO, 1)) == report(TWO, 1)


def test_the_last_word_has_all_and_a_mean_score() -> None:
    predecessors = Predecessors()
    predecessors.worker_died([report(ONE, 300, mos=4.0)], {ONE})
    last = report(ONE, 100, mos=3.0)
    statistics = StreamStatistics(CALL, ONE, last.quality, last.voice, 5)
    summed = predecessors.finished(statistics)
    assert (summed.quality.packets_received, summed.quality.mos, summed.strangers) == (400, 3.75, 5)
    assert predecessors.finished(statistics) == statistics


def test_a_worker_that_heard_nothing_does_not_spoil_the_score() -> None:
    predecessors = Predecessors()
    predecessors.worker_died([report(ONE, 300, mos=4.0)], {ONE})
    silent = StreamStatistics(CALL, ONE, Quality(), VoiceFacts())
    assert predecessors.finished(silent).quality.mos == 4.0


def test_streams_that_are_gone_are_forgotten_with_the_next_worker() -> None:
    predecessors = Predecessors()
    predecessors.worker_died([report(ONE, 300)], {ONE})
    predecessors.worker_died([], ())
    assert predecessors.reported(report(ONE, 1)) == report(ONE, 1)
