"""What flows say and ask, in virtual time: values, menus with type-ahead, loops without waiting."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from softswitch.dialplan import Call, MenuChoice, flow, spoken
from softswitch.media.protocol import StartPlay
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

CHOSEN: list[MenuChoice] = []


@flow
async def balance(call: Call) -> None:
    await call.play("account/balance", [spoken.money(5, "RUB"), 7])
    await call.say("Good day.")


@flow
async def nested(call: Call) -> None:
    CHOSEN.append(await call.menu("first", digits="12", timeout_s=4.0))
    CHOSEN.append(await call.menu("second", choices=["1xx", "0"], between_s=2.0, tries=1, default="0"))


@flow
async def spinning(call: Call) -> None:
    await call.answer()
    while True:
        try:
            await call.play()
        except Exception:
            continue


def played(centre: SimulatedCentre) -> list[list[str]]:
    return [list(each.playback.sounds) for each in centre.media_commands if isinstance(each, StartPlay)]


def run(
    directory: Path,
    number: str,
    scenario: Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]],
) -> SimulatedCentre:
    CHOSEN.clear()
    centre = SimulatedCentre(
        directory,
        flows={"balance": balance, "nested": nested, "spinning": spinning},
        routes={"1": "balance", "2": "nested", "3": "spinning"},
    )

    async def prepared(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(number)
        await centre.until(lambda: caller.is_answered)
        await scenario(centre, caller)
        await centre.all_over()

    centre.run(prepared)
    return centre


async def listens(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
    await centre.until(lambda: not centre.controller.calls)


def test_values_lists_and_texts_are_heard_in_their_order(tmp_path: Path) -> None:
    centre = run(tmp_path, "1", listens)
    assert played(centre) == [["account/balance", "money 5.00 RUB", "number 7"], ["text Good day."]]
    (cdr,) = centre.cdrs()
    assert (cdr.end_reason, cdr.fault) == ("completed", "")


def test_digits_typed_ahead_go_through_menus_and_nothing_of_them_is_heard(tmp_path: Path) -> None:
    async def types(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: bool(played(centre)))
        for digit in "2112":
            caller.press(digit)
        await listens(centre, caller)

    centre = run(tmp_path, "2", types)
    assert [MenuChoice("2"), MenuChoice("112", pattern="1xx")] == CHOSEN
    assert played(centre) == [["first"]]


def test_what_was_typed_after_a_wrong_key_is_dropped(tmp_path: Path) -> None:
    async def types(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: bool(played(centre)))
        for digit in "911":
            caller.press(digit)
        await centre.until(lambda: ["menu/invalid-choice"] in played(centre))
        await centre.sleep(0.5)
        caller.press("1")
        await centre.until(lambda: ["second"] in played(centre))
        caller.press("0")
        await listens(centre, caller)

    centre = run(tmp_path, "2", types)
    assert [MenuChoice("1"), MenuChoice("0")] == CHOSEN
    assert played(centre) == [["first"], ["menu/invalid-choice"], ["second"]]


def test_a_flow_that_loops_without_waiting_is_stopped_and_reported(tmp_path: Path) -> None:
    centre = run(tmp_path, "3", listens)
    assert played(centre) == [["fault/technical"]]
    (cdr,) = centre.cdrs()
    assert cdr.end_reason == "failed"
    assert cdr.fault.startswith("the flow loops without waiting: 200 verbs within a second")
    assert "in spinning" in cdr.fault
