"""The guard: buckets that fill at their rate, reports that do not flood, and tables that do not grow."""

from softswitch.sip.outputs import SecurityEvent
from softswitch.sip.security import guard as guard_module
from softswitch.sip.security.guard import Guard
from softswitch.sip.settings import GuardSettings

SETTINGS = GuardSettings(requests_per_s=2.0, burst=5.0, failures_per_s=0.1, failures_burst=3.0)


def test_a_source_may_burst_and_then_goes_on_at_its_rate() -> None:
    guard = Guard(SETTINGS)
    assert [guard.admits("192.0.2.1", 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert guard.admits("192.0.2.2", 0.0), "another source has its own bucket"
    assert [guard.admits("192.0.2.1", 1.0) for _ in range(3)] == [True, True, False]


def test_wrong_passwords_silence_a_source_for_a_while() -> None:
    guard = Guard(SETTINGS)
    for _ in range(3):
        assert guard.admits("192.0.2.1", 0.0)
        guard.note_failure("192.0.2.1", 0.0)
    assert not guard.admits("192.0.2.1", 9.0)
    assert guard.admits("192.0.2.1", 10.0)


def test_a_neighbourhood_has_four_times_the_burst_of_an_address() -> None:
    guard = Guard(SETTINGS)
    assert sum(guard.admits(f"192.0.2.{number}", 0.0) for number in range(100)) == 20
    assert guard.admits("192.0.3.1", 0.0)


def test_an_ipv6_customer_is_one_source() -> None:
    guard = Guard(SETTINGS)
    assert sum(guard.admits(f"2001:db8::{number}", 0.0) for number in range(10)) == 5
    assert guard.admits("2001:db8:0:1::1", 0.0)


def test_repeats_are_counted_not_reported() -> None:
    guard = Guard(SETTINGS)
    assert guard.drop("scanner", "192.0.2.1", "sipvicious", 0.0) == SecurityEvent(
        "scanner", "192.0.2.1", "sipvicious", 1
    )
    assert [guard.drop("scanner", "192.0.2.1", "sipvicious", at) for at in (1.0, 2.0, 9.9)] == [None] * 3
    assert guard.drop("flood", "192.0.2.1", "INVITE", 2.0) is not None
    assert guard.drop("scanner", "192.0.2.1", "sipvicious", 10.0) == SecurityEvent(
        "scanner", "192.0.2.1", "sipvicious", 4
    )
    assert guard.dropped == 6


def test_memory_is_bounded_whatever_the_number_of_sources() -> None:
    guard = Guard(SETTINGS)
    for number in range(guard_module.SOURCES_MAX + 100):
        source = str(number)
        guard.admits(source, 0.0)
        guard.note_failure(source, 0.0)
        guard.drop("flood", source, "", 0.0)
    tables = (guard._requests, guard._failures, guard._reports)  # pyright: ignore[reportPrivateUsage]
    assert [len(table) for table in tables] == [guard_module.SOURCES_MAX] * 3
