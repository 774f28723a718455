"""The description of a worker: what commands make of it, and its packets."""

import msgspec
import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId, RoomId, StreamId
from softswitch.media.description import MediaDescription, batches_of
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    CommandBatch,
    Describe,
    DropFaxPort,
    DropRoom,
    DropStream,
    FaxPort,
    Hearing,
    MediaCommand,
    Playback,
    PutFaxPort,
    PutRoom,
    PutStream,
    Recording,
    Room,
    SetHearing,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamDescription,
)


def put(number: int, port: int = 10000) -> PutStream:
    return PutStream(
        StreamDescription(
            stream_id=StreamId(number),
            call_id=CallId("c"),
            local_ip="127.0.0.1",
            port=port,
            ssrc=1,
            sequence=2,
            timestamp=3,
            started_at=4.0,
        )
    )


def hear(number: int, *sources: int) -> SetHearing:
    return SetHearing(Hearing(StreamId(number), [StreamId(source) for source in sources]))


def play(number: int, play_id: int) -> StartPlay:
    return StartPlay(Playback(play_id=play_id, stream_id=StreamId(number), sounds=["/a.wav"]))


def record(name: str) -> StartRecording:
    return StartRecording(
        Recording(
            recording_id=RecordingId(name),
            call_id=CallId("c"),
            path=f"/{name}.wav",
            left=StreamId(1),
            right=None,
            started_at=0.0,
        )
    )


def described(*commands: MediaCommand) -> MediaDescription:
    description = MediaDescription()
    for command in commands:
        assert description.apply(command) == ""
    return description


def as_described(parts: list[Describe]) -> MediaDescription:
    return described(*parts)


def tables(description: MediaDescription) -> tuple[object, ...]:
    return (
        description.streams,
        description.hearings,
        description.playbacks,
        description.recordings,
        description.rooms,
    )


def test_commands_add_up() -> None:
    description = described(put(1), put(2), hear(1, 2), hear(2, 1), play(1, 7), record("r"), put(1, port=10002))
    assert description.streams[StreamId(1)].port == 10002
    assert description.hearings[StreamId(1)].sources == [2]
    assert description.playbacks[StreamId(1)].play_id == 7
    assert list(description.recordings) == ["r"]


def test_a_dropped_stream_is_heard_by_nobody_and_its_recording_goes_on() -> None:
    description = described(put(1), put(2), put(3), hear(1, 2, 3), hear(2, 1), hear(3, 1), play(1, 7), record("r"))
    description.apply(DropStream(StreamId(1)))
    description.apply(DropStream(StreamId(1)))
    assert list(description.streams) == [2, 3]
    assert description.hearings == {}
    assert description.playbacks == {}
    assert list(description.recordings) == ["r"]
    description = described(put(1), put(2), put(3), hear(1, 2, 3), DropStream(StreamId(3)))
    assert description.hearings[StreamId(1)].sources == [2]


def room(name: str, *members: int) -> PutRoom:
    return PutRoom(Room(room_id=RoomId(name), members=[StreamId(member) for member in members]))


def rooms(description: MediaDescription) -> dict[str, list[int]]:
    return {str(room.room_id): [int(member) for member in room.members] for room in description.rooms.values()}


def test_a_stream_is_in_the_room_it_was_put_into_last() -> None:
    description = described(*(put(number) for number in range(1, 6)), room("a", 1, 2, 9), room("b", 4, 5))
    assert rooms(description) == {"a": [1, 2], "b": [4, 5]}
    description.apply(room("a", 1, 2, 4))
    assert rooms(description) == {"a": [1, 2, 4], "b": [5]}
    description.apply(DropStream(StreamId(2)))
    description.apply(DropRoom(RoomId("b")))
    description.apply(DropRoom(RoomId("b")))
    assert rooms(description) == {"a": [1, 4]}


def test_gains_stay_with_their_sources() -> None:
    description = described(put(1), put(2), put(3))
    sources = [StreamId(2), StreamId(3)]
    description.apply(SetHearing(Hearing(StreamId(1), sources, [-6.0, 3.0])))
    description.apply(DropStream(StreamId(2)))
    assert description.hearings[StreamId(1)] == Hearing(StreamId(1), [StreamId(3)], [3.0])


def test_what_is_stopped_is_no_longer_described() -> None:
    description = described(put(1), put(2), hear(1, 2), play(1, 7), play(1, 8), record("r"))
    description.apply(StopPlay(StreamId(1), 7))
    assert description.playbacks[StreamId(1)].play_id == 8
    for command in (StopPlay(StreamId(1), 8), StopPlay(StreamId(9), 8), StopRecording(RecordingId("r")), hear(1)):
        assert description.apply(command) == ""
    assert tables(description)[1:] == ({}, {}, {}, {})
    assert description.apply(StopRecording(RecordingId("r"))) == ""


