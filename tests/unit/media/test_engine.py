"""The engine: streams that are made, changed and dropped, and what the switch is told."""

import msgspec
import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.limits import EVENTS_WAITING_MAX, SOURCES_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.phase import ROWS_PER_PHASE
from softswitch.media.protocol import (
    Describe,
    DropStream,
    DtmfReceived,
    FirstPacket,
    Hearing,
    HoldPort,
    MediaEvent,
    PutStream,
    SetHearing,
    StreamDescription,
    StreamStatistics,
    StreamTimedOut,
    VoiceFacts,
)
from softswitch.media.streams import PHASE_STREAMS
from softswitch.testing.media_engine import EngineDriver, party

FRAME = 160
CALL = CallId("call")


def packet(index: int, *, byte: int = 0x90, payload_type: int = 0, ssrc: int = 7) -> bytes:
    return pack(
        payload_type=payload_type, sequence=index, timestamp=FRAME * index, ssrc=ssrc, payload=bytes([byte]) * FRAME
    )


def event_packet(index: int, digit: int, at: int) -> bytes:
    payload = bytes([digit, 10, 0, 160])
    return pack(payload_type=101, sequence=index, timestamp=at, ssrc=7, payload=payload)


def numbers(packets: list[bytes]) -> list[tuple[int, int]]:
    """Sequence and timestamp of each."""
    return [(int.from_bytes(one[2:4], "big"), int.from_bytes(one[4:8], "big")) for one in packets]


def events(driver: EngineDriver, kind: type[MediaEvent]) -> list[MediaEvent]:
    return [event for event in driver.engine.take_events() if isinstance(event, kind)]


def test_nothing_is_sent_before_the_remote_is_known_and_silence_from_then_on() -> None:
    driver = EngineDriver()
    first = driver.put(1, remote=None, sequence=65_535, timestamp=2**32 - 160)
    driver.tick(3)
    assert not driver.sent
    driver.apply(PutStream(msgspec.structs.replace(first, remote=party(1))))
    driver.tick(3)
    sent = driver.sent[StreamId(1)]
    assert numbers(sent) == [(2, 320), (3, 480), (4, 640)]  # the clock ran meanwhile
    assert [one[1] for one in sent] == [0x80, 0, 0]
    assert set(driver.heard(1)) == {0xFF}


def test_a_party_on_hold_neither_hears_nor_is_heard() -> None:
    driver = EngineDriver()
    one, _ = driver.put(1), driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    held = msgspec.structs.replace(one, sends=False, receives=False)
    for index in range(15):
        if index == 5:
            driver.apply(PutStream(held))
        if index == 10:
            driver.apply(PutStream(one))
        driver.deliver(1, packet(index))
        driver.tick()
    assert numbers(driver.sent[StreamId(1)]) == [(n, n * FRAME) for n in (*range(5), *range(10, 15))]
    assert [frame[1] >> 7 for frame in driver.sent[StreamId(1)]] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    heard = driver.heard(2)
    assert set(heard[2 * FRAME : 6 * FRAME]) == {0x90}
    assert set(heard[9 * FRAME : 11 * FRAME]) == {0xFF}
    assert set(heard[13 * FRAME :]) == {0x90}


def test_only_the_payload_type_of_the_description_is_heard() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    for index in range(6):
        driver.deliver(1, packet(index, payload_type=0 if index % 2 else 13))
        driver.tick()
    assert 0x90 in driver.heard(2)
    driver.apply(DropStream(StreamId(1)))
    (statistics,) = events(driver, StreamStatistics)
    assert isinstance(statistics, StreamStatistics)
    quality = statistics.quality
    assert (quality.packets_received, quality.packets_lost, quality.packets_sent) == (6, 0, 6)


def test_digits_and_the_first_packet_are_told_once() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.deliver(1, packet(0))
    driver.tick()
    assert driver.engine.take_events() == [FirstPacket(CALL, StreamId(1), party(1))]
    driver.deliver(1, event_packet(1, 11, 160), event_packet(2, 11, 160), event_packet(3, 0, 800))
    driver.tick()
    assert driver.engine.take_events() == [
        DtmfReceived(CALL, StreamId(1), "#"),
        DtmfReceived(CALL, StreamId(1), "0"),
    ]


def test_silence_is_reported_after_each_timeout_and_begins_anew_with_sound() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2, timeout_s=0.0)
    driver.put(3, remote=None)
    driver.tick(520)
    (silence,) = events(driver, StreamTimedOut)
    assert isinstance(silence, StreamTimedOut)
    assert silence.stream_id == 1
    assert 10.0 <= silence.silent_s < 10.3
    driver.tick(450)
    assert not events(driver, StreamTimedOut)
    driver.tick(70)
    (silence,) = events(driver, StreamTimedOut)
    assert isinstance(silence, StreamTimedOut)
    assert 20.0 <= silence.silent_s < 20.5
    driver.deliver(1, packet(0))
    driver.tick(490)
    assert not events(driver, StreamTimedOut)
    driver.tick(30)
    assert len(events(driver, StreamTimedOut)) == 1


