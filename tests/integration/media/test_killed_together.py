"""kill -9 of a switch process, and of switch and worker together, during real calls: what the phones hear of it."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest

from softswitch.base.clock import SystemClock
from softswitch.base.ids import StreamId
from softswitch.media.kept import KeptStream
from softswitch.media.protocol import (
    DtmfReceived,
    Hearing,
    MediaEvent,
    RecordingFinished,
    StreamDescription,
    StreamTimedOut,
)
from softswitch.media.runtime.client import MediaClient, MediaStream
from softswitch_codecs.g711 import pcmu
from tests.integration.media.doomed_switch import CALL, KEYS, PORTS, Kept, new_client
from tests.integration.media.phones import Heard, Phone, channels_of, energy_at, tone, wav

pytestmark = pytest.mark.network

TONES = (500, 1500, 900)
"""What caller, agent, and the one who waits say."""
E = TypeVar("E", bound=MediaEvent)


@asynccontextmanager
async def worker_at(path: str) -> AsyncGenerator[None]:
    """A worker process, killed at the end."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", "softswitch.media.runtime.worker", "--socket", path, "--name", "media-0")
    )
    try:
        yield
    finally:
        worker.kill()
        await worker.wait()


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[str, Path], Coroutine[None, None, None]]], None]:
    async def main(scenario: Callable[[str, Path], Coroutine[None, None, None]]) -> None:
        async with asyncio.timeout(30):
            await scenario(str(tmp_path / "media-0.sock"), tmp_path)

    def run(scenario: Callable[[str, Path], Coroutine[None, None, None]]) -> None:
        with asyncio.Runner() as runner:
            runner.run(main(scenario))

    return run


Play = Callable[[Callable[[str, Path], Coroutine[None, None, None]]], None]


async def event(events: Sequence[MediaEvent], kind: type[E]) -> E:
    while True:
        for one in events:
            if isinstance(one, kind):
                return one
        await asyncio.sleep(0.005)


async def heard_more(phone: Phone, packets: int) -> None:
    count = len(phone.heard) + packets
    while len(phone.heard) < count:
        await phone.heard_after(phone.heard[-1].at if phone.heard else 0.0)


def missing(heard: Sequence[Heard]) -> int:
    """Packets that were not sent or did not come; that all are of one sequence is asserted."""
    first, last = heard[0], heard[-1]
    for packet in heard:
        number = (packet.sequence - first.sequence) % 65_536
        assert (packet.ssrc, packet.source) == (first.ssrc, first.source)
        assert (packet.timestamp - first.timestamp) % 2**32 == 160 * number
    assert len({packet.sequence for packet in heard}) == len(heard)
    return (last.sequence - first.sequence) % 65_536 + 1 - len(heard)


def test_of_kill_9_of_the_switch_nobody_hears_anything(play: Play) -> None:
    async def scenario(path: str, folder: Path) -> None:
        music = tone(330, 0.7)
        wav(folder / "music.wav", music)
        phones = [await Phone.start(hz, keys) for hz, keys in zip(TONES, (None, KEYS, None), strict=True)]
        async with worker_at(path):
            switch = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.integration.media.doomed_switch", path, str(folder)),
                *(f"{phone.address.host}:{phone.address.port}" for phone in phones),
                stdout=asyncio.subprocess.PIPE,
            )
            assert switch.stdout is not None
            kept = msgspec.json.decode(await switch.stdout.readline(), type=Kept)
            for phone, stream in zip(phones, kept.streams, strict=True):
                local = stream.description.local_ip, stream.description.port
                phone.talk_to(phone.address._replace(host=local[0], port=local[1]))
            for phone in phones:
                await heard_more(phone, 15)
            switch.kill()
            await switch.wait()
            for phone in phones:
                await heard_more(phone, 5)
            phones[0].press(5, phones[0].heard[0].source)  # nobody is there to be told
            await heard_more(phones[0], 5)

            events: list[MediaEvent] = []
            client = new_client(path, events)
            await client.start()
            assert await client.learn(5.0) == []
            streams = [client.adopt(one.description, one.worker) for one in kept.streams]
            assert [stream.playing for stream in streams] == [None, None, kept.music]
            client.adopt_recording(kept.recording)
            client.settle()
            assert (await event(events, DtmfReceived)).digit == "5"
            for phone in phones:
                await heard_more(phone, 25)

            assert [missing(phone.heard) for phone in phones] == pytest.approx([0, 0, 0], abs=2)
            expected = encoded(music)
            first = phones[2].heard[5]
            offset = expected.index(first.payload) if first.payload in expected[:-160] else -1
            position = (offset - first.timestamp) % len(music)
            for packet in phones[2].heard[5:]:
                at = (position + packet.timestamp) % len(music)
                assert packet.payload == (expected * 2)[at : at + 160]
            assert energy_at(1500, phones[0].sound()[-3200:]) > 0.98
            assert energy_at(500, phones[1].sound()[-3200:]) > 0.98
            client.stop_recording(kept.recording.recording_id)
            recorded = await event(events, RecordingFinished)
            assert recorded.fault == ""
            assert recorded.duration_s == pytest.approx(SystemClock().now() - kept.recording.started_at, abs=0.3)
            said_by_agent = channels_of(recorded.path)[2400:, 1]
            for at in range(0, len(said_by_agent) - 1600, 800):
                assert energy_at(1500, said_by_agent[at : at + 800]) > 0.9
            assert not any(isinstance(one, StreamTimedOut) for one in events)
            await client.close()
        for phone in phones:
            phone.close()

    play(scenario)


