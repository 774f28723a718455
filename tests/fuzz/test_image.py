"""Whatever T.38 a party describes, what is passed on of it means the same and mirrors its lines; whatever comes to a
fax port, only whole UDPTL leaves by the other."""

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, LegId, StreamId
from softswitch.calls.leg import Leg
from softswitch.media.fax.udptl import sequence_of
from softswitch.media.limits import UDPTL_BYTES_MAX
from softswitch.media.protocol import DropFaxPort, FaxPort, PutFaxPort
from softswitch.sip.description.image import Image, make_image_answer, make_image_offer, read_image
from softswitch.sip.description.offer_answer import MediaCapabilities, OfferRefused
from softswitch.sip.description.sdp import SessionDescription
from softswitch.testing.media_engine import EngineDriver, party

LOCAL = HostPort("198.51.100.1", 6000)
NAMES = st.sampled_from(
    [
        "T38FaxVersion", "t38faxversion", "T38MaxBitRate", "T38maxBitRate", "T38FaxFillBitRemoval",
        "T38FaxTranscodingJBIG", "T38FaxTranscodingMMR", "T38FaxRateManagement", "T38FaxMaxBuffer",
        "T38FaxMaxBufferSize", "T38FaxMaxDatagram", "T38FaxUdpEC", "T38FaxUdpECDepth", "T38ModemType",
        "T38VendorInfo", "T38", "t38x", "T38\u00e9", "ptime", "sendrecv",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", ":", ":0", ":1", ": 1", ":14400", ":99999999999", ":-1", ":t38UDPFEC", ":T38UDPREDUNDANCY"]),
    st.sampled_from([":transferredTCF", ":localtcf", ":1 3", ":0,0,37", ":\u0660", ": "]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80).map(":{}".format),
)
ATTRIBUTES = st.lists(st.builds("a={}{}".format, NAMES, VALUES), max_size=40)
OTHER_LINES = st.lists(
    st.sampled_from(
        ["m=audio 0 RTP/AVP 0", "m=audio 5000 RTP/AVP 8", "m=video 9 RTP/AVP 96", "m=image 0 udptl t38",
         "c=IN IP4 0.0.0.0", "c=IN IP4 x", "c=IN IP6 ::1", "a=inactive"]
    ),
    max_size=4,
)  # fmt: skip
IMAGE = st.sampled_from(
    ["m=image 4500 udptl t38", "m=image 4500 UDPTL T38 x", "m=image 0 udptl t38", "m=image 1 tcp t38"]
)
HEAD = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]


def _describe(before: list[str], image: str, attributes: list[str], behind: list[str]) -> bytes:
    return "\r\n".join([*HEAD, *before, image, *attributes, *behind, ""]).encode()


DESCRIPTION = st.builds(_describe, OTHER_LINES, IMAGE, ATTRIBUTES, OTHER_LINES)


@given(DESCRIPTION)
@settings(deadline=None)
def test_what_is_passed_on_is_understood_as_it_was(offer: bytes) -> None:
    image = read_image(offer, LOCAL.host, datagram_bytes_max=UDPTL_BYTES_MAX)
    if isinstance(image, OfferRefused):
        assert 400 <= image.status <= 499
        return
    offered = SessionDescription.parse(offer).media
    answer = make_image_answer(offer, LOCAL, image.attributes, session_id=7, version=3)
    answered = SessionDescription.parse(answer).media
    assert [(media.kind, media.protocol.lower()) for media in answered] == [
        (media.kind, media.protocol.lower()) for media in offered
    ]
    assert [media.port > 0 for media in answered].count(True) == 1
    for ours in (answer, make_image_offer(offer, LOCAL, image.attributes, session_id=7, version=3)):
        assert read_image(ours, LOCAL.host, datagram_bytes_max=UDPTL_BYTES_MAX) == Image(LOCAL, image.attributes)


@given(st.lists(st.tuples(st.sampled_from(["offer", "answer", "ours", "refused", "sound"]), DESCRIPTION), max_size=12))
@settings(deadline=None)
def test_a_leg_always_has_a_description_of_one_stream(steps: list[tuple[str, bytes]]) -> None:
    """Faxes and sound in any order: our description never has fewer lines than before, and its version only grows."""
    leg = Leg(LegId("leg"), "anna", capabilities=MediaCapabilities(), session_id=1)
    leg.local = LOCAL
    leg.offer()
    for step, sdp in steps:
        before = SessionDescription.parse(leg.described)
        match step:
            case "answer" if leg.proposes_image:
                leg.receive_image_answer(sdp)
            case "refused":
                leg.image_refused()
            case _ if leg.proposes_image:
                pass  # whatever comes meanwhile is refused (491)
            case "offer":
                image = leg.read_image_offer(sdp)
                if isinstance(image, Image):
                    leg.answer_image(sdp, image, HostPort(LOCAL.host, 7000), ("T38FaxVersion:0",))
            case "ours":
                leg.offer_image(HostPort(LOCAL.host, 7000), ("T38FaxVersion:0",))
            case _:
                leg.offer()
        after = SessionDescription.parse(leg.described)
        assert sum(media.port > 0 for media in after.media) == 1
        assert int(after.origin.version) >= int(before.origin.version)
        if step != "offer":
            assert len(after.media) >= len(before.media)


HOSTS = st.sampled_from([party(1), party(2), HostPort(party(1).host, 9), HostPort("203.0.113.1", 5), HostPort("x", 1)])
IDS = st.integers(1, 3).map(StreamId)
PORTS = st.builds(
    FaxPort,
    port_id=IDS,
    stream_id=IDS,
    call_id=st.just(CallId("c")),
    local=st.sampled_from([HostPort("127.0.0.1", 4000), HostPort("127.0.0.1", 0), HostPort("::1", 4000)]),
    remote=st.none() | HOSTS,
    learn_from=st.sampled_from(["", None, "203.0.113.1"]),
    peer=st.none() | IDS,
    timeout_s=st.sampled_from([0.0, 1.0, -1.0, float("nan"), float("inf")]),
)
DATAGRAMS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([bytes([0, number, 1, 6, 0, 0]) for number in range(4)]),
    st.just(b"\0\0\1".ljust(UDPTL_BYTES_MAX + 1, b"\0")),
)
STEPS = st.one_of(
    st.builds(PutFaxPort, PORTS), st.builds(DropFaxPort, IDS), st.tuples(IDS, DATAGRAMS, HOSTS), st.floats(0.1, 5)
)


@given(st.lists(STEPS, max_size=40))
@settings(deadline=None)
def test_only_whole_udptl_leaves(
    steps: list[PutFaxPort | DropFaxPort | tuple[StreamId, bytes, HostPort] | float],
) -> None:
    driver = EngineDriver()
    now = driver.now
    for step in steps:
        match step:
            case float() | int():
                now += step
                driver.engine.watch_fax_ports(now)
            case (port_id, datagram, source):
                driver.engine.receive_fax(port_id, datagram, source, now)
            case PutFaxPort() | DropFaxPort():
                driver.engine.apply(step, now)
    assert set(driver.fax.remote) <= set(driver.fax.local) == set(driver.engine.fax_ports.ids())
    assert all(sequence_of(datagram) is not None for _, datagram, _ in driver.fax.sent)