def test_a_party_on_hold_has_its_own_timeout_and_comfort_noise_is_life() -> None:
    driver = EngineDriver()
    driver.put(1, receives=False, timeout_s=28.0)
    driver.put(2, comfort_noise=13)
    for number in range(6):
        noise = pack(payload_type=13, sequence=number, timestamp=number * 32_000, ssrc=5, payload=b"\x40")
        driver.deliver(2, noise)
        driver.tick(200)
    assert not events(driver, StreamTimedOut)
    driver.tick(220)
    (silence,) = events(driver, StreamTimedOut)
    assert isinstance(silence, StreamTimedOut)
    assert silence.stream_id == 1


def test_the_silence_of_a_hold_is_not_that_of_the_conversation_after_it() -> None:
    driver = EngineDriver()
    driver.put(1, timeout_s=1000.0)
    driver.tick(1000)
    driver.put(1, timeout_s=10.0)
    driver.tick(490)
    assert not events(driver, StreamTimedOut)
    driver.tick(30)
    assert len(events(driver, StreamTimedOut)) == 1


def test_a_silent_party_may_come_back_from_another_port_but_nobody_else_may() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    for index in range(5):
        driver.deliver(1, packet(index))
        driver.tick()
    assert driver.port.remote[0] == party(1)
    driver.deliver(1, packet(5, byte=0x13), source=HostPort("198.51.100.7", 6666))
    driver.tick(20)
    assert 0 not in driver.port.remote
    for index in range(5, 10):
        driver.deliver(1, packet(index, byte=0x13, ssrc=99), source=HostPort("198.51.100.7", 6666))
        driver.tick()
    moved = HostPort(party(1).host, 5555)
    for index in range(25, 30):
        driver.deliver(1, packet(index, byte=0x91), source=moved)
        driver.tick()
    driver.tick(2)
    assert driver.port.destination[0] == moved
    assert 0x91 in driver.heard(2)
    assert 0x13 not in driver.heard(2)
    assert driver.engine.strangers == 5


def test_a_new_sdp_moves_the_stream() -> None:
    driver = EngineDriver()
    one = driver.put(1)
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    for index in range(4):
        driver.deliver(1, packet(index))
        driver.tick()
    new = HostPort("192.0.2.200", 9000)
    driver.apply(PutStream(msgspec.structs.replace(one, remote=new)))
    assert driver.port.destination[0] == new
    for index in range(4, 12):
        driver.deliver(1, packet(index, byte=0x13))
        driver.deliver(1, packet(index, byte=0x91, ssrc=8), source=new)
        driver.tick()
    assert driver.port.remote[0] == new
    assert 0x91 in driver.heard(2)
    assert 0x13 not in driver.heard(2)


def test_a_change_of_codec_is_heard_without_noise() -> None:
    driver = EngineDriver()
    one, _ = driver.put(1), driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    for index in range(4):
        driver.deliver(1, packet(index))
        driver.tick()
    driver.apply(PutStream(msgspec.structs.replace(one, codec="PCMA", payload_type=8)))
    for index in range(4, 8):
        driver.deliver(1, packet(index, payload_type=8))
        driver.tick()
    codecs = np.array([1, 1]), np.array([0, 0])
    said, silence = driver.engine.tables.convert(np.array([[0x90], [0xD5]], np.uint8), *codecs)[:, 0].tolist()
    assert driver.heard(2).endswith(bytes([said]) * 2 * FRAME)
    assert set(driver.heard(2)) == {0xFF, 0x90, said, silence}


