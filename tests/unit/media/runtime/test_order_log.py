"""What a worker notes for the one that takes its place."""

import os
import time
from pathlib import Path

from softswitch.base.ids import CallId, StreamId
from softswitch.media.description import MediaDescription
from softswitch.media.protocol import (
    Describe,
    DropStream,
    Hearing,
    MediaCommand,
    Playback,
    PutStream,
    SendDigits,
    SetHearing,
    StartPlay,
    StopPlay,
    StreamDescription,
)
from softswitch.media.runtime.order_log import RESTORE_WITHIN_S, REWRITE_BYTES, OrderLog


def put(number: int) -> PutStream:
    return PutStream(
        StreamDescription(
            stream_id=StreamId(number),
            call_id=CallId("c"),
            local_ip="127.0.0.1",
            port=10_000 + number,
            ssrc=number,
            sequence=1,
            timestamp=1,
            started_at=1.0,
        )
    )


ORDERS: list[MediaCommand] = [
    put(1),
    put(2),
    SetHearing(Hearing(StreamId(1), [StreamId(2)])),
    StartPlay(Playback(play_id=5, stream_id=StreamId(2), sounds=["/a.wav"])),
    SendDigits(StreamId(1), "5"),
    put(3),
    StopPlay(StreamId(2), 5),
    DropStream(StreamId(3)),
]


def sum_of(*orders: MediaCommand) -> list[Describe]:
    description = MediaDescription()
    for order in orders:
        description.apply(order)
    return description.describe()


def written(path: Path, *turns: list[MediaCommand]) -> None:
    """By a worker that has just died."""
    log = OrderLog(str(path))
    log.start()
    log.rewrite(sum_of())
    for turn in turns:
        log.note(turn)
    log.stop()


def test_the_next_worker_finds_what_was_ordered_and_has_not_ended_and_finds_it_once(tmp_path: Path) -> None:
    path = tmp_path / "media-0.sock.orders"
    written(path, ORDERS[:3], ORDERS[3:], [SendDigits(StreamId(1), "7")])
    assert path.stat().st_mode & 0o777 == 0o600
    found = OrderLog(str(path)).read()
    assert found == sum_of(*ORDERS)
    assert [stream.stream_id for stream in found[0].streams] == [1, 2]
    assert OrderLog(str(path)).read() == []


def test_what_was_not_written_wholly_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "media-0.sock.orders"
    written(path, [put(1)], [put(2)])
    content = path.read_bytes()
    for cut in (1, 3, 40):
        path.write_bytes(content[:-cut])
        assert OrderLog(str(path)).read() == sum_of(put(1))
    path.write_bytes(content + b"\0\0\0\x03???" + content)
    assert OrderLog(str(path)).read() == sum_of(put(1), put(2))
    path.write_bytes(b"what is this")
    assert OrderLog(str(path)).read() == []


def test_a_worker_that_died_long_ago_or_was_somebody_elses_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "media-0.sock.orders"
    written(path, [put(1)])
    long_ago = time.time() - RESTORE_WITHIN_S - 1.0
    os.utime(path, (long_ago, long_ago))
    assert OrderLog(str(path)).read() == []
    assert OrderLog(str(tmp_path / "absent" / "orders")).read() == []


def test_a_worker_that_ends_in_good_order_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "media-0.sock.orders"
    log = OrderLog(str(path))
    log.start()
    log.rewrite(sum_of(put(1)))
    log.touch()
    log.end()
    assert list(tmp_path.iterdir()) == []


def test_a_long_file_is_to_be_written_anew_and_a_disk_that_fails_costs_nothing(tmp_path: Path) -> None:
    log = OrderLog(str(tmp_path / "absent" / "orders"))
    log.start()
    log.rewrite(sum_of(put(1)))
    noted = 0
    while not log.is_long:
        log.note([put(noted)])
        noted += 1
    assert REWRITE_BYTES // 1000 < noted < REWRITE_BYTES // 100
    log.rewrite(sum_of(put(1)))
    assert not log.is_long
    log.end()
