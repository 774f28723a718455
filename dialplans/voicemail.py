"""Voicemail by phone: hearing messages, one's own greetings, the PIN.

In numbers.toml:

    [[route]]
    number = "*97"
    flow = "voicemail"

    [[route]]
    number = "*98"
    flow = "voicemail"

From a phone that has a box, or shares one, *97 opens it at once; *98, and a call from anywhere else, asks for the box's
number and its PIN. After *97 or *98 a box may be dialled as well (route "*97!"): *97190 opens box 190.

In the main menu 1 is for the new messages, 2 for the old ones, 0 for greetings and the PIN, * says goodbye. With a
message:

    1  again from its beginning        4  the message before       7  delete, or have it back
    2  pause, and go on                5  call who left it         8  a copy for another box
    3  when, from whom, how long       6  the next message         9  keep as new
    *  five seconds back; after its end, to the main menu
    #  five seconds on; after its end, the next message
"""

from datetime import datetime

from softswitch.dialplan import Call, GreetingKind, OpenBox, Said, VoiceMessage, flow, spoken

OTHER_BOX = "*98"
TRIES = 3
SKIP_S = 5.0
PAUSE_S = 60.0
"""A message that is paused goes on after this."""
SHORTEST_GREETING_S = 0.5
KEYS = "0123456789*#"
GREETINGS: dict[str, GreetingKind] = {"1": "away", "2": "busy", "3": "name", "4": "temporary"}


@flow
async def voicemail(call: Call) -> None:
    dialled = call.called_number
    box = None
    if not dialled.startswith(OTHER_BOX):
        box = await call.open_voice_box(dialled[3:] if dialled.startswith("*97") else "")
    box = box or await ask_which(call)
    if box is None:
        await call.play("greeting/goodbye")
        return
    await main_menu(call, box, await tell_counts(call, box))
    await call.play("greeting/goodbye")


async def ask_which(call: Call) -> OpenBox | None:
    """By number and PIN."""
    dialled = call.called_number.removeprefix(OTHER_BOX)
    number = dialled if call.called_number.startswith(OTHER_BOX) else ""
    for _ in range(TRIES):
        name = number or (await call.gather("voicemail/enter-mailbox", maximum=20, timeout_s=10)).digits
        pin = (await call.gather("voicemail/enter-password", maximum=12, timeout_s=10)).digits
        box = await call.open_voice_box(name, pin) if name else None
        if box is not None:
            return box
        await call.play("voicemail/wrong-password")
    return None


async def tell_counts(call: Call, box: OpenBox) -> str:
    """Returns the key that has cut it short: whoever knows the menu need not hear it."""
    counts = box.counts
    if not counts.new and not counts.old:
        return await call.play("voicemail/no-messages", stop_digits=KEYS)
    said: list[Said] = ["voicemail/you-have", spoken.count(counts.new, "new-message")]
    if counts.old:
        said += ["voicemail/old-messages", counts.old]
    return await call.play(*said, stop_digits=KEYS)


async def main_menu(call: Call, box: OpenBox, key: str) -> None:
    silences = 0
    while silences < TRIES:
        match key or (await call.gather("voicemail/main-menu", maximum=1, end_digits="")).digits:
            case "1":
                await listen(call, box, "new")
            case "2":
                await listen(call, box, "old")
            case "0":
                await options(call, box)
            case "*" | "#":
                return
            case "":
                silences += 1
            case _:
                await call.play("menu/invalid-choice")
        key = ""


# Hearing messages


async def listen(call: Call, box: OpenBox, state: str) -> None:
    """Through all that are new, or old, when it begins."""
    messages = box.messages(state)
    if not messages:
        await call.play("voicemail/no-messages")
        return
    at = 0
    while at < len(messages):
        message = messages[at]
        await call.play("voicemail/message", at + 1, *(("voicemail/urgent",) if message.is_urgent else ()))
        way = await hear(call, box, message)
        if way == "leave":
            return
        at = max(0, at - 1) if way == "before" else at + 1
    await call.play("voicemail/end-of-messages")


async def hear(call: Call, box: OpenBox, message: VoiceMessage) -> str:
    """Returns where to go: "next", "before" or "leave"."""
    key = await play(call, box, message)
    silences = 0
    while silences < TRIES:
        match key or (await call.gather("voicemail/message-menu", maximum=1, end_digits="")).digits:
            case "1":
                key = await play(call, box, message)
                continue
            case "3":
                await envelope(call, message)
            case "4":
                return "before"
            case "5":
                await call_sender(call, message)
            case "6" | "#":
                return "next"
            case "7":
                await delete(call, box, message)
            case "8":
                await forward(call, box, message)
            case "9":
                await confirm(call, await box.renew(message), "voicemail/saved")
                return "next"
            case "*":
                return "leave"
            case "":
                silences += 1
            case _:
                await call.play("menu/invalid-choice")
        key = ""
    return "leave"


