"""Agreeing on one audio stream (RFC 3264): offers we make, answers to theirs, and what was agreed.

What decides whether phones and carriers get along:

* Every m= line of an offer is mirrored in order; those we do not want get port 0.
* The answer keeps the offerer's payload type numbers and names one codec, the first of ours that is offered, and
  telephone-event: a phone that is given a choice re-INVITEs to take it away again.
* The direction is mirrored: sendonly is answered recvonly. Old phones hold with the address 0.0.0.0; that is read as a
  remote that does not receive, and never written.
* Nothing is remembered here: each offer is negotiated anew, so a re-INVITE may change codec, numbers and addresses.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from softswitch.base.address import HostPort
from softswitch.base.errors import LocalError
from softswitch.base.ip_address import read_ip
from softswitch.sip.description import rtcp_lines
from softswitch.sip.description.audio_formats import (
    AUDIO_FORMATS,
    AudioFormat,
    Choice,
    choose,
    choose_from_answer,
    chosen_formats,
    format_lines,
    offered_numbers,
)
from softswitch.sip.description.browser_transport import is_dtls
from softswitch.sip.description.sdes import Crypto, NegotiatedSrtp, Sdes, SrtpRefused, is_audio
from softswitch.sip.description.sdp import (
    Direction,
    Line,
    MediaDescription,
    SessionDescription,
    address_type,
    is_somebody,
)
from softswitch.sip.messages.grammar import Malformed

PTIME_MS = 20
"""Every codec has packets of this length."""

_PLAIN = Sdes("off")


class MediaCapabilities(Struct, frozen=True):
    """What we can do; the codecs (of AUDIO_FORMATS) in the order in which we offer and choose them."""

    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    telephone_event: bool = True
    ptime_ms: int = PTIME_MS

    def preferring(self, codec: str) -> "MediaCapabilities":
        """The same with this codec first, if it is among them."""
        if codec not in self.codecs:
            return self
        return replace(self, codecs=(codec, *(other for other in self.codecs if other != codec)))


class NegotiatedAudio(Struct, frozen=True):
    """The agreed stream, as the media engine needs it.

    `remote` is None while the remote does not receive (hold by 0.0.0.0) or names a host instead of an address.
    `codec` is an encoding name and `format_parameters` the remote's fmtp for it. `payload_type` and `telephone_event`
    are the remote's numbers. `ptime_ms` is ours: the length of what we send.
    `telephone_event_own` is our own number for the events, where it is another.
    `remote_direction` is the direction as the remote's own description states it. `srtp` None is plain RTP.
    RTCP shares the RTP port if `has_rtcp_mux`; else it goes to `rtcp_remote`, or one port above `remote`.
    """

    remote: HostPort | None
    codec: str
    payload_type: int
    telephone_event: int | None
    ptime_ms: int
    remote_direction: Direction
    srtp: NegotiatedSrtp | None = None
    telephone_event_own: int | None = None
    has_rtcp_mux: bool = False
    rtcp_remote: HostPort | None = None
    clock_rate_hz: int = 8000
    format_parameters: str = ""
    telephone_event_clock_hz: int = 8000

    @property
    def format_name(self) -> str:
        """The codec as capabilities call it."""
        return f"{self.codec}/{self.clock_rate_hz}" if self.codec == "L16" else self.codec


class Answer(Struct, frozen=True):
    sdp: bytes
    audio: NegotiatedAudio


class OfferRefused(Struct, frozen=True):
    """No stream can be agreed. The status is for the one who offered; an established session stays as it is.

    `warning` is the text of a Warning header (RFC 3261 section 20.43), for whoever looks after his phone; or empty.
    """

    status: int
    reason: str
    warning: str = ""


def make_offer(
    capabilities: MediaCapabilities,
    local: HostPort,
    *,
    session_id: int,
    version: int,
    direction: Direction = "sendrecv",
    codec: str | None = None,
    previous: bytes | None = None,
    sdes: Sdes = _PLAIN,
) -> bytes:
    """An offer of one audio stream received at `local`. `codec` restricts it to that one.

    `previous` is our last description in this session: the streams it declined stay in their places, declined, and
    telephone-event keeps its number (RFC 3264 section 8). The caller raises `version` by one whenever the description
    changes, and not otherwise.
    """
    codecs = capabilities.codecs if codec is None else (codec,)
    unknown = [name for name in codecs if name not in AUDIO_FORMATS]
    if unknown or not codecs:
        raise LocalError(f"codecs {unknown} cannot be offered. Choose from {', '.join(AUDIO_FORMATS)}.")
    before = [] if previous is None else SessionDescription.parse(previous).media
    place = _place_of_audio(before)
    old = place if place is not None and is_audio(place) else None
    ours = _describe_audio(
        local.port,
        sdes.protocol if old is None else old.protocol,
        offered_numbers(codecs, old, with_events=capabilities.telephone_event),
        capabilities.ptime_ms,
        direction,
        [*sdes.offer(), rtcp_lines.RTCP_MUX],
    )
    return describe_session(local, session_id, version, in_place_of(place, before, ours) if place else ours)


def answer_offer(
    offer: bytes,
    capabilities: MediaCapabilities,
    local: HostPort,
    *,
    session_id: int,
    version: int,
    direction: Direction = "sendrecv",
    sdes: Sdes = _PLAIN,
) -> Answer | OfferRefused:
    """Our answer to an offer. `direction` is what we want; the answer's is what the offer leaves of it."""
    try:
        session = SessionDescription.parse(offer)
        chosen = _choose_media(session, capabilities, sdes)
        if chosen is None:
            return _nothing_in_common(session)
        media, crypto, choice = chosen
        audio = _negotiated(session, media, choice, capabilities.ptime_ms, local.host)
    except SrtpRefused as fault:
        return OfferRefused(488, fault.reason, fault.warning)
    except Malformed as fault:
        return OfferRefused(fault.status_hint or 400, fault.reason)
    crypto_lines, srtp = sdes.answer(crypto)
    ours = _describe_audio(
        local.port,
        media.protocol,
        chosen_formats(choice),
        audio.ptime_ms,
        mirror(audio.remote_direction, direction),
        [*crypto_lines, *rtcp_lines.answer(media)],
    )
    sdp = describe_session(local, session_id, version, in_place_of(media, session.media, ours))
    return Answer(sdp, audio if srtp is None else replace(audio, srtp=srtp))


