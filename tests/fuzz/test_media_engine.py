"""Any command is carried out or refused, any packet is heard or dropped, and the tick never raises."""

import random

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId, RoomId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    DropFaxPort,
    DropRoom,
    DropStream,
    FaxPort,
    Hearing,
    HoldPort,
    MediaCommand,
    Playback,
    PutFaxPort,
    PutRoom,
    PutStream,
    Recording,
    Room,
    SendDigits,
    SetHearing,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamDescription,
)
from softswitch.testing.media_engine import EngineDriver, party

STREAMS = 4
streams = st.integers(0, STREAMS).map(StreamId)
calls = st.sampled_from([CallId("a"), CallId("b")])
gains_db = st.sampled_from([0.0, -6.0, 12.0, 24.0, 25.0, -1e9, float("nan"), float("inf")])
descriptions = st.builds(
    StreamDescription,
    stream_id=streams,
    call_id=calls,
    local_ip=st.sampled_from(["127.0.0.1", "::1", "nowhere"]),
    port=st.sampled_from([4000, 4002, 0, 70_000]),
    ssrc=st.sampled_from([1, 2**32 - 1, -1]),
    sequence=st.integers(-(2**40), 2**40),
    timestamp=st.integers(-(2**40), 2**40),
    started_at=st.floats(0, 2000),
    remote=st.sampled_from([None, *map(party, range(STREAMS)), HostPort("x", 1), HostPort("192.0.2.1", -5)]),
    learn=st.booleans(),
    codec=st.sampled_from(["PCMU", "PCMA", "opus", "", "OPUS", "G722", "L16"]),
    clock_rate_hz=st.sampled_from([8000, 8000, 8000, 48000, 16000, 0]),
    format_parameters=st.sampled_from(["", "usedtx=1;maxaveragebitrate=-1;;=", "cbr=1", "\0"]),
    payload_type=st.sampled_from([0, 8, 127, 200]),
    telephone_event=st.sampled_from([None, 0, 101, -4]),
    telephone_event_clock_hz=st.sampled_from([8000, 48_000]),
    telephone_event_own=st.sampled_from([None, 102]),
    comfort_noise=st.sampled_from([None, 13, 99]),
    detects_tones=st.booleans(),
    detects_fax=st.booleans(),
    is_fax=st.booleans(),
    timeout_s=st.sampled_from([0.0, 0.1]),
    has_rtcp_mux=st.booleans(),
    ptime_ms=st.sampled_from([10, 20, 30, 60, 0, -20, 21]),
    sends=st.booleans(),
    receives=st.booleans(),
    gain_db=gains_db,
    is_muted=st.booleans(),
    is_deaf=st.booleans(),
)
hearings = st.builds(Hearing, streams, st.lists(streams, max_size=5), st.lists(gains_db, max_size=5))
room_ids = st.sampled_from([RoomId("r"), RoomId("s")])
rooms = st.builds(Room, room_id=room_ids, members=st.lists(streams, max_size=6))
playbacks = st.builds(
    Playback,
    play_id=st.integers(0, 3),
    stream_id=streams,
    sounds=st.lists(st.sampled_from(["/a", "/b", "/none", "\0"]), max_size=4),
    loop=st.booleans(),
    is_over=st.booleans(),
    started_at=st.floats(-10, 2000),
)
recordings = st.builds(
    Recording,
    recording_id=st.sampled_from([RecordingId("x"), RecordingId("y")]),
    call_id=calls,
    path=st.just("/r.wav"),
    left=streams,
    right=st.none() | streams,
    started_at=st.floats(0, 2000),
    masked_until=st.sampled_from([0.0, 1000.1, 2000.0]),
    beep_every_s=st.sampled_from([0.0, 0.01, 0.5]),
)
fax_ports = st.builds(
    FaxPort,
    port_id=streams,
    stream_id=streams,
    call_id=calls,
    local=st.sampled_from([HostPort("127.0.0.1", 6000), HostPort("x", 1)]),
    remote=st.sampled_from([None, party(1), HostPort("::1", 5)]),
    peer=st.none() | streams,
    timeout_s=st.sampled_from([0.0, 0.1, -1.0]),
)
commands: st.SearchStrategy[MediaCommand] = st.one_of(
    st.builds(PutStream, descriptions),
    st.builds(DropStream, streams),
    st.builds(PutFaxPort, fax_ports),
    st.builds(DropFaxPort, streams),
    st.builds(
        HoldPort, st.builds(HostPort, st.sampled_from(["127.0.0.1", "x"]), st.sampled_from([4000, 0, 70_000, -2]))
    ),
    st.builds(SetHearing, hearings),
    st.builds(PutRoom, rooms),
    st.builds(DropRoom, room_ids),
    st.builds(StartPlay, playbacks),
    st.builds(SendDigits, streams, st.sampled_from(["1", "23*#", "x"]), st.integers(20, 400), st.integers(20, 200)),
    st.builds(StopPlay, streams, st.integers(0, 3)),
    st.builds(StartRecording, recordings),
    st.builds(StopRecording, st.sampled_from([RecordingId("x"), RecordingId("y")])),
    st.builds(
        Describe,
        st.lists(descriptions, max_size=3),
        st.lists(hearings, max_size=3),
        st.lists(playbacks, max_size=3),
        st.lists(recordings, max_size=2),
        st.lists(rooms, max_size=2),
        is_last=st.booleans(),
        fax_ports=st.lists(fax_ports, max_size=2),
    ),
)


