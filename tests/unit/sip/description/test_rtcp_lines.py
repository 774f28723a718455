"""Where RTCP goes, read from session descriptions and written into ours."""

import pytest

from softswitch.base.address import HostPort
from softswitch.sip.description.offer_answer import (
    Answer,
    MediaCapabilities,
    NegotiatedAudio,
    answer_offer,
    make_offer,
    read_answer,
)

LOCAL = HostPort("192.0.2.1", 20000)
REMOTE = HostPort("192.0.2.9", 4000)


def offer_with(*lines: str) -> bytes:
    return "".join(
        f"{line}\r\n"
        for line in (
            "v=0",
            "o=- 1 1 IN IP4 192.0.2.9",
            "s=-",
            "c=IN IP4 192.0.2.9",
            "t=0 0",
            "m=audio 4000 RTP/AVP 0",
            *lines,
        )
    ).encode()


def answered(*lines: str) -> Answer:
    answer = answer_offer(offer_with(*lines), MediaCapabilities(), LOCAL, session_id=1, version=1)
    assert isinstance(answer, Answer)
    return answer


def read(*lines: str) -> NegotiatedAudio:
    """What is agreed if our offer is answered with these lines."""
    audio = read_answer(offer_with(*lines), make_offer(MediaCapabilities(), LOCAL, session_id=1, version=1))
    assert isinstance(audio, NegotiatedAudio)
    return audio


def test_mux_is_agreed_when_it_is_offered() -> None:
    answer = answered("a=rtcp-mux")
    assert answer.audio.has_rtcp_mux
    assert b"a=rtcp-mux\r\n" in answer.sdp


def test_and_not_mentioned_when_it_is_not() -> None:
    answer = answered()
    assert not answer.audio.has_rtcp_mux
    assert b"rtcp" not in answer.sdp


def test_we_offer_it_and_do_without_if_the_answer_does() -> None:
    assert b"a=rtcp-mux\r\n" in make_offer(MediaCapabilities(), LOCAL, session_id=1, version=1)
    assert read("a=rtcp-mux").has_rtcp_mux
    assert not read().has_rtcp_mux


@pytest.mark.parametrize(
    ("line", "remote"),
    [
        ("a=rtcp:4010", HostPort("192.0.2.9", 4010)),
        ("a=rtcp:4010 IN IP4 192.0.2.77", HostPort("192.0.2.77", 4010)),
        ("a=rtcp:4010 IN IP4 192.0.2.77 and more", HostPort("192.0.2.9", 4010)),
        ("a=rtcp:4010 IN IP6 2001:db8::1", None),
        ("a=rtcp:4010 IN IP4 224.0.0.1", None),
        ("a=rtcp:4010 IN IP4 0.0.0.0", None),
        ("a=rtcp:4010 IN IP4 phone.example", None),
        ("a=rtcp:0", None),
        ("a=rtcp:65536", None),
        ("a=rtcp:\u0664", None),
        ("a=rtcp:", None),
        ("a=rtcp", None),
        ("a=sendrecv", None),
    ],
)
def test_another_port_for_rtcp_is_read(line: str, remote: HostPort | None) -> None:
    assert answered(line).audio.remote == REMOTE
    assert answered(line).audio.rtcp_remote == remote
    assert read(line).rtcp_remote == remote
