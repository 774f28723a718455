"""Opus, G.722 and L16 through the engine in virtual time: any to any, loss, pauses, wideband, rooms, passing on."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import RoomId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    DropStream,
    Hearing,
    Playback,
    PutRoom,
    PutStream,
    Room,
    SendDigits,
    SetHearing,
    StartPlay,
    StreamDescription,
)
from softswitch.media.stream_codec import CodecKey
from softswitch.testing.coded_party import CodedParty, converse
from softswitch.testing.media_engine import EngineDriver

Sound = NDArray[np.int16]

CODECS: list[CodecKey] = [
    ("PCMU", 8000),
    ("PCMA", 8000),
    ("G722", 8000),
    ("L16", 8000),
    ("L16", 16000),
    ("OPUS", 48000),
]
LIKENESS = {"OPUS": 0.75, "G722": 0.98}
"""How much of the waveform each codec keeps; Opus keeps what is heard of it."""


def syllables(seconds: float, rate_hz: int) -> Sound:
    """A buzz with a moving pitch, and pauses."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / rate_hz
    buzz = sum(np.sin(number * phase) / number for number in range(1, 25))
    return (4000 * np.clip(np.sin(2 * np.pi * 3 * time), 0.0, 1.0) * buzz).astype(np.int16)


def tone(frequency_hz: float, rate_hz: int, seconds: float = 1.0) -> Sound:
    return (6000 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.int16)


def likeness(said: Sound, heard: Sound) -> float:
    """The greatest normalised correlation at any shift."""
    size = 1 << (len(said) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said.astype(float), size))
    norm = np.linalg.norm(said.astype(float)) * np.linalg.norm(heard.astype(float))
    return float(np.fft.irfft(spectrum, size).max() / norm)


