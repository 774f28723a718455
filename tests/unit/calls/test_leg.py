"""A party's SDP: one session id, a version that counts changes, and offers that keep what was agreed."""

import re
from base64 import b64encode

import pytest

from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.calls.leg import Leg
from softswitch.sip.description.offer_answer import MediaCapabilities, NegotiatedAudio, OfferRefused
from softswitch.sip.description.sdes import Sdes

SUITE = "AES_CM_128_HMAC_SHA1_80"
LOCAL = HostPort("10.0.0.1", 20000)
OFFER = (
    "v=0\r\no=- 1 1 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\n"
    "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    "m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\na={direction}\r\n"
)


def leg() -> Leg:
    made = Leg(LegId("l"), "trunk:provider", capabilities=MediaCapabilities(), session_id=7)
    made.local = LOCAL
    return made


def offer(direction: str = "sendrecv") -> bytes:
    return OFFER.format(direction=direction).encode()


def version(sdp: bytes) -> int:
    found = re.search(rb"o=\S+ 7 (\d+) ", sdp)
    assert found is not None, sdp
    return int(found[1])


def answered(made: Leg, text: bytes) -> bytes:
    answer = made.answer(text)
    assert isinstance(answer, bytes)
    return answer


def test_the_version_grows_with_every_change_and_not_with_a_refresh() -> None:
    made = leg()
    first = answered(made, offer())
    assert answered(made, offer()) == first
    held = answered(made, offer("sendonly"))
    assert (version(first), version(held)) == (1, 2)
    assert b"a=recvonly" in held
    assert made.is_held
    assert version(answered(made, offer())) == 3
    assert not made.is_held


def test_an_offer_within_the_session_keeps_declined_streams_and_the_numbers_agreed_on() -> None:
    made = leg()
    answered(made, offer())
    ours = made.offer()
    assert version(ours) in (1, 2)
    assert ours.index(b"m=video 0") < ours.index(b"m=audio 20000 RTP/AVP 8 97")
    assert made.offer() == ours


def test_a_refused_offer_changes_nothing() -> None:
    made = leg()
    first = answered(made, offer())
    audio = made.audio
    refused = made.answer(b"v=0\r\no=- 1 1 IN IP4 10.0.1.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n")
    assert isinstance(refused, OfferRefused)
    assert made.audio is audio
    assert answered(made, offer()) == first


def test_an_answer_that_agrees_to_nothing_changes_nothing() -> None:
    made = leg()
    made.offer()
    assert isinstance(made.receive_answer(b""), OfferRefused)
    assert made.audio is None
    assert not made.is_held


def test_nothing_can_be_described_before_there_is_a_stream() -> None:
    with pytest.raises(LocalError, match="no stream"):
        Leg(LegId("l"), "ann", capabilities=MediaCapabilities(), session_id=7).offer()


def test_a_description_that_is_in_force_is_known_again() -> None:
    made = leg()
    assert not made.knows(b"")
    answered(made, offer())
    assert made.knows(offer())
    assert not made.knows(offer("sendonly"))


def test_the_answer_to_a_refresh_is_read_against_the_description_in_force_and_not_the_first_offer() -> None:
    """With SRTP: the party has changed its keys since, so our key is another one as well."""
    made = Leg(
        LegId("l"), "ann", capabilities=MediaCapabilities(), session_id=7, sdes=Sdes("required", SeededEntropy(1))
    )
    made.local = LOCAL
    made.offer()

    def theirs(key: str, version: int) -> bytes:
        crypto = f"a=crypto:1 {SUITE} inline:{b64encode(key.encode() * 30).decode()}\r\n"
        text = f"v=0\r\no=- 1 {version} IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\n"
        return (text + "m=audio 4000 RTP/SAVP 8\r\n" + crypto).encode()

    first = made.receive_answer(theirs("a", 1))
    assert isinstance(first, NegotiatedAudio)
    answered(made, theirs("b", 2))
    refreshed = made.receive_answer(theirs("c", 3))
    assert isinstance(refreshed, NegotiatedAudio)
    assert first.srtp is not None
    assert refreshed.srtp is not None
    assert refreshed.srtp.receive == b"c" * 30
    assert b64encode(refreshed.srtp.send) in made.described
    assert refreshed.srtp.send != first.srtp.send
