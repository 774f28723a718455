"""What the owner of a phone does by dialling codes: forwards, do not disturb, call waiting, intercom, pickup.

In numbers.toml:

    [[route]]
    number = "*!"
    flow = "star_codes"

    [[route]]
    number = "#!"
    flow = "star_codes"

The codes stand in the tables below, and nowhere else; each is known in the form of European exchanges (*21*102#) and in
that of American ones (*72102). A "#" at the end may be left out. A code that needs a number and comes without one asks
for it. To change codes, copy this file into the `dialplans` folder of your configuration: yours is then used instead.

Phones that interpret such codes themselves must be told not to; and in some a "#" ends dialling: then only the
American forms can be typed.
"""

from softswitch.dialplan import Call, ForwardReason, flow

FORWARD: dict[str, ForwardReason] = {
    "*21*": "always",
    "*67*": "busy",
    "*61*": "no_answer",
    "*62*": "unregistered",
    "*21": "always",
    "*67": "busy",
    "*61": "no_answer",
    "*62": "unregistered",
    "*72": "always",
    "*90": "busy",
    "*92": "no_answer",
    "*94": "unregistered",
}
"""A number follows: calls go there. For no answer, *61*NUMBER*SECONDS# says how long the phone rings before."""
FORWARD_NO_MORE: dict[str, ForwardReason] = {
    "#21": "always",
    "#67": "busy",
    "#61": "no_answer",
    "#62": "unregistered",
    "*73": "always",
    "*91": "busy",
    "*93": "no_answer",
    "*95": "unregistered",
}
FORWARD_NOTHING = "#002"
"""Every forward is taken back."""
ASK = "*#21"
"""Says what is switched on."""
DO_NOT_DISTURB = {"*26": True, "*78": True, "#26": False, "*79": False}
CALL_WAITING = {"*43": True, "*70": True, "#43": False, "*71": False}
INTERCOM = "*80"
"""An extension follows: its phone answers by itself, if it may."""
LAST_CALLER = "*69"
"""Who has called here last is said, and called back with 1."""
CALL_WHEN_FREE = "*37"
"""An extension that was busy follows, else it is the one called last: both are rung as soon as they are free."""
CALL_NOBODY_WHEN_FREE = "#37"
PICK_UP = "**"
"""An extension follows: what rings there is answered here."""
PICK_UP_GROUP = "*8"
"""What rings at a phone of the same pickup group is answered here."""

SAID: dict[ForwardReason, str] = {
    "always": "phone/forwarded",
    "busy": "phone/forwarded-busy",
    "no_answer": "phone/forwarded-no-answer",
    "unregistered": "phone/forwarded-unregistered",
}
DIGITS = {
    **{digit: f"digit/{digit}" for digit in "0123456789"},
    "+": "digit/plus",
    "*": "digit/star",
    "#": "digit/pound",
}


@flow
async def star_codes(call: Call) -> None:
    dialled = call.called_number.removesuffix("#")
    if dialled == FORWARD_NOTHING:
        await confirm(call, await forward_nothing(call), "phone/forwarded-no-more")
    elif dialled == ASK:
        await tell(call)
    elif dialled == CALL_NOBODY_WHEN_FREE:
        await confirm(call, await call.cancel_calls_when_free(), "phone/no-call-when-free")
    elif dialled.startswith(CALL_WHEN_FREE):
        whom = dialled.removeprefix(CALL_WHEN_FREE).lstrip("*") or call.last_called
        is_done = bool(whom) and await call.call_when_free(whom)
        await confirm(call, is_done, "phone/call-when-free", *spelt(whom))
    elif dialled == LAST_CALLER:
        await call_back(call)
    elif dialled in FORWARD_NO_MORE:
        await confirm(call, await call.set_forwarding(FORWARD_NO_MORE[dialled], ""), "phone/forwarded-no-more")
    elif dialled in DO_NOT_DISTURB:
        is_on = DO_NOT_DISTURB[dialled]
        said = "phone/do-not-disturb-on" if is_on else "phone/do-not-disturb-off"
        await confirm(call, await call.set_do_not_disturb(is_on), said)
    elif dialled in CALL_WAITING:
        is_on = CALL_WAITING[dialled]
        said = "phone/call-waiting-on" if is_on else "phone/call-waiting-off"
        await confirm(call, await call.set_call_waiting(is_on), said)
    elif dialled == PICK_UP_GROUP or dialled.startswith(PICK_UP):
        await pick_up(call, dialled.removeprefix(PICK_UP).removeprefix(PICK_UP_GROUP))
    elif dialled.startswith(INTERCOM):
        await intercom(call, dialled.removeprefix(INTERCOM))
    else:
        await forward(call, dialled)
    await call.hang_up()


async def forward(call: Call, dialled: str) -> None:
    code = next((code for code in sorted(FORWARD, key=len, reverse=True) if dialled.startswith(code)), None)
    if code is None:
        await call.play("phone/unknown-code")
        return
    number, _, seconds = dialled.removeprefix(code).partition("*")
    if not number:
        number = (await call.gather("phone/enter-number", maximum=20, timeout_s=10)).digits
    reason = FORWARD[code]
    after_s = float(seconds) if seconds.isdecimal() else None
    is_done = bool(number) and await call.set_forwarding(reason, number, after_s=after_s)
    await confirm(call, is_done, SAID[reason], *spelt(number))


async def intercom(call: Call, extension: str) -> None:
    outcome = await call.dial(extension, intercom=True) if extension else None
    if outcome is None or not outcome.is_answered:
        await call.play("phone/not-possible")


async def call_back(call: Call) -> None:
    number = call.last_caller
    if not number:
        await call.play("phone/nobody-called")
        return
    wish = await call.gather("phone/last-caller", *spelt(number), "phone/press-one-to-call", maximum=1)
    if wish.digits == "1":
        outcome = await call.dial(number)
        if not outcome.is_answered:
            await call.play("phone/not-possible")


async def pick_up(call: Call, extension: str) -> None:
    if not await call.pick_up(extension):
        await call.play("phone/nobody-rings")


async def tell(call: Call) -> None:
    """What the phone is set to."""
    phone = call.phone
    if phone is None:
        await call.play("phone/not-possible")
        return
    for reason, said in SAID.items():
        if reason in phone.forwards:
            await call.play(said, *spelt(phone.forwards[reason]))
    if not phone.forwards:
        await call.play("phone/forwarded-no-more")
    await call.play("phone/do-not-disturb-on" if phone.do_not_disturb else "phone/do-not-disturb-off")


async def confirm(call: Call, is_done: bool, *said: str) -> None:
    await call.play(*(said if is_done else ("phone/not-possible",)))


async def forward_nothing(call: Call) -> bool:
    done = [await call.set_forwarding(reason, "") for reason in SAID]
    return all(done)


def spelt(number: str) -> list[str]:
    return [DIGITS[character] for character in number if character in DIGITS]
