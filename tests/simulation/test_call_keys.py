"""Commands by key in whole calls: recording on demand, transfers, and what is for the other side."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import SendDigits
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

Scenario = Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]]
NUMBERS = {"ann": "101", "bob": "102"}


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number, ring_s=10)


@flow
async def compulsory(call: Call) -> None:
    await call.dial("101", record=True)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Somebody from outside talks to ann, who may command by keys."""

    def run(scenario: Scenario, *, number: str = "101") -> None:
        centre = SimulatedCentre(
            tmp_path,
            flows={"colleague": colleague, "compulsory": compulsory},
            routes={"1xx": "colleague", "600": "compulsory"},
            phones=[
                Extension(username="ann", number="101", call_keys=True),
                Extension(username="bob", number="102"),
            ],
            settings=CallSettings(domain="centre.test", media_ip="10.0.0.1", recordings_directory=str(tmp_path)),
        )

        async def begin(centre: SimulatedCentre) -> None:
            for name in NUMBERS:
                assert await centre.phone(name).register() == 200
            caller = centre.caller("+15550123")
            caller.call(number)
            await centre.until(lambda: caller.is_answered and talk(centre) is not None)
            await centre.sleep(1)
            await scenario(centre, caller)
            caller.hang_up()
            await centre.all_over()
            assert not any(cdr.fault for cdr in centre.cdrs())

        centre.run(begin)

    return run


def talk(centre: SimulatedCentre) -> ActiveCall | None:
    return next((call for call in centre.controller.calls.values() if call.conversation is not None), None)


def type_in(phone: SimulatedPhone, keys: str) -> None:
    for key in keys:
        phone.press(key)


def sent(centre: SimulatedCentre) -> str:
    """Digits that were passed on as sound or events."""
    return "".join(each.digits for each in centre.media_commands if isinstance(each, SendDigits))


def test_a_recording_on_demand(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        type_in(centre.phone("ann"), "*1")
        await centre.sleep(4)
        type_in(centre.phone("ann"), "*1")
        await centre.sleep(4)
        assert sent(centre) == ""
        caller.hang_up()
        await centre.all_over()
        (recording,) = centre.store.recordings.ascending()
        assert recording.duration_s == pytest.approx(4, abs=0.5)

    play(scenario)


def test_what_must_be_recorded_is_not_his_to_end(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        type_in(centre.phone("ann"), "*1")
        await centre.sleep(1)
        call = talk(centre)
        assert call is not None
        assert call.recordings.is_compulsory
        assert call.recordings.current is not None

    play(scenario, number="600")


def test_a_transfer_by_key(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        type_in(centre.phone("ann"), "*2102#")
        await centre.until(lambda: centre.phone("bob").is_answered and not centre.phone("ann").is_answered)
        assert caller.is_answered
        assert sent(centre) == ""
        centre.phone("bob").hang_up()
        await centre.all_over()
        first, second = sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)
        assert (first.end_reason, first.transferred_to) == ("transferred", "102")
        assert second.transferred_by == "ann"

    play(scenario)


def test_who_is_not_reached_comes_back(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        centre.phone("bob").busy_status = 486
        ann = centre.phone("ann")
        type_in(ann, "*2102#")
        await centre.until(lambda: len(ann.seen(InviteReceived)) == 2 and ann.is_answered)
        assert caller.is_answered

    play(scenario)


def test_a_number_that_leads_nowhere_changes_nothing(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        type_in(centre.phone("ann"), "*2999#")
        await centre.sleep(2)
        assert talk(centre) is not None
        assert "tone busy" in str(centre.media_commands)

    play(scenario)


def test_other_keys_are_for_the_other_side_and_a_star_is_late(play: Callable[..., None]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        type_in(centre.phone("ann"), "5*9")
        await centre.sleep(1)
        type_in(centre.phone("ann"), "*")
        await centre.sleep(2)
        assert sent(centre) == "5*9*"
        caller.press("*")
        await centre.sleep(0.5)
        assert sent(centre) == "5*9**", "the caller commands nothing, and nothing of his is held back"

    play(scenario)
