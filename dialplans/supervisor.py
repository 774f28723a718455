"""Supervisors listen to agents of their teams, whisper to them, barge in, or follow one from call to call.

In numbers.toml, each followed by the extension of the agent:

    [[route]]
    number = "*51!"                 # listen; 4, 5, 6 then switch to listening, whispering, barging
    flow = "supervise_listen"

    [[route]]
    number = "*52!"                 # whisper: only the agent hears it
    flow = "supervise_whisper"

    [[route]]
    number = "*53!"                 # barge: all hear all
    flow = "supervise_barge"

    [[route]]
    number = "*54!"                 # listen to this call and all that follow, until 0 is pressed
    flow = "supervise_follow"

7 takes the call over, 0 ends it. Who may supervise whom is said in agents.toml (`teams`, `supervises`); each time is in
the record of the call that was supervised.
"""

from softswitch.dialplan import Call, SupervisionModeName, flow

CODE_DIGITS = 3
"""*51 and the like; the extension follows."""


@flow
async def supervise_listen(call: Call) -> None:
    await supervise(call, "listen")


@flow
async def supervise_whisper(call: Call) -> None:
    await supervise(call, "whisper")


@flow
async def supervise_barge(call: Call) -> None:
    await supervise(call, "barge")


@flow
async def supervise_follow(call: Call) -> None:
    await supervise(call, "listen", follow=True)


async def supervise(call: Call, mode: SupervisionModeName, *, follow: bool = False) -> None:
    whom = call.called_number[CODE_DIGITS:].lstrip("*").removesuffix("#")
    if not whom:
        whom = (await call.gather("phone/enter-number", maximum=20, timeout_s=10)).digits
    if not whom or not await call.supervise(whom, mode, follow=follow):
        await call.play("phone/not-possible")
