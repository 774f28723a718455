"""Keys in the session description: which lines can be used, what each policy makes of an offer, who changes keys."""

from base64 import b64encode
from itertools import count
from typing import cast

import pytest

from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.description.offer_answer import (
    Answer,
    MediaCapabilities,
    NegotiatedAudio,
    OfferRefused,
    answer_offer,
    make_offer,
    read_answer,
)
from softswitch.sip.description.sdes import KEY_BYTES, OFFERED_SUITES, Sdes, SrtpPolicy
from softswitch.sip.description.sdp import SessionDescription

LOCAL, REMOTE = HostPort("192.0.2.1", 20000), HostPort("192.0.2.2", 30000)
CAPABILITIES = MediaCapabilities()
USUAL = "AES_CM_128_HMAC_SHA1_80"


class Keys(SeededEntropy):
    """Each key is a byte of its own, repeated."""

    def __init__(self, first: int = 1) -> None:
        super().__init__(0)
        self._numbers = count(first)

    def integer(self, bits: int) -> int:
        return int.from_bytes(bytes([next(self._numbers)]) * (bits // 8), "big")


def text(byte: int, size: int = 30) -> str:
    return b64encode(bytes([byte]) * size).decode()


def line(byte: int = 9, *, tag: int = 1, suite: str = USUAL, rest: str = "") -> str:
    return f"{tag} {suite} inline:{text(byte, KEY_BYTES.get(suite, 30))}{rest}"


def offer_of(*cryptos: str, protocol: str = "RTP/SAVP") -> bytes:
    lines = "".join(f"a=crypto:{crypto}\r\n" for crypto in cryptos)
    return (
        f"v=0\r\no=lea 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
        f"m=audio 30000 {protocol} 8\r\n{lines}"
    ).encode()


def answer(offer: bytes, policy: SrtpPolicy | Sdes) -> Answer | OfferRefused:
    sdes = policy if isinstance(policy, Sdes) else Sdes(policy, Keys())
    return answer_offer(offer, CAPABILITIES, LOCAL, session_id=1, version=1, sdes=sdes)


def agreed(offer: bytes, policy: SrtpPolicy | Sdes) -> Answer:
    result = answer(offer, policy)
    assert isinstance(result, Answer), result
    return result


def audio_line(sdp: bytes) -> tuple[str, list[str]]:
    """Protocol and crypto lines."""
    media = SessionDescription.parse(sdp).media[0]
    return media.protocol, list(media.attributes("crypto"))


@pytest.mark.parametrize(
    ("protocol", "has_key", "policy", "outcome"),
    [
        ("RTP/SAVP", True, "off", "No Plain RTP Audio Offered"),
        ("RTP/SAVP", True, "preferred", "srtp"),
        ("RTP/SAVP", True, "required", "srtp"),
        ("RTP/SAVPF", True, "preferred", "srtp"),
        ("RTP/SAVP", False, "preferred", "No Usable SRTP Key"),
        ("RTP/SAVP", False, "required", "No Usable SRTP Key"),
        ("RTP/AVP", True, "off", "plain"),
        ("RTP/AVP", True, "preferred", "srtp"),
        ("RTP/AVP", True, "required", "srtp"),
        ("RTP/AVP", False, "off", "plain"),
        ("RTP/AVP", False, "preferred", "plain"),
        ("RTP/AVP", False, "required", "SRTP Required"),
    ],
)
def test_what_each_policy_makes_of_an_offer(protocol: str, has_key: bool, policy: str, outcome: str) -> None:
    offer = offer_of(*([line(tag=7)] if has_key else []), protocol=protocol)
    result = answer(offer, cast(SrtpPolicy, policy))
    if isinstance(result, OfferRefused):
        assert (result.status, result.reason) == (488, outcome)
        assert bool(result.warning) == (policy != "off")
        return
    assert audio_line(result.sdp)[0] == protocol
    if outcome == "plain":
        assert result.audio.srtp is None
        assert b"crypto" not in result.sdp
    else:
        assert result.audio.srtp is not None
        assert (result.audio.srtp.suite, result.audio.srtp.receive) == (USUAL, bytes([9]) * 30)
        assert audio_line(result.sdp)[1] == [f"7 {USUAL} inline:{text(1)}"]


@pytest.mark.parametrize("suite", KEY_BYTES)
def test_every_suite_is_accepted(suite: str) -> None:
    result = agreed(offer_of(line(suite=suite)), "required")
    assert result.audio.srtp is not None
    assert (result.audio.srtp.suite, len(result.audio.srtp.send)) == (suite, KEY_BYTES[suite])


@pytest.mark.parametrize(
    "usable",
    [
        line(rest="|2^20"),
        line(rest="|1048576"),
        line(rest=" WSH=64"),
        line(rest=" KDR=0 -unknown=1"),
        line().rstrip("="),
        line().replace("inline", "INLINE").replace(USUAL, USUAL.lower()),
        line(suite="AEAD_AES_128_GCM").rstrip("="),
        line().replace(" ", "  ") + " ",
    ],
)
def test_forms_of_a_key_that_are_used(usable: str) -> None:
    assert agreed(offer_of(usable), "required").audio.srtp is not None


@pytest.mark.parametrize(
    "unusable",
    [
        line(rest="|2^20|1:4"),
        line(rest="|1:4"),
        line(rest=";inline:" + text(8)),
        line(rest=" UNENCRYPTED_SRTP"),
        line(rest=" UNAUTHENTICATED_SRTP"),
        line(rest=" KDR=3"),
        line(suite="F8_128_HMAC_SHA1_80"),
        f"1 {USUAL} inline:{text(9, 16)}",
        f"1 {USUAL} inline:!!!",
        f"1 {USUAL} inline:",
        f"1 {USUAL}",
        "",
        "1",
        "x" * 5000,
    ],
)
def test_forms_of_a_key_that_are_passed_over(unusable: str) -> None:
    refused = answer(offer_of(unusable), "required")
    assert isinstance(refused, OfferRefused)
    assert refused.reason == "No Usable SRTP Key"
    assert "MKI" in refused.warning
    good = agreed(offer_of(unusable, line(tag=2)), "required")
    assert audio_line(good.sdp)[1][0].startswith("2 ")


def test_the_encrypted_one_of_two_streams_is_taken_in_whatever_order_they_come() -> None:
    plain, secure = b"m=audio 30020 RTP/AVP 8\r\n", offer_of(line()).partition(b"m=")[2]
    head = offer_of().partition(b"m=")[0]
    for body in (plain + b"m=" + secure, b"m=" + secure + plain):
        result = agreed(head + body, "preferred")
        assert result.audio.remote == REMOTE
        ports = [media.port for media in SessionDescription.parse(result.sdp).media]
        assert ports == ([0, 20000] if body.startswith(plain) else [20000, 0])


@pytest.mark.parametrize(("policy", "protocol"), [("preferred", "RTP/AVP"), ("required", "RTP/SAVP")])
def test_our_offer_and_its_answers(policy: SrtpPolicy, protocol: str) -> None:
    sdes = Sdes(policy, Keys())
    offer = make_offer(CAPABILITIES, LOCAL, session_id=1, version=1, sdes=sdes)
    assert audio_line(offer)[0] == protocol
    assert [crypto.split()[:2] for crypto in audio_line(offer)[1]] == [
        [str(tag), suite] for tag, suite in enumerate(OFFERED_SUITES, 1)
    ]
    assert make_offer(CAPABILITIES, LOCAL, session_id=1, version=1, sdes=sdes) == offer
    theirs = answer_offer(offer, CAPABILITIES, REMOTE, session_id=2, version=1, sdes=Sdes("preferred", Keys(100)))
    assert isinstance(theirs, Answer)
    read = read_answer(theirs.sdp, offer, sdes=sdes)
    assert isinstance(read, NegotiatedAudio)
    assert read.srtp is not None
    assert theirs.audio.srtp is not None
    assert (read.srtp.send, read.srtp.receive) == (theirs.audio.srtp.receive, theirs.audio.srtp.send)
    again = make_offer(CAPABILITIES, LOCAL, session_id=1, version=2, previous=offer, sdes=sdes)
    assert audio_line(again) == (protocol, audio_line(offer)[1][:1])


@pytest.mark.parametrize(
    ("policy", "cryptos", "protocol"),
    [
        ("required", [], "RTP/SAVP"),
        ("required", [], "RTP/AVP"),
        ("required", [line(tag=9)], "RTP/SAVP"),
        ("required", [line(tag=2)], "RTP/SAVP"),
        ("preferred", [], "RTP/SAVP"),
    ],
)
def test_answers_that_name_no_key_of_ours_are_refused(policy: SrtpPolicy, cryptos: list[str], protocol: str) -> None:
    sdes = Sdes(policy, Keys())
    offer = make_offer(CAPABILITIES, LOCAL, session_id=1, version=1, sdes=sdes)
    refused = read_answer(offer_of(*cryptos, protocol=protocol), offer, sdes=sdes)
    assert isinstance(refused, OfferRefused)
    assert refused.status == 488


def test_a_phone_that_knows_no_srtp_answers_a_preference_in_the_clear() -> None:
    sdes = Sdes("preferred", Keys())
    offer = make_offer(CAPABILITIES, LOCAL, session_id=1, version=1, sdes=sdes)
    read = read_answer(offer_of(protocol="RTP/AVP"), offer, sdes=sdes)
    assert isinstance(read, NegotiatedAudio)
    assert read.srtp is None


def test_keys_last_as_long_as_theirs_do_and_are_never_used_twice() -> None:
    sdes = Sdes("preferred", Keys())
    first = agreed(offer_of(line(9)), sdes).audio.srtp
    assert agreed(offer_of(line(9)), sdes).audio.srtp == first
    renewed = agreed(offer_of(line(10)), sdes).audio.srtp
    in_the_clear = agreed(offer_of(protocol="RTP/AVP"), sdes).audio.srtp
    back = agreed(offer_of(line(10)), sdes).audio.srtp
    assert first is not None
    assert renewed is not None
    assert in_the_clear is None
    assert back is not None
    assert len({first.send, renewed.send, back.send}) == 3


def test_an_offer_that_is_refused_for_its_codec_changes_no_key() -> None:
    sdes = Sdes("preferred", Keys())
    first = agreed(offer_of(line(9)), sdes).audio.srtp
    assert isinstance(answer(offer_of(line(10)).replace(b"SAVP 8", b"SAVP 18"), sdes), OfferRefused)
    assert agreed(offer_of(line(9)), sdes).audio.srtp == first


def test_keys_are_not_shown() -> None:
    result = agreed(offer_of(line(9)), "preferred")
    shown = repr(result.audio)
    assert USUAL in shown
    assert "\\x01" not in shown
    assert "\\t" not in shown
