"""MediaClient and a real worker process, real RTP on loopback: calls that outlive their worker and their switch."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import uvloop

from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import CallId, RecordingId
from softswitch.media.protocol import (
    DtmfReceived,
    FirstPacket,
    MediaEvent,
    PlayFinished,
    Recording,
    RecordingFinished,
    SrtpKeys,
    StreamStatistics,
)
from softswitch.media.runtime.client import MediaClient, MediaStream
from softswitch.media.srtp.libsrtp import KEY_BYTES
from tests.integration.media.phones import Phone, channels_of, energy_at, tone, wav

pytestmark = pytest.mark.network

CALL = CallId("c1")
E = TypeVar("E", bound=MediaEvent)


class Scene:
    """A worker process, a client, and the phones of a call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "media-0.sock")
        self.events: list[MediaEvent] = []
        self.clock = SystemClock()
        self.client = self._new_client()
        self._worker: asyncio.subprocess.Process | None = None
        self._phones: list[Phone] = []

    async def start_worker(self) -> None:
        self._worker = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "softswitch.media.runtime.worker", "--socket", self.path, "--name", "media-0"),
        )

    async def kill_worker(self) -> None:
        assert self._worker is not None
        self._worker.kill()
        await self._worker.wait()

    async def stop_worker(self) -> int:
        assert self._worker is not None
        self._worker.terminate()
        return await self._worker.wait()

    async def restart_switch(self) -> None:
        await self.client.close()
        self.client = self._new_client()
        await self.client.start()

    async def new_phone(self, frequency_hz: int, keys: SrtpKeys | None = None) -> Phone:
        phone = await Phone.start(frequency_hz, keys)
        self._phones.append(phone)
        return phone

    async def phone(self, frequency_hz: int, stream: MediaStream, keys: SrtpKeys | None = None) -> Phone:
        """A phone that talks to the stream, which is connected to it."""
        phone = await self.new_phone(frequency_hz, keys)
        self.connect(stream, phone, keys)
        return phone

    def connect(self, stream: MediaStream, phone: Phone, keys: SrtpKeys | None = None) -> None:
        stream.connect(
            remote=phone.address,
            codec="PCMU",
            payload_type=0,
            telephone_event=101,
            ptime_ms=20,
            sends=True,
            receives=True,
            srtp=keys,
        )
        phone.talk_to(stream.local)

    async def event(self, kind: type[E], condition: Callable[[E], bool] = lambda _: True) -> E:
        """The first event of that kind; waits for it."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and condition(event):
                    self.events.remove(event)
                    return event
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        await self.client.close()
        for phone in self._phones:
            phone.close()
        if self._worker is not None and self._worker.returncode is None:
            await self.kill_worker()

    def _new_client(self) -> MediaClient:
        return MediaClient(
            {"media-0": self.path},
            local_ip="127.0.0.1",
            ports=range(31000, 32000),
            clock=self.clock,
            entropy=SystemEntropy(),
            on_event=self.events.append,
        )


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Coroutine[None, None, None]]], None]:
    async def main(scenario: Callable[[Scene], Coroutine[None, None, None]]) -> None:
        scene = Scene(tmp_path)
        try:
            async with asyncio.timeout(30):
                await scene.start_worker()
                await scene.client.start()
                await scenario(scene)
        finally:
            await scene.close()

    def run(scenario: Callable[[Scene], Coroutine[None, None, None]]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(scenario))

    return run


Play = Callable[[Callable[[Scene], Coroutine[None, None, None]]], None]


async def bridged(scene: Scene) -> tuple[MediaStream, MediaStream, Phone, Phone]:
    caller = await scene.client.open_stream(CALL)
    agent = await scene.client.open_stream(CALL, near=caller)
    caller.hear(agent)
    agent.hear(caller)
    return caller, agent, await scene.phone(500, caller), await scene.phone(1500, agent)


def test_a_call_is_heard_pressed_played_and_recorded(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        caller, agent, callers_phone, agents_phone = await bridged(scene)
        first = await scene.event(FirstPacket, lambda event: event.stream_id == caller.stream_id)
        assert first.source == callers_phone.address
        path = str(scene.folder / "2026" / "a.wav")
        scene.client.start_recording(
            Recording(
                recording_id=RecordingId("r1"),
                call_id=CALL,
                path=path,
                left=caller.stream_id,
                right=agent.stream_id,
                started_at=scene.clock.now(),
            )
        )
        await asyncio.sleep(0.6)
        assert energy_at(1500, callers_phone.sound()[-1600:]) > 0.98
        assert energy_at(500, agents_phone.sound()[-1600:]) > 0.98
        assert {packet.source for packet in callers_phone.heard} == {caller.local}

        callers_phone.press(5, caller.local)
        assert (await scene.event(DtmfReceived)).digit == "5"

        prompt = wav(scene.folder / "prompt.wav", tone(1000, 0.3))
        play_id = caller.play([prompt, prompt])
        started_at = scene.clock.now()
        over = await scene.event(PlayFinished)
        assert (over.play_id, over.completed, over.fault) == (play_id, True, "")
        assert 0.55 < scene.clock.now() - started_at < 0.85
        assert energy_at(1000, callers_phone.sound()[-4000:-1600]) > 0.9
        caller.play([str(scene.folder / "absent.wav")])
        over = await scene.event(PlayFinished)
        assert not over.completed
        assert "absent.wav" in over.fault

        scene.client.stop_recording(RecordingId("r1"))
        recorded = await scene.event(RecordingFinished)
        assert (recorded.path, recorded.fault) == (path, "")
        left, right = channels_of(path).T
        assert len(left) == pytest.approx(recorded.duration_s * 8000)
        assert energy_at(500, left[800:4000]) > 0.95  # before the key press, which mutes the voice
        assert energy_at(1500, right[800:-1600]) > 0.95
        caller.drop()
        statistics = await scene.event(StreamStatistics)
        assert statistics.quality.packets_received > 30
        assert statistics.quality.packets_sent > 30
        assert len([event for event in scene.events if isinstance(event, DtmfReceived)]) == 0

    play(scenario)


def test_a_call_outlives_kill_9_of_its_worker(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        caller, agent, callers_phone, agents_phone = await bridged(scene)
        path = str(scene.folder / "a.wav")
        recording_started_at = scene.clock.now()
        scene.client.start_recording(
            Recording(
                recording_id=RecordingId("r1"),
                call_id=CALL,
                path=path,
                left=caller.stream_id,
                right=agent.stream_id,
                started_at=recording_started_at,
            )
        )
        music = wav(scene.folder / "music.wav", tone(2500, 1.0))
        await asyncio.sleep(1.4)
        announcement = caller.play([music, music], started_at=scene.clock.now() - 0.8)
        announced_at = scene.clock.now()

        loop = asyncio.get_running_loop()
        killed_at = loop.time()
        await scene.kill_worker()
        before = callers_phone.heard[-1]
        await scene.start_worker()
        after = await callers_phone.heard_after(before.at)
        assert (await agents_phone.heard_after(killed_at + 0.05)).at - killed_at < 1.0
        assert after.at - killed_at < 1.0
        assert (after.ssrc, after.source) == (before.ssrc, before.source)
        gap = round((after.at - before.at) / 0.02)
        assert (after.sequence - before.sequence) % 65536 == pytest.approx(gap, abs=3)
        assert (after.timestamp - before.timestamp) % 2**32 == pytest.approx(160 * gap, abs=480)

        over = await scene.event(PlayFinished)
        assert (over.play_id, over.completed) == (announcement, True)
        assert scene.clock.now() - announced_at == pytest.approx(1.2, abs=0.3)
        await asyncio.sleep(0.5)
        assert energy_at(1500, callers_phone.sound()[-1600:]) > 0.98
        assert energy_at(500, agents_phone.sound()[-1600:]) > 0.98

        scene.client.stop_recording(RecordingId("r1"))
        recorded = await scene.event(RecordingFinished)
        assert recorded.fault == ""
        assert recorded.duration_s == pytest.approx(scene.clock.now() - recording_started_at, abs=0.3)
        left, right = channels_of(path).T
        assert energy_at(500, left[800:4000]) > 0.95
        assert energy_at(500, left[-4000:-1600]) > 0.95
        assert energy_at(1500, right[-4000:-1600]) > 0.95

    play(scenario)


def test_a_conference_outlives_kill_9_with_shared_ports_srtp_and_a_masked_recording(play: Play) -> None:
    """Three members of every kind; each hears the two others again, and the mask holds."""
    profile = "AEAD_AES_128_GCM"
    keys = SrtpKeys(profile, bytes(range(KEY_BYTES[profile])), bytes(range(1, KEY_BYTES[profile] + 1)))

    async def scenario(scene: Scene) -> None:
        plain = await scene.client.open_stream(CALL)
        at_plain = await scene.phone(500, plain)
        secure = await scene.client.open_stream(CALL, near=plain)
        at_secure = await scene.phone(1100, secure, keys)
        at_shared = await scene.new_phone(1900)
        shared = await scene.client.open_stream(CALL, near=plain, certain_remote=at_shared.address)
        scene.connect(shared, at_shared)
        room = scene.client.open_room(plain)
        room.set_members(plain, secure, shared)
        path = str(scene.folder / "a.wav")
        began = scene.clock.now()
        scene.client.start_recording(
            Recording(
                recording_id=RecordingId("r1"),
                call_id=CALL,
                path=path,
                left=plain.stream_id,
                right=secure.stream_id,
                started_at=began,
                masked_until=began + 3600.0,
            )
        )
        members = {500: at_plain, 1100: at_secure, 1900: at_shared}
        await asyncio.sleep(1.2)
        loop = asyncio.get_running_loop()
        killed_at = loop.time()
        await scene.kill_worker()
        before = {hz: phone.heard[-1] for hz, phone in members.items()}
        await scene.start_worker()
        for hz, phone in members.items():
            after = await phone.heard_after(killed_at + 0.05)
            assert (after.ssrc, after.source) == (before[hz].ssrc, before[hz].source)
            gap = round((after.at - before[hz].at) / 0.02)
            assert (after.sequence - before[hz].sequence) % 65536 == pytest.approx(gap, abs=3)
        await asyncio.sleep(1.0)
        for hz, phone in members.items():
            sound = phone.sound()[-3200:]
            for other in members:
                share = energy_at(other, sound)
                assert share < 0.01 if other == hz else share > 0.3, f"{hz} hears {share:.2f} of {other}"
        scene.client.stop_recording(RecordingId("r1"))
        recorded = await scene.event(RecordingFinished)
        assert recorded.duration_s == pytest.approx(scene.clock.now() - began, abs=0.3)
        assert not channels_of(path).any()

    play(scenario)


def test_a_recording_goes_on_in_the_worker_that_follows_an_orderly_stop(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        caller, _, _, _ = await bridged(scene)
        path = str(scene.folder / "a.wav")
        scene.client.start_recording(
            Recording(
                recording_id=RecordingId("r1"),
                call_id=CALL,
                path=path,
                left=caller.stream_id,
                right=None,
                started_at=scene.clock.now(),
            )
        )
        await asyncio.sleep(0.5)
        assert await scene.stop_worker() == 0
        assert len(channels_of(path)) > 2000
        scene.client.stop_recording(RecordingId("r1"))  # while no worker is there
        await scene.start_worker()
        recorded = await scene.event(RecordingFinished)
        left, right = channels_of(recorded.path).T
        assert len(left) > 4000
        assert energy_at(500, left[800:2400]) > 0.95
        assert np.abs(right).max() <= 8  # A-law has no zero

    play(scenario)


def test_a_new_switch_finds_its_worker_again_and_lets_go_of_old_calls(play: Play) -> None:
    async def scenario(scene: Scene) -> None:
        caller, agent, callers_phone, _ = await bridged(scene)
        scene.client.start_recording(
            Recording(
                recording_id=RecordingId("r1"),
                call_id=CALL,
                path=str(scene.folder / "a.wav"),
                left=caller.stream_id,
                right=agent.stream_id,
                started_at=scene.clock.now(),
            )
        )
        await asyncio.sleep(0.3)
        await scene.client.close()
        heard = len(callers_phone.heard)
        await asyncio.sleep(0.2)
        assert len(callers_phone.heard) > heard + 5  # the call goes on without a switch

        await scene.restart_switch()
        recorded = await scene.event(RecordingFinished)
        assert recorded.recording_id == "r1"
        stream = await scene.client.open_stream(CallId("c2"))
        phone = await scene.phone(700, stream)
        stream.play([wav(scene.folder / "prompt.wav", tone(1000, 0.2))], loop=True)
        await scene.event(FirstPacket, lambda event: event.stream_id == stream.stream_id)
        heard = len(callers_phone.heard)
        await asyncio.sleep(0.3)
        assert len(callers_phone.heard) <= heard + 1
        assert energy_at(1000, phone.sound()[-1600:]) > 0.9

    play(scenario)
