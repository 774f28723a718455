"""Digits as they are sent: packets of events, and tones."""

import numpy as np
import pytest

from softswitch.media.digits.digit_sender import DigitSender
from softswitch.media.digits.dtmf import DIGITS
from softswitch.media.digits.dtmf_tones import KEYS
from softswitch.media.limits import DIGIT_MS_MAX, DIGITS_WAITING_MAX
from softswitch.media.packets.rtp import pack

SILENCE = b"\xff"


def sound_packet(number: int, *, step: int = 160) -> bytes:
    return pack(
        payload_type=0, sequence=65_530 + number, timestamp=2**32 - 400 + step * number, ssrc=9, payload=SILENCE
    )


def told(packet: bytes) -> str:
    """A packet in words."""
    sequence, timestamp = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[4:8], "big")
    numbers = f"{(sequence - 65_530) & 0xFFFF} {(timestamp + 400) & 0xFFFFFFFF}"
    if packet[1] & 0x7F == 0:
        return f"{numbers} sound"
    assert packet[1] & 0x7F == 101
    assert packet[0] == 0x80
    event, flags, duration = packet[12], packet[13], int.from_bytes(packet[14:16], "big")
    assert len(packet) == 16
    assert flags & 0x7F == 10
    marker, end = "M" if packet[1] & 0x80 else "", "E" if flags & 0x80 else ""
    return f"{numbers} {DIGITS[event]} {duration} {marker}{end}".rstrip()


def converted(
    digits: str, packets: int, *, duration_ms: int = 100, pause_ms: int = 60, ptime_ms: int = 20, clock_hz: int = 8000
) -> list[str]:
    sender = DigitSender()
    assert sender.add(digits, duration_ms, pause_ms) is None
    step = clock_hz * ptime_ms // 1000
    return [
        told(sender.convert(sound_packet(number, step=step), payload_type=101, clock_hz=clock_hz, ptime_ms=ptime_ms))
        for number in range(packets)
    ]


def test_an_event_takes_the_places_of_sound() -> None:
    assert converted("5", 10) == [
        "0 0 5 160 M",
        "1 0 5 320",
        "2 0 5 480",
        "3 0 5 640",
        "4 0 5 800 E",
        "5 0 5 800 E",
        "6 0 5 800 E",
        "7 1120 sound",
        "8 1280 sound",
        "9 1440 sound",
    ]


def test_digits_follow_each_other_with_pauses() -> None:
    assert converted("11#", 26)[8:] == [
        "8 1280 1 160 M",
        "9 1280 1 320",
        "10 1280 1 480",
        "11 1280 1 640",
        "12 1280 1 800 E",
        "13 1280 1 800 E",
        "14 1280 1 800 E",
        "15 2400 sound",
        "16 2560 # 160 M",
        "17 2560 # 320",
        "18 2560 # 480",
        "19 2560 # 640",
        "20 2560 # 800 E",
        "21 2560 # 800 E",
        "22 2560 # 800 E",
        "23 3680 sound",
        "24 3840 sound",
        "25 4000 sound",
    ]


def test_the_end_is_sent_three_times_however_long_a_packet() -> None:
    assert converted("9", 6, ptime_ms=60) == [
        "0 0 9 480 M",
        "1 0 9 800 E",
        "2 0 9 800 E",
        "3 0 9 800 E",
        "4 1920 sound",
        "5 2400 sound",
    ]
    assert converted("9", 17, ptime_ms=10)[7:14] == [
        "7 0 9 640",
        "8 0 9 720",
        "9 0 9 800 E",
        "10 0 9 800 E",
        "11 0 9 800 E",
        "12 960 sound",
        "13 1040 sound",
    ]


def test_durations_are_in_the_clock_of_events() -> None:
    assert converted("*", 4, duration_ms=60, clock_hz=48_000) == [
        "0 0 * 960 M",
        "1 0 * 1920",
        "2 0 * 2880 E",
        "3 0 * 2880 E",
    ]


def test_a_long_event_goes_on_in_segments() -> None:
    packets = converted("7", 830, duration_ms=16_400)
    assert packets[408:412] == ["408 0 7 65440", "409 0 7 65535", "410 65535 7 225", "411 65535 7 385"]
    assert packets[818:823] == [
        "818 65535 7 65505",
        "819 65535 7 65535",
        "820 131070 7 130 E",
        "821 131070 7 130 E",
        "822 131070 7 130 E",
    ]
    assert packets[823] == "823 131680 sound"


