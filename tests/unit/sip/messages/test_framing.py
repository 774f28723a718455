"""Messages out of byte streams."""

import pytest

from softswitch.sip.limits import HEAD_BYTES_MAX
from softswitch.sip.messages.framing import PING, PONG, StreamFramer

FIRST = b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
SECOND = b"BYE sip:a SIP/2.0\r\nl :\r\n 3\r\n\r\nabc"


def test_messages_and_keep_alives_in_one_read() -> None:
    framer = StreamFramer()
    assert framer.receive(PING + FIRST + SECOND + PONG) == [PING, FIRST, SECOND, PONG]
    assert framer.pending_bytes == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 30])
def test_messages_cut_anywhere(size: int) -> None:
    stream = FIRST + SECOND + FIRST
    framer = StreamFramer()
    frames = [frame for start in range(0, len(stream), size) for frame in framer.receive(stream[start : start + size])]
    assert frames == [FIRST, SECOND, FIRST]
    assert framer.fault is None


def test_a_ping_cut_in_two_is_still_answered() -> None:
    framer = StreamFramer()
    assert framer.receive(b"\r") == []
    assert framer.receive(b"\n") == [PONG]
    assert framer.receive(b"\r\n") == [PING]
    assert framer.receive(PONG) == [PONG]


def test_an_incomplete_message_is_pending() -> None:
    framer = StreamFramer()
    assert framer.receive(FIRST[:-1]) == []
    assert framer.pending_bytes == len(FIRST) - 1


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (b"", 400),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: +1\r\n", 400),
        (b"Content-Length:\r\n", 400),
        (b"Content-Length: 1 1\r\n", 400),
        (b"Content-Length: 99999999999\r\n", 400),
        (b"Content-Length: 0\r\nl: 0\r\n", 400),
        (b"Content-Length: 70000\r\n", 513),
    ],
)
def test_lost_framing(length: bytes, status: int) -> None:
    framer = StreamFramer()
    assert framer.receive(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n" + length + b"\r\n" + SECOND) == []
    assert framer.fault is not None
    assert framer.fault.status_hint == status
    assert framer.fault.request is not None
    assert framer.fault.request.call_id == "1"
    assert framer.receive(SECOND) == []
    assert framer.pending_bytes == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"x" * (HEAD_BYTES_MAX + 4),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\rOPTIONS",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"ACK sip:a SIP/2.0\r\n\r\n",
    ],
)
def test_what_is_lost_without_an_answer(garbage: bytes) -> None:
    framer = StreamFramer()
    assert framer.receive(garbage) == []
    assert framer.fault is not None
    assert framer.fault.status_hint is None


def test_what_came_before_the_fault_is_delivered() -> None:
    framer = StreamFramer()
    assert framer.receive(SECOND + b"OPTIONS sip:a SIP/2.0\r\n\r\n") == [SECOND]
    assert framer.fault is not None


def test_who_never_finishes_a_message_is_told() -> None:
    framer = StreamFramer()
    assert framer.receive(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 9\r\n\r\nshort") == []
    framer.give_up()
    assert framer.fault is not None
    assert (framer.fault.status_hint, framer.fault.reason) == (400, "Content-Length Larger Than Message")
    assert framer.pending_bytes == 0


def test_giving_up_on_half_a_head_is_silent_and_between_messages_no_fault() -> None:
    framer = StreamFramer()
    framer.give_up()
    assert framer.fault is None
    framer.receive(b"OPTIONS sip:a SIP/2.0\r\n")
    framer.give_up()
    assert framer.fault is not None
    assert framer.fault.status_hint is None


def test_a_head_is_too_large_however_it_arrives() -> None:
    head = b"OPTIONS sip:a SIP/2.0\r\nX: " + b"x" * HEAD_BYTES_MAX
    message = head + b"\r\nContent-Length: 0\r\n\r\n"
    whole, piecewise = StreamFramer(), StreamFramer()
    assert whole.receive(message) == []
    assert piecewise.receive(message[:-2]) + piecewise.receive(message[-2:]) == []
    assert whole.fault is not None
    assert piecewise.fault is not None
