"""RFC 4733 reception: every irregular way a key press can arrive."""

import numpy as np
import pytest

from softswitch.media.digits.dtmf import DIGITS, DtmfReceiver

Packet = tuple[int, int, int, bool, bool]  # timestamp, event, duration, marker, end


def press(
    digit: str, timestamp: int, *, packets: int = 5, ends: int = 3, step: int = 160, marker: bool = True
) -> list[Packet]:
    """A key press as a phone sends it: `packets` updates, then the end three times."""
    event = DIGITS.index(digit)
    updates = [(timestamp, event, step * (n + 1), marker and n == 0, False) for n in range(packets)]
    return [*updates, *([(timestamp, event, step * (packets + 1), False, True)] * ends)]


def receive(receiver: DtmfReceiver, packets: list[Packet], row: int = 3) -> str:
    """Hand over one packet per batch, in the order of arrival."""
    return "".join(digit for packet in packets for _, digit in receive_batch(receiver, [packet], row))


def receive_batch(receiver: DtmfReceiver, packets: list[Packet], row: int = 3) -> list[tuple[int, str]]:
    return receiver.receive(
        np.full(len(packets), row, np.int32),
        np.array([packet[0] & 0xFFFFFFFF for packet in packets], np.uint32),
        np.array([[event, end << 7 | 10, length >> 8, length & 255] for _, event, length, _, end in packets], np.uint8),
        np.array([packet[3] for packet in packets], bool),
    )


def received(packets: list[Packet]) -> str:
    digits = receive(DtmfReceiver(), packets)
    assert "".join(digit for _, digit in receive_batch(DtmfReceiver(), packets)) == digits
    return digits


ONE = press("1", 8000)


@pytest.mark.parametrize("digit", DIGITS)
def test_every_digit(digit: str) -> None:
    assert received(press(digit, 1000)) == digit


def test_a_digit_is_reported_by_its_first_packet() -> None:
    receiver = DtmfReceiver()
    assert receive(receiver, ONE[:1]) == "1"
    assert receive(receiver, ONE[1:]) == ""


@pytest.mark.parametrize(
    ("packets", "digits"),
    [
        pytest.param(ONE[1:], "1", id="lost begin"),
        pytest.param(ONE[:1] + ONE[5:], "1", id="lost all between"),
        pytest.param(ONE[5:], "1", id="only the three ends"),
        pytest.param(ONE[7:], "1", id="only the last end"),
        pytest.param(ONE[:5], "1", id="lost end"),
        pytest.param([packet for packet in ONE for _ in range(2)], "1", id="every packet twice"),
        pytest.param(ONE[::-1], "1", id="backwards"),
        pytest.param(ONE[5:6] + ONE[:5] + ONE[6:], "1", id="an end overtakes the updates"),
        pytest.param([(8000, 1, 0, True, False), *ONE[1:]], "1", id="duration 0"),
        pytest.param(press("1", 8000, marker=False), "1", id="no marker"),
        pytest.param([(ts, event, length, True, end) for ts, event, length, _, end in ONE], "1", id="always a marker"),
        pytest.param(ONE + press("1", 9600), "11", id="same digit twice"),
        pytest.param(ONE[:5] + press("1", 9600), "11", id="same digit twice, first end lost"),
        pytest.param(ONE + press("1", 9600)[1:], "11", id="same digit twice, second begin lost"),
        pytest.param(press("1", 8000, marker=False) + press("1", 9280, marker=False), "11", id="twice, 40 ms apart"),
        pytest.param(ONE + press("2", 9600) + press("1", 11200), "121", id="three digits"),
        pytest.param(ONE[:7] + press("2", 9600)[:2] + ONE[7:] + press("2", 9600)[2:], "12", id="end after next begin"),
        pytest.param(press("5", 2**32 - 300) + press("6", 1300), "56", id="timestamp wraps"),
        pytest.param(press("5", 2**31) + press("6", 10), "56", id="sender began anew with a lower timestamp"),
        pytest.param(press("1", 0) + press("2", 0), "12", id="timestamp never set"),
        pytest.param([(8000, 16, 160, True, False), (9000, 255, 160, True, False)], "", id="not a digit"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_irregular_arrivals(packets: list[Packet], digits: str) -> None:
    assert received(packets) == digits


def test_a_key_held_longer_than_the_duration_field_counts() -> None:
    """RFC 4733 section 2.5.1.3: a new segment has a new timestamp, no marker, and begins where the last one ended."""
    first = [(0, 7, min(length, 0xFFFF), length == 160, False) for length in range(160, 0xFFFF + 160, 160)]
    second = [(0xFFFF, 7, length, False, False) for length in range(160, 1600, 160)]
    end: list[Packet] = [(0xFFFF, 7, 1600, False, True)] * 3
    assert received(first + second + end) == "7"
    assert received(first[:-2] + second[2:] + end) == "7"
    assert received(first + second + end + press("7", 0xFFFF + 3200)) == "77"


def test_a_sender_that_moves_the_timestamp_during_a_press() -> None:
    moving = [(8000 + 160 * n, 4, 160 * (n + 1), n == 0, n >= 5) for n in range(8)]
    assert received(moving) == "4"


def test_rows_know_nothing_of_each_other() -> None:
    receiver = DtmfReceiver()
    packets = ONE[:1] * 2
    assert receiver.receive(
        np.array([1, 2]), np.full(2, 8000, np.uint32), np.array([[1, 10, 0, 160]] * 2, np.uint8), np.array([True, True])
    ) == [(1, "1"), (2, "1")]
    assert receive(receiver, packets, row=1) == ""
    receiver.forget(1)
    assert receive(receiver, packets, row=1) == "1"
    receiver.forget(99)


def test_payloads_may_be_longer_than_an_event() -> None:
    payload = np.array([[9, 10, 0, 160, 1, 2, 3]], np.uint8)
    assert DtmfReceiver().receive(np.array([0]), np.array([1], np.uint32), payload, np.array([True])) == [(0, "9")]


def test_a_clock_of_48_khz() -> None:
    """A duration counts to 1.4 s then, so that long presses have segments: the next begins up to 2400 units later."""
    step = 960
    first = [(0, 7, length, length == step, False) for length in range(step, 0xFFFF, step)]
    second: list[Packet] = [(0xFFFF, 7, length, False, length == 4800) for length in range(step, 5000, step)]
    receiver = DtmfReceiver()
    receiver.set_clock(3, 48_000)
    assert receive(receiver, first[:-1] + second[1:]) == "7", "the last update of the segment is lost"
    assert receive(receiver, press("7", 0xFFFF + 4800 + 1920, step=step)) == "7"
    receiver.set_clock(3, 8000)
    receiver.set_clock(3, 8000)