def test_digits_may_be_added_while_others_are_sent() -> None:
    sender = DigitSender()
    assert sender.is_over
    sender.add("1", 40, 40)
    packets: list[str] = []
    for number in range(12):
        if number == 2:
            sender.add("2", 40, 40)
        packet = sender.convert(sound_packet(number), payload_type=101, clock_hz=8000, ptime_ms=20)
        packets.append(told(packet).split(" ", 2)[2])
    assert (
        packets
        == ["1 160 M", "1 320 E", "1 320 E", "1 320 E", "2 160 M", "2 320 E", "2 320 E", "2 320 E"] + ["sound"] * 4
    )
    assert sender.is_over


@pytest.mark.parametrize(
    ("digits", "duration_ms", "pause_ms"),
    [
        ("12x", 100, 60),
        ("1", 39, 60),
        ("1", 100, 39),
        ("1", DIGIT_MS_MAX + 1, 60),
        ("1" * (DIGITS_WAITING_MAX + 1), 100, 60),
    ],
)
def test_what_cannot_be_sent_is_refused_wholly(digits: str, duration_ms: int, pause_ms: int) -> None:
    sender = DigitSender()
    assert sender.add(digits, duration_ms, pause_ms)
    assert sender.is_over


def tones(digits: str, *, duration_ms: int = 100, pause_ms: int = 60) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    sender = DigitSender()
    assert sender.add(digits, duration_ms, pause_ms) is None
    frames: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
    while not sender.is_over:
        frames.append(sender.next_frame())
    return np.concatenate(frames)


@pytest.mark.parametrize("digit", KEYS)
def test_a_tone_has_its_two_frequencies_at_minus_10_dbm0_each(digit: str) -> None:
    sound = tones(digit, duration_ms=1000)[:8000].astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(8000))) / 2000
    low = (697, 770, 852, 941)[KEYS.index(digit) // 4]
    high = (1209, 1336, 1477, 1633)[KEYS.index(digit) % 4]
    for hertz in (low, high):
        assert 20 * np.log10(spectrum[hertz] / 22_650) == pytest.approx(-10, abs=0.1)
        spectrum[hertz - 50 : hertz + 51] = 0
    assert spectrum.max() < 22_650 * 10 ** (-70 / 20)


def test_tones_begin_and_end_without_a_click_and_run_on_across_frames() -> None:
    sound = tones("1470", duration_ms=95, pause_ms=45)
    assert len(sound) == 28 * 160
    steps = np.abs(np.diff(sound.astype(int)))
    assert steps.max() < 13_500  # the steepest that two sines can be: 2 * pi * (941 + 1477) / 8000 * 7162
    whole, begin = tones("5", duration_ms=200), tones("5", duration_ms=100)
    assert (whole[:700] == begin[:700]).all()
    for start in (0, 1120, 2240, 3360):
        burst = sound[start : start + 760]
        assert np.abs(burst[:3]).max() < 2000
        assert np.abs(burst[-3:]).max() < 2000
        assert not sound[start + 760 : start + 1120].any()


def test_a_stream_may_change_from_events_to_tones_with_its_next_digit() -> None:
    sender = DigitSender()
    sender.add("1", 60, 40)
    sender.convert(sound_packet(0), payload_type=101, clock_hz=8000, ptime_ms=20)
    assert sender.next_frame().any()
    while not sender.is_over:
        sender.next_frame()
    sender.add("2", 60, 40)
    assert told(sender.convert(sound_packet(1), payload_type=101, clock_hz=8000, ptime_ms=20)) == "1 160 2 160 M"


def test_a_change_to_tones_may_come_when_the_key_and_its_pause_are_over() -> None:
    sender = DigitSender()
    sender.add("123", 40, 40)
    for number in range(2):
        packet = sound_packet(number, step=480)
        sender.convert(packet, payload_type=101, clock_hz=8000, ptime_ms=60)
    sound = np.concatenate([sender.next_frame() for _ in range(8)])
    assert sound[:320].any()
    assert sender.is_over
    assert np.array_equal(sound, np.concatenate([tones("23", duration_ms=40, pause_ms=40)]))
