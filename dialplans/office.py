"""An office's telephone: reception, extensions to dial in the menu or directly from outside, night service, voicemail.

In numbers.toml:

    [[route]]
    number = "+18005550100"         # the number of the office
    flow = "office"

    [[route]]
    number = "+180055501xx"         # direct dialling: the last EXTENSION_DIGITS digits are an extension or a group
    flow = "office_direct"

    [[route]]
    number = "1xx"                  # colleagues among themselves (extension.py)
    flow = "extension"

In agents.toml the phones with numbers such as 101, and groups for those that ring together:

    [[group]]
    id = "reception"
    number = "100"
    members = ["anna", "boris"]

It expects a schedule "office" (schedules.toml), or the hours of the project whose number was called. Whoever is not
reached and has a voicemail box takes messages there; reception's box, for callers at night too, is one of
voicemail.toml with the id "reception". To change anything copy this file into the `dialplans` folder of your
configuration.
"""

from softswitch.dialplan import Call, DialReason, flow

SCHEDULE = "office"
"""When there is somebody; of a project with `hours` these."""
EXTENSIONS = ("1xx", "6xx")
"""What callers may dial in the menu. Outside numbers do not belong here: the office would pay."""
EXTENSION_DIGITS = 3
RECEPTION = "reception"
"""A group of agents.toml, and the box of messages for the office."""
NIGHT_GROUP = ""
"""A group that rings outside the hours, such as a porter; empty: callers are told that it is closed."""
RING_S = 20.0
MISSES_MAX = 3
"""Who has tried so many extensions in vain is with reception."""

SAID = {
    DialReason.BUSY: "connect/busy",
    DialReason.DECLINED: "connect/busy",
    DialReason.NO_ANSWER: "connect/no-answer",
    DialReason.UNREACHABLE: "connect/unavailable",
    DialReason.FORBIDDEN: "connect/unavailable",
}


@flow
async def office(call: Call) -> None:
    if not call.is_open(call.project.hours or SCHEDULE):
        await office_night(call)
        return
    await call.play("greeting/welcome")
    for _ in range(MISSES_MAX):
        choice = await call.menu("office/menu", choices=("0", *EXTENSIONS), default="0")
        if choice.digit == "0":
            break
        if await connect(call, choice.digit):
            return
    await reception(call)


@flow
async def office_direct(call: Call) -> None:
    """Somebody's own number is called from outside; whoever does not reach him may go to reception."""
    if await connect(call, call.called_number[-EXTENSION_DIGITS:]):
        return
    if call.is_open(call.project.hours or SCHEDULE):
        await reception(call)
    else:
        await office_night(call)


@flow
async def office_night(call: Call) -> None:
    """Outside the hours; also a good `otherwise` of a route."""
    if NIGHT_GROUP and (await call.dial(NIGHT_GROUP, ring_s=RING_S)).is_answered:
        return
    await call.play("greeting/closed")
    choice = await call.menu("office/night", choices=EXTENSIONS, tries=1, default="")
    if choice.digit and await connect(call, choice.digit):
        return
    await take_message(call)


async def reception(call: Call) -> None:
    outcome = await call.dial(RECEPTION, ring_s=RING_S)
    if not outcome.is_answered:
        await call.play("queue/nobody-available")
        await take_message(call)


async def take_message(call: Call) -> None:
    if call.has_voice_box(RECEPTION):
        await call.voicemail(RECEPTION, greeting="none")
    await call.play("greeting/goodbye")


async def connect(call: Call, extension: str) -> bool:
    """Whether the caller has talked to somebody there, or left a message; otherwise he knows why not."""
    outcome = await call.dial(extension, ring_s=RING_S)
    if outcome.is_answered:
        return True
    if call.has_voice_box(extension):
        is_busy = outcome.reason in (DialReason.BUSY, DialReason.DECLINED)
        await call.voicemail(extension, greeting="busy" if is_busy else "away")
        return True
    await call.play(SAID[outcome.reason])
    return False