async def play(call: Call, box: OpenBox, message: VoiceMessage) -> str:
    """To its end, or to a key that is not about playing."""
    at_s = 0.0
    while True:
        played = await box.play(message, skip_s=at_s, stop_digits=KEYS)
        match played.digit:
            case "*":
                at_s = max(0.0, played.at_s - SKIP_S)
            case "#":
                at_s = played.at_s + SKIP_S
                if at_s >= message.duration_s:
                    return ""
            case "2":
                key = (await call.gather(maximum=1, timeout_s=PAUSE_S, end_digits="")).digits
                if key not in ("", "2"):
                    return key
                at_s = max(0.0, played.at_s - 1.0)
            case key:
                return key


async def envelope(call: Call, message: VoiceMessage) -> None:
    when = datetime.fromtimestamp(message.received_wall).astimezone()
    said: list[Said] = ["voicemail/received-at", spoken.date(when, weekday=True), spoken.time(when)]
    if message.calling_number:
        said += ["voicemail/from", spoken.telephone(message.calling_number)]
    said += ["voicemail/length", spoken.duration(max(1, round(message.duration_s)))]
    await call.play(*said, stop_digits="#")


async def call_sender(call: Call, message: VoiceMessage) -> None:
    if not message.calling_number:
        await call.play("phone/not-possible")
        return
    await call.play("connect/connecting")
    outcome = await call.dial(message.calling_number)
    if not outcome.is_answered:
        await call.play("phone/not-possible")


async def delete(call: Call, box: OpenBox, message: VoiceMessage) -> None:
    is_deleted = any(each.message_id == message.message_id for each in box.messages("deleted"))
    if is_deleted:
        await confirm(call, await box.keep(message), "voicemail/undeleted")
    else:
        await confirm(call, await box.delete(message), "voicemail/deleted")


async def forward(call: Call, box: OpenBox, message: VoiceMessage) -> None:
    number = (await call.gather("voicemail/forward-to", maximum=20, timeout_s=10)).digits
    await confirm(call, bool(number) and await box.forward(message, number), "voicemail/forwarded")


# Greetings and the PIN


async def options(call: Call, box: OpenBox) -> None:
    silences = 0
    while silences < TRIES:
        match (await call.gather("voicemail/greetings-menu", maximum=1, end_digits="")).digits:
            case "1" | "2" | "3" | "4" as key:
                await change_greeting(call, box, GREETINGS[key])
            case "5":
                await change_pin(call, box)
            case "*" | "#":
                return
            case "":
                silences += 1
            case _:
                await call.play("menu/invalid-choice")


async def change_greeting(call: Call, box: OpenBox, kind: GreetingKind) -> None:
    choice = await call.menu("voicemail/greeting-menu", digits="123*", default="*")
    if choice.digit == "1":
        await record_greeting(call, box, kind)
    elif choice.digit == "2":
        path = box.greeting(kind)
        if path:
            await call.play_recorded(path, stop_digits=KEYS)
        else:
            await call.play("voicemail/no-greeting")
    elif choice.digit == "3":
        await confirm(call, await box.set_greeting(kind, None), "voicemail/greeting-removed")


async def record_greeting(call: Call, box: OpenBox, kind: GreetingKind) -> None:
    for _ in range(TRIES):
        await call.play("voicemail/record-name" if kind == "name" else "voicemail/record-greeting")
        recorded = await box.record()
        if recorded.is_caller_gone or recorded.duration_s < SHORTEST_GREETING_S:
            box.discard(recorded)
            await call.play("voicemail/too-short")
            continue
        await call.play_recorded(recorded.path, stop_digits=KEYS)
        choice = await call.menu("voicemail/accept-greeting", digits="13*", default="*")
        if choice.digit == "1":
            await confirm(call, await box.set_greeting(kind, recorded), "voicemail/greeting-saved")
            return
        box.discard(recorded)
        if choice.digit == "*":
            return


async def change_pin(call: Call, box: OpenBox) -> None:
    pin = (await call.gather("voicemail/new-pin", maximum=12, timeout_s=10)).digits
    again = (await call.gather("voicemail/new-pin-again", maximum=12, timeout_s=10)).digits
    await confirm(call, pin == again and await box.set_pin(pin), "voicemail/pin-changed")


async def confirm(call: Call, is_done: bool, said: str) -> None:
    await call.play(said if is_done else "phone/not-possible")
