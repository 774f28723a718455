"""Faxes as T.38 in session descriptions: `m=image <port> udptl t38` (RFC 3362, ITU-T T.38 Annex D).

We speak no T.38 ourselves. What one machine offers is offered to the other, whose answer is the answer; only addresses
are ours. In a session that carried sound the stream changes its type, in its place (RFC 3264 section 8.3.3); where the
party has both kinds of line, the other one has port 0.

| what stands there                                        | what is passed on                                        |
|----------------------------------------------------------|----------------------------------------------------------|
| T38FaxVersion, T38MaxBitRate and others with a number    | as it is; lines whose value is none are left out         |
| T38FaxMaxDatagram                                        | no more than we pass on                                  |
| T38FaxRateManagement, T38FaxUdpEC, however capitalised   | as the standard spells it; unknown values are left out   |
| T38FaxFillBitRemoval, T38FaxTranscodingMMR and …JBIG,    | the bare name for yes, nothing for no                    |
| bare, ":1" (yes) or ":0" (no)                            |                                                          |
| other names beginning with T38                           | as they are, if their value is short and of one word     |
| anything else (a=sendrecv, a=ptime …)                    | nothing                                                  |
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from softswitch.base.address import HostPort
from softswitch.base.ip_address import read_ip
from softswitch.sip.description.offer_answer import OfferRefused, describe_session, in_place_of
from softswitch.sip.description.sdes import is_audio
from softswitch.sip.description.sdp import MediaDescription, SessionDescription, address_type, is_somebody
from softswitch.sip.limits import T38_ATTRIBUTES_MAX
from softswitch.sip.messages.grammar import Malformed

_NUMBERS = (
    "T38FaxVersion", "T38MaxBitRate", "T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxMaxIFP", "T38FaxUdpFECMaxSpan",
)  # fmt: skip
_FLAGS = ("T38FaxFillBitRemoval", "T38FaxTranscodingMMR", "T38FaxTranscodingJBIG")
_WORDS = {
    "T38FaxRateManagement": ("localTCF", "transferredTCF"),
    "T38FaxUdpEC": ("t38UDPNoEC", "t38UDPRedundancy", "t38UDPFEC"),
}
_NAMES = {name.lower(): name for name in (*_NUMBERS, *_FLAGS, *_WORDS)} | {"t38faxmaxbuffersize": "T38FaxMaxBuffer"}
_MAX_DATAGRAM = "T38FaxMaxDatagram"

_YES = ("", "1", "yes", "true")
_NUMBER = re.compile(r"[0-9]{1,9}")
_OTHER = re.compile(r"T38[A-Za-z0-9]{1,29}", re.IGNORECASE)
_OTHER_VALUE = re.compile(r"[A-Za-z0-9.,;+/_-]{0,64}")


class Image(NamedTuple):
    """One side's T.38. `remote` is None where it does not receive now; the attributes are those to pass on."""

    remote: HostPort | None
    attributes: tuple[str, ...]


def is_image(media: MediaDescription) -> bool:
    """Whether it is T.38 over UDPTL, and not declined."""
    return (
        media.kind == "image"
        and media.port > 0
        and media.protocol.lower() == "udptl"
        and "t38" in (name.lower() for name in media.formats)
    )


def offers_image(sdp: bytes) -> bool:
    """Whether it has T.38 in it, with sound beside it or not. What cannot be read has none."""
    return any(map(is_image, _media_of(sdp)))


def offers_sound(sdp: bytes) -> bool:
    """Whether it has sound in it, with T.38 beside it or not."""
    return any(map(is_audio, _media_of(sdp)))


def read_image(sdp: bytes, local_host: str, *, datagram_bytes_max: int) -> Image | OfferRefused:
    """The T.38 of an offer or answer of theirs; we are at `local_host`."""
    try:
        session = SessionDescription.parse(sdp)
        media = next(filter(is_image, session.media), None)
        if media is None:
            return OfferRefused(488, "No T.38 There")
        address = session.connection_of(media)
    except Malformed as fault:
        return OfferRefused(fault.status_hint or 400, fault.reason)
    if address is None or (ip := read_ip(address)) is None:
        return OfferRefused(488, "T.38 Without Address")
    if not is_somebody(address) or (not ip.is_unspecified and address_type(address) != address_type(local_host)):
        return OfferRefused(488, "T.38 Address Out of Reach")
    remote = None if ip.is_unspecified else HostPort(address, media.port)
    return Image(remote, _attributes(media, datagram_bytes_max))


def make_image_offer(
    previous: bytes, local: HostPort, attributes: Sequence[str], *, session_id: int, version: int
) -> bytes:
    """Our offer to change the session, as we described it last in `previous`, to T.38 received at `local`."""
    before = _media_of(previous)
    place = next((media for media in before if media.kind == "image"), None)
    place = place or next(filter(is_audio, before), before[0] if before else None)
    ours = _describe_image(local, attributes)
    return describe_session(local, session_id, version, in_place_of(place, before, ours) if place else ours)


def make_image_answer(
    offer: bytes, local: HostPort, attributes: Sequence[str], *, session_id: int, version: int
) -> bytes:
    """Our answer to an offer that has T.38 in it: that, received at `local`, and nothing else."""
    offered = _media_of(offer)
    chosen = next(filter(is_image, offered))
    ours = _describe_image(local, attributes)
    return describe_session(local, session_id, version, in_place_of(chosen, offered, ours))


def _media_of(sdp: bytes) -> Sequence[MediaDescription]:
    try:
        return SessionDescription.parse(sdp).media if sdp else ()
    except Malformed:
        return ()


def _describe_image(local: HostPort, attributes: Sequence[str]) -> list[str]:
    return [f"m=image {local.port} udptl t38", *(f"a={attribute}" for attribute in attributes)]


def _attributes(media: MediaDescription, datagram_bytes_max: int) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for letter, line in media.lines:
        if letter != "a" or line[:3].lower() != "t38":
            continue
        spelt, _, value = line.partition(":")
        name = _NAMES.get(spelt.strip().lower(), spelt)
        attribute = _read(name, value.strip(), datagram_bytes_max)
        if attribute is not None:
            found.setdefault(name, attribute)
    return tuple(found.values())[:T38_ATTRIBUTES_MAX]


def _read(name: str, value: str, datagram_bytes_max: int) -> str | None:
    """One attribute as it is passed on; None: it is not."""
    if name in _NUMBERS:
        if _NUMBER.fullmatch(value) is None:
            return None
        number = int(value)
        return f"{name}:{min(number, datagram_bytes_max) if name == _MAX_DATAGRAM else number}"
    if name in _FLAGS:
        return name if value.lower() in _YES else None
    if name in _WORDS:
        word = next((word for word in _WORDS[name] if word.lower() == value.lower()), None)
        return None if word is None else f"{name}:{word}"
    if _OTHER.fullmatch(name) is None or _OTHER_VALUE.fullmatch(value) is None:
        return None
    return f"{name}:{value}" if value else name
