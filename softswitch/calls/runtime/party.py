"""One party as the switch holds him: his leg at the SIP endpoint and his stream in a media worker."""

from typing import Literal

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId, CallId, LegId
from softswitch.calls.call_keys import CallKeys
from softswitch.calls.digit_mode import DigitMode, are_in_sound
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.runtime.digits import KeyPresses
from softswitch.calls.settings import Extension
from softswitch.media.protocol import SrtpKeys
from softswitch.media.runtime.client import MediaStream
from softswitch.media.runtime.media_fax_port import MediaFaxPort
from softswitch.media.runtime.media_stream import LentStream
from softswitch.sip.description.offer_answer import MediaCapabilities

FAX_CODECS = ("PCMU", "PCMA")
"""Others are for voices: no modem gets through them."""


class Party:
    """A leg, and the stream once it is open. `extension` is whose phone it is, if it is one of ours.

    `signalling` is where his SIP comes from, if that is known.
    """

    __slots__ = (
        "call_id",
        "call_keys",
        "came_from",
        "dialled",
        "digit_mode",
        "extension",
        "fax_port",
        "image_offer",
        "is_elsewhere",
        "is_fax",
        "is_moving",
        "key_presses",
        "leg",
        "line",
        "listens_for_fax",
        "number",
        "open_line",
        "signalling",
        "sip_call_id",
        "stands_for",
        "stream",
        "takes_t38",
    )

    def __init__(
        self,
        leg: Leg,
        extension: Extension | None = None,
        *,
        digit_mode: DigitMode = "auto",
        signalling: HostPort | None = None,
        takes_t38: bool = True,
    ) -> None:
        self.leg = leg
        self.extension = extension
        self.digit_mode: DigitMode = digit_mode
        self.key_presses = KeyPresses()
        self.call_keys: CallKeys | None = None
        """What he commands by keys, once he has pressed one where he may."""
        self.stream: MediaStream | None = None
        self.signalling = signalling
        self.sip_call_id = ""
        self.number = ""
        """The outside number that was called to reach him;"""
        self.dialled = ""
        """or which he has called, from outside."""
        self.call_id: CallId | None = None
        """The call he is in,"""
        self.came_from: CallId | Literal[""] = ""
        """and the one he was in before."""
        self.line: AgentId | None = None
        """The agent who is busy outside the ACD for as long as this leg lasts (agent_lines.py)."""
        self.open_line = ""
        """The number by which he, an agent, keeps his line open (open_lines.py); empty: he does not."""
        self.is_fax = extension is not None and extension.is_fax
        """His phone is a fax machine, or his tone was heard, or he has asked for T.38."""
        self.takes_t38 = takes_t38
        """He may offer T.38, and be offered it."""
        self.fax_port: MediaFaxPort | None = None
        """Where his T.38 comes and goes, or will."""
        self.image_offer = b""
        """He has called with T.38 alone, and was not answered yet."""
        self.listens_for_fax = False
        self.is_elsewhere = False
        """He is in another call as well, and talks there (key_consultation.py)."""
        self.stands_for: Party | None = None
        """Who, in another call, is meant: there are his leg and his stream."""
        self.is_moving = False
        """He was offered another stream in the place of his, and has not answered yet."""

    @property
    def is_answered(self) -> bool:
        return self.leg.state is LegState.ANSWERED

    def attach(self, stream: MediaStream, media_ip: str) -> None:
        """Take the stream; from now on the leg can be described to the party as `media_ip` and the stream's port."""
        self.stream = stream
        self.leg.local = HostPort(media_ip, stream.local.port)

    def connect(self) -> None:
        """Tell the worker what leg and party have agreed on."""
        audio = self.leg.audio
        if audio is None or self.stream is None:
            return
        srtp = audio.srtp
        has_sound = self.leg.image is None
        self.stream.connect(
            remote=audio.remote,
            codec=audio.codec,
            payload_type=audio.payload_type,
            telephone_event=audio.telephone_event,
            telephone_event_own=audio.telephone_event_own,
            detects_tones=are_in_sound(self.digit_mode, audio),
            detects_fax=self.listens_for_fax and not self.is_fax and audio.codec in FAX_CODECS,
            clock_rate_hz=audio.clock_rate_hz,
            format_parameters=audio.format_parameters,
            telephone_event_clock_hz=audio.telephone_event_clock_hz,
            ptime_ms=audio.ptime_ms,
            sends=has_sound and audio.remote_direction in ("sendrecv", "recvonly"),
            receives=has_sound and audio.remote_direction in ("sendrecv", "sendonly"),
            has_rtcp_mux=audio.has_rtcp_mux,
            rtcp_remote=audio.rtcp_remote,
            srtp=None if srtp is None else SrtpKeys(srtp.suite, srtp.send, srtp.receive),
        )

    @property
    def image_address(self) -> HostPort:
        """Where he is told to send his T.38; there must be a port for it."""
        assert self.leg.local is not None
        assert self.fax_port is not None
        return HostPort(self.leg.local.host, self.fax_port.local.port)

    def close_fax_port(self) -> None:
        if self.fax_port is not None:
            self.fax_port.drop()
            self.fax_port = None

    def release(self) -> None:
        """Give the stream back; the port rests before it is used again."""
        self.close_fax_port()
        if self.stream is not None:
            self.stream.drop()
            self.stream = None


def stand_in_for(party: Party, leg_id: LegId) -> Party:
    """Somebody who is in a call, in a second one: answered, with a handle on his stream, and without a leg of SIP's."""
    assert party.stream is not None, "he talks"
    leg = Leg(leg_id, party.leg.party, capabilities=party.leg.capabilities, session_id=0)
    leg.state = LegState.ANSWERED
    leg.audio = party.leg.audio
    stand_in = Party(leg, party.extension, digit_mode=party.digit_mode, signalling=party.signalling)
    stand_in.stands_for = party
    stand_in.stream = LentStream(party.stream)
    return stand_in


def nobody(name: str, capabilities: MediaCapabilities) -> Party:
    """In the place of a caller who has not come yet."""
    return Party(Leg(LegId(""), name, capabilities=capabilities, session_id=0))


def nobody_after(gone: Party) -> Party:
    """In the place of a caller who has gone on in another call."""
    party = nobody(gone.leg.party, gone.leg.capabilities)
    party.leg.state = LegState.ENDED
    return party
