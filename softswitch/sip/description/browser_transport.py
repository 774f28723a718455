"""What browsers say of the way their sound takes: ICE (RFC 8839), DTLS (RFC 8122, RFC 8842), BUNDLE (RFC 9143).

Values only, for a media engine that can make something of them. Whatever stands in a description is kept as it is by
`SessionDescription`; attributes of the session hold for a media that has none of its own, as the RFCs say of each.
What cannot be read is left out: a candidate of an unknown kind is no fault of the offer's.
"""

import re
from typing import Literal

from msgspec import Struct

from softswitch.sip.description.sdp import MediaDescription, Section, SessionDescription

CANDIDATES_MAX = 64
"""Candidates of one media that are read: a laptop with all its interfaces and relays has about twenty."""

Setup = Literal["active", "passive", "actpass", "holdconn"]
SETUPS: dict[str, Setup] = {"active": "active", "passive": "passive", "actpass": "actpass", "holdconn": "holdconn"}

FINGERPRINT = re.compile(r"([A-Za-z0-9\-]{1,16})[ \t]++((?:[0-9A-Fa-f]{2}:)*+[0-9A-Fa-f]{2})[ \t]*+")
CANDIDATE = re.compile(
    r"([A-Za-z0-9+/]{1,32}) ([0-9]{1,3}) ([A-Za-z0-9\-]{1,16}) ([0-9]{1,10}) (\S{1,255}) ([0-9]{1,5}) typ (\S{1,32})"
    r"((?: \S++ \S++)*+) *+"
)


class Fingerprint(Struct, frozen=True):
    """The digest of the certificate a DTLS peer will show. `algorithm` is in lower case, `value` colonless bytes."""

    algorithm: str
    value: bytes


class Candidate(Struct, frozen=True, kw_only=True):
    """An address a peer may be reached at (RFC 8839 section 5.1). `transport` is in lower case ("udp", "tcp")."""

    foundation: str
    component: int
    transport: str
    priority: int
    host: str
    """An address, or a name ending in ".local" behind which a browser hides it."""
    port: int
    kind: str
    """ "host", "srflx", "prflx" or "relay"; others may come."""
    related_host: str = ""
    related_port: int = 0


class BrowserTransport(Struct, frozen=True, kw_only=True):
    """How one media is to be reached and secured. Empty values were not said."""

    mid: str = ""
    ice_ufrag: str = ""
    ice_pwd: str = ""
    is_ice_lite: bool = False
    candidates: tuple[Candidate, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    setup: Setup | None = None
    has_rtcp_mux: bool = False
    is_bundled: bool = False
    """A BUNDLE group has this media's `mid`: it may share one address with others."""


def is_dtls(media: MediaDescription) -> bool:
    """Whether the media is to be secured by DTLS (UDP/TLS/RTP/SAVP and SAVPF)."""
    return "/TLS/RTP/SAVP" in media.protocol.upper()


def browser_transport(session: SessionDescription, media: MediaDescription) -> BrowserTransport:
    mid = (media.attribute("mid") or "").strip()
    setup = media.attribute("setup") or session.attribute("setup") or ""
    return BrowserTransport(
        mid=mid,
        ice_ufrag=(media.attribute("ice-ufrag") or session.attribute("ice-ufrag") or "").strip(),
        ice_pwd=(media.attribute("ice-pwd") or session.attribute("ice-pwd") or "").strip(),
        is_ice_lite=session.attribute("ice-lite") is not None,
        candidates=_candidates(media),
        fingerprints=_fingerprints(media) or _fingerprints(session),
        setup=SETUPS.get(setup.strip().lower()),
        has_rtcp_mux=media.attribute("rtcp-mux") is not None,
        is_bundled=bool(mid)
        and any(mid in group.split()[1:] for group in session.attributes("group") if _bundles(group)),
    )


def _bundles(group: str) -> bool:
    return group.split()[:1] == ["BUNDLE"]


def _fingerprints(section: Section) -> tuple[Fingerprint, ...]:
    found = [FINGERPRINT.fullmatch(value) for value in section.attributes("fingerprint")]
    return tuple(Fingerprint(match[1].lower(), bytes.fromhex(match[2].replace(":", ""))) for match in found if match)


def _candidates(media: MediaDescription) -> tuple[Candidate, ...]:
    candidates: list[Candidate] = []
    for value in media.attributes("candidate"):
        match = CANDIDATE.fullmatch(value)
        if match is None or int(match[6]) > 65_535:
            continue
        words = match[8].split()
        further = dict(zip(words[::2], words[1::2], strict=True))
        related_port = further.get("rport", "")
        candidates.append(
            Candidate(
                foundation=match[1],
                component=int(match[2]),
                transport=match[3].lower(),
                priority=int(match[4]),
                host=match[5],
                port=int(match[6]),
                kind=match[7],
                related_host=further.get("raddr", ""),
                related_port=int(related_port) if related_port.isascii() and related_port.isdigit() else 0,
            )
        )
        if len(candidates) == CANDIDATES_MAX:
            break
    return tuple(candidates)
