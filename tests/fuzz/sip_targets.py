"""What must hold for any bytes a peer may send: each target reads them, checks its invariants, and tells the outcome.

The parts are those whose text comes from strangers: whole messages, framing, URIs, header values, session descriptions,
digest header values. The invariant of all is the same: a value, or `Malformed`; no other exception; in bounded time;
and what was accepted says the same when it is printed and read again. An outcome is whatever tells two ways through
the code apart; the mutator goes on from inputs with a new one.
"""

import random
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.authentication.auth_server import Accepted, DigestServer, Rejected
from softswitch.sip.authentication.digest import Credential, parse_digest, print_digest
from softswitch.sip.description.offer_answer import MediaCapabilities, answer_offer, make_offer, read_answer
from softswitch.sip.description.sdes import cryptos
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.events.presence import Presence, read_presence
from softswitch.sip.events.xml import Unreadable
from softswitch.sip.messages.framing import StreamFramer
from softswitch.sip.messages.grammar import Malformed, parse_parameters, print_parameters, split_list
from softswitch.sip.messages.header_values import CSeq, NameAddr, Via, parse_expires
from softswitch.sip.messages.message import Message, Request, make_response
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.session_body import accepts_sdp, find_sdp, is_acceptable
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.messages.validate import validate
from tests.fuzz.mutator import Mutator

GOLDEN = Path(__file__).parents[1] / "golden"
MESSAGES = [path.read_bytes() for path in sorted(GOLDEN.glob("sip/*/*.sip"))]
LOCAL = HostPort("192.0.2.1", 4000)
TIME_LIMIT_S = 1.0
"""Of the processor, for one input: far above the few milliseconds the largest message takes, so that only a wrong order
of growth fails."""

WORDS = [
    *(bytes([octet]) for octet in b'\r\n\0\t\x7f\xff "\\<>,;:@%=*[]0'),
    *(
        b"\r\n",
        b"\r\n ",
        b"\r\n\r\n",
        b"%4",
        b"%00",
        b"%0d%0a",
        b"\xc3\xa4",
        b"\xe2\x80\xa8",
        b"\xed\xa0\x80",
        b"9" * 30,
    ),
    *(b"SIP/2.0", b"SIP/2.0/UDP ", b"z9hG4bK", b"sip:", b"sips:", b"tel:+", b"INVITE ", b"ACK ", b"l: 1\r\n", b"v: "),
    *(b";tag=", b";lr", b";q=1e9", b";expires=-1", b";received=", b";rport", b"Contact: *\r\n", b"Content-Length: "),
    *(b"[::1]", b"[", b"256.256.256.256", b":99999", b"4294967296", b"-1", b"+1", b"1_0", b"\xd9\xa3", b"0x10"),
    *(b'\\"', b'"\\', b'",', b"<,", b';a="', b"=,", b"Digest ", b'nonce="', b"nc=", b"qop=auth", b"stale=true"),
    *(b"<![CDATA[", b"]]>", b"<!--", b"<!DOCTYPE a>", b"&#x9;", b"&#xfffe;", b"&a;", b"</", b"/>", b" xmlns="),
    *(b"m=audio 9 RTP/AVP 0", b"\r\na=", b"c=IN IP6 ::", b"a=rtpmap:", b"a=crypto:1 ", b"inline:", b"\na=ptime:"),
]

Check = Callable[[bytes], Hashable]


def check_message(data: bytes) -> Hashable:
    message = parse(data)
    if isinstance(message, Malformed):
        if message.request is not None:
            answered = parse(make_response(message.request, 400, message.reason, to_tag="t").serialize())
            assert isinstance(answered, Message)
        return message.reason
    fault = validate(message)
    if fault is None:
        _read_all(message)
    if isinstance(message, Request):
        again = parse(make_response(message, 200, to_tag="t").serialize())
        assert isinstance(again, Message)
    again = parse(message.serialize())
    assert isinstance(again, Message)
    assert again.start_line == message.start_line
    assert again.body == message.body
    assert again.headers[:-1] == [header for header in message.headers if header[0] != "content-length"]
    assert (validate(again) is None) == (fault is None)
    if isinstance(message, Request) and fault is None:
        message.note_source(HostPort("2001:db8::9", 5060))
        assert message.top_via.received == "2001:db8::9"
        assert validate(message) is None
    names = tuple(sorted({name for name, _ in message.headers}))[:12]
    return (fault.reason if fault else "", names, bool(message.body))


