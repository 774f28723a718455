from time import thread_time

import pytest

from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.tracing.masking import masked

START = b"INVITE sip:100@example.test SIP/2.0\r\nCall-ID: one\r\n"


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        (b'Authorization: Digest username="a", response="0123abcd", nonce="n"', b"0123abcd"),
        (b'proxy-authorization : digest username="a",response = "0123abcd"', b"0123abcd"),
        (b'Proxy-Authorization: Digest username="a",\r\n  response="0123abcd"', b"0123abcd"),
        (b"Authorization: Digest response=0123abcd, uri=x", b"0123abcd"),
        (b"Authorization: Basic YWxpY2U6c2VjcmV0", b"YWxpY2U6c2VjcmV0"),
        (b"Authorization: secret", b"secret"),
        (b"CONTACT: <SIP:alice:secret@10.0.0.1:5060>", b"secret"),
        (b'Authentication-Info: qop=auth, rspauth="0123abcd"', b"0123abcd"),
        (b"Contact: <sip:alice:secret@10.0.0.1:5060>", b"secret"),
    ],
)
def test_what_proves_an_identity_is_hidden_in_headers(line: bytes, hidden: bytes) -> None:
    message = START + line + b"\r\nContent-Length: 0\r\n\r\n"
    result = masked(message)
    assert hidden not in result
    assert len(result) == len(message)
    assert b"*" * len(hidden) in result
    assert isinstance(parse(result), Request)


@pytest.mark.parametrize(
    ("kind", "body", "hidden"),
    [
        (b"application/sdp", b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^31\r\n", b"c2VjcmV0"),
        (b"application/sdp", b"v=0\r\na=ice-pwd:c2VjcmV0\r\n", b"c2VjcmV0"),
        (b"application/dtmf-relay", b"Signal=7\r\nDuration=160\r\n", b"=7"),
        (b"application/dtmf", b"7", b"7"),
    ],
)
def test_keys_and_digits_are_hidden_in_bodies(kind: bytes, body: bytes, hidden: bytes) -> None:
    head = START + b"Content-Type: " + kind + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    result = masked(head + body)
    assert result.startswith(head)
    assert hidden not in result[len(head) :]
    assert len(result) == len(head + body)


@pytest.mark.parametrize(
    "line",
    [
        b"Contact: <sip:alice@10.0.0.1:5060>, <sip:bob@10.0.0.2:5060>",
        b'WWW-Authenticate: Digest realm="example.test", nonce="n", algorithm=MD5',
        b'Authorization: Digest username="alice", realm="r", nonce="n", uri="sip:r"',
        b"Subject: what is the response=42?",
    ],
)
def test_everything_else_stays(line: bytes) -> None:
    message = START + line + b"\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 8\r\n"
    assert masked(message) == message


@pytest.mark.parametrize(
    "text", [b"sip:", b"sip:a:", b"response=", b"Authorization:", b"\nAuthorization: ", b"inline:"]
)
def test_no_message_takes_long(text: bytes) -> None:
    began = thread_time()
    masked(START + text * (60_000 // len(text)) + b"\r\n\r\n")
    assert thread_time() - began < 0.5
