"""Who is reached under which name, and which trunk a number takes."""

from softswitch.base.ids import AgentId
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.sip.trunks.numbers import Habits
from softswitch.sip.trunks.selection import OutboundRoute

ANN = Extension(username="ann", number="101", agent_id=AgentId("a1"))
BOB = Extension(username="101b", number="101")


def settings(**changes: object) -> CallSettings:
    values: dict[str, object] = {"domain": "centre.test", "media_ip": "10.0.0.1", "recordings_directory": "/r"}
    return CallSettings(**{**values, **changes})  # pyright: ignore[reportArgumentType]


def test_an_extension_is_found_by_name_number_and_agent() -> None:
    made = settings(extensions={"ann": ANN, "101b": BOB})
    assert made.extension_for("ann") is ANN
    assert made.extension_for("101") is ANN, "the first in the file has a number that two claim"
    assert made.extension_for("102") is None
    assert made.extension_for("") is None
    assert made.extension_of_agent(AgentId("a1")) is ANN
    assert made.extension_of_agent(AgentId("ann")) is None


def test_a_party_may_have_codecs_of_its_own() -> None:
    made = settings()
    assert made.capabilities_for(()) is made.capabilities
    assert made.capabilities_for(("OPUS", "PCMA")).codecs == ("OPUS", "PCMA")


def test_the_longest_prefix_takes_the_call_and_the_first_of_equals() -> None:
    trunks = (
        TrunkRoute(name="any", host="a"),
        TrunkRoute(name="world", host="b", prefix="+"),
        TrunkRoute(name="world too", host="c", prefix="+"),
        TrunkRoute(name="russia", host="d", prefix="+7"),
    )
    made = settings(trunks=trunks)
    found = [made.outbound_for(number) for number in ("123", "+44", "+7495")]
    assert [route.trunks for route in found if route] == [("any",), ("world", "world too"), ("russia",)]
    assert settings().outbound_for("+7") is None


def test_a_trunk_that_a_route_names_has_no_prefix_any_more() -> None:
    made = settings(
        trunks=(TrunkRoute(name="a", host="a"), TrunkRoute(name="b", host="b", prefix="+7")),
        outbound=(OutboundRoute(number="+1!", trunks=("a",)),),
    )
    found = [made.outbound_for(number) for number in ("123", "+1234", "+7495")]
    assert [route and route.trunks for route in found] == [None, ("a",), ("b",)]


def test_a_number_is_routed_however_it_was_dialled() -> None:
    made = settings(
        trunks=(TrunkRoute(name="a", host="a", prefix="+7"),),
        habits=Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10),
    )
    assert made.outbound_for("8 (495) 123-45-67") is not None
    assert made.outbound_for("84951234567") is not None
    assert made.outbound_for("810493012345678") is None
