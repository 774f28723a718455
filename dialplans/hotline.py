"""A hotline as client companies buy it: opening hours, greeting, menu, queue by skill, call-back, recording, survey.

In numbers.toml:

    [[route]]
    number = "+18005550100"
    flow = "hotline"

It expects a schedule "office" (schedules.toml) and the queues named in QUEUES (queues.toml). It serves many client
companies as it is: for a number with `project = "acme"` these are the project's `hours`, or "acme.office", and
"acme.sales" and "acme.support" where there are such; the greeting is sounds/acme/en/greeting/welcome.wav, and the
notice of recording is that of the project (docs/projects.md).

Copy this file into the `dialplans` folder of your configuration to change it; yours is then used instead of this one.
The names below that are empty are for what not everybody has: lists of callers, a CRM, call-backs.
"""

from softswitch.dialplan import Call, QueueOutcome, QueueReason, flow

SCHEDULE = "office"
"""Of a project with `hours` these."""
QUEUES = {"1": "sales", "2": "support"}
"""Which digit of the menu leads to which queue."""
WITHOUT_CHOICE = "2"
"""Where callers go who choose nothing (they may have no keys)."""
UNWANTED = ""
"""A list of callers.toml whose numbers are refused; as with all these names, one of the project goes first."""
VIP = ""
"""A list of callers.toml whose numbers come VIP_S seconds earlier."""
VIP_S = 120.0
CRM = ""
"""A lookup of lookups.toml. What it answers counts: "language", "vip" (true), "agent" (who has the caller first, for
AGENT_S) and "customer", which is noted in the call's record."""
AGENT_S = 20.0
OFFERS_CALLBACK = False
"""Who has waited in vain is asked whether he wants to be called back: for queues with `callbacks`."""
NOT_SERVED = (QueueReason.TIMED_OUT, QueueReason.FULL)


@flow
async def hotline(call: Call) -> None:
    if UNWANTED and call.listed(UNWANTED):
        await call.reject(603)
    if not call.is_open(call.project.hours or SCHEDULE):
        await closed(call)
        return
    boost_s, agent = await who_is_it(call)
    # A project with a `recording_notice` tells callers itself, where they are recorded.
    notice = [] if call.project.recording_notice else ["greeting/recording-notice"]
    await call.play("greeting/welcome", notice)
    choice = await call.menu("menu/sales-or-support", digits="".join(QUEUES), default=WITHOUT_CHOICE)
    queue = QUEUES[choice.digit]
    outcome = await call.queue(queue, boost_s=boost_s, preferred_agent=agent, preferred_for_s=AGENT_S if agent else 0.0)
    await say_what_came_of_it(call, outcome)
    if OFFERS_CALLBACK and outcome.reason in NOT_SERVED:
        await call.run("callback_offer", queue=queue)
    await call.play("greeting/goodbye")


async def who_is_it(call: Call) -> tuple[float, str]:
    """How many seconds earlier the caller comes, and who is to have him first."""
    is_important = bool(VIP) and call.listed(VIP) is not None
    agent = ""
    if CRM:
        known = await call.look_up(CRM)
        call.language = known.text("language", call.language)
        is_important |= known.is_true("vip")
        agent = known.text("agent")
        if known.text("customer"):
            call.tag("customer", known.text("customer"))
    return (VIP_S if is_important else 0.0), agent


async def say_what_came_of_it(call: Call, outcome: QueueOutcome) -> None:
    match outcome.reason:
        case QueueReason.ANSWERED:
            # The agent has hung up first; callers who did so themselves are not asked. For more than one question:
            # await call.run("after_call_survey")
            await call.survey("satisfaction", "survey/question", scale=5)
        case QueueReason.TIMED_OUT:
            await call.play("queue/waited-too-long", "queue/nobody-available")
        case QueueReason.FULL:
            await call.play("queue/full")
        case QueueReason.CLOSED | QueueReason.WITHDRAWN:
            await call.play("queue/nobody-available")
        case QueueReason.OVERFLOWED | QueueReason.EXITED:
            pass  # the flow of the overflow, or of the key, has spoken to the caller


@flow
async def closed(call: Call) -> None:
    """Outside opening hours; also a good `otherwise` of a route and target of a queue's overflow."""
    await call.play("greeting/closed", "greeting/goodbye")
