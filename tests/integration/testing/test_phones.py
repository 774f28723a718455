"""Phones against a small switch that passes their descriptions on, so that two of them speak directly to each other."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    LegProgress,
    RegistrationChanged,
    SipOutput,
)
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import Account, RegistrationPolicy, SipSettings, Target, TrunkPeer
from softswitch.testing.phones import Phones, RegistrationRefused
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import LineState

pytestmark = pytest.mark.network

HOST = "127.0.0.1"
DOMAIN = "example.test"


class PassingSwitch:
    """A registrar that connects every call to the phone of that name, SDP and all."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.registrations: asyncio.Queue[int] = asyncio.Queue()
        """The number of bindings after each REGISTER."""
        self.clock = SystemClock()
        self.endpoint = SipEndpoint(self.settings(), entropy=SystemEntropy())
        self.driver = SipDriver(self.endpoint, clock=self.clock, on_event=self.receive, loop=asyncio.get_running_loop())
        self.peers: dict[LegId, LegId] = {}

    def settings(self, *trunks: HostPort) -> SipSettings:
        accounts = {name: Account(username=name, password=f"{name}-secret") for name in ("anna", "boris")}
        peers = tuple(TrunkPeer(name="outside", addresses=(str(trunk),)) for trunk in trunks)
        return SipSettings(domain=DOMAIN, accounts=accounts, trunks=peers)

    async def start(self) -> HostPort:
        address = HostPort(HOST, free_port(HOST))
        await self.driver.start([(TransportKind.UDP, address), (TransportKind.TCP, address)])
        return address

    def receive(self, event: SipOutput) -> None:
        now = self.clock.now()
        match event:
            case InviteReceived():
                bindings = self.endpoint.bindings(f"{event.called_number}@{DOMAIN}")
                if not bindings:
                    self.endpoint.reject(event.leg_id, 404, now=now)
                    return
                target = Target(uri=bindings[0].contact_uri, flow=bindings[0].flow)
                caller = f"sip:{event.calling_number}@{DOMAIN}"
                outbound = self.endpoint.invite(target, from_uri=caller, sdp=event.sdp, now=now)
                self.peers |= {event.leg_id: outbound, outbound: event.leg_id}
            case LegProgress():
                self.endpoint.progress(self.peers[event.leg_id], event.status, None, now)
            case LegAnswered():
                self.endpoint.accept(self.peers[event.leg_id], event.sdp, now)
            case LegFailed():
                self.endpoint.reject(self.peers[event.leg_id], event.status, now=now)
            case LegEnded() if event.leg_id in self.peers:
                self.endpoint.hang_up(self.peers[event.leg_id], now)
            case RegistrationChanged():
                self.registrations.put_nowait(len(event.bindings))
            case InfoReceived():
                self.keys.append(event.body.decode())
            case _:
                pass


Story = Callable[[PassingSwitch, Phones], Coroutine[Any, Any, None]]


def play(story: Story, folder: Path, kind: TransportKind = TransportKind.UDP) -> None:
    async def run() -> None:
        switch = PassingSwitch()
        address = await switch.start()
        try:
            async with Phones(address, folder=folder, domain=DOMAIN, kind=kind) as phones:
                switch.endpoint.update_settings(switch.settings(phones.trunk_address))
                await asyncio.wait_for(story(switch, phones), 15.0)
        finally:
            await switch.driver.stop()

    asyncio.run(run())


@pytest.fixture
def hello(tmp_path: Path) -> str:
    """Half a second of a tone."""
    path = tmp_path / "hello.wav"
    write_wav(path, (0.3 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)).astype(np.float32))
    return str(path)


@pytest.mark.parametrize("kind", [TransportKind.UDP, TransportKind.TCP])
def test_a_caller_and_a_registered_phone_hear_each_other(tmp_path: Path, hello: str, kind: TransportKind) -> None:
    async def story(switch: PassingSwitch, phones: Phones) -> None:
        anna = await phones.register("anna", "anna-secret")
        assert anna.is_registered
        caller = await phones.dial("anna", calling_number="+442071838750")
        line = await anna.next_call()
        assert line.calling_number == "+442071838750"
        await line.answer()
        assert await caller.answered()
        line.record(str(tmp_path / "heard.wav"))
        caller.say([hello])
        line.say([hello], loop=True)
        await caller.silent()
        caller.press("5")
        line.hang_up()
        assert (await line.ended()).by == "us"
        end = await caller.ended()
        assert (end.by, end.status) == ("them", 200)
        for statistics in (await caller.statistics(), await line.statistics()):
            assert statistics is not None
            assert min(statistics.quality.packets_received, statistics.quality.packets_sent) > 20
        recorded = await line.recorded()
        assert recorded is not None
        assert recorded.duration_s > 0.4
        assert switch.keys == ["Signal=5\r\nDuration=160\r\n"]

    play(story, tmp_path, kind)


def test_a_call_that_is_rejected_or_given_up(tmp_path: Path) -> None:
    async def story(switch: PassingSwitch, phones: Phones) -> None:
        boris = await phones.register("boris", "boris-secret")
        caller = await phones.dial("boris", calling_number="1")
        (await boris.next_call()).reject(486)
        assert not await caller.answered()
        assert (await caller.ended()).status == 486
        caller = await phones.dial("boris", calling_number="1")
        line = await boris.next_call()
        assert line.state is LineState.RINGING
        caller.hang_up()
        assert (await line.ended()).status == 487
        assert not await line.answered()
        await line.answer()
        assert await line.statistics() is None
        caller = await phones.dial("nobody", calling_number="1")
        assert (await caller.ended()).status == 404

    play(story, tmp_path)


def test_a_phone_calls_another_and_unregisters(tmp_path: Path) -> None:
    async def story(switch: PassingSwitch, phones: Phones) -> None:
        anna = await phones.register("anna", "anna-secret")
        boris = await phones.register("boris", "boris-secret")
        line = await anna.dial("boris")
        incoming = await boris.next_call()
        assert incoming.calling_number == "anna"
        await incoming.answer()
        assert await line.answered()
        line.hang_up()
        await incoming.ended()
        await boris.unregister()
        assert switch.endpoint.bindings(f"boris@{DOMAIN}") == []

    play(story, tmp_path)


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    async def story(switch: PassingSwitch, phones: Phones) -> None:
        with pytest.raises(RegistrationRefused, match="anna cannot register: 401"):
            await phones.register("anna", "wrong")

    play(story, tmp_path)


def test_registrations_are_kept_up(tmp_path: Path) -> None:
    async def story(switch: PassingSwitch, phones: Phones) -> None:
        settings = switch.settings(phones.trunk_address)
        switch.endpoint.update_settings(
            msgspec.structs.replace(settings, registration=RegistrationPolicy(expires_min_s=1))
        )
        await phones.register("anna", "anna-secret", expires_s=1)
        for _ in range(2):
            assert await switch.registrations.get() == 1

    play(story, tmp_path)