def level_of(frequency_hz: float, sound: Sound, rate_hz: int) -> float:
    """In dB against `tone`, of the last half second."""
    part = sound[-rate_hz // 2 :].astype(float) * np.hanning(rate_hz // 2)
    wave = np.exp(-2j * np.pi * frequency_hz * np.arange(len(part)) / rate_hz)
    return float(20 * np.log10(abs(part @ wave) * 4 / len(part) / 6000 + 1e-9))


def hear(driver: EngineDriver, listener: int, *sources: int) -> None:
    hearing = Hearing(StreamId(listener), [StreamId(source) for source in sources])
    assert driver.apply(SetHearing(hearing)) == []


def pair(
    source: CodecKey, listener: CodecKey, *, ptime_ms: int = 20, source_ptime_ms: int = 20, parameters: str = ""
) -> tuple[EngineDriver, CodedParty, CodedParty]:
    """Party 2 hears party 1."""
    driver = EngineDriver()
    first = CodedParty(driver, 1, source[0], clock_rate_hz=source[1], ptime_ms=source_ptime_ms)
    second = CodedParty(driver, 2, listener[0], clock_rate_hz=listener[1], ptime_ms=ptime_ms, parameters=parameters)
    hear(driver, 2, 1)
    return driver, first, second


def timestamps(packets: Sequence[bytes]) -> list[int]:
    return np.diff([int.from_bytes(packet[4:8], "big") for packet in packets]).tolist()


def sequences(packets: Sequence[bytes]) -> list[int]:
    return np.diff([int.from_bytes(packet[2:4], "big") for packet in packets]).tolist()


@pytest.mark.parametrize("listener", CODECS, ids=lambda key: f"to {key[0]}-{key[1]}")
@pytest.mark.parametrize("source", CODECS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_anybody_hears_anybody(source: CodecKey, listener: CodecKey) -> None:
    driver, first, second = pair(source, listener)
    converse(driver, {1: first.packets(syllables(1.0, first.rate_hz))})
    driver.tick(4)
    least = min(LIKENESS.get(source[0], 0.99), LIKENESS.get(listener[0], 0.99))
    if source == listener == ("G722", 8000):
        least = 0.8  # its decoder needs a moment to follow an encoder that it did not hear from the beginning
    assert likeness(syllables(1.0, second.rate_hz), second.hears()) > least
    assert set(timestamps(second.sent())) == {listener[1] // 50}
    assert set(sequences(second.sent())) == {1}
    assert {packet[1] & 0x7F for packet in second.sent()} == {second.payload_type}


@pytest.mark.parametrize(
    ("listener", "ptime_ms"), [(("G722", 8000), 10), (("G722", 8000), 30), (("OPUS", 48000), 10), (("OPUS", 48000), 60)]
)
def test_packets_of_every_length(listener: CodecKey, ptime_ms: int) -> None:
    driver, first, second = pair(("PCMA", 8000), listener, ptime_ms=ptime_ms)
    converse(driver, {1: first.packets(syllables(1.2, 8000))})
    driver.tick(6)
    assert set(timestamps(second.sent())) == {listener[1] // 1000 * ptime_ms}
    assert likeness(syllables(1.2, 16000), second.hears()) > 0.7


@pytest.mark.parametrize("ptime_ms", [10, 40, 60])
def test_packets_of_every_length_are_understood_and_passed_on(ptime_ms: int) -> None:
    driver, first, second = pair(("OPUS", 48000), ("OPUS", 48000), ptime_ms=ptime_ms, source_ptime_ms=ptime_ms)
    narrow = CodedParty(driver, 3, "PCMU")
    hear(driver, 3, 1)
    packets = first.packets(syllables(1.2, 16000))
    converse(driver, {1: packets}, ptime_ms)
    driver.tick(6)
    assert likeness(syllables(1.2, 8000), narrow.hears()) > 0.7
    passed = [packet for packet in second.sent() if packet[12:] in {packet[12:] for packet in packets}]
    assert len(passed) >= len(packets)
    assert set(timestamps(passed)) == {48 * ptime_ms}
    assert set(sequences(passed)) == {1}


class TestPassedOn:
    """Packets of a source with the listener's own codec are not decoded on the way."""

    @pytest.mark.parametrize("key", [("OPUS", 48000), ("G722", 8000), ("L16", 16000)])
    def test_the_very_payloads_with_our_own_numbers(self, key: CodecKey) -> None:
        driver, first, second = pair(key, key)
        packets = first.packets(syllables(0.6, first.rate_hz))
        converse(driver, {1: packets})
        driver.tick(1)
        payloads = [packet[12:] for packet in second.sent()]
        assert payloads[-len(packets) :] == [packet[12:] for packet in packets]
        assert {int.from_bytes(packet[8:12], "big") for packet in second.sent()} == {second.description.ssrc}
        assert set(sequences(second.sent())) == {1}
        assert set(timestamps(second.sent())) == {key[1] // 50}

    def test_what_is_lost_is_a_gap_for_the_listener_too(self) -> None:
        driver, first, second = pair(("OPUS", 48000), ("OPUS", 48000))
        packets = first.packets(syllables(0.6, 16000))
        packets[10] = packets[20] = packets[21] = b""
        converse(driver, {1: packets})
        sent = second.sent()[1:]
        assert sorted(sequences(sent))[-2:] == [2, 3]
        assert sorted(timestamps(sent))[-2:] == [1920, 2880]
        assert [packet[12:] for packet in sent] == [packet[12:] for packet in packets[: len(packets) - 1] if packet]

    def test_silence_that_is_not_sent_is_no_gap(self) -> None:
        driver, first, second = pair(("OPUS", 48000), ("OPUS", 48000))
        silent = np.zeros(16000 * 2, np.int16)
        packets = first.packets(np.concatenate([syllables(0.5, 16000), silent, syllables(0.5, 16000)]), "usedtx=1")
        assert packets.count(b"") > 50
        converse(driver, {1: packets})
        sent = second.sent()
        assert set(sequences(sent)) == {1}
        assert sorted(timestamps(sent))[-1] > 10 * 960
        assert len(sent) < len(packets) - 50

    def test_not_while_something_is_played(self) -> None:
        driver, first, second = pair(("L16", 16000), ("L16", 16000))
        packets = first.packets(tone(1000, 16000, 1.0))
        converse(driver, {1: packets[:20]})
        play = Playback(play_id=1, stream_id=StreamId(2), sounds=["/nowhere.wav"], loop=True)
        assert driver.apply(StartPlay(play)) == []
        converse(driver, {1: packets[20:]})
        assert np.abs(second.hears()[-4800:]).max() < 20

    def test_not_when_the_listener_wants_a_lower_bit_rate(self) -> None:
        driver, first, second = pair(("OPUS", 48000), ("OPUS", 48000), parameters="maxaveragebitrate=12000")
        packets = first.packets(syllables(1.0, 16000))
        converse(driver, {1: packets})
        assert sum(map(len, second.sent())) < 0.8 * sum(map(len, packets))

    def test_not_when_the_listener_wants_other_packets(self) -> None:
        driver, first, second = pair(("G722", 8000), ("G722", 8000), ptime_ms=30)
        converse(driver, {1: first.packets(syllables(1.0, 16000))})
        assert {len(packet) for packet in second.sent()} == {252}


class TestLoss:
    LOST = range(23, 100, 7)

    def heard_despite_loss(self, key: CodecKey, parameters: str = "") -> tuple[Sound, Sound]:
        """What a G.711 party hears, with packets lost and without."""
        heard: list[Sound] = []
        for lost in (self.LOST, ()):
            driver, first, second = pair(key, ("PCMA", 8000))
            packets = first.packets(syllables(2.0, first.rate_hz), parameters)
            converse(driver, {1: [b"" if index in lost else packet for index, packet in enumerate(packets)]})
            driver.tick(3)
            heard.append(second.hears())
        return heard[0], heard[1]

    def test_a_lost_packet_of_opus_is_taken_from_the_next(self) -> None:
        concealed, whole = self.heard_despite_loss(("OPUS", 48000))
        recovered, complete = self.heard_despite_loss(("OPUS", 48000), "useinbandfec=1")
        assert likeness(complete, recovered) > 0.97
        assert likeness(complete, recovered) > likeness(whole, concealed) + 0.02

    @pytest.mark.parametrize("key", [("L16", 16000), ("L16", 8000)])
    def test_others_are_concealed_from_the_past(self, key: CodecKey) -> None:
        heard, whole = self.heard_despite_loss(key)
        muted = whole.copy()
        for lost in self.LOST:
            muted[(lost + 1) * 160 : (lost + 2) * 160] = 0
        assert likeness(whole, heard) > likeness(whole, muted) + 0.02

    def test_a_decoder_that_lost_the_thread_finds_it_again(self) -> None:
        heard, whole = self.heard_despite_loss(("G722", 8000))
        assert likeness(whole, heard) > 0.9

    @pytest.mark.parametrize("key", [("L16", 16000), ("G722", 8000)])
    def test_packets_in_another_order_are_put_in_order(self, key: CodecKey) -> None:
        driver, first, second = pair(key, ("L16", 8000))
        ordered_driver, _, ordered = pair(key, ("L16", 8000))
        packets = first.packets(syllables(1.0, first.rate_hz))
        converse(ordered_driver, {1: packets})
        for index in range(0, 50, 5):
            ahead = [packets[index + 1], packets[index]] if index else packets[:2]
            driver.deliver(1, *ahead)
            driver.tick(2)
            converse(driver, {1: packets[index + 2 : index + 5]})
        late = second.hears()
        assert likeness(ordered.hears(), late) > 0.999

    def test_a_packet_too_late_for_its_time_is_heard_later(self) -> None:
        driver, first, second = pair(("L16", 8000), ("PCMU", 8000))
        sound = np.zeros(8000, np.int16)
        sound[20 * 160 : 23 * 160] = tone(500, 8000, 0.06)
        packets = first.packets(sound)
        converse(driver, {1: packets[:20]})
        driver.tick(3)
        driver.deliver(1, *packets[20:23])
        converse(driver, {1: packets[23:]})
        driver.tick(8)
        energy = np.square(second.hears().astype(float)).sum()
        assert energy == pytest.approx(np.square(sound.astype(float)).sum(), rel=0.05)

    def test_a_second_without_packets_is_silence(self) -> None:
        driver, first, second = pair(("OPUS", 48000), ("L16", 8000))
        converse(driver, {1: first.packets(syllables(0.6, 16000))})
        driver.tick(60)
        assert not second.hears()[-1000:].any()


class TestSilenceThatIsNotSent:
    def test_the_pause_is_heard_as_one_and_what_follows_in_its_time(self) -> None:
        driver, first, second = pair(("OPUS", 48000), ("L16", 8000))
        sound = np.concatenate([syllables(0.7, 16000), np.zeros(16000, np.int16), syllables(0.7, 16000)])
        packets = first.packets(sound, "usedtx=1")
        assert 20 < packets.count(b"") < len(packets)
        converse(driver, {1: packets})
        driver.tick(4)
        assert likeness(sound[::2], second.hears()) > 0.7
        assert np.abs(second.hears()[8000:13000]).max() < 300

    def test_it_is_not_sent_where_the_party_does_not_want_it(self) -> None:
        driver, first, second = pair(("PCMU", 8000), ("OPUS", 48000), parameters="usedtx=1")
        sound = np.concatenate([syllables(0.7, 8000), np.zeros(8000, np.int16), syllables(0.7, 8000)])
        converse(driver, {1: first.packets(sound)})
        sent = second.sent()
        assert len(sent) < 100
        assert set(sequences(sent)) == {1}
        longest = int(np.argmax(timestamps(sent)))
        assert timestamps(sent)[longest] > 5 * 960
        assert sent[longest + 1][1] & 0x80, "the first packet after a pause is marked"

    def test_digits_are_sent_all_the_same(self) -> None:
        driver, _, second = pair(("PCMU", 8000), ("OPUS", 48000), parameters="usedtx=1")
        driver.apply(PutStream(_with(second.description, telephone_event_clock_hz=48000)))
        driver.tick(50)
        assert driver.apply(SendDigits(StreamId(2), "5")) == []
        driver.tick(20)
        events = [packet for packet in second.sent() if packet[1] & 0x7F == 101]
        assert len(events) > 5
        assert {packet[12] for packet in events} == {5}
        assert set(sequences(second.sent()[-15:])) == {1}


class TestWideband:
    def test_wideband_stays_so_between_codecs(self) -> None:
        driver, first, second = pair(("L16", 16000), ("G722", 8000))
        converse(driver, {1: first.packets(tone(6000, 16000))})
        assert level_of(6000, second.hears(), 16000) == pytest.approx(0.0, abs=1.0)

    def test_narrowband_listeners_hear_no_alias_of_it(self) -> None:
        driver, first, second = pair(("L16", 16000), ("PCMU", 8000))
        converse(driver, {1: first.packets(tone(6000, 16000))})
        assert level_of(2000, second.hears(), 8000) < -50

    def test_narrowband_is_heard_without_an_image(self) -> None:
        driver, first, second = pair(("PCMU", 8000), ("L16", 16000))
        converse(driver, {1: first.packets(tone(1000, 8000))})
        assert level_of(1000, second.hears(), 16000) == pytest.approx(0.0, abs=0.1)
        assert level_of(7000, second.hears(), 16000) < -50

    @pytest.mark.parametrize("is_room", [True, False])
    def test_a_conference_of_both(self, is_room: bool) -> None:
        """Everybody hears the others, as wide as he and they are, and not himself."""
        driver = EngineDriver()
        wide = CodedParty(driver, 1, "L16", clock_rate_hz=16000)
        narrow = CodedParty(driver, 2, "PCMU")
        listener = CodedParty(driver, 3, "L16", clock_rate_hz=16000)
        opus = CodedParty(driver, 4, "OPUS", clock_rate_hz=48000)
        members = [StreamId(number) for number in (1, 2, 3, 4)]
        if is_room:
            assert driver.apply(PutRoom(Room(room_id=RoomId("room"), members=members))) == []
        else:
            for member in members:
                hear(driver, member, *(other for other in members if other != member))
        both = (tone(6000, 16000) // 2 + tone(500, 16000) // 2).astype(np.int16)
        converse(driver, {1: wide.packets(both), 2: narrow.packets(tone(1000, 8000))})
        assert level_of(6000, listener.hears(), 16000) == pytest.approx(-6.0, abs=0.5)
        assert level_of(500, listener.hears(), 16000) == pytest.approx(-6.0, abs=0.5)
        assert level_of(1000, listener.hears(), 16000) == pytest.approx(0.0, abs=0.5)
        assert level_of(1000, wide.hears(), 16000) == pytest.approx(0.0, abs=0.5)
        assert level_of(6000, wide.hears(), 16000) < -60
        assert level_of(500, narrow.hears(), 8000) == pytest.approx(-6.0, abs=0.5)
        assert level_of(2000, narrow.hears(), 8000) < -45
        assert level_of(6000, opus.hears(), 16000) > -9

    @pytest.mark.parametrize(("change", "heard_db"), [({"is_muted": True}, -100.0), ({"gain_db": -12.0}, -12.0)])
    def test_a_party_that_is_muted_or_softer_is_so_in_wideband(
        self, change: dict[str, object], heard_db: float
    ) -> None:
        driver, first, second = pair(("L16", 16000), ("L16", 16000))
        driver.apply(PutStream(_with(first.description, **change)))
        converse(driver, {1: first.packets(tone(1000, 16000) // 2 + tone(6000, 16000) // 2)})
        assert level_of(1000, second.hears(), 16000) == pytest.approx(
            heard_db - 6.0, abs=90.0 if heard_db < -90 else 0.5
        )
        assert level_of(6000, second.hears(), 16000) < -50

    @pytest.mark.parametrize(
        "instead",
        [
            StartPlay(Playback(play_id=1, stream_id=StreamId(3), sounds=["/nowhere.wav"], loop=True)),
            SendDigits(StreamId(3), "5", 5000),
        ],
    )
    def test_who_is_played_to_or_sent_digits_does_not_hear_a_room_in_wideband_either(
        self, instead: StartPlay | SendDigits
    ) -> None:
        driver = EngineDriver()
        talkers = [CodedParty(driver, number, "L16", clock_rate_hz=16000) for number in (1, 2)]
        listener = CodedParty(driver, 3, "L16", clock_rate_hz=16000, telephone_event=None)
        driver.apply(PutRoom(Room(room_id=RoomId("room"), members=[StreamId(number) for number in (1, 2, 3)])))
        packets = {party.number: party.packets(tone(6000, 16000, 1.5) // 2) for party in talkers}
        converse(driver, {number: each[:25] for number, each in packets.items()})
        assert level_of(6000, listener.hears(), 16000) > -3
        assert driver.apply(instead) == []
        converse(driver, {number: each[25:] for number, each in packets.items()})
        assert level_of(6000, listener.hears(), 16000) < -50

    def test_a_key_that_is_down_is_not_heard_in_wideband_either(self) -> None:
        driver, first, second = pair(("L16", 16000), ("L16", 16000), ptime_ms=10)
        packets = first.packets(tone(5000, 16000))
        converse(driver, {1: packets[:20]})
        for index in range(20, 30):
            event = pack(payload_type=101, sequence=0, timestamp=9999, ssrc=77_001, payload=bytes((5, 10, 0, index)))
            driver.deliver(1, packets[index], event)
            driver.tick()
        assert np.abs(second.hears()[-1600:]).max() < 20


class TestChanges:
    def test_a_call_changes_its_codec_and_back(self) -> None:
        driver, first, second = pair(("PCMU", 8000), ("PCMU", 8000))
        sound = syllables(0.6, 8000)
        packets = first.packets(sound)
        converse(driver, {1: packets})
        opus = _with(second.description, codec="OPUS", clock_rate_hz=48000, payload_type=96)
        assert driver.apply(PutStream(opus)) == []
        converse(driver, {1: packets})
        assert driver.apply(PutStream(second.description)) == []
        converse(driver, {1: packets})
        types = [packet[1] & 0x7F for packet in second.sent()]
        assert types == [0] * 30 + [96] * 30 + [0] * 30
        assert set(sequences(second.sent())) == {1}

    def test_what_cannot_be_is_refused_in_words(self) -> None:
        driver, _, second = pair(("PCMU", 8000), ("OPUS", 48000))
        for change, said in [
            ({"ptime_ms": 30}, r"ptime_ms 30 is none of \(10, 20, 40, 60\)"),
            ({"clock_rate_hz": 8000}, "no codec OPUS/8000 is here: there are PCMU/8000, PCMA/8000, G722/8000"),
            ({"codec": "PCMU"}, "no codec PCMU/48000 is here"),
        ]:
            (reason,) = driver.apply(PutStream(_with(second.description, **change)))
            assert reason.startswith(said.replace("\\", ""))

    def test_a_stream_that_is_gone_leaves_its_row_to_g711(self) -> None:
        driver, _, second = pair(("PCMU", 8000), ("OPUS", 48000))
        driver.tick(3)
        assert driver.apply(DropStream(StreamId(2))) == []
        again = CodedParty(driver, 5, "PCMU")
        hear(driver, 5, 1)
        driver.tick(3)
        assert {len(packet) for packet in again.sent()} == {172}
        assert len(second.sent()) == 3


def test_any_payload_does_no_harm() -> None:
    """Packets with random payloads of random length, among good ones, for every codec; the good ones are heard."""
    random = np.random.default_rng(3)
    for key in CODECS[2:]:
        driver, first, second = pair(key, ("PCMU", 8000))
        good = first.packets(syllables(1.0, first.rate_hz))
        packets = [
            packet if index % 3 else packet[:12] + random.bytes(int(random.integers(0, 1300)))
            for index, packet in enumerate(good)
        ]
        converse(driver, {1: packets})
        assert len(second.sent()) == len(packets)


def _with(description: StreamDescription, **changes: object) -> StreamDescription:
    return msgspec.structs.replace(description, **changes)
