"""Any bytes give a message or a `Malformed`, never an exception, in bounded time; what was accepted round-trips.

The same holds for the framer, session descriptions, and digest parameters: nothing a peer sends raises but Malformed.
"""

from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.auth_server import DigestServer
from softswitch.sip.authentication.digest import parse_digest
from softswitch.sip.description.offer_answer import MediaCapabilities, answer_offer, make_offer, read_answer
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.limits import MESSAGE_BYTES_MAX
from softswitch.sip.messages.framing import StreamFramer
from softswitch.sip.messages.grammar import Malformed, parse_parameters, split_list
from softswitch.sip.messages.header_values import NameAddr, Via
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.uri import parse_uri
from tests.fuzz.sip_targets import LOCAL, MESSAGES, TIME_LIMIT_S, check_message

SNIPPETS = [
    *(bytes([octet]) for octet in b'\r\n\0\t\x7f\xff "\\<>,;:@%=*[]0'),
    b"\r\n",
    b"\r\n ",
    b"\r\n\r\n",
    b"%4",
    b"\xc3\xa4",
    b"9" * 30,
    b"SIP/2.0",
    b"z9hG4bK",
    b"sip:",
    b"l: 1\r\n",
]
REPEATED = [*SNIPPETS, b'\\"', b'"\\', b'",', b"<,", b';a="', b" ;", b"%41", b'\r\n\t"', b"a=b,", b'"\x01']
SDP_LINES = [
    b"v=0",
    b"o=- 1 1 IN IP4 192.0.2.9",
    b"c=IN IP4 192.0.2.9",
    b"c=IN IP4 0.0.0.0",
    b"c=IN IP6 ::",
    b"c=",
    b"x",
    b"m=audio 9 RTP/AVP 0 8",
    b"m=audio 0 RTP/AVP",
    b"m=video 9/3 RTP/AVP 31 *",
    b"m=audio 9 RTP/AVP 200 -1 8",
    b"a=sendonly",
    b"a=rtpmap:8 PCMA/8000",
    b"a=rtpmap:101 telephone-event/8000",
    b"a=ptime:x",
    b"a=\xff",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden message with a few pieces cut out, doubled, or replaced."""
    message = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(message)))
        length = draw(st.sampled_from([0, 0, 1, 2, 10, 100]))
        doubled = message[start : start + length]
        piece = draw(st.one_of(st.sampled_from(SNIPPETS), st.just(doubled), st.binary(max_size=4)))
        message = message[:start] + piece + message[start + length :]
    return message


@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    check_message(data)


@settings(max_examples=300)
@given(mutated())
def test_mutated_messages(data: bytes) -> None:
    check_message(data)


@given(
    st.lists(st.one_of(st.sampled_from(MESSAGES), st.sampled_from(SNIPPETS), st.binary(max_size=20)), max_size=6),
    st.data(),
)
def test_streams_are_cut_the_same_however_they_arrive(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    whole, piecewise = StreamFramer(), StreamFramer()
    frames = [frame for frame in whole.receive(stream) if frame.strip()]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [frame for piece in pieces for frame in piecewise.receive(piece) if frame.strip()] == frames
    assert (whole.fault is None) == (piecewise.fault is None)
    for frame in frames:
        check_message(frame)


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(SDP_LINES), max_size=12).map(b"\r\n".join)))
def test_any_session_description(body: bytes) -> None:
    answer_offer(body, MediaCapabilities(), LOCAL, session_id=1, version=1)
    read_answer(body, make_offer(MediaCapabilities(), LOCAL, session_id=1, version=1))
    try:
        session = SessionDescription.parse(body)
    except Malformed:
        return
    assert SessionDescription.parse(session.serialize()).serialize() == session.serialize()


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(list('Digest ",=\\')), max_size=40).map("".join)))
def test_any_authorization(value: str) -> None:
    parse_digest(value)
    parse_digest("Digest " + value)
    server = DigestServer("r", ("MD5",), SeededEntropy(1), b"k")
    complete = 'Digest username="u", realm="r", nonce="{0}", uri="{0}", response="{0}", nc={0}, cnonce="c", qop=auth'
    server.check([value, complete.replace("{0}", value)], "INVITE", "sip:a", lambda _: None, 0.0)


VIA = st.builds(
    "SIP/2.0/{} {}{}".format,
    st.sampled_from(["UDP", "TLS", "udp"]),
    st.sampled_from(["192.0.2.7", "192.0.2.8:5070", "pbx.example", "[2001:db8::7]:5060"]),
    st.lists(
        st.sampled_from(
            [";rport", ";rport=9", ";RPORT", ";rportx", ";received=192.0.2.66", ";branch=z9hG4bK1", ";ttl=1", ";x"]
        ),
        max_size=5,
        unique=True,
    ).map("".join),
)


@given(VIA, st.sampled_from(["", ", SIP/2.0/TCP inner.example;branch=z9hG4bK0"]))
def test_where_a_request_came_from_is_written_alike_into_every_via(via: str, others: str) -> None:
    request = Request("OPTIONS", "sip:a", [("via", via + others)])
    try:
        expected = Via.parse(via).with_source("192.0.2.7", 40000)
    except Malformed:
        return
    request.note_source(HostPort("192.0.2.7", 40000))
    assert request.get("via") == f"{expected}{others}"
    assert str(request.top_via) == str(expected)


@pytest.mark.parametrize("unit", REPEATED)
@pytest.mark.parametrize(
    "before", [b"", b"X: ", b"Contact: ", b'To: "', b"Via: SIP/2.0/UDP a", b"From: <sip:a@b>;x", b"f: sip:a"]
)
def test_the_largest_message_of_one_repeated_piece_takes_bounded_time(before: bytes, unit: bytes) -> None:
    head = b"BYE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP c\r\nTo: sip:b\r\nFrom: sip:a\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n"
    room = 32_000 - len(head) - len(before)
    data = head + before + unit * (room // len(unit)) + b"\r\n\r\n"
    started_at = perf_counter()
    check_message(data)
    assert perf_counter() - started_at < TIME_LIMIT_S


def note_source(via: str) -> None:
    Request("OPTIONS", "sip:a", [("via", via)]).note_source(LOCAL)


@pytest.mark.parametrize("unit", ['"', '\\"', ",", ";", ";a=b", '"a', "<", "a", "%41", ':"', "\t", "[", ".", "-"])
@pytest.mark.parametrize(
    "read", [split_list, parse_parameters, NameAddr.parse, Via.parse, parse_uri, parse_digest, note_source]
)
def test_values_take_bounded_time(read: object, unit: str) -> None:
    assert callable(read)
    for prefix in ("", "sip:", "<sip:a", "SIP/2.0/UDP ", "Digest a=", ';a="', '"'):
        value = prefix + unit * (MESSAGE_BYTES_MAX // len(unit))
        started_at = perf_counter()
        with suppress(Malformed):
            read(value)
        assert perf_counter() - started_at < TIME_LIMIT_S
