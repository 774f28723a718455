"""However a network loses, repeats and reorders the packets of key presses, each press is reported once, in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.digits.dtmf import DIGITS, DtmfReceiver

Packet = tuple[int, bytes, bool]  # timestamp, payload, marker


@st.composite
def presses(draw: st.DrawFn) -> tuple[str, list[Packet]]:
    """Digits, and what of their packets arrives: some of each, any number of times, in any order within a press."""
    timestamp = draw(st.integers(0, 2**32 - 1))
    digits = ""
    arriving: list[Packet] = []
    for digit in draw(st.lists(st.sampled_from(DIGITS), max_size=6)):
        updates = draw(st.integers(1, 12))
        packets = [event(timestamp, digit, 160 * (n + 1), n == 0, False) for n in range(updates)]
        packets.append(event(timestamp, digit, 160 * (updates + 1), False, True))
        arriving += draw(st.lists(st.sampled_from(packets), min_size=1, max_size=20))
        digits += digit
        timestamp += 160 * (updates + 1) + draw(st.integers(480, 80_000))
    return digits, arriving


def event(timestamp: int, digit: str, duration: int, marker: bool, is_end: bool) -> Packet:
    return timestamp % 2**32, bytes([DIGITS.index(digit), is_end << 7, duration >> 8, duration & 255]), marker


def receive(receiver: DtmfReceiver, packets: list[Packet]) -> str:
    return "".join(
        digit
        for _, digit in receiver.receive(
            np.zeros(len(packets), np.int64),
            np.array([packet[0] for packet in packets], np.uint32),
            np.frombuffer(b"".join(packet[1] for packet in packets), np.uint8).reshape(-1, 4),
            np.array([packet[2] for packet in packets], bool),
        )
    )


@given(presses(), st.integers(1, 5))
def test_every_press_once_and_in_order(pressed: tuple[str, list[Packet]], batch: int) -> None:
    digits, packets = pressed
    receiver = DtmfReceiver()
    batches = [packets[start : start + batch] for start in range(0, len(packets), batch)]
    assert "".join(receive(receiver, one) for one in batches) == digits


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(min_size=4, max_size=4), st.booleans()), max_size=30))
def test_any_packets_give_digits_or_nothing(packets: list[Packet]) -> None:
    assert set(receive(DtmfReceiver(), packets)) <= set(DIGITS)