def test_streams_of_a_call_share_a_phase_and_phases_fill_one_after_another() -> None:
    driver = EngineDriver()
    for number in range(PHASE_STREAMS + 4):
        driver.put(number, call_id=CallId(str(number // 2)), remote=None, port=2 * number + 2)
    assert [len(phase.streams) for phase in driver.engine.phases] == [PHASE_STREAMS, 4, 0, 0]
    driver.put(9000, call_id=CallId("0"), remote=None, port=2)
    assert len(driver.engine.phases[0].streams) == PHASE_STREAMS + 1
    for number in range(PHASE_STREAMS + 4):
        driver.apply(DropStream(StreamId(number)))
    assert [len(phase.streams) for phase in driver.engine.phases] == [1, 0, 0, 0]
    assert [phase.row_count for phase in driver.engine.phases] == [PHASE_STREAMS + 1, 0, 0, 0]
    driver.put(9001, call_id=CallId("0"), remote=None, port=4)
    assert driver.port.local.keys() == {0, PHASE_STREAMS}


def test_listeners_and_sources_of_different_phases_understand_each_other() -> None:
    driver = EngineDriver()
    for number in range(PHASE_STREAMS):
        driver.put(1000 + number, call_id=CallId("full"), remote=None, port=2 * number + 2)
    driver.put(1, call_id=CallId("other"))
    driver.apply(
        DropStream(StreamId(1000)),
        PutStream(
            StreamDescription(
                stream_id=StreamId(2),
                call_id=CallId("full"),
                local_ip="127.0.0.1",
                port=9998,
                ssrc=1,
                sequence=0,
                timestamp=0,
                started_at=driver.now,
                remote=party(2),
            )
        ),
    )
    assert [driver.engine.streams.find(StreamId(n)).phase.index for n in (1, 2)] == [1, 0]  # type: ignore[union-attr]
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])), SetHearing(Hearing(StreamId(1), [StreamId(2)])))
    sound = [bytes([n]) * FRAME for n in range(40)]
    for index, payload in enumerate(sound):
        for number in (1, 2):
            driver.deliver(
                number, pack(payload_type=0, sequence=index, timestamp=FRAME * index, ssrc=3, payload=payload)
            )
        driver.tick()
    for number in (1, 2):
        assert b"".join(sound[:37]) in driver.heard(number)


def test_a_row_that_is_used_again_remembers_nothing() -> None:
    driver = EngineDriver()
    driver.put(2)
    driver.put(1)
    driver.apply(SetHearing(Hearing(StreamId(1), [StreamId(2)])))
    for index in range(5):
        driver.deliver(1, packet(index), event_packet(100 + index, 5, 999))
        driver.tick()
    driver.apply(DropStream(StreamId(1)))
    driver.sent.clear()
    driver.engine.take_events()
    driver.put(3)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(3)])))
    driver.deliver(3, event_packet(0, 5, 999))
    driver.tick(5)
    assert set(driver.heard(2)) == set(driver.heard(3)) == {0xFF}
    assert events(driver, DtmfReceived) == [DtmfReceived(CALL, StreamId(3), "5")]


