"""Phones that are asked to pick up: what goes over the wire, whom it is asked of, and who cannot be."""

from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, LegId, QueueId
from softswitch.calls.runtime import commanding
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment
from softswitch.dialplan import Call, flow
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegProgress, SipOutput, Transmit
from softswitch.sip.settings import SipSettings, TrunkPeer
from softswitch.testing.raw_station import RawStation
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SWITCH, SimulatedPhone, Surrounding
from softswitch.testing.sip_pair import ANSWER, PROVIDER
from tests.simulation.test_sip_odd_peers import SDP, Scene

CALLER, HOTLINE, OFFICE = "+15550123", "+18005550100", "+18005550101"
CONTACT = f"Contact: <sip:phone@{PROVIDER};line=1>"
ALLOWS = "Allow-Events: hold, Talk, conference"


def ringing(scene: Scene, *headers: str, tag: str = "one") -> tuple[LegId, Request]:
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 180, tag, *headers)
    scene.run(0.1)
    return leg_id, invite


def test_a_phone_that_announces_it_is_asked_within_the_early_dialog() -> None:
    scene = Scene()
    leg_id, invite = ringing(scene, CONTACT, ALLOWS)
    assert scene.switch.statistics().dialogs == 0, "nothing is kept of it before it is needed"
    assert scene.switch.ask_to_talk(leg_id, scene.now)
    scene.run(0.1)
    (notify,) = scene.raw.requests("NOTIFY")
    assert (notify.uri_text, notify.to.tag, notify.call_id) == (f"sip:phone@{PROVIDER};line=1", "one", invite.call_id)
    assert (notify.require("event"), notify.require("subscription-state")) == ("talk", "active")
    assert (notify.cseq.number, notify.body) == (invite.cseq.number + 1, b"")
    scene.raw.answer(notify, 200, "one")
    scene.raw.answer(invite, 200, "one", CONTACT, SDP, body=ANSWER.decode())
    scene.run(0.1)
    assert scene.one("switch", LegAnswered) == LegAnswered(leg_id, ANSWER)
    assert not scene.switch.ask_to_talk(leg_id, scene.now), "it talks"
    scene.switch.hang_up(leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    assert bye.cseq.number == notify.cseq.number + 1
    scene.raw.answer(bye, 200, "one")
    scene.run()
    assert scene.switch.statistics().dialogs == 0


@pytest.mark.parametrize("status", [489, 481, 0])
def test_a_phone_that_refuses_after_all_or_says_nothing_rings_on(status: int) -> None:
    scene = Scene()
    leg_id, invite = ringing(scene, CONTACT, ALLOWS)
    scene.switch.ask_to_talk(leg_id, scene.now)
    scene.run(0.1)
    if status:
        scene.raw.answer(scene.raw.requests("NOTIFY")[0], status, "one")
    scene.run(40.0)
    scene.raw.answer(invite, 200, "one", CONTACT, SDP, body=ANSWER.decode())
    scene.run(0.1)
    assert scene.one("switch", LegAnswered).leg_id == leg_id


@pytest.mark.parametrize(
    "headers",
    [(CONTACT,), (CONTACT, "Allow-Events: presence, talkative"), (ALLOWS,)],
    ids=["silent", "others", "no dialog"],
)
def test_a_phone_that_does_not_announce_it_is_not_asked(headers: tuple[str, ...]) -> None:
    scene = Scene()
    leg_id, _ = ringing(scene, *headers)
    assert not scene.switch.ask_to_talk(leg_id, scene.now)
    scene.run(0.1)
    assert not scene.raw.requests("NOTIFY")
    assert len(scene.all("switch", LegProgress)) == 1


def test_forks_without_end_are_not_remembered() -> None:
    scene = Scene()
    leg_id, invite = ringing(scene, CONTACT, ALLOWS, tag="first")
    for number in range(100):
        scene.raw.answer(invite, 180, f"fork{number}", CONTACT, ALLOWS)
    scene.run(0.1)
    assert scene.switch.ask_to_talk(leg_id, scene.now)
    scene.run(0.1)
    assert [each.to.tag for each in scene.raw.requests("NOTIFY")] == ["fork14"], "the sixteenth"
    assert scene.switch.statistics().dialogs == 1
    scene.switch.hang_up(leg_id, scene.now)
    scene.run()
    assert scene.switch.statistics().dialogs == 0


class ObedientEndpoint(SipEndpoint):
    """A phone's: it announces "talk" when it rings, and picks up when it is asked."""

    def __init__(self, phone: "ObedientPhone", surrounding: Surrounding) -> None:
        settings = SipSettings(domain=DOMAIN, trunks=(TrunkPeer(name="switch", addresses=(SWITCH.host,)),))
        super().__init__(settings, entropy=surrounding.entropy)
        self._phone = phone
        self._surrounding = surrounding
        self._answers = RawStation(phone.address)
        self._receive_other = self.receive_datagram
        self.receive_datagram = self._receive

    def _receive(self, data: bytes, flow: Flow, now: float) -> None:
        message = parse(data) if data.startswith(b"NOTIFY") else None
        if isinstance(message, Request) and message.get("event") == "talk":
            self._answers.answer(message, 200, "")
            self._surrounding.loop.call_soon(self._phone.pick_up)
        else:
            self._receive_other(data, flow, now)

    def take_outputs(self) -> list[SipOutput]:
        outputs = [*self._answers.take_outputs(), *super().take_outputs()]
        return [_announcing(each) if isinstance(each, Transmit) else each for each in outputs]


def _announcing(transmit: Transmit) -> Transmit:
    if not transmit.message.startswith(b"SIP/2.0 180"):
        return transmit
    line, rest = transmit.message.split(b"\r\n", 1)
    return Transmit(transmit.flow, b"\r\n".join([line, b"Allow-Events: talk,hold", rest]))


class ObedientPhone(SimulatedPhone):
    """It rings until it is asked."""

    def __init__(self, centre: Surrounding, name: str, address: HostPort) -> None:
        super().__init__(centre, name, address)
        self.endpoint = ObedientEndpoint(self, centre)
        self.endpoint.add_listener(TransportKind.UDP, address)
        self.answer_after_s = None

    def pick_up(self) -> None:
        (invite,) = self.seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        self._answer(invite)


@flow
async def hotline(call: Call) -> None:
    await call.queue("support")


@flow
async def office(call: Call) -> None:
    await call.dial("bob", "dora")


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"hotline": hotline, "office": office},
        routes={HOTLINE: "hotline", OFFICE: "office"},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=1.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="bob", number="101"), Extension(username="dora", number="102")],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            queues={QueueId("support"): QueueTreatment()},
            ring_s=20.0,
        ),
    )