def encoded(sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> bytes:
    """As PCMU."""
    out = np.empty((1, len(sound)), np.uint8)
    pcmu.encode(sound.reshape(1, -1), out)
    return out.tobytes()


def near_the_wrap(number: int) -> StreamDescription:
    """A stream whose sequence wraps in 0.4 s."""
    return StreamDescription(
        stream_id=StreamId(number),
        call_id=CALL,
        local_ip="127.0.0.1",
        port=PORTS.start + 2 * number,
        ssrc=number,
        sequence=65_536 - 20,
        timestamp=2**32 - 160 * 10,
        started_at=SystemClock().now(),
    )


async def adopted(client: MediaClient, kept: Sequence[KeptStream]) -> list[MediaStream]:
    """Whether or not a worker knows them."""
    await client.start()
    assert await client.learn(10.0) == []
    streams = [client.adopt(one.description, one.worker, hearing=one.hearing) for one in kept]
    client.settle()
    return streams


def test_a_call_outlives_both_when_they_die_after_the_numbers_of_both_sides_have_wrapped(play: Play) -> None:
    """Under SRTP: ours and theirs count their roll-overs, and whoever comes after must count alike."""

    async def scenario(path: str, folder: Path) -> None:
        phones = [await Phone.start(hz, KEYS) for hz in TONES[:2]]
        kept = [
            KeptStream(near_the_wrap(number), "media-0", Hearing(StreamId(number), [StreamId(other)]))
            for number, other in ((1, 2), (2, 1))
        ]
        async with worker_at(path):
            client = new_client(path, [])
            for phone, stream in zip(phones, await adopted(client, kept), strict=True):
                phone.sequence = 65_536 - 20
                stream.connect(
                    remote=phone.address,
                    codec="PCMU",
                    payload_type=0,
                    telephone_event=101,
                    ptime_ms=20,
                    sends=True,
                    receives=True,
                    srtp=KEYS,
                )
                phone.talk_to(stream.local)
                kept[stream.stream_id - 1] = stream.keep()
            for phone in phones:
                await heard_more(phone, 45)
                assert phone.sequence < 1000
                assert phone.heard[-1].sequence < 1000
                assert missing(phone.heard) <= 2
            await client.close()
        before = [phone.heard[-1] for phone in phones]
        async with worker_at(path):
            for phone, last in zip(phones, before, strict=True):
                after = await phone.heard_after(last.at)  # and no switch is there yet
                assert (after.ssrc, after.source) == (last.ssrc, last.source)
                assert (after.sequence - last.sequence) % 65_536 == pytest.approx((after.at - last.at) / 0.02, abs=3)
                await heard_more(phone, 25)
            client = new_client(path, [])
            await adopted(client, kept)
            since = [len(phone.heard) for phone in phones]
            for phone, count in zip(phones, since, strict=True):
                await heard_more(phone, 25)
                assert missing(phone.heard[count:]) <= 2
            assert energy_at(1500, phones[0].sound()[-3200:]) > 0.98
            assert energy_at(500, phones[1].sound()[-3200:]) > 0.98
            await client.close()
        for phone in phones:
            phone.close()

    play(scenario)