@pytest.mark.parametrize("command", [hear(1, 9), hear(9, 1), play(9, 1)])
def test_streams_that_are_not_there_can_neither_hear_nor_be_heard(command: MediaCommand) -> None:
    assert described(put(1)).apply(command) == "no stream 9"


def test_an_empty_description_is_one_empty_part() -> None:
    assert MediaDescription().describe() == [Describe([], [], [], [])]


@pytest.mark.parametrize("streams", [1, 2, 3000])
def test_a_description_survives_its_packets(streams: int) -> None:
    description = described(*(put(n) for n in range(streams)), *(hear(n, (n + 1) % streams) for n in range(streams)))
    for number in range(0, streams, 2):
        description.apply(play(number, number))
        description.apply(record(f"r{number}"))
        description.apply(room(f"room{number}", number, number + 1))
    parts = description.describe()
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert (len(parts) > 1) == (streams == 3000)
    assert tables(as_described(parts)) == tables(description)
    assert all(len(packet) <= PACKET_BYTES_MAX for _, packet in batches_of(parts, 1))


def test_a_part_that_is_not_the_last_changes_nothing_yet() -> None:
    description = described(put(1))
    description.apply(Describe([put(2).stream], [], [], [], is_last=False))
    assert list(description.streams) == [1]
    description.apply(Describe([put(3).stream], [], [], []))
    assert list(description.streams) == [2, 3]


def test_commands_are_batched_in_order_and_below_the_size_of_a_packet() -> None:
    commands = [put(number) for number in range(2000)]
    batches = batches_of(commands, 5)
    assert len(batches) > 1
    assert [batch.batch_id for batch, _ in batches] == list(range(5, 5 + len(batches)))
    assert [command for batch, _ in batches for command in batch.commands] == commands
    for batch, packet in batches:
        assert len(packet) < PACKET_BYTES_MAX
        assert msgspec.msgpack.decode(packet, type=CommandBatch) == batch
    assert batches_of([], 1)[0][0].commands == []


def test_what_nobody_hears_any_more_is_forgotten_in_both_directions() -> None:
    description = described(put(1), put(2), put(3), SetHearing(Hearing(StreamId(1), [StreamId(2), StreamId(3)])))
    description.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    description.apply(DropStream(StreamId(1)))
    assert description.hearings == {}
    description.apply(put(1))
    description.apply(SetHearing(Hearing(StreamId(1), [StreamId(3)])))
    description.apply(DropStream(StreamId(2)))
    assert description.hearings == {StreamId(1): Hearing(StreamId(1), [StreamId(3)])}


def test_a_room_that_was_dropped_lets_its_members_into_another() -> None:
    description = described(put(1), put(2), PutRoom(Room(room_id=RoomId("a"), members=[StreamId(1), StreamId(2)])))
    description.apply(DropRoom(RoomId("a")))
    description.apply(PutRoom(Room(room_id=RoomId("b"), members=[StreamId(1)])))
    description.apply(DropStream(StreamId(2)))
    assert description.rooms == {RoomId("b"): Room(room_id=RoomId("b"), members=[StreamId(1)])}


def fax_port(number: int) -> PutFaxPort:
    local = HostPort("127.0.0.1", 20_000 + 2 * number)
    return PutFaxPort(FaxPort(port_id=StreamId(number), stream_id=StreamId(1), call_id=CallId("c"), local=local))


def test_fax_ports_are_described_and_replaced_like_streams() -> None:
    description = MediaDescription()
    for number in (7, 8):
        assert description.apply(fax_port(number)) == ""
    description.apply(DropFaxPort(StreamId(8)))
    description.apply(DropFaxPort(StreamId(9)))
    (described,) = description.describe()
    assert described.fax_ports == [fax_port(7).port]
    other = MediaDescription()
    other.apply(fax_port(8))
    other.apply(described)
    assert list(other.fax_ports) == [7]


def test_what_was_heard_under_the_last_switch_waits_for_its_sources() -> None:
    description = MediaDescription()
    description.apply(put(1))
    description.take_over(Hearing(StreamId(1), [StreamId(2), StreamId(3)], [0.0, 3.0]))
    description.apply(put(3))
    assert description.hearings == {StreamId(1): Hearing(StreamId(1), [StreamId(2), StreamId(3)], [0.0, 3.0])}
    description.settle()
    assert description.hearings == {StreamId(1): Hearing(StreamId(1), [StreamId(3)], [3.0])}
    description.apply(DropStream(StreamId(3)))
    assert description.hearings == {}
