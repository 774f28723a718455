"""A fax machine with a telephone line of its own: SIP, sound as RTP and T.38 as UDPTL, and libspandsp behind them.

What it hears is its clock: for each packet that comes one goes, so a busy computer makes it slow but not deaf.
"""

import select
import socket
import struct
import threading
import time
from pathlib import Path

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
    ReinviteFailed,
    ReinviteReceived,
    RequestFinished,
    SipOutput,
    Transmit,
)
from softswitch.sip.settings import SipSettings, Target, TrunkPeer
from tests.peers.audio import FRAME
from tests.peers.fax_terminal import FaxResult, ImageFax, SoundFax
from tests.peers.speech import Voice, silence_of

SIP, RTP, UDPTL = 5060, 4000, 4500
LAW, PAYLOAD_TYPE = "PCMA", 8
TICK_S = 0.020
BYTES_MAX = 2048
T38 = (
    "T38FaxVersion:0", "T38MaxBitRate:14400", "T38FaxRateManagement:transferredTCF", "T38FaxMaxBuffer:1024",
    "T38FaxMaxDatagram:400", "T38FaxUdpEC:t38UDPRedundancy",
)  # fmt: skip


class FaxMachine:
    """`name` is its account, or the number it calls from at a provider's. What it says of itself is for the test."""

    def __init__(
        self,
        name: str,
        host: str,
        switch: str,
        *,
        sends: Path | None = None,
        receives: Path | None = None,
        password: str = "",
        offers_t38: bool = False,
    ) -> None:
        """It answers calls, and with `offers_t38` asks for T.38 then; with a `password` it registers."""
        self.host = host
        self.is_registered = False
        self.has_t38 = False
        """T.38 was agreed on."""
        self.is_refused_t38 = False
        self.has_returned = False
        """After its T.38 it carries sound again."""
        self.has_ended = False
        """It had a call, which is over."""
        self.image_attributes: tuple[str, ...] = ()
        """Those of the other side's T.38."""
        self.said = bytearray()
        """As sound, G.711."""
        self.heard = bytearray()
        self.heard_from: set[tuple[str, int]] = set()
        self._name = name
        self._password = password
        self._switch = HostPort(switch, SIP)
        self._files = {"sends": sends, "receives": receives}
        self._offers_t38 = offers_t38
        self._calls = False
        self._endpoint = SipEndpoint(
            SipSettings(domain=switch, trunks=(TrunkPeer(name="switch", addresses=(switch,)),)), entropy=SystemEntropy()
        )
        self._local = HostPort(host, SIP)
        self._endpoint.add_listener(TransportKind.UDP, self._local)
        self._leg: LegId | None = None
        self._version = 0
        self._sound: SoundFax | None = None
        self._image: ImageFax | None = None
        self._remote: dict[str, HostPort] = {}
        """Where the switch listens, by kind of media."""
        self._sequence = 0
        self._commands: list[str] = []
        self._sockets = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in (SIP, RTP, UDPTL)}
        for port, udp in self._sockets.items():
            udp.bind((host, port))
            udp.setblocking(False)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fax machine {name}")
        self._thread.start()

    @property
    def result(self) -> FaxResult | None:
        """Of its fax, when it is over."""
        machine = self._image or self._sound
        return None if machine is None else machine.result

    def call(self, number: str) -> None:
        self._commands.append(f"call {number}")

    def return_to_sound(self) -> None:
        self._commands.append("sound")

    def hang_up(self) -> None:
        self._commands.append("hang up")

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()
        for udp in self._sockets.values():
            udp.close()

    # The thread

    def _run(self) -> None:
        if self._password:
            self._register()
        tick_at = time.monotonic()
        while not self._is_closed.is_set():
            now = time.monotonic()
            if now >= tick_at:
                tick_at += TICK_S
                self._tick()
            self._endpoint.handle_timeout(now)
            self._flush()
            readable, _, _ = select.select(list(self._sockets.values()), [], [], max(0.0, tick_at - time.monotonic()))
            for port, udp in self._sockets.items():
                if udp in readable:
                    packet, source = udp.recvfrom(BYTES_MAX)
                    self._receive(port, packet, HostPort(source[0], source[1]))

    def _receive(self, port: int, packet: bytes, source: HostPort) -> None:
        if port == SIP:
            flow = Flow(TransportKind.UDP, self._local, source)
            self._endpoint.receive_datagram(packet, flow, time.monotonic())
            self._flush()
        elif port == RTP and self._sound is not None and len(packet) == 12 + FRAME:
            self.heard += packet[12:]
            heard = Voice.from_coded(packet[12:], LAW).samples
            self._say(Voice(self._sound.exchange(heard)).coded(LAW))
        elif port == UDPTL and self._image is not None:
            self.heard_from.add(source)
            self._image.receive(packet)

    def _tick(self) -> None:
        while self._commands:
            self._obey(self._commands.pop(0))
        if self._image is not None and not self.has_returned:
            for datagram in self._image.pass_time():
                self._sockets[UDPTL].sendto(datagram, self._remote["image"])
        elif self._sound is not None and not self._sequence:
            self._say(silence_of(LAW) * FRAME)

    def _say(self, payload: bytes) -> None:
        header = struct.pack("!BBHII", 0x80, PAYLOAD_TYPE, self._sequence & 0xFFFF, self._sequence * FRAME, 0x5EED)
        self._sequence += 1
        self.said += payload
        if "audio" in self._remote:
            self._sockets[RTP].sendto(header + payload, self._remote["audio"])

    def _obey(self, command: str) -> None:
        now = time.monotonic()
        if command.startswith("call "):
            self._calls = True
            self._leg = self._endpoint.invite(
                self._target(f"sip:{command.removeprefix('call ')}@{self._switch.host}"),
                from_uri=f"sip:{self._name}@{self._switch.host}",
                sdp=self._describe("audio"),
                credentials=self._credentials(),
                now=now,
            )
        elif self._leg is not None and command == "sound":
            self._endpoint.reinvite(self._leg, self._describe("audio"), now)
        elif self._leg is not None:
            self._endpoint.hang_up(self._leg, now)

    def _happened(self, event: SipOutput) -> None:
        now = time.monotonic()
        match event:
            case RequestFinished():
                self.is_registered = event.status == 200
            case InviteReceived():
                self._leg = event.leg_id
                self._take(event.sdp)
                self._endpoint.accept(event.leg_id, self._describe("audio"), now)
            case LegConfirmed() if self._offers_t38:
                self._endpoint.reinvite(event.leg_id, self._describe("image"), now)
            case LegConfirmed():
                self._begin_sound()
            case LegAnswered():
                self._take(event.sdp)
                self._begin_sound()
            case ReinviteReceived():
                kind = self._take(event.sdp)
                self._endpoint.answer_reinvite(event.leg_id, self._describe(kind), now)
                self._begin(kind)
            case ReinviteAnswered():
                self._begin(self._take(event.sdp))
            case ReinviteFailed():
                self.is_refused_t38 = True
                self._begin_sound()
            case LegEnded() | LegFailed():
                self.has_ended = True
            case _:
                pass

    def _begin(self, kind: str) -> None:
        if kind == "image" and self._image is None:
            self.has_t38 = True
            self._image = ImageFax(calls=self._calls, **self._files)
        self.has_returned = kind == "audio" and self.has_t38

    def _begin_sound(self) -> None:
        self._sound = SoundFax(calls=self._calls, **self._files)

    def _take(self, sdp: bytes) -> str:
        """What the switch describes: where it listens, and which kind of media there is."""
        session = SessionDescription.parse(sdp)
        media = next(each for each in session.media if each.port)
        self._remote[media.kind] = HostPort(session.connection_of(media) or "", media.port)
        if media.kind == "image":
            self.image_attributes = tuple(value for letter, value in media.lines if letter == "a")
        return media.kind

    def _describe(self, kind: str) -> bytes:
        self._version += 1
        at = f"IN IP4 {self.host}"
        lines = ["v=0", f"o=- 7 {self._version} {at}", "s=-", f"c={at}", "t=0 0"]
        if kind == "image":
            lines += [f"m=image {UDPTL} udptl t38", *(f"a={each}" for each in T38)]
        else:
            lines += [f"m=audio {RTP} RTP/AVP {PAYLOAD_TYPE}", f"a=rtpmap:{PAYLOAD_TYPE} {LAW}/8000", "a=ptime:20"]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def _register(self) -> None:
        self._endpoint.request(
            "REGISTER",
            self._target(f"sip:{self._switch.host}"),
            from_uri=f"sip:{self._name}@{self._switch.host}",
            to_uri=f"sip:{self._name}@{self._switch.host}",
            headers=[("contact", f"<sip:{self._name}@{self._local}>;expires=600")],
            body=b"",
            credentials=self._credentials(),
            now=time.monotonic(),
        )

    def _credentials(self) -> Credential | None:
        return Credential(username=self._name, realm="", password=self._password) if self._password else None

    def _target(self, uri: str) -> Target:
        return Target(uri=uri, flow=self._endpoint.flow_to(TransportKind.UDP, self._switch))

    def _flush(self) -> None:
        while outputs := self._endpoint.take_outputs():
            for output in outputs:
                if isinstance(output, Transmit):
                    self._sockets[SIP].sendto(output.message, output.flow.remote)
                else:
                    self._happened(output)
