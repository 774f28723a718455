"""Session descriptions: reading, views, and round trips."""

import pytest

from softswitch.sip.description.sdp import RtpMap, SessionDescription
from softswitch.sip.limits import SDP_BYTES_MAX, SDP_MEDIA_MAX
from softswitch.sip.messages.grammar import Malformed

WEBRTC_LIKE = (
    b"v=0\r\no=mozilla 123 2 IN IP6 2001:db8::1\r\ns=Name \xd0\xb6 \xff\r\ni=what\r\nc=IN IP6 2001:db8::1\r\n"
    b"b=AS:64\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS *\r\n"
    b"m=audio 9/2 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\nb=TIAS:1\r\n"
    b"a=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n"
    b"a=candidate:1 1 UDP 1 192.0.2.1 5000 typ host\r\na=recvonly\r\nz=odd\r\n"
    b"m=video 0 RTP/AVP 96\r\n"
)


def test_unknown_lines_survive_a_round_trip() -> None:
    assert SessionDescription.parse(WEBRTC_LIKE).serialize() == WEBRTC_LIKE


def test_views() -> None:
    session = SessionDescription.parse(WEBRTC_LIKE)
    assert session.origin == ("mozilla", "123", "2", "2001:db8::1")
    assert session.attribute("msid-semantic") == " WMS *"
    audio, video = session.media
    assert (audio.kind, audio.port, audio.port_count, audio.formats) == ("audio", 9, 2, ("111", "0"))
    assert audio.rtpmaps == {111: RtpMap("OPUS", 48000, 2), 0: RtpMap("PCMU", 8000, 1)}
    assert (session.connection_of(audio), session.connection_of(video)) == ("0.0.0.0", "2001:db8::1")
    assert (session.direction_of(audio), session.direction_of(video)) == ("recvonly", "sendrecv")
    assert audio.attribute("absent") is None


def test_an_attribute_without_value() -> None:
    session = SessionDescription.parse(b"v=0\na=ice-lite\nm=audio 1 RTP/AVP 0\na=rtcp-mux")
    assert session.attribute("ice-lite") == ""
    assert session.media[0].attribute("rtcp-mux") == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"v=1\r\n",
        b"o=first\r\nv=0\r\n",
        b"v=0\r\nnonsense\r\n",
        b"v=0\r\nA=b\r\n",
        b"v=0\r\ns=a\rb\r\n",
        b"v=0\r\ns=a\0b\r\n",
        b"v=0\r\nm=audio\r\n",
        b"v=0\r\nm=audio 70000 RTP/AVP 0\r\n",
        b"v=0\r\nm=audio -1 RTP/AVP 0\r\n",
        b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * (SDP_MEDIA_MAX + 1),
        b"v=0\r\n" + b"a" * SDP_BYTES_MAX,
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        SessionDescription.parse(body)


def test_malformed_lines_are_told_when_they_are_needed() -> None:
    lines = b"v=0\no=x\nc=IN IP4\nm=audio 1 RTP/AVP 0\na=rtpmap:x y\na=rtpmap:0 A/8\na=rtpmap:0 B/8\n"
    session = SessionDescription.parse(lines)
    assert session.media[0].rtpmaps == {0: RtpMap("A", 8, 1)}
    with pytest.raises(Malformed):
        _ = session.origin
    with pytest.raises(Malformed):
        _ = session.connection_of(session.media[0])