def _nothing_in_common(session: SessionDescription) -> OfferRefused:
    if any(is_audio(media) for media in session.media):
        return OfferRefused(488, "No Common Audio Codec")
    if any(media.kind == "audio" and media.port > 0 and is_dtls(media) for media in session.media):
        warning = "DTLS-SRTP is not supported: offer RTP, or SRTP with SDES keys"
        return OfferRefused(488, "DTLS-SRTP Not Supported", warning)
    return OfferRefused(488, "No Plain RTP Audio Offered")


def read_answer(answer: bytes, offered: bytes, *, sdes: Sdes = _PLAIN) -> NegotiatedAudio | OfferRefused:
    """What the answer makes of the offer we sent."""
    ours = SessionDescription.parse(offered)
    position = next(index for index, media in enumerate(ours.media) if is_audio(media))
    our_media = ours.media[position]
    try:
        theirs = SessionDescription.parse(answer)
        if len(theirs.media) != len(ours.media) or theirs.media[position].kind != "audio":
            return OfferRefused(488, "Answer Does Not Mirror the Offer")
        media = theirs.media[position]
        if media.port == 0:
            return OfferRefused(488, "Audio Declined in Answer")
        answered = choose_from_answer(media.formats, media.explanations, our_media.formats, our_media.explanations)
        if answered is None:
            return OfferRefused(488, "Answer Names No Codec of the Offer")
        choice, own = answered
        ptime_ms = int(our_media.attribute("ptime") or PTIME_MS)
        audio = _negotiated(theirs, media, choice, ptime_ms, ours.connection_of(our_media) or "")
        is_other = audio.telephone_event not in (None, own)
        srtp = sdes.read_answer(media, our_media)
        return replace(
            audio,
            srtp=srtp,
            telephone_event_own=own if is_other else None,
            has_rtcp_mux=audio.has_rtcp_mux and rtcp_lines.is_muxed(our_media),
        )
    except Malformed as fault:
        return OfferRefused(488, fault.reason)