def _read_all(message: Message) -> None:
    """Every typed view of a valid message, which must not raise; and copies of them mean the same."""
    _ = message.call_id, message.expires, message.content_type, message.max_forwards, message.cseq
    assert str(Via.parse(str(message.top_via))) == str(message.top_via)
    for address in (message.from_, message.to, *message.contacts, *message.record_routes):
        again = NameAddr.parse(str(address))
        assert (again.uri_text, again.params) == (address.uri_text, address.params)
        assert str(parse_uri(str(address.uri))) == address.uri_text
        _ = address.user, address.tag, address.q, address.expires
    if isinstance(message, Request):
        _ = message.uri, message.routes
        _ = is_acceptable(message), accepts_sdp(message)
    find_sdp(message)


def check_framing(data: bytes) -> Hashable:
    """However a stream is cut, the same messages come of it, and they are messages or Malformed."""
    whole, piecewise = StreamFramer(), StreamFramer()
    frames = [frame for frame in whole.receive(data) if frame.strip()]
    dice = random.Random(len(data))
    cuts = sorted(dice.randint(0, len(data)) for _ in range(6))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert [frame for piece in pieces for frame in piecewise.receive(piece) if frame.strip()] == frames
    assert (whole.fault is None) == (piecewise.fault is None)
    assert whole.pending_bytes <= len(data)
    for frame in frames:
        check_message(frame)
    pending = whole.pending_bytes > 0
    whole.give_up()
    assert whole.pending_bytes == 0 or whole.fault is None
    return (min(len(frames), 4), None if whole.fault is None else whole.fault.reason, pending)


def check_uri(data: bytes) -> Hashable:
    try:
        uri = parse_uri(_text(data))
    except Malformed as fault:
        return fault.reason
    again = parse_uri(str(uri))
    assert str(again) == str(uri)
    assert type(again) is type(uri)
    if isinstance(uri, SipUri):
        assert isinstance(again, SipUri)
        assert uri == again
        assert uri.matches(again)
        _ = uri.user, uri.transport, uri.is_loose_router
        return (bool(uri.user), uri.port is None, min(len(uri.params), 6), bool(uri.headers))
    return type(uri).__name__


def check_header_value(data: bytes) -> Hashable:
    text = _text(data)
    outcome: list[Hashable] = [min(len(split_list(text)), 4)]
    for read in (_name_addr, _via, _parameters, CSeq.parse, parse_expires):
        try:
            read(text)
            outcome.append(True)
        except Malformed as fault:
            outcome.append(fault.reason)
    return tuple(outcome)


def _name_addr(text: str) -> None:
    address = NameAddr.parse(text)
    again = NameAddr.parse(str(address))
    assert (again.uri_text, again.params) == (address.uri_text, address.params)
    assert address.with_tag("t").tag == "t"
    for view in ("uri", "user", "q", "expires"):
        with suppress(Malformed):
            getattr(address, view)


def _via(text: str) -> None:
    via = Via.parse(text)
    assert str(Via.parse(str(via))) == str(via)
    noted = via.with_source("192.0.2.7", 5070)
    assert Via.parse(str(noted)).received == "192.0.2.7"
    _ = via.branch, via.has_unique_branch, via.wants_rport, via.sent_by
    with suppress(Malformed):
        _ = via.rport


def _parameters(text: str) -> None:
    parameters = parse_parameters(text)
    assert parse_parameters(print_parameters(parameters)) == parameters


def check_sdp(data: bytes) -> Hashable:
    answered = answer_offer(data, MediaCapabilities(), LOCAL, session_id=1, version=1)
    read_answer(data, make_offer(MediaCapabilities(), LOCAL, session_id=1, version=1))
    try:
        session = SessionDescription.parse(data)
    except Malformed as fault:
        return fault.reason
    printed = session.serialize()
    assert SessionDescription.parse(printed).serialize() == printed
    for media in session.media:
        list(cryptos(media))
        with suppress(Malformed):
            _ = session.connection_of(media)
        with suppress(Malformed):
            _ = media.rtpmaps, session.direction_of(media)
    return (type(answered).__name__, len(session.media), session.direction)