def good_stream(number: int) -> PutStream:
    return PutStream(
        StreamDescription(
            stream_id=StreamId(number),
            call_id=CallId("a"),
            local_ip="127.0.0.1",
            port=4000 + 2 * number,
            ssrc=number,
            sequence=0,
            timestamp=0,
            started_at=1000.0,
            remote=party(number),
            telephone_event=101,
        )
    )


CODED = {StreamId(10): ("OPUS", 48000), StreamId(11): ("G722", 8000), StreamId(12): ("L16", 16000)}


def coded_stream(number: StreamId) -> PutStream:
    codec, clock_rate_hz = CODED[number]
    stream = good_stream(number).stream
    return PutStream(msgspec.structs.replace(stream, codec=codec, clock_rate_hz=clock_rate_hz))


def load_sounds(driver: EngineDriver, chance: random.Random) -> None:
    for key, _ in driver.engine.take_sound_requests():
        if key.path in ("/a", "/b"):
            driver.engine.sound_loaded(key, np.full(chance.choice([0, 1, 100, 700]), 0x55, np.uint8), 1)
        else:
            driver.engine.sound_checked(key, "no such file")


def some_packet(chance: random.Random, index: int) -> bytes:
    """A good packet, one with wild numbers, one that is damaged, or no packet at all."""
    is_wild = chance.random() < 0.3
    packet = pack(
        payload_type=chance.choice([0, 0, 0, 8, 101, 13]),
        sequence=chance.getrandbits(16) if is_wild else index,
        timestamp=chance.getrandbits(32) if is_wild else 160 * index + chance.choice([0, 0, 0, 7]),
        ssrc=chance.choice([1, 1, 1, 2]),
        payload=chance.randbytes(chance.choice([160, 160, 160, 80, 480, 481, 1, 4, 33])),
        marker=chance.random() < 0.1,
    )
    match chance.randrange(12):
        case 0:
            return packet[: chance.randrange(len(packet) + 1)]
        case 1:
            return bytes([chance.getrandbits(8)]) + packet[1:]
        case 2:
            return chance.randbytes(chance.randrange(700))
        case _:
            return packet


@given(batches=st.lists(st.lists(commands, max_size=4), max_size=8), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_commands_and_packets(batches: list[list[MediaCommand]], seed: int) -> None:
    chance = random.Random(seed)
    driver = EngineDriver()
    driver.apply(*map(good_stream, range(STREAMS)))
    for batch in batches:
        driver.port.refusal = "no port" if chance.random() < 0.1 else None
        assert all(driver.apply(*batch)), "a refusal says why"
        load_sounds(driver, chance)
        for index in range(chance.randrange(8)):
            for number in range(STREAMS):
                packets = [some_packet(chance, index) for _ in range(chance.choice([0, 1, 1, 1, 2]))]
                driver.deliver(number, *packets, source=party(chance.choice([number, number, number, 0])))
            if chance.random() < 0.1:
                driver.leave_out(chance.randrange(200))
            driver.tick()
    for phase in driver.engine.phases:
        assert (phase.live.holes >= 0).all()
        assert (phase.live.holes == phase.live.hole.sum(axis=1)).all()
    driver.engine.close()
    assert not driver.sink.open_recordings


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_any_packets_leave_the_buffer_consistent(seed: int) -> None:
    chance = random.Random(seed)
    driver = EngineDriver()
    driver.apply(*map(good_stream, range(STREAMS)), SetHearing(Hearing(StreamId(2), [StreamId(1), StreamId(3)])))
    driver.apply(*map(coded_stream, CODED), *(SetHearing(Hearing(coded, [StreamId(1)])) for coded in CODED))
    for index in range(150):
        for number in [*range(STREAMS), *CODED]:
            packets = [some_packet(chance, index + chance.choice([0, 0, 0, -1, 2])) for _ in range(chance.randrange(3))]
            driver.deliver(number, *packets)
        driver.tick()
        table = driver.engine.phases[0].live
        assert (table.holes == table.hole.sum(axis=1)).all()
        assert (table.end - table.play < 8192).all()
    assert len(driver.heard(2)) == 150 * 160
    assert all(len(driver.sent[coded]) == 150 for coded in CODED), "whatever comes, these are sent what they hear"
