"""What operators see of the switch's parts."""

from softswitch.app.operations import worker_row
from softswitch.media.protocol import WorkerStatistics
from softswitch.media.runtime.client import WorkerState


def statistics(streams: int) -> WorkerStatistics:
    return WorkerStatistics(
        streams=streams,
        recordings=1,
        tick_us_median=900.0,
        tick_us_max=2000.0,
        overruns=3,
        packets_received=100,
        packets_sent=100,
        strangers=5,
        cpu_s=9.0,
        cpu=0.5,
        dropped_by_kernel=7,
        unauthentic=8,
    )


def test_a_worker_has_the_streams_it_was_given_since_it_reported() -> None:
    row = worker_row(WorkerState("media-0", True, 42, 2, statistics(0), True, adopted=1))
    assert (row.streams, row.is_draining, row.recordings, row.overruns) == (2, True, 1, 3)
    assert (row.strangers, row.dropped_by_kernel, row.unauthentic, row.adopted) == (5, 7, 8, 1)


def test_streams_that_a_worker_still_reports_are_not_over() -> None:
    assert worker_row(WorkerState("media-0", True, 42, 0, statistics(4))).streams == 4


def test_a_worker_that_has_not_reported_yet_has_what_it_was_given() -> None:
    row = worker_row(WorkerState("media-0", False, 0, 6, None))
    assert (row.streams, row.cpu, row.is_connected) == (6, 0.0, False)
