"""A switch that asks the worker what it does and then describes just that changes not one sample and not one packet."""

from itertools import pairwise

import msgspec
import numpy as np

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, FeedId, RecordingId, RoomId, StreamId
from softswitch.media.description import MediaDescription
from softswitch.media.feeds.feed import Feed
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    FaxPort,
    GiveAccount,
    Hearing,
    Playback,
    PutFaxPort,
    PutRoom,
    PutStream,
    Recording,
    Room,
    SendDigits,
    SetHearing,
    SrtpKeys,
    StartFeed,
    StartPlay,
    StartRecording,
)
from softswitch.media.srtp.libsrtp import KEY_BYTES
from softswitch.testing.media_engine import EngineDriver

CALL = CallId("call")
FRAME = 160
TICKS = 90
ADOPTED_AT = 37
PROFILE = "AES_CM_128_HMAC_SHA1_80"
KEYS = SrtpKeys(PROFILE, bytes(range(KEY_BYTES[PROFILE])), bytes(range(KEY_BYTES[PROFILE])))


class Centre:
    """A worker that does a bit of everything, in virtual time; two of them do the same."""

    def __init__(self) -> None:
        self.driver = driver = EngineDriver()
        self.streams = [
            driver.put(1),
            driver.put(2, codec="PCMA", payload_type=8, gain_db=6.0),
            driver.put(3, codec="OPUS", clock_rate_hz=48000, payload_type=96),
            driver.put(4, is_muted=True),
            driver.put(5, srtp=KEYS),
            driver.put(6, ptime_ms=30),
            driver.put(7, is_deaf=True),
            driver.put(8, detects_tones=True),
            driver.put(10, sequence=65_500),
            driver.put(11, telephone_event=None),
            driver.put(12, port=0, remote=None, learn=False, is_program=True),
        ]
        playbacks = {7: ("tone:425/1000,0/4000", False), 8: ("tone:950/330,1400/330,1800/330,0/1000", True)}
        assert not driver.apply(
            *(self.hear(1, 2, 12), self.hear(2, 1), self.hear(6, 1, 2), self.hear(8, 1)),
            *(self.hear(10, 1), self.hear(11, 2)),
            PutRoom(Room(room_id=RoomId("1"), members=[StreamId(number) for number in (3, 4, 5)])),
            *(StartPlay(self.playback(number, *sound)) for number, sound in playbacks.items()),
            StartRecording(self.recording("pair", StreamId(1), StreamId(2), beep_every_s=0.4)),
            StartRecording(self.recording("masked", StreamId(1), None, masked_until=driver.now + 1.0)),
            StartRecording(self.recording("room", StreamId(3), None, room=RoomId("1"))),
            StartFeed(
                Feed(
                    feed_id=FeedId(1),
                    call_id=CALL,
                    socket="/s",
                    left=StreamId(1),
                    right=StreamId(2),
                    voice=StreamId(12),
                )
            ),
            *(self.fax_port(number, peer) for number, peer in ((20, 21), (21, 20))),
        )
        self.load()

    @staticmethod
    def hear(number: int, *sources: int) -> SetHearing:
        gains_db = [-3.0] * len(sources) if len(sources) > 1 else []
        return SetHearing(Hearing(StreamId(number), [StreamId(source) for source in sources], gains_db))

    def playback(self, number: int, sound: str, is_over: bool) -> Playback:
        return Playback(play_id=number, stream_id=StreamId(number), sounds=[sound], loop=True, is_over=is_over,
                        started_at=self.driver.now)  # fmt: skip

    def recording(self, name: str, left: StreamId, right: StreamId | None, **more: object) -> Recording:
        return Recording(recording_id=RecordingId(name), call_id=CALL, path=f"/{name}", left=left, right=right,
                         started_at=self.driver.now, **more)  # type: ignore[arg-type]  # fmt: skip

    @staticmethod
    def fax_port(number: int, peer: int) -> PutFaxPort:
        local = HostPort("127.0.0.1", 20_000 + 2 * number)
        return PutFaxPort(
            FaxPort(port_id=StreamId(number), stream_id=StreamId(1), call_id=CALL, local=local, peer=StreamId(peer))
        )

    def load(self) -> None:
        """What the loader would do: every tone is a sawtooth."""
        for key, version in self.driver.engine.take_sound_requests():
            if version:
                self.driver.engine.sound_checked(key)
            else:
                self.driver.engine.sound_loaded(key, (np.arange(9000) % 251).astype(np.uint8), 1)

    def run(self, ticks: int, *, first: int = 0) -> None:
        for index in range(first, first + ticks):
            for number in (1, 2, 4, 6, 8, 10):
                sound = ((np.arange(FRAME) + index * FRAME) // number % 256).astype(np.uint8).tobytes()
                payload_type = 8 if number == 2 else 0
                self.driver.deliver(
                    number,
                    pack(
                        payload_type=payload_type,
                        sequence=index,
                        timestamp=FRAME * index,
                        ssrc=number,
                        payload=sound,
                    ),
                )
            if index == ADOPTED_AT - 5:
                for number in (10, 11):
                    assert not self.driver.apply(SendDigits(StreamId(number), "19"))
            self.driver.tick()

    def adopt(self) -> None:
        """What the next switch does, with all of it on its way through a socket."""
        assert not self.driver.apply(GiveAccount())
        account = MediaDescription()
        for part in self.driver.engine.account():
            account.apply(msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=Describe))
        assert not self.driver.apply(*account.describe())
        self.load()


def test_a_worker_that_is_adopted_sends_what_it_would_have_sent() -> None:
    undisturbed, adopted = Centre(), Centre()
    undisturbed.run(TICKS)
    adopted.run(ADOPTED_AT)
    adopted.adopt()
    adopted.run(TICKS - ADOPTED_AT, first=ADOPTED_AT)
    assert set(undisturbed.driver.sent) == {stream.stream_id for stream in undisturbed.streams[:-1]}
    for stream_id, packets in undisturbed.driver.sent.items():
        assert adopted.driver.sent[stream_id] == packets, stream_id
        sequence = [int.from_bytes(packet[2:4], "big") for packet in packets]
        steps = {(after - before) % 65_536 for before, after in pairwise(sequence)}
        assert steps == {1}
    for recording_id in undisturbed.driver.sink.open_recordings:
        sound = undisturbed.driver.sink.sound(recording_id)
        assert len(sound)
        assert np.array_equal(sound, adopted.driver.sink.sound(recording_id))
    assert adopted.driver.engine.take_events() == undisturbed.driver.engine.take_events()
    assert vars_of(adopted) == vars_of(undisturbed)


def test_the_account_is_what_was_ordered() -> None:
    centre = Centre()
    centre.run(3)
    (part,) = centre.driver.engine.account()
    assert [stream.stream_id for stream in part.streams] == [stream.stream_id for stream in centre.streams]
    assert part.streams == centre.streams
    assert part.rooms == [Room(room_id=RoomId("1"), members=[StreamId(number) for number in (3, 4, 5)])]
    assert Hearing(StreamId(1), [StreamId(2), StreamId(12)], [-3.0, -3.0]) in part.hearings
    assert len(part.fax_ports) == 2
    assert not centre.driver.apply(PutStream(centre.streams[0]))


def vars_of(centre: Centre) -> tuple[object, ...]:
    port = centre.driver.port
    return port.local, port.remote, port.destination, port.rtcp, centre.driver.fax.local, centre.driver.fax.remote
