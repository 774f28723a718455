"""T.38 in session descriptions: what is read, what is passed on, where our lines stand."""

import pytest

from softswitch.base.address import HostPort
from softswitch.sip.description.image import (
    Image,
    make_image_answer,
    make_image_offer,
    offers_image,
    offers_sound,
    read_image,
)
from softswitch.sip.description.offer_answer import MediaCapabilities, OfferRefused, make_offer, read_answer
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.limits import T38_ATTRIBUTES_MAX

LOCAL = HostPort("192.0.2.1", 20_000)
HEAD = "v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"


def described(*media: str) -> bytes:
    return (HEAD + "".join(f"{line}\r\n" for line in media)).encode()


def read(*lines: str) -> Image:
    image = read_image(described("m=image 4500 udptl t38", *lines), LOCAL.host, datagram_bytes_max=1472)
    assert isinstance(image, Image)
    return image


def kinds(sdp: bytes) -> list[tuple[str, int]]:
    return [(media.kind, media.port) for media in SessionDescription.parse(sdp).media]


@pytest.mark.parametrize(
    ("line", "passed_on"),
    [
        ("T38FaxVersion:0", "T38FaxVersion:0"),
        ("T38FaxVersion: 3", "T38FaxVersion:3"),
        ("t38faxversion:03", "T38FaxVersion:3"),
        ("T38FaxVersion", None),
        ("T38FaxVersion:one", None),
        ("T38maxBitRate:14400", "T38MaxBitRate:14400"),
        ("T38MaxBitRate:-1", None),
        ("T38FaxMaxBufferSize:200", "T38FaxMaxBuffer:200"),
        ("T38FaxMaxDatagram:400", "T38FaxMaxDatagram:400"),
        ("T38FaxMaxDatagram:65535", "T38FaxMaxDatagram:1472"),
        ("T38FaxFillBitRemoval", "T38FaxFillBitRemoval"),
        ("T38FaxFillBitRemoval:1", "T38FaxFillBitRemoval"),
        ("T38FaxFillBitRemoval:0", None),
        ("T38FaxTranscodingMMR:0", None),
        ("T38FaxTranscodingJBIG:", "T38FaxTranscodingJBIG"),
        ("T38FaxRateManagement:transferredTCF", "T38FaxRateManagement:transferredTCF"),
        ("T38FaxRateManagement:TransferredTcf ", "T38FaxRateManagement:transferredTCF"),
        ("T38FaxRateManagement:whatever", None),
        ("T38FaxUdpEC:t38UDPFEC", "T38FaxUdpEC:t38UDPFEC"),
        ("T38FaxUdpEC:T38UDPRedundancy", "T38FaxUdpEC:t38UDPRedundancy"),
        ("T38VendorInfo:0,0,37", "T38VendorInfo:0,0,37"),
        ("T38ModemType:t38G3AndV34G3", "T38ModemType:t38G3AndV34G3"),
        ("T38Odd", "T38Odd"),
        ("T38Odd:two words", None),
        ("T38:1", None),
        (f"T38Odd:{'x' * 65}", None),
        ("sendrecv", None),
        ("ptime:20", None),
    ],
)
def test_what_is_passed_on_of_it(line: str, passed_on: str | None) -> None:
    assert read(f"a={line}").attributes == (() if passed_on is None else (passed_on,))


def test_of_two_that_say_the_same_the_first_counts_and_there_is_an_end_to_them() -> None:
    assert read("a=T38FaxVersion:0", "a=t38FAXversion:3").attributes == ("T38FaxVersion:0",)
    many = read(*(f"a=T38Odd{number}" for number in range(100)))
    assert len(many.attributes) == T38_ATTRIBUTES_MAX


def test_where_it_is() -> None:
    assert read().remote == HostPort("198.51.100.7", 4500)
    assert read("c=IN IP4 198.51.100.9").remote == HostPort("198.51.100.9", 4500)
    assert read("c=IN IP4 0.0.0.0").remote is None


