"""Bans: how offences add up and fade, how bans grow, who is never banned, and that the tables do not grow."""

import pytest

from softswitch.base.errors import LocalError
from softswitch.sip.outputs import Ban
from softswitch.sip.security import bans as bans_module
from softswitch.sip.security.bans import BanList
from softswitch.sip.security.networks import parse_network
from softswitch.sip.settings import GuardSettings

SETTINGS = GuardSettings(ban_after=10, ban_s=60.0, ban_max_s=3600.0, neighbours=3, never_ban=("198.51.100.0/24",))
WALL = 1_000_000.0
GUESSER = "192.0.2.66"


def make(settings: GuardSettings = SETTINGS) -> BanList:
    return BanList(settings, [parse_network("203.0.113.5")], WALL)


def offend(bans: BanList, kind: str, times: int, *, host: str = GUESSER, now: float = 0.0) -> Ban | None:
    """The ban that came of the last one."""
    ban = None
    for _ in range(times):
        ban = bans.offend(kind, host, now)
    return ban


def test_wrong_passwords_add_up_to_a_ban() -> None:
    bans = make()
    assert offend(bans, "authentication", 9) is None
    assert not bans.holds(GUESSER, 0.0)
    assert offend(bans, "authentication", 1) == Ban(
        network=GUESSER, since_wall=WALL, until_wall=WALL + 60.0, times=1, reason="authentication", by="switch"
    )
    assert bans.holds(GUESSER, 59.9)
    assert not bans.holds(GUESSER, 60.0)
    assert not bans.holds("192.0.2.67", 0.0)


def test_offences_fade() -> None:
    bans = make()
    for number in range(100):
        assert bans.offend("authentication", GUESSER, number * 61.0) is None


def test_a_scanner_is_banned_at_once() -> None:
    assert offend(make(), "scanner", 1) is not None


def test_a_ban_grows_with_every_return_and_is_forgotten_after_a_day() -> None:
    bans = make()
    now, lasted = 0.0, list[float]()
    for _ in range(5):
        ban = bans.offend("scanner", GUESSER, now)
        assert ban is not None
        lasted.append(ban.until_wall - ban.since_wall)
        now += lasted[-1] + 1.0
    assert lasted == [60.0, 240.0, 960.0, 3600.0, 3600.0]
    ban = bans.offend("scanner", GUESSER, now + 86_401.0)
    assert ban is not None
    assert ban.times == 1


def test_unanswered_challenges_are_forgiven_by_a_right_password() -> None:
    bans = make()
    assert offend(bans, "challenge", 39) is None
    bans.note_success(GUESSER, 0.0)
    assert offend(bans, "challenge", 39) is None
    assert offend(make(), "challenge", 40) is not None


def test_an_address_with_a_right_password_is_forgiven_more() -> None:
    bans = make()
    bans.note_success(GUESSER, 0.0)
    assert offend(bans, "authentication", 49) is None
    assert offend(bans, "authentication", 1) is not None


def test_trunks_and_the_networks_of_never_ban_are_never_banned() -> None:
    bans = make()
    for host in ("203.0.113.5", "198.51.100.77"):
        assert offend(bans, "scanner", 3, host=host) is None
        with pytest.raises(LocalError, match="is a trunk's, or in never_ban"):
            bans.add(host, 60.0, "", 0.0)
    with pytest.raises(LocalError, match="is a trunk's, or in never_ban"):
        bans.add("203.0.113.0/24", 60.0, "", 0.0)


def test_neighbours_share_a_ban_but_exempt_ones_do_not() -> None:
    bans = BanList(SETTINGS, [parse_network("192.0.2.5")], WALL)
    banned = [bans.offend("scanner", f"192.0.2.{number}", 0.0) for number in (10, 11, 12)]
    assert [ban.network for ban in banned if ban is not None] == ["192.0.2.10", "192.0.2.11", "192.0.2.0/24"]
    assert bans.holds("192.0.2.200", 1.0)
    assert not bans.holds("192.0.2.5", 1.0)
    assert not bans.holds("192.0.3.200", 1.0)


def test_an_ipv6_source_is_its_64() -> None:
    bans = make()
    *_, ban = [bans.offend("authentication", f"2001:db8::{number}", 0.0) for number in range(10)]
    assert ban is not None
    assert ban.network == "2001:db8::/64"
    assert bans.holds("2001:db8::ffff:1", 1.0)
    assert not bans.holds("2001:db8:0:1::1", 1.0)


