"""Colleagues call each other, and outside numbers if they may.

In numbers.toml, for three-digit extensions and for outside numbers:

    [[route]]
    number = "1xx"
    flow = "extension"

    [[route]]
    number = "+!"
    flow = "extension"

Whoever does not reach somebody who has a voicemail box may leave a message there.

Who may call out through which trunk stands in trunks.toml (`permitted_callers`); nobody may by default.
"""

from softswitch.dialplan import Call, DialReason, flow

SAID = {
    DialReason.BUSY: "connect/busy",
    DialReason.DECLINED: "connect/busy",
    DialReason.NO_ANSWER: "connect/no-answer",
    DialReason.UNREACHABLE: "connect/unavailable",
    DialReason.FORBIDDEN: "connect/not-permitted",
}


@flow
async def extension(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    if outcome.is_answered:
        return
    if outcome.reason is not DialReason.FORBIDDEN and call.has_voice_box(call.called_number):
        is_busy = outcome.reason in (DialReason.BUSY, DialReason.DECLINED)
        await call.voicemail(call.called_number, greeting="busy" if is_busy else "away")
    else:
        await call.play(SAID[outcome.reason], answer=False)
        await call.reject(outcome.refusal_status)