@pytest.mark.parametrize(
    "media",
    [
        ["m=image 0 udptl t38"],
        ["m=image 4500 tcp t38"],
        ["m=image 4500 udptl t37"],
        ["m=audio 4500 udptl t38"],
        ["m=image 4500 udptl t38", "c=IN IP4 gateway.example"],
        ["m=image 4500 udptl t38", "c=IN IP4 224.0.0.1"],
        ["m=image 4500 udptl t38", "c=IN IP6 2001:db8::1"],
        ["m=image 4500 udptl t38", "c=IN IP4"],
        ["m=image 70000 udptl t38"],
    ],
)
def test_what_is_none(media: list[str]) -> None:
    assert isinstance(read_image(described(*media), LOCAL.host, datagram_bytes_max=1472), OfferRefused)


def test_what_is_offered() -> None:
    both = described("m=audio 4000 RTP/AVP 8", "m=image 4500 UDPTL T38")
    assert (offers_image(both), offers_sound(both)) == (True, True)
    one = described("m=audio 0 RTP/AVP 8", "m=image 4500 udptl t38")
    assert (offers_image(one), offers_sound(one)) == (True, False)
    assert not offers_image(described("m=image 0 udptl t38"))
    assert not offers_image(b"")
    assert not offers_image(b"garbage\r\nm=image 4500 udptl t38")


OFFERED = ("T38FaxVersion:0", "T38FaxTranscodingMMR")


@pytest.mark.parametrize(
    ("before", "offered", "back"),
    [
        (["m=audio 5 RTP/AVP 8"], [("image", 20_000)], [("audio", 6000)]),
        (
            ["m=audio 5 RTP/AVP 8", "m=image 0 udptl t38"],
            [("audio", 0), ("image", 20_000)],
            [("audio", 6000), ("image", 0)],
        ),
        (
            ["m=video 0 RTP/AVP 96", "m=audio 5 RTP/AVP 8"],
            [("video", 0), ("image", 20_000)],
            [("audio", 6000), ("image", 0)],
        ),
    ],
)
def test_our_offer_stands_where_the_sound_stood_and_the_sound_comes_back_there(
    before: list[str], offered: list[tuple[str, int]], back: list[tuple[str, int]]
) -> None:
    offer = make_image_offer(described(*before), LOCAL, OFFERED, session_id=1, version=4)
    assert kinds(offer) == offered
    image = read_image(offer, "192.0.2.99", datagram_bytes_max=1472)
    assert image == Image(LOCAL, OFFERED)
    sound = make_offer(
        MediaCapabilities(), HostPort(LOCAL.host, 6000), session_id=1, version=5, previous=offer, codec="PCMA"
    )
    assert kinds(sound) == back


def test_an_offer_to_begin_with() -> None:
    assert kinds(make_image_offer(b"", LOCAL, OFFERED, session_id=1, version=1)) == [("image", 20_000)]


def test_our_answer_mirrors_the_offer() -> None:
    offer = described("m=audio 4000 RTP/AVP 8", "m=image 4500 udptl t38", "m=video 9 RTP/AVP 96")
    answer = make_image_answer(offer, LOCAL, OFFERED, session_id=1, version=2)
    assert kinds(answer) == [("audio", 0), ("image", 20_000), ("video", 0)]


def test_the_answer_to_sound_after_a_fax_is_read_in_its_place() -> None:
    ours = make_offer(
        MediaCapabilities(),
        LOCAL,
        session_id=1,
        version=5,
        previous=described("m=audio 0 RTP/AVP 8", "m=image 4500 udptl t38"),
    )
    assert kinds(ours) == [("audio", 20_000), ("image", 0)]
    answer = read_answer(described("m=audio 4000 RTP/AVP 8", "m=image 0 udptl t38"), ours)
    assert not isinstance(answer, OfferRefused)
