"""Keys after "*"."""

import pytest

from softswitch.calls.conferences import keys as module
from softswitch.calls.conferences.keys import ARGUMENT_MAX, KEY_S, Keys, WrongKeys
from softswitch.calls.conferences.orders import (
    CallIn,
    CallList,
    Count,
    End,
    Fetch,
    HearLouder,
    Help,
    Leave,
    Lecture,
    Lock,
    Louder,
    MuteAll,
    MuteOne,
    MuteSelf,
    Order,
    Record,
    Remove,
    Return,
    RollCall,
    TakeAside,
)
from softswitch.calls.conferences.terms import Role

HOST: dict[str, Order] = {
    "*1": MuteSelf(),
    "*2": MuteAll(),
    "*312#": MuteOne(12),
    "*4": Louder(-3.0),
    "*53#": TakeAside(3),
    "*5#": Return(),
    "*6": Louder(3.0),
    "*73#": Remove(3),
    "*7#": Remove(),
    "*8": RollCall(),
    "*9": Count(),
    "*0004930123#": CallIn("004930123"),
    "*0#": CallList(),
    "*#04930123#": Fetch("4930123"),
    "*#4": HearLouder(-3.0),
    "*#6": HearLouder(3.0),
    "*#1": Lock(),
    "*#2": Lecture(),
    "*#3": Record(),
    "*#9": End(),
    "**": Help(),
}
GUEST: dict[str, Order] = {
    "*1": MuteSelf(),
    "*4": Louder(-3.0),
    "*6": Louder(3.0),
    "*#4": HearLouder(-3.0),
    "*#6": HearLouder(3.0),
    "*9": Count(),
    "*0": Leave(),
    "**": Help(),
}


def press(role: Role, digits: str, *, every_s: float = 1.0) -> list[Order | WrongKeys]:
    keys = Keys(role)
    pressed = [keys.press(digit, every_s * number) for number, digit in enumerate(digits)]
    return [each for each in pressed if each is not None]


@pytest.mark.parametrize(("digits", "order"), HOST.items())
def test_a_host_gives_an_order(digits: str, order: Order) -> None:
    assert press(Role.HOST, digits) == [order]


@pytest.mark.parametrize(("digits", "order"), GUEST.items())
def test_a_guest_gives_an_order(digits: str, order: Order) -> None:
    assert press(Role.GUEST, digits) == [order]


@pytest.mark.parametrize("digits", ["*2", "*8", "*3", "*5", "*7"])
def test_what_only_hosts_can_order_is_nothing_to_a_guest(digits: str) -> None:
    assert press(Role.GUEST, digits) == [WrongKeys()]


@pytest.mark.parametrize("digits", ["*#0#", "*3#", "*312345#", "*#7", "*#*", "*0" + "1" * (ARGUMENT_MAX + 1)])
def test_what_means_nothing_is_told(digits: str) -> None:
    assert press(Role.HOST, digits) == [WrongKeys()]


def test_digits_without_a_star_mean_nothing() -> None:
    assert press(Role.HOST, "1234567890#") == []


def test_a_star_begins_anew_while_a_number_is_typed() -> None:
    assert press(Role.HOST, "*0493*1") == [MuteSelf()]


def test_a_key_that_nothing_follows_was_none() -> None:
    assert press(Role.HOST, "*1", every_s=KEY_S) == []
    assert press(Role.HOST, "*1", every_s=KEY_S - 0.1) == [MuteSelf()]


def test_the_table_of_the_file_names_every_key() -> None:
    described = module.__doc__ or ""
    codes = [*module._AT_ONCE, *module._OF_HOSTS, *module._WITH_NUMBER]  # pyright: ignore[reportPrivateUsage]
    for code in codes:
        assert f"`*{code}" in described, code
