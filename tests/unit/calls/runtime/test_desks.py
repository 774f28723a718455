"""Who sits at which phone."""

import pytest

from softswitch.acd.inputs import AcdInput, AgentLoggedIn, AgentLoggedOut, AgentReachable, AgentUnreachable
from softswitch.base.ids import AgentId
from softswitch.calls.pin_guard import LOCKED_S, WRONG_PINS_MAX
from softswitch.calls.runtime.desks import Desks
from softswitch.calls.runtime.open_lines import OpenLines
from softswitch.calls.settings import CallSettings, Extension
from softswitch.store import Store, memory_store
from softswitch.testing.clock import ManualClock

ANN, BOB = AgentId("ann"), AgentId("bob")
CONFIGURED = CallSettings(
    domain="centre.test",
    media_ip="10.0.0.1",
    recordings_directory="",
    extensions={
        "ann": Extension(username="ann", number="101", agent_id=ANN, pin="1234", language="ru", projects=("acme",)),
        "bob": Extension(username="bob", number="102", agent_id=BOB, pin="5678"),
        "spare": Extension(username="spare", number="110", trunks=frozenset({"provider"})),
    },
)


class Office:
    def __init__(self, store: Store | None = None, *, registered: tuple[str, ...] = ("ann", "bob", "spare")) -> None:
        self.store = store or memory_store()
        self.clock = ManualClock()
        self.facts: list[AcdInput] = []
        self.desks = Desks(
            CONFIGURED,
            self.store,
            self.clock,
            self,
            lines=OpenLines(),
            take_settings=self.take,
            is_registered=lambda username: username in registered,
        )
        self.settings = self.desks.settings

    def apply(self, fact: AcdInput) -> None:
        self.facts.append(fact)

    def take(self, settings: CallSettings) -> None:
        self.settings = settings

    def phone(self, username: str) -> Extension:
        return self.settings.extensions[username]


def test_an_agent_with_his_pin_is_whose_phone_it_is_with_the_rights_of_the_phone() -> None:
    office = Office()
    assert office.desks.log_in(office.phone("spare"), "101", "1234")
    spare = office.phone("spare")
    assert (spare.agent_id, spare.language, spare.trunks) == (ANN, "ru", frozenset({"provider"}))
    assert spare.projects == ("acme",), "his calls are for whom he works"
    assert office.phone("ann").agent_id is None
    assert office.settings.extension_of_agent(ANN) == spare
    assert office.facts == [AgentReachable(ANN), AgentLoggedIn(ANN, by=ANN)]


@pytest.mark.parametrize(("who", "pin"), [("101", "9999"), ("101", ""), ("110", ""), ("999", "1234"), ("", "1234")])
def test_nobody_else_is(who: str, pin: str) -> None:
    office = Office()
    assert not office.desks.log_in(office.phone("spare"), who, pin)
    assert office.facts == []
    assert office.settings == CONFIGURED


def test_at_his_own_phone_he_needs_no_pin() -> None:
    office = Office()
    assert office.desks.log_in(office.phone("ann"))
    assert office.facts == [AgentLoggedIn(ANN, by=ANN)]


def test_whose_phone_it_was_cannot_be_reached_until_the_other_goes() -> None:
    office = Office()
    assert office.desks.log_in(office.phone("bob"), "ann", "1234")
    assert office.facts == [
        AgentLoggedOut(BOB, by=ANN),
        AgentReachable(ANN),
        AgentUnreachable(BOB),
        AgentLoggedIn(ANN, by=ANN),
    ]
    office.facts.clear()
    assert office.desks.log_out(office.phone("bob"))
    assert office.facts == [AgentLoggedOut(ANN, by=ANN), AgentReachable(ANN), AgentReachable(BOB)]
    assert office.settings == CONFIGURED


def test_he_sits_at_one_desk_at_a_time() -> None:
    office = Office()
    office.desks.log_in(office.phone("spare"), "101", "1234")
    office.desks.log_in(office.phone("bob"), "101", "1234")
    assert [name for name, each in office.settings.extensions.items() if each.agent_id == ANN] == ["bob"]
    office.desks.log_in(office.phone("ann"), "101", "1234")
    assert office.settings == CONFIGURED


def test_two_may_change_places() -> None:
    office = Office()
    office.desks.log_in(office.phone("bob"), "101", "1234")
    office.desks.log_in(office.phone("ann"), "102", "5678")
    assert (office.phone("ann").agent_id, office.phone("bob").agent_id) == (BOB, ANN)


def test_who_sits_down_last_has_the_desk() -> None:
    office = Office()
    office.desks.log_in(office.phone("spare"), "101", "1234")
    office.facts.clear()
    office.desks.log_in(office.phone("spare"), "102", "5678")
    assert office.phone("spare").agent_id == BOB
    assert office.phone("ann").agent_id == ANN
    assert AgentLoggedOut(ANN, by=BOB) in office.facts


def test_it_is_kept_over_a_restart_and_a_reload() -> None:
    office = Office()
    office.desks.log_in(office.phone("spare"), "101", "1234")
    again = Office(office.store)
    assert again.phone("spare").agent_id == ANN
    without = CallSettings(
        domain="centre.test", media_ip="", recordings_directory="", extensions={"ann": CONFIGURED.extensions["ann"]}
    )
    assert again.desks.configure(without) == without, "the phone is gone, and he is at his own again"


def test_after_too_many_wrong_pins_the_right_one_is_wrong_for_a_while() -> None:
    office = Office()
    for _ in range(WRONG_PINS_MAX):
        assert not office.desks.log_in(office.phone("spare"), "101", "0000")
    assert not office.desks.log_in(office.phone("spare"), "101", "1234")
    assert office.desks.log_in(office.phone("spare"), "102", "5678"), "another agent's is not concerned"
    office.clock.advance(LOCKED_S)
    assert office.desks.log_in(office.phone("spare"), "101", "1234")
