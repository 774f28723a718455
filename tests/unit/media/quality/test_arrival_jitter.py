"""Jitter as RFC 3550 defines it, from packets whose arrival is known."""

import random
from collections.abc import Sequence

import pytest

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DropStream, StreamStatistics
from softswitch.media.tick_grid import FRAME_SAMPLES
from softswitch.testing.media_engine import EngineDriver


def measured_ms(waits_ms: Sequence[float | None], *, timestamp: int = 0) -> float:
    """The jitter of a stream whose packets came so long before their ticks, None where the kernel did not say."""
    driver = EngineDriver()
    driver.put(1)
    for index, wait_ms in enumerate(waits_ms):
        driver.deliver(
            1,
            pack(
                payload_type=0,
                sequence=index,
                timestamp=timestamp + index * FRAME_SAMPLES,
                ssrc=5,
                payload=bytes(FRAME_SAMPLES),
            ),
            wait_ms=wait_ms,
        )
        driver.tick()
    driver.engine.take_events()
    driver.apply(DropStream(StreamId(1)))
    (event,) = [event for event in driver.engine.take_events() if isinstance(event, StreamStatistics)]
    return event.quality.jitter_ms


def test_jitter_is_what_rfc_3550_says() -> None:
    waits = [5.0, 10.0] * 40
    assert measured_ms(waits) == pytest.approx(5.0, abs=0.1)


def test_a_clean_network_shows_none_even_where_a_tick_ends() -> None:
    chance = random.Random(1)
    waits = [0.2 * chance.random() for _ in range(100)]
    assert measured_ms(waits) < 0.5


def test_it_is_read_off_the_packets_that_were_timed() -> None:
    waits: list[float | None] = [None] * 500
    waits[0::50] = [4.0, 12.0] * 5
    assert measured_ms(waits) == pytest.approx(8.0, abs=0.1)


def test_the_wrap_of_the_timestamp_is_none() -> None:
    assert measured_ms([8.0] * 20, timestamp=2**32 - 5 * FRAME_SAMPLES) == 0.0


def test_without_times_nothing_is_said() -> None:
    assert measured_ms([None] * 50) == 0.0


def test_uniform_jitter_has_the_mean_difference_of_two_packets() -> None:
    chance = random.Random(2)
    waits: list[float | None] = [chance.uniform(0, 18) for _ in range(2000)]
    assert measured_ms(waits) == pytest.approx(6.0, abs=2.5)
