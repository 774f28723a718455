"""Whatever session description is read is printed as it was, and an answer mirrors every m= line of its offer."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.address import HostPort
from softswitch.sip.description.browser_transport import browser_transport
from softswitch.sip.description.offer_answer import Answer, MediaCapabilities, OfferRefused, answer_offer, read_answer
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.messages.grammar import Malformed

LOCAL = HostPort("198.51.100.1", 6000)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
VALUE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)
ATTRIBUTE = st.one_of(
    st.builds("a={}".format, WORD),
    st.builds("a={}:{}".format, WORD, VALUE),
    st.sampled_from(
        [
            "a=sendonly", "a=recvonly", "a=inactive", "a=rtpmap:96 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
            "a=ptime:30", "a=maxptime:40", "a=fmtp:101 0-15", "a=mid:0", "a=setup:actpass", "c=IN IP4 192.0.2.1",
            "c=IN IP4 0.0.0.0", "a=candidate:1 1 udp 1 192.0.2.1 5 typ host", "a=fingerprint:sha-256 AA:BB",
        ]
    ),
)  # fmt: skip
MEDIA = st.builds(
    "m={} {} {} {}".format,
    st.sampled_from(["audio", "video", "application", "x-odd"]),
    st.integers(0, 65535),
    st.sampled_from(["RTP/AVP", "RTP/SAVP", "RTP/AVPF", "UDP/TLS/RTP/SAVPF", "TCP/MSRP", "udptl"]),
    st.lists(st.sampled_from(["0", "8", "9", "96", "101", "111"]), min_size=1, max_size=4).map(" ".join),
)
SECTION = st.tuples(MEDIA, st.lists(ATTRIBUTE, max_size=6)).map(lambda parts: [parts[0], *parts[1]])


def _describe(head: list[str], sections: list[list[str]]) -> list[str]:
    session = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    return session + head + [line for section in sections for line in section]


DESCRIPTION = st.builds(_describe, st.lists(ATTRIBUTE, max_size=4), st.lists(SECTION, max_size=5))


@given(DESCRIPTION, st.sampled_from(["\r\n", "\n"]), st.booleans())
@settings(deadline=None)
def test_descriptions_come_out_as_they_went_in(lines: list[str], line_end: str, has_last_end: bool) -> None:
    text = line_end.join(lines) + (line_end if has_last_end else "")
    session = SessionDescription.parse(text.encode())
    printed = session.serialize()
    assert printed == ("\r\n".join(lines) + "\r\n").encode()
    assert SessionDescription.parse(printed).serialize() == printed
    for media in session.media:
        browser_transport(session, media)


@given(DESCRIPTION)
@settings(deadline=None)
def test_answers_mirror_their_offers(lines: list[str]) -> None:
    offer = ("\r\n".join(lines) + "\r\n").encode()
    answer = answer_offer(offer, MediaCapabilities(codecs=("PCMA", "PCMU", "G722")), LOCAL, session_id=7, version=3)
    if isinstance(answer, OfferRefused):
        assert 400 <= answer.status <= 499
        return
    assert isinstance(answer, Answer)
    offered, answered = SessionDescription.parse(offer).media, SessionDescription.parse(answer.sdp).media
    assert [(media.kind, media.protocol) for media in answered] == [(media.kind, media.protocol) for media in offered]
    assert sum(media.port > 0 for media in answered) == 1
    for ours, theirs in zip(answered, offered, strict=True):
        assert set(ours.formats) <= set(theirs.formats)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        SessionDescription.parse(data).serialize()
    offered = (
        b"v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n"
    )
    read_answer(data, offered)
