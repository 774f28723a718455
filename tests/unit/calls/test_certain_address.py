import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import LegId
from softswitch.calls.certain_address import certain_address
from softswitch.calls.leg import Leg
from softswitch.calls.settings import CallSettings
from softswitch.sip.description.offer_answer import MediaCapabilities

SETTINGS = CallSettings(
    domain="d", media_ip="9.9.9.9", recordings_directory="", sharing_parties=frozenset(["trunk:provider"])
)
PUBLIC = HostPort("8.8.4.4", 5060)
PRIVATE = HostPort("10.0.0.7", 5060)


def certain(voice: str, signalling: HostPort = PUBLIC, party: str = "trunk:provider") -> HostPort | None:
    leg = Leg(LegId("l"), party, capabilities=MediaCapabilities(), session_id=7)
    offer = f"v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 {voice}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    return certain_address(leg, offer.encode(), signalling, SETTINGS)


def test_what_a_trunk_that_may_share_says_is_certain() -> None:
    assert certain("8.8.8.8") == HostPort("8.8.8.8", 4000)
    assert certain("10.0.0.8", PRIVATE) == HostPort("10.0.0.8", 4000)
    assert certain("8.8.8.8", PRIVATE) == HostPort("8.8.8.8", 4000)


def test_a_private_address_behind_a_public_one_is_not() -> None:
    assert certain("10.0.0.8") is None


@pytest.mark.parametrize("party", ["trunk:other", "account:provider"])
def test_nothing_is_certain_of_anybody_else(party: str) -> None:
    assert certain("8.8.8.8", party=party) is None


@pytest.mark.parametrize("voice", ["media.example", "0.0.0.0", "::1"])
def test_an_offer_without_an_address_tells_nothing(voice: str) -> None:
    assert certain(voice) is None
    leg = Leg(LegId("l"), "trunk:provider", capabilities=MediaCapabilities(), session_id=7)
    assert certain_address(leg, b"", PUBLIC, SETTINGS) is None