def test_an_operator_adds_and_lifts() -> None:
    bans = make()
    ban = bans.add("192.0.2.64/26", 60.0, "rude", 0.0)
    assert (ban.network, ban.by) == ("192.0.2.64/26", "operator")
    assert bans.holds(GUESSER, 1.0)
    assert [each.network for each in bans.listed(1.0)] == ["192.0.2.64/26"]
    assert [each.network for each in bans.lift(GUESSER, 1.0)] == ["192.0.2.64/26"]
    assert not bans.holds(GUESSER, 1.0)
    assert bans.listed(1.0) == []
    assert bans.lift(GUESSER, 1.0) == []
    for nonsense in ("me", "0.0.0.0/0", "10.0.0.0/7"):
        with pytest.raises(LocalError):
            bans.add(nonsense, 60.0, "", 0.0)


def test_a_restart_keeps_bans_and_what_they_grow_by() -> None:
    bans = make()
    ban = offend(bans, "scanner", 1)
    assert ban is not None
    reborn = BanList(SETTINGS, [], WALL + 10.0)
    assert reborn.restore([ban], now=20.0) == 1
    assert reborn.holds(GUESSER, 49.0)
    assert not reborn.holds(GUESSER, 51.0)
    again = reborn.offend("scanner", GUESSER, 60.0)
    assert again is not None
    assert (again.times, again.until_wall - again.since_wall) == (2, 240.0)


def test_zero_bans_nobody() -> None:
    assert offend(make(GuardSettings(ban_after=0)), "scanner", 5) is None


def test_tables_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans_module, "BANS_MAX", 10)
    monkeypatch.setattr(bans_module, "SOURCES_MAX", 10)
    monkeypatch.setattr(bans_module, "VERDICTS_MAX", 10)
    bans = make(GuardSettings(neighbours=0))
    for number in range(100):
        host = f"10.0.{number}.1"
        bans.offend("authentication", host, 0.0)
        bans.note_success(host, 0.0)
        bans.offend("scanner", host, 0.0)
        assert bans.holds(host, 1.0)
    assert len(bans.listed(1.0)) == 10
    tables = [bans._scores, bans._trusted, bans._verdicts]  # pyright: ignore[reportPrivateUsage]
    assert max(len(table) for table in tables) <= 10


def test_what_may_be_forged_bans_no_source_that_is_trusted() -> None:
    bans = BanList(SETTINGS, [], WALL, lambda source: source == "192.0.2.7")
    bans.note_success(GUESSER, 0.0)
    for host in (GUESSER, "192.0.2.7"):
        assert bans.offend("scanner", host, 0.0, is_proven=False) is None
        assert bans.offend("scanner", host, 0.0) is not None


def test_a_ban_for_what_may_be_forged_leaves_a_way_out_and_a_right_password_ends_it() -> None:
    bans = make()
    assert bans.offend("scanner", GUESSER, 0.0, is_proven=False) is not None
    assert bans.holds(GUESSER, 1.0)
    assert bans.has_way_out(GUESSER, 1.0)
    assert bans.note_success(GUESSER, 2.0) is not None
    assert not bans.holds(GUESSER, 3.0)


def test_what_is_proven_later_closes_the_way_out() -> None:
    bans = make()
    bans.offend("scanner", GUESSER, 0.0, is_proven=False)
    bans.offend("scanner", GUESSER, 0.0)
    assert not bans.has_way_out(GUESSER, 1.0)
    assert bans.note_success(GUESSER, 2.0) is None
    assert bans.holds(GUESSER, 3.0)


def test_an_operators_ban_has_no_way_out() -> None:
    bans = make()
    bans.offend("scanner", GUESSER, 0.0, is_proven=False)
    bans.add("192.0.2.0/24", 60.0, "rude", 0.0)
    assert not bans.has_way_out(GUESSER, 1.0)


def test_neighbours_do_not_ban_who_is_trusted() -> None:
    bans = make()
    bans.note_success("192.0.2.7", 0.0)
    for number in (10, 11, 12):
        bans.offend("scanner", f"192.0.2.{number}", 0.0)
    assert bans.holds("192.0.2.8", 1.0)
    assert not bans.holds("192.0.2.7", 1.0)
