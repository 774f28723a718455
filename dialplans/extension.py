"""Colleagues call each other, and outside numbers if they may.

In numbers.toml, for three-digit extensions and for outside numbers:

    [[route]]
    number = "1xx"
    flow = "extension"

    [[route]]
    number = "+!"
    flow = "extension"

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
    if not outcome.is_answered:
        await call.play(SAID[outcome.reason], answer=False)
        await call.reject(outcome.refusal_status)
