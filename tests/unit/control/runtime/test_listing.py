"""Listings are made a little at a time."""

from collections.abc import Iterator

import pytest

from softswitch.control.limits import REST_S, ROWS_PER_FRAME, TURN_S
from softswitch.control.protocol.replies import Bans
from softswitch.control.protocol.rows import BanRow
from softswitch.control.runtime.listing import in_frames
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

ROW = BanRow(network="192.0.2.1", since_at=0.0, ends_in_s=1.0)


class Slow:
    """Rows that take `row_s` each to make."""

    def __init__(self, count: int, row_s: float) -> None:
        self.taken_s = 0.0
        self._count = count
        self._row_s = row_s

    def rows(self) -> Iterator[BanRow]:
        for _ in range(self._count):
            self.taken_s += self._row_s
            yield ROW


def listed(slow: Slow) -> tuple[list[Bans], float]:
    """The frames, and how long the loop was everybody else's in all."""
    clock = ManualClock()
    loop = VirtualLoop(clock)

    async def listing() -> list[Bans]:
        return [frame async for frame in in_frames(slow.rows(), Bans, seconds=lambda: slow.taken_s)]

    try:
        began_at = clock.now()
        return loop.run_until_complete(listing()), clock.now() - began_at
    finally:
        loop.close()


@pytest.mark.parametrize("count", [0, 1, ROWS_PER_FRAME - 1, ROWS_PER_FRAME, ROWS_PER_FRAME + 1, 4 * ROWS_PER_FRAME])
def test_every_row_comes_once_and_the_last_frame_says_so(count: int) -> None:
    frames, _ = listed(Slow(count, 0.0))
    assert [row for frame in frames for row in frame.rows] == [ROW] * count
    assert [frame.is_last for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert max(len(frame.rows) for frame in frames) <= ROWS_PER_FRAME


def test_what_fits_into_one_turn_is_there_at_once() -> None:
    frames, rested_s = listed(Slow(ROWS_PER_FRAME - 1, TURN_S / ROWS_PER_FRAME))
    assert (len(frames), rested_s) == (1, 0.0)


def test_rows_that_take_long_make_short_frames_with_time_for_others_between_them() -> None:
    frames, rested_s = listed(Slow(9, TURN_S / 2.5))
    assert [len(frame.rows) for frame in frames] == [3, 3, 3, 0]
    assert rested_s == pytest.approx(3 * REST_S)


def test_one_row_that_takes_too_long_is_a_frame() -> None:
    frames, _ = listed(Slow(2, 10 * TURN_S))
    assert [len(frame.rows) for frame in frames] == [1, 1, 0]
