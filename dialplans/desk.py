"""Hot desks: an agent logs in at any phone with his number and PIN, and queues' calls ring there until he leaves.

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
    is_gone = await call.log_out()
    await call.play("desk/logged-out" if is_gone else "phone/not-possible")