async def rung(centre: SimulatedCentre, number: str, phone: SimulatedPhone) -> ActiveCall:
    centre.caller(CALLER).call(number)
    await centre.until(lambda: bool(phone.seen(InviteReceived)))
    await centre.sleep(0.5)
    (call,) = centre.controller.calls.values()
    return call


async def over(centre: SimulatedCentre) -> None:
    centre.phones[CALLER].hang_up()
    await centre.all_over()


def test_an_agent_whose_phone_rings_takes_the_call_by_command(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = centre.phone("ann", kind=ObedientPhone)
        await centre.log_in("ann")
        call = await rung(centre, HOTLINE, phone)
        commanding.answer(call, "ann", "crm")
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        assert call.record.agent == "ann"
        with pytest.raises(LocalError, match="no phone of ours rings"):
            commanding.answer(call, "", "crm")
        await over(centre)

    centre.run(scenario)


def test_of_several_phones_one_is_named_and_one_that_cannot_be_asked_is_refused(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, dora = centre.phone("bob", kind=ObedientPhone), centre.phone("dora")
        dora.answer_after_s = None
        for phone in (bob, dora):
            assert await phone.register() == 200
        call = await rung(centre, OFFICE, bob)
        for name, words in (
            ("", "several phones ring: say which is to pick up, of bob, dora"),
            ("ann", '"ann" does not ring in this call: bob, dora does'),
            ("102", "the phone of dora does not announce that it can be asked"),
        ):
            with pytest.raises(LocalError, match=words):
                commanding.answer(call, name, "crm")
        assert not bob.is_answered
        commanding.answer(call, "101", "crm")
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        assert bob.is_answered
        await over(centre)

    centre.run(scenario)