def check_digest(data: bytes) -> Hashable:
    value = _text(data)
    parameters = parse_digest(value)
    server = DigestServer("r", ("MD5", "SHA-256"), SeededEntropy(1), b"k")
    nonce = (parse_digest(server.challenge(5.0)[0]) or {})["nonce"]
    credential = Credential(username="u", realm="r", password="p")
    verdict = server.check([value, value.replace("NONCE", nonce)], "INVITE", "sip:a", {"u": credential}.get, 5.0)
    assert isinstance(verdict, Accepted | Rejected)
    entropy = SeededEntropy(2)
    answer = answer_challenge([value], "u", "p", "INVITE", "sip:a", entropy, {})
    if answer is not None:
        assert parse_digest(answer) is not None
    if parameters is None:
        return None
    again = parse_digest(print_digest(parameters, {}))
    assert again is not None
    assert again.keys() == parameters.keys()
    reason = verdict.reason if isinstance(verdict, Rejected) else "accepted"
    return (reason, answer is not None, tuple(sorted(parameters))[:10])


def check_presence(data: bytes) -> Hashable:
    try:
        presence = read_presence(data)
    except Unreadable as fault:
        return str(fault)
    assert read_presence(presence.render("sip:u@r", 0)) == presence
    return (presence.is_open, bool(presence.note), presence.activity)


def _text(data: bytes) -> str:
    """As the parser hands it on: the octets survive."""
    return data.decode("utf-8", "surrogateescape")


PRESENCES = (
    Presence(is_open=True, note="at <home> & \u00e4", activity="busy").render("sip:u@r", 0),
    b'<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="x"><p:tuple '
    b"id='1'><p:status><p:basic>open</p:basic></p:status><p:note><![CDATA[a]]>&#x41;</p:note></p:tuple><!-- c -->"
    b"<r:activities><r:away/><r:note>b</r:note></r:activities></p:presence>",
)


class Target(msgspec.Struct, frozen=True):
    """A check with inputs to begin from."""

    check: Check
    seeds: tuple[bytes, ...]


def _header_values() -> tuple[bytes, ...]:
    lines = {line for message in MESSAGES for line in message.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    return tuple(sorted({line.partition(b":")[2].strip() for line in lines}))


def _uris() -> tuple[bytes, ...]:
    words = {word.strip(b"<>;,\"'") for message in MESSAGES for word in message.split()}
    return tuple(sorted(word for word in words if word.lower().startswith((b"sip", b"tel:"))))


SDPS = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendonly\r\n",
    b"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\na=inactive\r\nm=video 9/3 RTP/AVP 31\r\n"
    b"m=audio 9 RTP/SAVP 8 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtcp-mux\r\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n",
    b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"
    b"a=rtcp:53020 IN IP4 192.0.2.1",
)
DIGESTS = (
    b'Digest username="u", realm="r", nonce="NONCE", uri="sip:a", response="00", nc=00000001, cnonce="c", qop=auth',
    b'Digest username="u", realm="r", nonce="NONCE", uri="sip:a", response="00", algorithm=SHA-256, opaque="o"',
    b'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=MD5, stale=true',
    b'Digest username="\\"u\\\\", realm="r",nonce = NONCE,uri="sip:a",response=00',
    b"Basic dTpw",
)

TARGETS = {
    "message": Target(check_message, tuple(MESSAGES)),
    "framing": Target(check_framing, (*MESSAGES, b"".join(MESSAGES[-3:]), b"\r\n\r\n" + MESSAGES[-1])),
    "uri": Target(check_uri, _uris()),
    "header": Target(check_header_value, _header_values()),
    "sdp": Target(check_sdp, (*SDPS, *(body for each in MESSAGES if (body := each.partition(b"\r\n\r\n")[2])))),
    "digest": Target(check_digest, DIGESTS),
    "presence": Target(check_presence, PRESENCES),
}


class Found(Exception):
    """An input that breaks the invariant of its target."""

    def __init__(self, target: str, data: bytes, fault: str) -> None:
        super().__init__(f"{target}: {fault}: {data[:500]!r}")
        self.data = data


def mutants(name: str, seed: int) -> Iterator[tuple[int, int]]:
    """Check one mutant after the other; yields how many there were and how many outcomes. Raises Found."""
    target = TARGETS[name]
    mutator = Mutator(target.seeds, WORDS, random.Random(seed))
    count = 0
    while True:
        data = mutator.next()
        started_at = time.process_time()
        try:
            outcome = target.check(data)
        except Exception as error:
            raise Found(name, data, f"{type(error).__name__} {error}") from error
        took_s = time.process_time() - started_at
        if took_s > TIME_LIMIT_S:
            raise Found(name, data, f"took {took_s:.1f} s")
        mutator.note(outcome)
        count += 1
        yield count, mutator.outcomes
