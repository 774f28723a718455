"""A browser's offer: nothing of it is lost, its transport is read, and it is refused with a word of explanation."""

from softswitch.base.address import HostPort
from softswitch.sip.description.browser_transport import (
    CANDIDATES_MAX,
    Candidate,
    Fingerprint,
    browser_transport,
    is_dtls,
)
from softswitch.sip.description.offer_answer import Answer, MediaCapabilities, OfferRefused, answer_offer
from softswitch.sip.description.sdp import SessionDescription

LOCAL = HostPort("198.51.100.1", 6000)
BROWSER = b"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 54400 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.1
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 192.0.2.1 54400 typ host generation 0 network-id 1
a=candidate:1853887674 1 UDP 1686052607 203.0.113.7 61000 typ srflx raddr 192.0.2.1 rport 54400 generation 0
a=candidate:x 1 tcp 1518280447 4f3a.local 9 typ host tcptype active
a=candidate:broken
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 D2:FA:0E:C3
a=setup:actpass
a=mid:0
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
m=video 54400 UDP/TLS/RTP/SAVPF 96
c=IN IP4 192.0.2.1
a=mid:1
a=rtpmap:96 VP8/90000
""".replace(b"\n", b"\r\n")


def test_a_browsers_offer_comes_out_as_it_went_in() -> None:
    assert SessionDescription.parse(BROWSER).serialize() == BROWSER


def test_how_a_browser_is_reached() -> None:
    session = SessionDescription.parse(BROWSER)
    audio, video = session.media
    assert is_dtls(audio)
    transport = browser_transport(session, audio)
    assert (transport.mid, transport.setup, transport.has_rtcp_mux, transport.is_bundled) == (
        "0",
        "actpass",
        True,
        True,
    )
    assert (transport.ice_ufrag, transport.ice_pwd, transport.is_ice_lite) == (
        "EsAw",
        "P2uYro0UCOQ4zxjKXaWCBui1",
        False,
    )
    assert transport.fingerprints == (Fingerprint("sha-256", b"\xd2\xfa\x0e\xc3"),)
    host, reflexive, hidden = transport.candidates
    assert (host.kind, host.transport, host.host, host.port) == ("host", "udp", "192.0.2.1", 54400)
    assert reflexive == Candidate(
        foundation="1853887674", component=1, transport="udp", priority=1686052607, host="203.0.113.7", port=61000,
        kind="srflx", related_host="192.0.2.1", related_port=54400,
    )  # fmt: skip
    assert hidden.host == "4f3a.local"
    assert browser_transport(session, video).ice_ufrag == ""


def test_what_the_session_says_holds_for_media_that_say_nothing() -> None:
    session = SessionDescription.parse(
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n"
        b"a=setup:PASSIVE\r\na=fingerprint:SHA-1 AA:bb\r\na=fingerprint:sha-256 xyz\r\n"
        b"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    )
    transport = browser_transport(session, session.media[0])
    assert (transport.ice_ufrag, transport.ice_pwd, transport.is_ice_lite, transport.setup) == (
        "u",
        "p",
        True,
        "passive",
    )
    assert transport.fingerprints == (Fingerprint("sha-1", b"\xaa\xbb"),)
    assert (transport.mid, transport.is_bundled) == ("", False)


def test_no_more_candidates_are_read_than_anybody_has() -> None:
    lines = b"a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n" * 200
    session = SessionDescription.parse(b"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" + lines)
    assert len(browser_transport(session, session.media[0]).candidates) == CANDIDATES_MAX


def test_dtls_is_refused_with_an_explanation() -> None:
    refused = answer_offer(BROWSER, MediaCapabilities(), LOCAL, session_id=1, version=1)
    assert isinstance(refused, OfferRefused)
    assert (refused.status, refused.reason) == (488, "DTLS-SRTP Not Supported")
    assert "SDES" in refused.warning


def test_a_plain_stream_beside_one_with_dtls_is_taken() -> None:
    offer = BROWSER + b"m=audio 5000 RTP/AVP 8\r\nc=IN IP4 192.0.2.1\r\n"
    answer = answer_offer(offer, MediaCapabilities(), LOCAL, session_id=1, version=1)
    assert isinstance(answer, Answer)
    answered = SessionDescription.parse(answer.sdp).media
    assert [(media.kind, media.port, media.protocol) for media in answered] == [
        ("audio", 0, "UDP/TLS/RTP/SAVPF"), ("video", 0, "UDP/TLS/RTP/SAVPF"), ("audio", 6000, "RTP/AVP"),
    ]  # fmt: skip
