"""Bytes to messages: what the golden messages do not show."""

import pytest

from softswitch.sip.limits import HEAD_BYTES_MAX, HEADERS_MAX, MESSAGE_BYTES_MAX
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.validate import validate

MINIMAL = b"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n"


def fault_of(data: bytes) -> Malformed:
    message = parse(data)
    if not isinstance(message, Malformed):
        fault = validate(message)
        assert fault is not None
        return fault
    return message


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0", b"hello", b"SIP/2.0", b"\x00\x01\x00\x00\x21\x12"]
)
def test_what_is_no_sip_is_met_with_silence(data: bytes) -> None:
    fault = fault_of(data)
    assert (fault.status_hint, fault.request) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        b"SIP/2.0 99 Low",
        b"SIP/2.0 700 High",
        b"SIP/2.0 20 Short",
        b"SIP/1.0 200 OK",
        b"SIP/2.0  200 OK",
        b"SIP/2.0 2000 OK",
    ],
)
def test_malformed_status_lines(line: bytes) -> None:
    assert fault_of(line + b"\r\n\r\n").status_hint is None


def test_status_lines() -> None:
    for line, reason in (
        (b"SIP/2.0 200 OK", "OK"),
        (b"SIP/2.0 200 ", ""),
        (b"SIP/2.0 200", ""),
        (b"sip/2.0 200 A  b", "A  b"),
    ):
        message = parse(line + b"\r\n\r\n")
        assert isinstance(message, Response)
        assert (message.status, message.reason) == (200, reason)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"BYE sip:a@b", None),
        (b"BYE", None),
        (b"B,E sip:a@b SIP/2.0", None),
        (b"BYE sip:a@b SIP/2.0 x", None),
        (b"BYE sip:a@b x SIP/2.0", 400),
        (b"BYE  SIP/2.0", None),
        (b"BYE sip:a@b SIP/1.0", 505),
        (b"BYE sip:a@b SIP/20.10", 505),
    ],
)
def test_malformed_request_lines(line: bytes, status: int | None) -> None:
    assert fault_of(line + MINIMAL[19:] + b"\r\n").status_hint == status


def test_version_is_read_in_any_case() -> None:
    assert isinstance(parse(MINIMAL.replace(b"SIP/2.0\r", b"sip/2.0\r", 1) + b"\r\n"), Request)


def test_a_faulty_request_keeps_what_could_be_read() -> None:
    fault = fault_of(MINIMAL + b"Bad\x01Name: x\r\nContent-Length: -1\r\n\r\n")
    assert fault.request is not None
    assert fault.request.call_id == "1"
    assert fault.request.cseq == (1, "BYE")


def test_a_folded_header_after_a_faulty_one_joins_nothing() -> None:
    fault = fault_of(b"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c\r\nBad Name: x\r\n ;branch=evil\r\n\r\n")
    assert fault.request is not None
    assert fault.request.get("via") == "SIP/2.0/UDP c"


def test_folds_of_nothing_but_blanks() -> None:
    message = parse(b"BYE sip:a@b SIP/2.0\r\nSubject:\r\n \r\n\t a \r\n  b\r\nExpires: 1\r\n\r\n")
    assert isinstance(message, Request)
    assert message.headers == [("subject", "a b"), ("expires", "1")]


def test_sizes_are_bounded() -> None:
    assert fault_of(MINIMAL + b"\r\n" + b"x" * MESSAGE_BYTES_MAX).reason == "Message Too Large"
    assert fault_of(MINIMAL + b"X: " + b"x" * HEAD_BYTES_MAX + b"\r\n\r\n").reason == "Headers Too Large"
    many = fault_of(MINIMAL + b"X: y\r\n" * HEADERS_MAX + b"\r\n")
    assert (many.status_hint, many.reason) == (400, "Too Many Headers")


def test_body_without_content_length_reaches_to_the_end() -> None:
    message = parse(MINIMAL + b"\r\na\r\n\r\nb")
    assert isinstance(message, Request)
    assert message.body == b"a\r\n\r\nb"


def test_validation_of_responses() -> None:
    head = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP c\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\nCSeq: 1 BYE\r\n"
    assert fault_of(head + b"\r\n").reason == "Missing Call-ID"
    assert fault_of(head + b"Call-ID: a b\r\n\r\n").status_hint is None
    message = parse(head + b"Call-ID: 1\r\n\r\n")
    assert isinstance(message, Response)
    assert validate(message) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"Contact: <sip:a@@b>", "Malformed SIP URI"),
        (b"Record-Route: sip:p;lr,", "Malformed Address in Record-Route"),
        (b"Route: <sip:p", "Malformed Address in Route"),
        (b"Max-Forwards: many", "Max-Forwards Is Not a Number"),
        (b"f: <sip:c>", "Multiple From Headers"),
    ],
)
def test_validation_of_requests(line: bytes, reason: str) -> None:
    fault = fault_of(MINIMAL + line + b"\r\n\r\n")
    assert (fault.status_hint, fault.reason) == (400, reason)


def test_a_quote_across_a_fold_hides_no_control_character() -> None:
    """Each line alone has its control character in quotes; unfolded, it stands outside of them."""
    head = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
    message = parse(head + b'To: "open\r\n "x \\\x07" <sip:a@b>\r\nCall-ID: 1\r\n\r\n')
    assert isinstance(message, Malformed)
    assert message.request is not None
    assert [name for name, _ in message.request.headers] == ["via", "call-id"]
    kept = parse(head + b'To: "open\r\n \\\x07" <sip:a@b>\r\nCall-ID: 1\r\n\r\n')
    assert not isinstance(kept, Malformed)