def mirror(remote: Direction, ours: Direction) -> Direction:
    """The direction of an answer: we send what we want to send and they receive, and the other way round."""
    sends = ours in ("sendrecv", "sendonly") and remote in ("sendrecv", "recvonly")
    receives = ours in ("sendrecv", "recvonly") and remote in ("sendrecv", "sendonly")
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def _choose_media(
    session: SessionDescription, capabilities: MediaCapabilities, sdes: Sdes
) -> tuple[MediaDescription, Crypto | None, Choice] | None:
    """The first audio stream with a codec of ours, with its key if it is under SRTP, and that codec."""
    for media, crypto in sdes.candidates(session.media):
        choice = choose(
            media.formats, media.explanations, capabilities.codecs, with_events=capabilities.telephone_event
        )
        if choice is not None:
            return media, crypto, choice
    return None


def _negotiated(
    session: SessionDescription, media: MediaDescription, choice: Choice, ptime_ms: int, local_host: str
) -> NegotiatedAudio:
    """The remote's side of the stream. Raises Malformed if there is no address we could ever send to."""
    direction = session.direction_of(media)
    address = session.connection_of(media)
    if address is None:
        raise Malformed(400, "SDP Without Connection Address")
    ip = read_ip(address)
    is_old_hold = ip is not None and ip.is_unspecified
    if ip is not None:
        if not is_somebody(address):
            raise Malformed(488, "Audio Address Is Not Unicast")
        if not is_old_hold and address_type(address) != address_type(local_host):
            raise Malformed(488, "Audio Address of Another IP Version")
    if is_old_hold:
        direction = "sendonly" if direction in ("sendrecv", "sendonly") else "inactive"
    remote = None if ip is None or is_old_hold else HostPort(address, media.port)
    return NegotiatedAudio(
        remote=remote,
        codec=choice.format.rtpmap.encoding,
        payload_type=choice.payload_type,
        telephone_event=choice.telephone_event,
        ptime_ms=ptime_ms if ptime_ms in choice.format.ptimes_ms else PTIME_MS,
        remote_direction=direction,
        has_rtcp_mux=rtcp_lines.is_muxed(media),
        rtcp_remote=rtcp_lines.rtcp_remote(media, remote),
        clock_rate_hz=choice.format.rtpmap.clock_rate_hz,
        format_parameters=choice.parameters,
        telephone_event_clock_hz=choice.telephone_event_clock_hz,
    )


def _place_of_audio(before: Sequence[MediaDescription]) -> MediaDescription | None:
    """Which of the session's streams our audio is: the one there is, or was; else, after a fax, the one of its T.38,
    whose type changes back (RFC 3264 section 8.3.3)."""
    audio = next((media for media in before if is_audio(media)), None)
    return audio or next((media for media in before if media.kind == "audio"), before[0] if before else None)


def _describe_audio(
    port: int,
    protocol: str,
    formats: Mapping[int, AudioFormat],
    ptime_ms: int,
    direction: Direction,
    further: Iterable[Line],
) -> list[str]:
    """Our own m= line with its attributes."""
    return [
        f"m=audio {port} {protocol} {' '.join(map(str, formats))}",
        *format_lines(formats),
        f"a=ptime:{ptime_ms}",
        f"a={direction}",
        *[f"{letter}={value}" for letter, value in further],
    ]


def in_place_of(chosen: MediaDescription, media: Sequence[MediaDescription], ours: list[str]) -> list[str]:
    """Our lines where `chosen` stands, and all others declined."""
    if len(media) == 1:
        return ours
    return [line for each in media for line in (ours if each is chosen else each.declined().print_lines())]


def describe_session(local: HostPort, session_id: int, version: int, media_lines: Iterable[str]) -> bytes:
    """A whole description with these lines for its media."""
    at = f"IN {address_type(local.host)} {local.host}"
    lines = ["v=0", f"o=- {session_id} {version} {at}", "s=-", f"c={at}", "t=0 0", *media_lines, ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")