@pytest.mark.parametrize("is_last", [False, True])
def test_nobody_talked_in_a_row_while_it_was_free(is_last: bool) -> None:
    driver = EngineDriver()
    for number in (1, 2, 3):
        driver.put(number)
    driver.apply(DropStream(StreamId(2)))
    driver.tick(200)
    if is_last:
        driver.apply(DropStream(StreamId(3)))
    driver.put(4)
    driver.tick(2)
    driver.engine.take_events()
    driver.apply(DropStream(StreamId(4)))
    (statistics,) = events(driver, StreamStatistics)
    assert isinstance(statistics, StreamStatistics)
    assert statistics.voice == VoiceFacts()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"codec": "G729"}, "no codec G729"),
        ({"ptime_ms": 25}, "ptime_ms 25"),
        ({"port": 65_535}, "port 65535"),
        ({"payload_type": 128}, "payload type"),
        ({"telephone_event": 200}, "payload type"),
        ({"ssrc": 2**32}, "32 bits"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"timeout_s": -1.0}, "timeout_s"),
        ({"rtcp_remote": HostPort("here", 1)}, "no IP address"),
        ({"local_ip": "localhost"}, "localhost"),
        ({"remote": HostPort("192.0.2.1", 0)}, "port 0"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(changes: dict[str, object], words: str) -> None:
    driver = EngineDriver()
    good = driver.put(1)
    wrong = msgspec.structs.replace(good, stream_id=StreamId(2), **changes)
    (reason,) = driver.apply(PutStream(wrong))
    assert words in reason
    assert len(driver.engine.streams) == 1


def test_what_cannot_change_or_be_done_is_refused() -> None:
    driver = EngineDriver()
    one = driver.put(1)
    driver.port.refusal = "port 10004 is in use"
    reasons = driver.apply(
        PutStream(msgspec.structs.replace(one, ssrc=5)),
        PutStream(msgspec.structs.replace(one, stream_id=StreamId(2))),
        SetHearing(Hearing(StreamId(1), [StreamId(5)])),
        SetHearing(Hearing(StreamId(1), [StreamId(1)] * (SOURCES_MAX + 1))),
        DropStream(StreamId(44)),
    )
    assert [reason.split()[0] for reason in reasons] == ["stream", "port", "stream", "a"]
    assert len(driver.engine.streams) == 1
    assert driver.engine.phases[0].row_count == 1


def test_a_description_in_parts_changes_nothing_until_it_is_whole() -> None:
    driver = EngineDriver()
    one, two = driver.put(1), driver.put(2)
    three = msgspec.structs.replace(one, stream_id=StreamId(3), port=40_000)
    hearing = Hearing(StreamId(2), [StreamId(3), StreamId(2)])
    assert driver.apply(Describe([three], [], [], [], is_last=False)) == []
    assert driver.engine.streams.find(StreamId(3)) is None
    driver.engine.forget_description()
    assert driver.apply(Describe([two], [hearing], [], [], is_last=False)) == []
    assert driver.apply(Describe([three], [], [], [])) == []
    assert sorted(driver.engine.streams.ids()) == [2, 3]


def test_when_hundreds_are_not_wanted_any_more_they_leave_one_after_another() -> None:
    driver = EngineDriver()
    streams = [driver.put(number) for number in range(1, 101)]
    driver.tick()
    heir = msgspec.structs.replace(streams[98], stream_id=StreamId(200))
    wanted = [streams[0], heir]
    assert driver.apply(Describe(wanted, [], [], [])) == []
    assert 80 < len(driver.engine.streams) < 100
    assert driver.apply(PutStream(streams[99])) == []  # comes back in time
    driver.tick()
    assert 60 < len(driver.engine.streams) < 91
    assert driver.apply(Describe([*wanted, streams[99]], [], [], [])) == []
    driver.tick(50)
    assert driver.engine.streams.ids() == [streams[0].stream_id, streams[99].stream_id, heir.stream_id]
    told = [event.stream_id for event in events(driver, StreamStatistics) if isinstance(event, StreamStatistics)]
    assert len(told) == len(set(told)) == 98
    sent = [len(driver.sent[stream.stream_id]) for stream in (streams[0], streams[99])]
    assert sent == [52, 52]


def test_ports_are_held_until_they_are_used_or_all_is_described() -> None:
    driver = EngineDriver()
    first, second = HostPort("127.0.0.1", 10_002), HostPort("127.0.0.1", 20_000)
    assert driver.apply(HoldPort(first), HoldPort(second)) == []
    assert all(phase.is_idle for phase in driver.engine.phases)  # it costs nothing
    one = driver.put(1)
    assert driver.port.held == [second]
    assert driver.apply(Describe([one], [], [], [], is_last=False)) == []
    assert driver.port.held == [second]
    assert driver.apply(Describe([], [], [], [])) == []
    assert driver.port.held == []
    driver.port.refusal = "port in use"
    assert driver.apply(HoldPort(first)) == ["port in use"]


def test_a_port_that_cannot_be_had_again_silences_only_its_own_stream() -> None:
    driver = EngineDriver()
    one, two = driver.put(1), driver.put(2)
    driver.port.refusal = "port in use"
    three = msgspec.structs.replace(one, stream_id=StreamId(3), port=40_000)
    hearing = Hearing(StreamId(1), [StreamId(2), StreamId(3)])
    assert driver.apply(Describe([one, two, three], [hearing], [], [])) == ["port in use"]
    for index in range(4):
        driver.deliver(2, packet(index))
        driver.tick()
    assert 0x90 in driver.heard(1)


def test_events_that_nobody_takes_are_bounded() -> None:
    driver = EngineDriver()
    driver.put(1)
    for index in range(EVENTS_WAITING_MAX + 5):
        driver.deliver(1, event_packet(index, index % 10, 1000 * index))
    driver.tick()
    assert len(driver.engine.take_events()) == EVENTS_WAITING_MAX
    assert driver.engine.events_left_out == 6  # the first packet's too


def test_a_party_that_is_heard_again_before_a_switch_comes_was_never_silent() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    driver.tick(520)
    driver.deliver(1, packet(0))
    driver.tick(20)
    silent = events(driver, StreamTimedOut)
    assert [event.stream_id for event in silent if isinstance(event, StreamTimedOut)] == [2]
    driver.tick(520)
    assert len(events(driver, StreamTimedOut)) == 2


def test_a_new_call_finds_room_though_the_phase_with_the_least_to_do_is_full() -> None:
    driver = EngineDriver()
    number = 0
    for call, streams, ptime_ms in [("plain", ROWS_PER_PHASE, 20), *[(f"costly {n}", 240, 30) for n in range(3)]]:
        for _ in range(streams):
            number += 1
            driver.put(number, call_id=CallId(call), remote=None, port=2 * number, ptime_ms=ptime_ms)
    driver.put(9000, call_id=CallId("new"), remote=None, port=2)
    assert [len(phase.streams) for phase in driver.engine.phases] == [ROWS_PER_PHASE, 241, 240, 240]
