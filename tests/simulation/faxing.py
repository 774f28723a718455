"""Fax machines that speak T.38 in a centre in virtual time, and their calls."""

from collections.abc import Sequence
from pathlib import Path

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.description.image import offers_image
from softswitch.sip.description.offer_answer import MediaCapabilities, make_offer
from softswitch.sip.outputs import InviteReceived, ReinviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

UDPTL = 4500
ATTRIBUTES = (
    "T38FaxVersion:0",
    "T38MaxBitRate:14400",
    "T38FaxFillBitRemoval:0",
    "T38FaxTranscodingMMR",
    "T38FaxRateManagement:transferredTCF",
    "T38FaxMaxBuffer:262",
    "T38FaxMaxDatagram:90000",
    "T38FaxUdpEC:T38UDPREDUNDANCY",
    "sendrecv",
)
"""As gateways write them."""
PASSED_ON = (
    "T38FaxVersion:0",
    "T38MaxBitRate:14400",
    "T38FaxTranscodingMMR",
    "T38FaxRateManagement:transferredTCF",
    "T38FaxMaxBuffer:262",
    "T38FaxMaxDatagram:1472",
    "T38FaxUdpEC:t38UDPRedundancy",
)
OTHERS = ("T38FaxVersion:0", "T38MaxBitRate:9600", "T38FaxRateManagement:transferredTCF", "T38FaxUdpEC:t38UDPNoEC")
"""What the machine that is asked answers."""


class FaxMachine(SimulatedPhone):
    """Answers an offer of T.38 as `takes_t38` says: with it, with a port of 0, or with that status."""

    takes_t38: bool | int = True
    thinks_s = 0.0
    """Before it answers that."""
    version = 10
    image_port = UDPTL

    def offer_image(self, *, extra: str = "", before: str = "", attributes: Sequence[str] = ATTRIBUTES) -> None:
        """Re-INVITE; `before` and `extra` are media ahead of the image and after it."""
        self.reinvite(self.image(attributes, before=before, extra=extra))

    def offer_sound(self) -> None:
        self.version += 1
        sound = make_offer(MediaCapabilities(), self._rtp(), session_id=1, version=self.version, sdes=self.sdes)
        self.reinvite(sound)

    def reinvite(self, sdp: bytes) -> None:
        assert self.leg is not None
        self.endpoint.reinvite(self.leg, sdp, self._centre.clock.now())
        self._centre.flush()

    def image(self, attributes: Sequence[str], *, before: str = "", extra: str = "", port: int | None = None) -> bytes:
        self.version += 1
        host, number = self.address.host, self.image_port if port is None else port
        lines = ["v=0", f"o=- 1 {self.version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
        lines += [before, f"m=image {number} udptl t38", *(f"a={each}" for each in attributes), extra]
        return "".join(f"{line}\r\n" for line in lines if line).encode()

    def call_with_image(self, number: str) -> None:
        self.leg = self.endpoint.invite(
            self._target(f"sip:{number}@{DOMAIN}"),
            from_uri=f"sip:{self.name}@{DOMAIN}",
            sdp=self.image(ATTRIBUTES),
            now=self._centre.clock.now(),
        )
        self._centre.flush()

    def _answer_reinvite(self, event: ReinviteReceived) -> None:
        if not offers_image(event.sdp):
            super()._answer_reinvite(event)
        elif self.thinks_s:
            self._centre.loop.call_later(self.thinks_s, self._answer_image, event)
        else:
            self._answer_image(event)

    def _answer_image(self, event: ReinviteReceived) -> None:
        now = self._centre.clock.now()
        if self.takes_t38 is True or self.takes_t38 is False:
            port = UDPTL if self.takes_t38 else 0
            self.endpoint.answer_reinvite(event.leg_id, self.image(OTHERS, port=port), now)
        else:
            self.endpoint.refuse_reinvite(event.leg_id, self.takes_t38, now)
        self._centre.flush()

    def _answer_to(self, invite: InviteReceived) -> bytes:
        if offers_image(invite.sdp):
            return self.image(OTHERS)
        return super()._answer_to(invite)


@flow
async def fax(call: Call) -> None:
    outcome = await call.dial("190")
    call.tag("dialled", outcome.reason.value)


@flow
async def polite(call: Call) -> None:
    await call.dial("190")
    await call.play("greeting/goodbye")


@flow
async def recorded(call: Call) -> None:
    await call.dial("190", record=True)


@flow
async def desk(call: Call) -> None:
    await call.dial("191")


@flow
async def hotline(call: Call) -> None:
    await call.queue("support")


@flow
async def menu(call: Call) -> None:
    await call.play("greeting/welcome")


FLOWS = {"100": "fax", "110": "recorded", "191": "desk", "105": "polite", "200": "hotline", "300": "menu"}


def simulated(
    tmp_path: Path, *, t38: bool = True, is_fax: bool = False, settings: CallSettings | None = None
) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (fax, polite, recorded, desk, hotline, menu)},
        routes=FLOWS,
        queues=[Queue(queue_id=QueueId("support"))],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[
            Extension(username="machine", number="190", t38=t38, is_fax=is_fax),
            Extension(username="desk", number="191"),
        ],
        settings=settings,
        outlives=True,
    )


async def connected(centre: SimulatedCentre, number: str = "100") -> tuple[FaxMachine, FaxMachine]:
    """A caller and the machine, talking."""
    machine = centre.phone("machine", kind=FaxMachine)
    assert isinstance(machine, FaxMachine)
    await machine.register()
    caller = centre.caller("+15550123", kind=FaxMachine)
    assert isinstance(caller, FaxMachine)
    caller.call(number)
    await centre.until(lambda: machine.is_answered)
    await centre.sleep(1)
    return caller, machine
