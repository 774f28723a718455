"""An agent's work by phone: logging in at any phone with his number and PIN, breaks, the end of wrap-up.

In numbers.toml:

    [[route]]
    number = "*85"                  # log in; *85*NUMBER asks for the PIN only
    flow = "desk_log_in"

    [[route]]
    number = "*85*!"
    flow = "desk_log_in"

    [[route]]
    number = "*86"
    flow = "desk_log_out"

    [[route]]
    number = "*87!"                 # a break; *872 for the second reason of [agents] not_ready_reasons
    flow = "desk_pause"

    [[route]]
    number = "*88"                  # and back
    flow = "desk_resume"

    [[route]]
    number = "*89"                  # done with what follows a call
    flow = "desk_done"

At his own phone *85 logs an agent in without a PIN, unless somebody else sits there. PINs stand in agents.toml (`pin`).
"""

from softswitch.dialplan import Call, flow

TRIES = 3


@flow
async def desk_log_in(call: Call) -> None:
    _, _, number = call.called_number.removesuffix("#").removeprefix("*").partition("*")
    if not number and await call.log_in():
        await call.play("desk/logged-in")
        return
    for _ in range(TRIES):
        who = number or (await call.gather("desk/agent-number", maximum=20, timeout_s=10.0)).digits
        pin = (await call.gather("desk/pin", maximum=12, timeout_s=10.0)).digits
        if who and await call.log_in(who, pin):
            await call.play("desk/logged-in")
            return
        await call.play("desk/refused")


@flow
async def desk_log_out(call: Call) -> None:
    await say_whether(call, await call.log_out(), "desk/logged-out")


@flow
async def desk_pause(call: Call) -> None:
    place = call.called_number.removesuffix("#").removeprefix("*87").lstrip("*")
    reasons = call.break_reasons
    if place.isdecimal() and 0 < int(place) <= len(reasons):
        reason = reasons[int(place) - 1]
    else:
        reason = reasons[0] if reasons and not place else ""
    await say_whether(call, await call.pause_work(reason), "desk/paused")


@flow
async def desk_resume(call: Call) -> None:
    await say_whether(call, await call.resume_work(), "desk/resumed")


@flow
async def desk_done(call: Call) -> None:
    await say_whether(call, await call.finish_wrap_up(), "desk/done")


async def say_whether(call: Call, is_done: bool, said: str) -> None:
    await call.play(said if is_done else "phone/not-possible")
