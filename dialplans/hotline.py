"""A hotline as client companies buy it: opening hours, greeting, menu, queue by skill, recording, survey.

In numbers.toml:

    [[route]]
    number = "+18005550100"
    flow = "hotline"

It expects a schedule "office" (schedules.toml) and the queues named in QUEUES (queues.toml). Copy this file into the
`dialplans` folder of your configuration to change it; yours is then used instead of this one.
"""

from softswitch.dialplan import Call, QueueReason, flow

SCHEDULE = "office"
QUEUES = {"1": "sales", "2": "support"}
"""Which digit of the menu leads to which queue."""
WITHOUT_CHOICE = "2"
"""Where callers go who choose nothing (they may have no keys)."""


@flow
async def hotline(call: Call) -> None:
    if not call.is_open(SCHEDULE):
        await closed(call)
        return
    await call.play("greeting/welcome", "greeting/recording-notice")
    choice = await call.menu("menu/sales-or-support", digits="".join(QUEUES), default=WITHOUT_CHOICE)
    outcome = await call.queue(QUEUES[choice.digit])
    match outcome.reason:
        case QueueReason.ANSWERED:
            # The agent has hung up first; callers who did so themselves are not asked.
            await call.survey("satisfaction", "survey/question", scale=5)
        case QueueReason.TIMED_OUT:
            await call.play("queue/waited-too-long", "queue/nobody-available")
        case QueueReason.FULL:
            await call.play("queue/full")
        case QueueReason.CLOSED | QueueReason.WITHDRAWN:
            await call.play("queue/nobody-available")
        case QueueReason.OVERFLOWED | QueueReason.EXITED:
            pass  # the flow of the overflow, or of the key, has spoken to the caller
    await call.play("greeting/goodbye")


@flow
async def closed(call: Call) -> None:
    """Outside opening hours; also a good `otherwise` of a route and target of a queue's overflow."""
    await call.play("greeting/closed", "greeting/goodbye")
