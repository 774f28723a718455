"""Digits through the engine: received, sent, and never heard as well."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.digits.digit_sender import DigitSender
from softswitch.media.digits.dtmf import DIGITS, DtmfReceiver
from softswitch.media.digits.dtmf_tones import tone_of
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    DropStream,
    DtmfReceived,
    Hearing,
    PutStream,
    Recording,
    SendDigits,
    SetHearing,
    SrtpKeys,
    StartRecording,
)
from softswitch.testing.media_engine import EngineDriver, party

FRAME = 160
ONE, TWO = StreamId(1), StreamId(2)
VOICE, KEY = b"\x90" * FRAME, b"\x20" * FRAME


class Phone:
    """A phone at stream `number` that may send the sound of a key beside its event."""

    def __init__(self, driver: EngineDriver, number: int = 1, *, payload_type: int = 101) -> None:
        self.driver = driver
        self.number = number
        self.payload_type = payload_type
        self.sequence = 0
        self.timestamp = 0

    def say(self, payload: bytes = VOICE, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.driver.deliver(self.number, self._packet(0, payload, self.timestamp))
            self.timestamp += FRAME
            self.driver.tick()

    def press(self, digit: str, *, ticks: int = 5, with_sound: bool = False) -> None:
        begin = self.timestamp
        for tick in range(ticks + 2):
            is_end = tick >= ticks - 1
            duration = FRAME * min(tick + 1, ticks)
            event = bytes((DIGITS.index(digit), 0x80 * is_end | 10, duration >> 8, duration & 0xFF))
            packets = [self._packet(self.payload_type, event, begin, is_first=tick == 0)]
            if with_sound and tick < ticks:
                packets.append(self._packet(0, KEY, self.timestamp))
            self.driver.deliver(self.number, *packets)
            self.timestamp += FRAME
            self.driver.tick()

    def _packet(self, payload_type: int, payload: bytes, timestamp: int, *, is_first: bool = False) -> bytes:
        packet = pack(
            payload_type=payload_type,
            sequence=self.sequence,
            timestamp=timestamp,
            ssrc=7,
            payload=payload,
            marker=is_first,
        )
        self.sequence += 1
        return packet


def two_parties(**changes: object) -> EngineDriver:
    """Two streams that hear each other."""
    driver = EngineDriver()
    driver.put(1, **changes)
    driver.put(2)
    driver.apply(SetHearing(Hearing(ONE, [TWO])), SetHearing(Hearing(TWO, [ONE])))
    return driver


def digits(driver: EngineDriver) -> str:
    return "".join(event.digit for event in driver.engine.take_events() if isinstance(event, DtmfReceived))


def is_event(packet: bytes) -> bool:
    return packet[1] & 0x7F == 101


def numbers(packets: list[bytes]) -> list[int]:
    return [int.from_bytes(packet[2:4], "big") for packet in packets]


def test_the_sound_of_a_key_beside_its_event_is_neither_heard_nor_recorded() -> None:
    driver = two_parties()
    recording = Recording(
        recording_id=RecordingId("r"), call_id=CallId("call"), path="/r.wav", left=ONE, right=TWO, started_at=driver.now
    )
    driver.apply(StartRecording(recording))
    phone = Phone(driver)
    phone.say(ticks=20)
    phone.press("5", ticks=8, with_sound=True)
    phone.press("5", ticks=30, with_sound=True)
    phone.say(ticks=20)
    assert digits(driver) == "55"
    heard = driver.heard(2)
    # Nothing but the voice and silence, and the voice blended in once.
    assert sum(set(heard[at : at + FRAME]) not in ({0x90}, {0xFF}) for at in range(0, len(heard), FRAME)) <= 1
    assert not set(heard) & set(range(0x90))
    silent = [at for at in range(0, len(heard), FRAME) if set(heard[at : at + FRAME]) == {0xFF}]
    assert 40 <= len(silent) <= 48, "no more of the voice is lost than the key and its edges"
    assert driver.sink.sound(RecordingId("r"))[:, 0].min() >= 0


def test_a_voice_is_heard_again_when_all_ends_of_an_event_are_lost() -> None:
    driver = two_parties()
    phone = Phone(driver)
    phone.say(ticks=10)
    for _ in range(3):
        event = bytes((1, 10, 0, 160))
        driver.deliver(1, pack(payload_type=101, sequence=phone.sequence, timestamp=1600, ssrc=7, payload=event))
        phone.sequence += 1
        phone.timestamp += FRAME
        driver.tick()
    phone.say(ticks=20)
    assert set(driver.heard(2)[-12 * FRAME :]) == {0x90}


def test_what_is_no_digit_silences_nobody() -> None:
    driver = two_parties()
    phone = Phone(driver)
    phone.say(ticks=10)
    event = pack(payload_type=101, sequence=10, timestamp=1600, ssrc=7, payload=bytes((36, 10, 0, 160)))
    phone.sequence += 1
    driver.deliver(1, event)
    phone.say(ticks=10)
    assert set(driver.heard(2)[3 * FRAME : 19 * FRAME]) == {0x90}
    assert digits(driver) == ""


@pytest.mark.parametrize("first_sequence", [0, 65_525])
def test_digits_are_sent_as_events_in_the_places_of_sound(first_sequence: int) -> None:
    driver = two_parties(sequence=first_sequence)
    phone = Phone(driver, 2)
    phone.say(ticks=5)
    assert driver.apply(SendDigits(ONE, "42")) == []
    phone.say(ticks=25)
    sent = driver.sent[ONE]
    assert numbers(sent) == [(first_sequence + n) & 0xFFFF for n in range(30)]
    assert [n for n, packet in enumerate(sent) if is_event(packet)] == [*range(5, 12), *range(13, 20)]
    assert [n for n, packet in enumerate(sent) if packet[1] & 0x80] == [0, 5, 13]
    timestamps = [int.from_bytes(packet[4:8], "big") for packet in sent]
    assert {n: timestamps[n] for n in range(30) if not is_event(sent[n])} == {
        n: n * FRAME for n in range(30) if not is_event(sent[n])
    }
    assert set(timestamps[5:12]) == {800}
    assert set(timestamps[13:20]) == {13 * FRAME}
    assert set(sent[12][12:] + sent[20][12:]) == {0xFF}, "silence between the digits"
    assert set(b"".join(packet[12:] for packet in sent[21:])) == {0x90}, "then sound again"


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_what_is_sent_is_received(ptime_ms: int) -> None:
    here, there = two_parties(ptime_ms=ptime_ms), two_parties()
    assert here.apply(SendDigits(ONE, "1123A*#", 80, 40)) == []
    for _ in range(80):
        before = len(here.sent.get(ONE, []))
        here.tick()
        there.deliver(1, *here.sent.get(ONE, [])[before:])
        there.tick()
    assert digits(there) == "1123A*#"
    assert numbers(here.sent[ONE]) == list(range(len(here.sent[ONE])))
    assert set(there.heard(2)) == {0xFF}


def test_a_stream_without_events_is_sent_tones() -> None:
    driver = two_parties(telephone_event=None, codec="PCMA", payload_type=8)
    phone = Phone(driver, 2)
    phone.say(ticks=5)
    driver.apply(SendDigits(ONE, "7", 100, 60))
    phone.say(ticks=15)
    sent = driver.sent[ONE]
    assert numbers(sent) == list(range(20))
    assert {packet[1] & 0x7F for packet in sent} == {8}
    tables, codec = driver.engine.tables, driver.engine.tables.names.index("PCMA")
    expected = tables.encode_sound(tone_of("7", 0, 8 * FRAME, 800), codec).tobytes()
    assert driver.heard(1)[5 * FRAME : 13 * FRAME] == expected
    assert b"\x90" not in expected[800:]


def test_digits_wait_for_nobody_who_does_not_listen() -> None:
    driver = EngineDriver()
    held = driver.put(1, sends=False)
    assert driver.apply(SendDigits(ONE, "1")) == ["stream 1 sends nothing: its party does not listen now"]
    assert driver.apply(SendDigits(TWO, "1")) == ["stream 2 is not here"]
    driver.put(1, **{name: getattr(held, name) for name in held.__struct_fields__ if name != "sends"})
    assert driver.apply(SendDigits(ONE, "1?")) == ["'?' is no digit: there are 0123456789*#ABCD"]
    assert driver.apply(SendDigits(ONE, "123456")) == []
    driver.tick(3)
    driver.apply(PutStream(held))
    driver.tick(2)
    assert not driver.engine.phases[0].digit_senders
    assert not driver.engine.phases[0].singly


def test_a_stream_that_is_dropped_takes_its_digits_along() -> None:
    driver = two_parties()
    driver.apply(SendDigits(ONE, "123456"))
    driver.tick(3)
    driver.apply(DropStream(ONE))
    driver.put(1)
    driver.tick(10)
    assert not any(is_event(packet) for packet in driver.sent[ONE][4:])


def test_a_new_description_leaves_a_digit_being_sent_as_it_is() -> None:
    driver = two_parties()
    driver.apply(SendDigits(ONE, "1"))
    driver.tick(2)
    driver.put(1, remote=party(9), started_at=driver.engine.streams.find(ONE).description.started_at)  # type: ignore[union-attr]
    driver.tick(10)
    assert [is_event(packet) for packet in driver.sent[ONE]] == [True] * 7 + [False] * 5
    assert numbers(driver.sent[ONE]) == list(range(12))


def test_events_are_understood_by_the_number_of_either_sdp() -> None:
    driver = two_parties(telephone_event=96, telephone_event_own=101)
    Phone(driver, payload_type=101).press("1")
    phone = Phone(driver, payload_type=96)
    phone.timestamp = 8000
    phone.press("2")
    assert digits(driver) == "12"
    driver.put(1, telephone_event=97, started_at=driver.engine.streams.find(ONE).description.started_at)  # type: ignore[union-attr]
    phone.timestamp = 16000
    phone.press("3")
    phone.payload_type = 97
    phone.press("4")
    assert digits(driver) == "4", "a re-INVITE has given them another number"


def test_events_of_an_encrypted_stream_are_encrypted() -> None:
    key, other = bytes(range(30)), bytes(range(30, 60))
    here, there = EngineDriver(), EngineDriver()
    here.put(1, srtp=SrtpKeys("AES_CM_128_HMAC_SHA1_80", send=key, receive=other))
    there.put(1, srtp=SrtpKeys("AES_CM_128_HMAC_SHA1_80", send=other, receive=key))
    here.apply(SendDigits(ONE, "31"))
    for _ in range(25):
        before = len(here.sent.get(ONE, []))
        here.tick()
        there.deliver(1, *here.sent.get(ONE, [])[before:])
        there.tick()
    assert digits(there) == "31"
    assert numbers(here.sent[ONE]) == list(range(25))
    assert len(here.sent[ONE][0]) == 16 + 10


@given(
    keys=st.text(alphabet=DIGITS, min_size=1, max_size=6),
    duration_ms=st.sampled_from([40, 60, 100, 250]),
    pause_ms=st.sampled_from([40, 60, 200]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_network_does_each_digit_is_received_once(
    keys: str, duration_ms: int, pause_ms: int, seed: int
) -> None:
    """As long as one packet of each arrives: others are lost, come twice, or change places with their neighbours."""
    sender, receiver, random = DigitSender(), DtmfReceiver(), np.random.default_rng(seed)
    assert sender.add(keys, duration_ms, pause_ms) is None
    groups: list[list[bytes]] = []
    number = 0
    while not sender.is_over:
        sound = pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=1, payload=b"")
        packet = sender.convert(sound, payload_type=101, clock_hz=8000, ptime_ms=20)
        number += 1
        if packet[1] & 0x7F == 101:
            if packet[1] & 0x80:
                groups.append([])
            groups[-1].append(packet)
    arriving: list[bytes] = []
    for group in groups:
        kept = [packet for packet in group if random.random() < 0.4] or [group[random.integers(len(group))]]
        arriving += [packet for packet in kept for _ in range(1 + (random.random() < 0.3))]
    for at in range(len(arriving) - 1):
        is_same_key = arriving[at][4:8] == arriving[at + 1][4:8]
        if is_same_key and random.random() < 0.3:
            arriving[at], arriving[at + 1] = arriving[at + 1], arriving[at]
    received = [
        digit
        for packet in arriving
        for _, digit in receiver.receive(
            np.array([0]),
            np.array([int.from_bytes(packet[4:8], "big")], np.uint32),
            np.frombuffer(packet[12:], np.uint8)[None],
            np.array([packet[1] & 0x80 != 0]),
        )
    ]
    assert "".join(received) == keys


@pytest.mark.parametrize(
    ("codec", "payload_type", "clock_hz", "ptime_ms"),
    [
        ("OPUS", 111, 48_000, 20),
        ("OPUS", 111, 48_000, 60),
        ("G722", 9, 8000, 20),
        ("G722", 9, 8000, 30),
        ("L16", 98, 8000, 20),
        ("L16", 98, 8000, 30),
    ],
)
def test_streams_of_other_codecs_send_and_receive_events(
    codec: str, payload_type: int, clock_hz: int, ptime_ms: int
) -> None:
    here, there = (
        two_parties(
            codec=codec,
            clock_rate_hz=clock_hz,
            payload_type=payload_type,
            ptime_ms=ptime_ms,
            telephone_event=101,
            telephone_event_clock_hz=clock_hz,
        )
        for _ in range(2)
    )
    phone = Phone(here, 2)
    phone.say(ticks=6)
    here.apply(SendDigits(ONE, "47", 100, 100))
    sent: list[bytes] = []
    for _ in range(40):
        before = len(here.sent.get(ONE, []))
        phone.say()
        sent += here.sent.get(ONE, [])[before:]
        there.deliver(1, *here.sent.get(ONE, [])[before:])
        there.tick()
    assert digits(there) == "47"
    events = [packet for packet in sent if is_event(packet)]
    assert {int.from_bytes(packet[14:16], "big") for packet in events if packet[13] & 0x80} == {clock_hz // 10}
    assert numbers(sent) == list(range(numbers(sent)[0], numbers(sent)[0] + len(sent)))


@pytest.mark.parametrize(("codec", "clock_hz"), [("OPUS", 48_000), ("G722", 8000), ("L16", 8000)])
def test_tones_are_found_after_other_codecs(codec: str, clock_hz: int) -> None:
    here, there = (
        two_parties(codec=codec, clock_rate_hz=clock_hz, payload_type=98, telephone_event=None, detects_tones=True)
        for _ in range(2)
    )
    here.apply(SendDigits(ONE, "1472580369#", 80, 80))
    for _ in range(120):
        before = len(here.sent.get(ONE, []))
        here.tick()
        there.deliver(1, *here.sent.get(ONE, [])[before:])
        there.tick()
    assert digits(there) == "1472580369#"
