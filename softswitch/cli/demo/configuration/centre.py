"""The demo's own flows, beside those that come with softswitch. Change them and `softswitch reload`."""

from softswitch.dialplan import Call, QueueOutcome, QueueReason, flow

QUEUES = {"1": "sales", "2": "support"}


@flow
async def russian_hotline(call: Call) -> None:
    """The hotline for callers who want to be spoken to in Russian, by a machine and by people."""
    call.language = "ru"
    await call.play("greeting/welcome", "greeting/recording-notice")
    choice = await call.menu("menu/sales-or-support", digits="12", default="2")
    outcome = await call.queue(QUEUES[choice.digit], skills={"ru": 8})
    await take_leave(call, outcome)


@flow
async def billing_line(call: Call) -> None:
    """A number for one purpose: no menu."""
    await call.play("greeting/welcome", "greeting/recording-notice")
    outcome = await call.queue("billing")
    await take_leave(call, outcome)


async def take_leave(call: Call, outcome: QueueOutcome) -> None:
    """A survey for those who were served, a word for the others."""
    call.tag("outcome", outcome.reason.value)
    if outcome.is_answered:
        await call.survey("satisfaction", "survey/question", scale=5)
    elif outcome.reason is QueueReason.FULL:
        await call.play("queue/full")
    else:
        await call.play("queue/waited-too-long", "queue/nobody-available")
    await call.play("greeting/goodbye")
