"""A real worker, a real streamer, real WebSockets: what programs hear of calls, and say into them."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from softswitch.base.ids import CallId, FeedId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.feeds.feed import Feed
from softswitch.media.feeds.orders import Dial, Leave, ProgramConnected, ProgramLeft, ProgramLost
from softswitch.media.protocol import Describe, Hearing, PutStream, SetHearing, StartFeed, StreamDescription
from softswitch.testing.certificates import Authority
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse, succeeds_once
from softswitch.testing.runtime.streamer import Streamer, WebProgram

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]
Speech = Callable[[float], NDArray[np.uint8]]

TABLES = CodecTables(load_codecs())
VOICE = StreamId(99)
IDS = iter(range(1, 1000))


@pytest.fixture(scope="module")
def streamer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streamer]:
    """One for all: whatever a program does, the next has nothing of it."""
    streamer = Streamer(tmp_path_factory.mktemp("streamer") / "streamer.sock")
    yield streamer
    assert streamer.stop() == 0


class Listener:
    """A program that writes down what it hears."""

    def __init__(self) -> None:
        self.texts: Queue[dict[str, Any]] = Queue()
        self.sound = bytearray()
        self.connections = 0
        self.program = WebProgram(self._talk)

    def _talk(self, socket: ServerConnection) -> None:
        self.connections += 1
        for message in socket:
            if isinstance(message, bytes):
                self.sound += message
            else:
                self.texts.put(json.loads(message))

    def next_text(self) -> dict[str, Any]:
        return self.texts.get(timeout=10.0)


def linear(said: bytes) -> bytes:
    """What the bytes of µ-law mean."""
    return TABLES.samples_of(TABLES.law("PCMU"))[np.frombuffer(said, np.uint8)].tobytes()


def begin(
    worker: MediaProcess,
    streamer: Streamer,
    *parties: RtpParty,
    voice: StreamId | None = None,
    rate_hz: int = 8000,
    **changes: Any,
) -> FeedId:
    """Give what the parties say, left and right, to a program; `changes` are of `Dial`."""
    feed_id = FeedId(next(IDS))
    left, right = [*(party.stream_id for party in parties), None][:2]
    feed = Feed(
        feed_id=feed_id,
        call_id=CallId("call"),
        socket=str(streamer.path),
        left=left,
        right=right,
        voice=voice,
        rate_hz=rate_hz,
    )
    assert worker.command(StartFeed(feed)) == []
    streamer.order(Dial(feed_id=feed_id, talks=voice is not None, rate_hz=rate_hz, **changes))
    return feed_id


def test_a_program_hears_both_sides_bit_exactly(
    worker: MediaProcess, streamer: Streamer, parties: Parties, speech: Speech
) -> None:
    one, two = parties(2)
    assert worker.command(PutStream(one.description()), PutStream(two.description())) == []
    listener = Listener()
    feed_id = begin(worker, streamer, one, two, url=listener.program.url, side="both", start={"call_id": "c1"})
    start = listener.next_text()
    assert start["type"] == "start"
    assert start["call"] == {"call_id": "c1"}
    assert start["media"] == {
        "encoding": "s16le",
        "rate_hz": 8000,
        "channels": 2,
        "side": "both",
        "frame_ms": 20,
    }
    streamer.fact(ProgramConnected)

    def attempt() -> bool:
        said = [party.say(speech(0.5)) for party in (one, two)]
        converse([one, two], 0.8)
        heard = np.frombuffer(bytes(listener.sound), "<i2").reshape(-1, 2)
        sides = [np.ascontiguousarray(heard[:, side]).tobytes() for side in range(2)]
        return all(linear(words)[128:] in side for words, side in zip(said, sides, strict=True))

    assert succeeds_once(attempt)
    streamer.order(Leave(feed_id, "hung up"))
    left = streamer.fact(ProgramLeft)
    assert (left.reason, left.fault) == ("closed", "")
    assert left.counts.sent > 30
    while (text := listener.next_text())["type"] == "dropped":
        pass
    assert text == {"type": "stop", "reason": "hung up"}


def program_stream() -> StreamDescription:
    return StreamDescription(
        stream_id=VOICE,
        call_id=CallId("call"),
        local_ip="127.0.0.1",
        port=0,
        ssrc=0,
        sequence=0,
        timestamp=0,
        started_at=0.0,
        learn=False,
        is_program=True,
    )


def with_voice(worker: MediaProcess, party: RtpParty) -> None:
    """A party that hears what the program says."""
    refusals = worker.command(
        PutStream(party.description()),
        PutStream(program_stream()),
        SetHearing(Hearing(party.stream_id, [VOICE])),
    )
    assert refusals == []


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_what_a_program_says_is_heard_by_the_caller(
    worker: MediaProcess, streamer: Streamer, parties: Parties, speech: Speech, rate_hz: int
) -> None:
    (one,) = parties(1)
    with_voice(worker, one)
    said = np.repeat((np.sin(np.arange(40) * np.pi / 20) * 8000).astype("<i2"), 1)

    def talk(socket: ServerConnection) -> None:
        """A second of a tone at once, and then the end, when it was heard."""
        assert json.loads(socket.recv())["media"]["rate_hz"] == rate_hz
        socket.send(np.tile(said, rate_hz // 40).tobytes())
        socket.send(json.dumps({"type": "mark", "name": "all"}))
        for message in socket:
            if isinstance(message, str) and json.loads(message) == {"type": "mark", "name": "all", "is_played": True}:
                socket.send(json.dumps({"type": "stop", "result": ["done"]}))

    bot = WebProgram(talk)
    begin(worker, streamer, one, url=bot.url, voice=VOICE, rate_hz=rate_hz)
    converse([one], 1.6)
    left = streamer.fact(ProgramLeft)
    assert (left.reason, left.result, left.counts.said, left.counts.refused) == ("stopped", '["done"]', 50, 0)
    heard = np.frombuffer(linear(one.heard_sound().tobytes()), "<i2").astype(float)
    assert 7000 < np.abs(heard).max() < 9000
    loud = np.flatnonzero(np.abs(heard) > 6000)
    assert (loud[-1] - loud[0]) / 8000 == pytest.approx(1.0, abs=0.05), "as long as it was said"
    bot.close()


def test_bytes_go_to_the_program_and_back(
    worker: MediaProcess, streamer: Streamer, parties: Parties, speech: Speech
) -> None:
    (one,) = parties(1)
    with_voice(worker, one)

    def talk(socket: ServerConnection) -> None:
        for message in socket:
            if isinstance(message, bytes):
                socket.send(message)

    echo = WebProgram(talk)
    feed_id = begin(worker, streamer, one, url=echo.url, voice=VOICE)
    streamer.fact(ProgramConnected)

    def attempt() -> bool:
        said = one.say(speech(0.5))
        converse([one], 1.0)
        return linear(said)[128:] in linear(one.heard_sound().tobytes())

    assert succeeds_once(attempt)
    streamer.order(Leave(feed_id, "enough"))
    assert streamer.fact(ProgramLeft).reason == "closed"
    echo.close()


def test_two_programs_hear_one_call_and_a_new_worker_goes_on_with_both(
    worker: MediaProcess, streamer: Streamer, parties: Parties, speech: Speech
) -> None:
    one, two = parties(2)
    assert worker.command(PutStream(one.description()), PutStream(two.description())) == []
    left, right = Listener(), Listener()
    ids = [
        begin(worker, streamer, one, two, url=left.program.url, side="caller"),
        begin(worker, streamer, one, two, url=right.program.url, side="other"),
    ]
    for _ in ids:
        streamer.fact(ProgramConnected)
    worker.kill()
    worker.start()
    feeds = [
        Feed(
            feed_id=feed_id, call_id=CallId("call"), socket=str(streamer.path), left=one.stream_id, right=two.stream_id
        )
        for feed_id in ids
    ]
    streams = [one.description(), two.description()]
    assert worker.command(Describe(streams, [], [], [], feeds=feeds)) == []

    def attempt() -> bool:
        said = [party.say(speech(0.4)) for party in (one, two)]
        converse([one, two], 0.8)
        return linear(said[0])[128:] in bytes(left.sound) and linear(said[1])[128:] in bytes(right.sound)

    assert succeeds_once(attempt)
    for feed_id in ids:
        streamer.order(Leave(feed_id, "over"))
        assert streamer.fact(ProgramLeft).reason == "closed"


def end_of(streamer: Streamer, url: str, **changes: Any) -> ProgramLeft:
    """What becomes of a program that talks, of a call without sound."""
    settings: dict[str, Any] = {"talks": True, "connect_s": 0.5}
    streamer.order(Dial(feed_id=FeedId(next(IDS)), url=url, **{**settings, **changes}))
    return streamer.fact(ProgramLeft)


def test_who_cannot_be_reached_is_refused_with_a_reason(streamer: Streamer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        left = end_of(streamer, url)
        assert (left.reason, left.fault) == ("refused", "it does not answer within 0.5 s")
    assert end_of(streamer, url).fault == "Connection refused"
    assert end_of(streamer, "ws://").reason == "refused"
    assert end_of(streamer, "ws://nobody.invalid/").reason == "refused"


@pytest.mark.parametrize(("status", "headers"), [(403, {}), (302, {"Location": "ws://127.0.0.1:1/"})])
def test_a_refusal_by_status_is_final_even_for_one_that_returns(
    streamer: Streamer, status: int, headers: dict[str, str]
) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return Response(status, HTTPStatus(status).phrase, Headers(headers | {"Content-Length": "0"}))

    server = serve(lambda _: None, "127.0.0.1", 0, process_request=refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    left = end_of(streamer, f"ws://127.0.0.1:{server.socket.getsockname()[1]}", talks=False, returns=True)
    assert (left.reason, left.fault) == ("refused", f"it answers {status} {HTTPStatus(status).phrase}")
    server.shutdown()


def talks(*messages: str | bytes, then_waits: bool = True) -> WebProgram:
    """Says these at once."""

    def talk(socket: ServerConnection) -> None:
        socket.recv()
        for message in messages:
            socket.send(message)
        while then_waits:
            socket.recv()

    return WebProgram(talk)


def test_what_is_wrong_ends_with_a_reason_and_nothing_else_ends(streamer: Streamer) -> None:
    assert "51 messages that are not understood" in end_of(streamer, talks(*["hello"] * 60).url).fault
    assert "1009" in end_of(streamer, talks(bytes(3 * 1024 * 1024)).url).fault
    assert "not understood" in end_of(streamer, talks(*[b"odd"] * 60).url).fault
    closed = end_of(streamer, talks(then_waits=False).url)
    assert (closed.reason, closed.fault, closed.result) == ("closed", "", "")
    done = end_of(streamer, talks('{"type": "stop", "result": 7}').url)
    assert (done.reason, done.result) == ("stopped", "7")


def test_a_program_that_breaks_off_is_lost(streamer: Streamer) -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.socket.close()

    left = end_of(streamer, WebProgram(talk).url)
    assert (left.reason, left.fault) == ("lost", "the connection broke")


def test_who_only_listens_is_dialled_again_and_told_so(streamer: Streamer) -> None:
    starts: Queue[dict[str, Any]] = Queue()

    def talk(socket: ServerConnection) -> None:
        starts.put(json.loads(socket.recv()))
        if starts.qsize() == 1:
            socket.socket.close()
        for _ in socket:
            pass

    feed_id = FeedId(next(IDS))
    streamer.order(Dial(feed_id=feed_id, url=WebProgram(talk).url, returns=True))
    lost = streamer.fact(ProgramLost)
    assert (lost.fault, lost.again_in_s) == ("the connection broke", 0.5)
    streamer.fact(ProgramConnected)
    streamer.order(Leave(feed_id, "over"))
    assert streamer.fact(ProgramLeft).counts.reconnects == 1
    assert [start["type"] for start in (starts.get(), starts.get())] == ["start", "start"]


def test_a_program_that_reads_nothing_and_one_that_floods_hold_nobody_up(
    worker: MediaProcess, streamer: Streamer, parties: Parties
) -> None:
    (one,) = parties(1)
    with_voice(worker, one)
    ends = threading.Event()

    def deaf(socket: ServerConnection) -> None:
        ends.wait(20)

    def flood(socket: ServerConnection) -> None:
        while True:
            socket.send(bytes(1_000_000))

    listener = Listener()
    ids = [
        begin(worker, streamer, one, url=WebProgram(deaf).url),
        begin(worker, streamer, one, url=WebProgram(flood).url, voice=VOICE),
        begin(worker, streamer, one, url=listener.program.url),
    ]
    for _ in ids:
        streamer.fact(ProgramConnected)
    converse([one], 0.3)
    before, since = len(listener.sound), time.monotonic()
    converse([one], 2.0)
    frames_a_second = (len(listener.sound) - before) / 320 / (time.monotonic() - since)
    assert frames_a_second > 40, "it hears as if they were not there"
    began_at = time.monotonic()
    lefts: dict[FeedId, ProgramLeft] = {}
    for feed_id in ids:
        streamer.order(Leave(feed_id, "over"))
    for _ in ids:
        left = streamer.fact(ProgramLeft)
        lefts[left.feed_id] = left
    assert time.monotonic() - began_at < 5.0, "nobody is waited for"
    assert lefts[ids[1]].counts.refused > 1000
    ends.set()


def test_the_certificate_of_a_wss_program_is_checked(streamer: Streamer, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("program", ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.private_key)

    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.send('{"type": "stop", "result": "safe"}')
        for _ in socket:
            pass

    program = WebProgram(talk, ssl=context)
    right = f"wss://localhost:{program.port}/"
    assert end_of(streamer, right, ca_file=authority.ca, connect_s=5.0).result == '"safe"'
    for url, ca in ((right, ""), (f"wss://127.0.0.1:{program.port}/", authority.ca)):
        left = end_of(streamer, url, ca_file=ca, connect_s=5.0)
        assert left.reason == "refused"
        assert left.fault.startswith("TLS: ")
    assert end_of(streamer, right, ca_file=str(tmp_path / "none.pem")).reason == "refused"
