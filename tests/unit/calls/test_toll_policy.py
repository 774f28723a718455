"""Toll policy: prefixes, nights, calls at a time and in a day, minutes, time zones, restarts."""

from datetime import UTC, datetime

import pytest

from softswitch.base.ids import LegId
from softswitch.calls.toll_policy import TollAlarm, TollPolicy, TollRefused, TollRules, TollUsage

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


def make(*, is_open: bool = True, trunk: TollRules | None = None, **rules: object) -> TollPolicy:
    of_phone = TollRules(**rules)  # pyright: ignore[reportArgumentType]
    known = {"phone:anna": of_phone} | ({"trunk:provider": trunk} if trunk else {})
    return TollPolicy(known, lambda _name, _at: is_open)


def refusal(policy: TollPolicy, number: str = "+4930123", at: float = NOON) -> str:
    return policy.refusal("anna", "provider", number, at)


def call(policy: TollPolicy, name: str, began_at: float, talk_s: float | None) -> None:
    """A call that is over; None: it goes on."""
    assert refusal(policy, at=began_at) == ""
    policy.began(LegId(name), "anna", "provider", began_at)
    policy.answered(LegId(name), began_at)
    if talk_s is not None:
        policy.ended(LegId(name), began_at + talk_s)


def test_without_rules_everything_is_permitted() -> None:
    policy = make()
    assert refusal(policy) == ""
    assert policy.refusal("boris", "other", "+1900", NOON) == ""
    policy.began(LegId("x"), "boris", "other", NOON)
    assert policy.take_outputs() == []


@pytest.mark.parametrize(
    ("number", "is_permitted"),
    [
        ("+4930123", True),
        ("004930123", True),
        ("+49900223", False),
        ("0049900223", False),
        ("+49 900 223", False),
        ("*31#+49900223", False),
        ("+499001", True),
        ("+1900", False),
        ("112", True),
        ("", False),
    ],
)
def test_the_longest_prefix_decides(number: str, is_permitted: bool) -> None:
    policy = make(allow=("+49", "112", "+499001"), deny=("+49900", "+1"))
    assert (refusal(policy, number) == "") is is_permitted


def test_where_nothing_is_allowed_all_but_the_denied_is() -> None:
    policy = make(deny=("+1900", "00882"))
    assert refusal(policy, "+1212555") == ""
    assert refusal(policy, "+88213") == "phone:anna: this number is not permitted"
    assert refusal(policy, "001900555")


def test_the_international_form_counts_as_well() -> None:
    policy = make(deny=("+7809",))
    assert policy.refusal("anna", "provider", "88091234567", NOON, "+78091234567")
    assert policy.refusal("anna", "provider", "84951234567", NOON, "+74951234567") == ""


def test_at_night_only_what_is_listed() -> None:
    night = make(is_open=False, hours="office", night_allow=("112", "+49"))
    assert refusal(night, "112") == ""
    assert refusal(night, "+1212") == 'phone:anna: outside "office" this number is not permitted'
    assert refusal(make(hours="office", night_allow=("112",)), "+1212") == ""


def test_so_many_calls_at_a_time() -> None:
    policy = make(calls_max=2)
    call(policy, "a", NOON, None)
    call(policy, "b", NOON, None)
    assert refusal(policy) == "phone:anna: 2 calls to the outside already"
    assert policy.calls_now("phone:anna") == 2
    policy.ended(LegId("a"), NOON)
    assert refusal(policy) == ""
    policy.ended(LegId("a"), NOON)
    assert policy.calls_now("phone:anna") == 1


def test_a_trunk_has_limits_too() -> None:
    policy = make(trunk=TollRules(calls_max=1))
    policy.began(LegId("x"), "boris", "provider", NOON)
    assert refusal(policy) == "trunk:provider: 1 calls to the outside already"


def test_so_many_calls_a_day_and_midnight_is_that_of_the_time_zone() -> None:
    policy = make(calls_per_day=2, timezone="Europe/Moscow")
    evening = datetime(2026, 11, 29, 20, 30, tzinfo=UTC).timestamp()
    call(policy, "a", evening, 10.0)
    call(policy, "b", evening, 10.0)
    assert refusal(policy, at=evening) == "phone:anna: 2 calls today already"
    assert refusal(policy, at=evening + 0.6 * HOUR) == "", "in Moscow it is tomorrow"


def test_so_many_minutes_a_day_and_calls_in_progress_count() -> None:
    policy = make(minutes_per_day=60)
    call(policy, "a", NOON, 30 * 60.0)
    call(policy, "b", NOON, None)
    assert refusal(policy, at=NOON + 29 * 60.0) == ""
    assert refusal(policy, at=NOON + 30 * 60.0) == "phone:anna: 60 minutes today already"
    assert policy.used("phone:anna", NOON + 30 * 60.0).seconds == 60 * 60.0


def test_people_are_told_of_refusals_and_before_a_limit_is_reached() -> None:
    policy = make(calls_per_day=5, deny=("+1",))
    refusal(policy, "+1900")
    outputs = policy.take_outputs()
    assert TollRefused("phone:anna", "+1900", "this number is not permitted") in outputs
    usage = next(each for each in outputs if isinstance(each, TollUsage))
    assert (usage.refused, usage.last_refusal) == (1, "this number is not permitted (+1900)")
    for number in range(5):
        call(policy, str(number), NOON, 1.0)
    alarms = [each for each in policy.take_outputs() if isinstance(each, TollAlarm)]
    assert alarms == [TollAlarm("phone:anna", "4 of 5 calls of today are used")]


def test_what_was_used_today_survives_a_restart() -> None:
    policy = make(calls_per_day=1)
    call(policy, "a", NOON, 60.0)
    rows = {each.subject: each for each in policy.take_outputs() if isinstance(each, TollUsage)}
    reborn = make(calls_per_day=1)
    reborn.restore(rows.values())
    assert refusal(reborn, at=NOON + HOUR) == "phone:anna: 1 calls today already"
    assert refusal(reborn, at=NOON + 24 * HOUR) == ""
    assert reborn.used("phone:anna", NOON).seconds == 60.0
