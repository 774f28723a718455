"""What flows say and ask, in virtual time: values, menus with type-ahead, loops without waiting."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.config.menu_rows import MenuRow
from softswitch.dialplan import Call, MenuChoice, flow, spoken
from softswitch.dialplan.menu_walk import menu_flows
from softswitch.dialplan.menus import compile_menu
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


MENUS = [
    MenuRow(
        id="main",
        text="Choose.",
        keys={"1": ("queue:support", "flow:balance"), "2": "menu:more", "3": "dial:110"},
        default="queue:support",
        tries=2,
    ),
    MenuRow(id="more", text="More.", keys={"7": "play:news", "*": "back", "1xx": "dial"}),
]


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
        flows={
            "balance": balance,
            "nested": nested,
            "spinning": spinning,
            **menu_flows([compile_menu(row) for row in MENUS]),
        },
        routes={"1": "balance", "2": "nested", "3": "spinning", "4": "main"},
        queues=[Queue(queue_id=QueueId("support"), max_wait_s=30.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="carl", number="110")],
    )

    async def prepared(centre: SimulatedCentre) -> None:
        assert await centre.phone("carl").register() == 200
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


async def hears(centre: SimulatedCentre, *sounds: str) -> None:
    await centre.until(lambda: list(sounds) in played(centre))


def test_a_caller_goes_through_menus_of_the_configuration_to_a_phone(tmp_path: Path) -> None:
    async def types(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await hears(centre, "menus/main")
        caller.press("2")
        await hears(centre, "menus/more")
        caller.press("7")
        await hears(centre, "news")
        for digit in "110":
            caller.press(digit)
        await centre.until(lambda: centre.phone("carl").is_answered)
        centre.phone("carl").hang_up()
        await listens(centre, caller)

    centre = run(tmp_path, "4", types)
    (cdr,) = centre.cdrs()
    assert (cdr.end_reason, cdr.fault) == ("completed", "")
    assert cdr.tags == {"menu": "main:2 more:7 more:110"}


def test_a_caller_without_keys_comes_to_the_queue_and_then_to_what_follows_it(tmp_path: Path) -> None:
    centre = run(tmp_path, "4", listens)
    sounds = played(centre)
    assert sounds[:4] == [["menus/main"], ["menu/no-choice"]] * 2
    assert ["queue/nobody-available"] in sounds
    (cdr,) = centre.cdrs()
    assert (cdr.queue, cdr.tags["menu"]) == ("support", "main:timed_out")


def test_who_is_not_served_goes_on_with_the_next_step_of_his_key(tmp_path: Path) -> None:
    async def types(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await hears(centre, "menus/main")
        caller.press("1")
        await listens(centre, caller)

    sounds = played(run(tmp_path, "4", types))
    assert sounds[-3:] == [
        ["queue/nobody-available"],
        ["account/balance", "money 5.00 RUB", "number 7"],
        ["text Good day."],
    ]
