"""An order desk: specialists first, general agents when they are busy; the order's number is asked for and looked up.

In numbers.toml:

    [[route]]
    number = "+18005550133"
    flow = "order_desk"

In queues.toml the two queues, with steps that begin with specialists, and what agents can do in agents.toml
(`skills = {orders = 9}`):

    [[queue]]
    id = "orders"
    max_wait_s = 120
    steps = [
        {requirement = "orders >= 8", for_s = 20, skip_if = "nobody_logged_in"},
        {requirement = "orders >= 1"},
    ]

    [[queue]]
    id = "general"                  # whoever is there, when nobody of the order desk has come in time

The number of an order is the tag "order" of the call's record, and the agent's programs find it there. With LOOKUP the
id of a lookup (lookups.toml) whose URL has {order}, the shop says what it knows: "status" (a text, which the caller
hears before he waits) and "agent" (who has taken the order, and has the caller for AGENT_S first).
"""

from softswitch.dialplan import Call, QueueReason, flow

ORDERS = "orders"
GENERAL = "general"
LOOKUP = ""
"""Empty: nothing is looked up."""
ORDER_DIGITS = 10
TRIES = 2
AGENT_S = 20.0
NEW_ORDER, PLACED_ORDER = "1", "2"

SAID = {
    QueueReason.TIMED_OUT: "queue/waited-too-long",
    QueueReason.FULL: "queue/full",
    QueueReason.CLOSED: "queue/nobody-available",
    QueueReason.WITHDRAWN: "queue/nobody-available",
}
"""OVERFLOWED and EXITED are missing: a flow of the configuration has spoken to the caller."""


@flow
async def order_desk(call: Call) -> None:
    await call.play("greeting/welcome")
    choice = await call.menu("order/choose", digits=NEW_ORDER + PLACED_ORDER, default=NEW_ORDER)
    agent = await ask_order(call) if choice.digit == PLACED_ORDER else ""
    call.tag("topic", "placed order" if choice.digit == PLACED_ORDER else "new order")
    outcome = await call.queue(ORDERS, preferred_agent=agent, preferred_for_s=AGENT_S if agent else 0.0)
    if outcome.reason in (QueueReason.TIMED_OUT, QueueReason.FULL, QueueReason.CLOSED):
        # Who has waited in vain comes in the other queue as early as if he had waited there.
        outcome = await call.queue(GENERAL, boost_s=outcome.wait_s)
    if outcome.is_answered:
        await call.survey("satisfaction")
    elif outcome.reason in SAID:
        await call.play(SAID[outcome.reason], "greeting/goodbye")


async def ask_order(call: Call) -> str:
    """Note which order it is about, and say what is known of it. Returns the agent who has taken it, if any."""
    for _ in range(TRIES):
        typed = await call.gather("order/which", maximum=ORDER_DIGITS, timeout_s=10.0)
        if not typed.digits:
            break
        call.tag("order", typed.digits)
        if not LOOKUP:
            break
        order = await call.look_up(LOOKUP, order=typed.digits)
        if order.is_found:
            if order.text("status"):
                await call.say(order.text("status"))
            return order.text("agent")
        if order.fault:
            break  # the shop does not answer, so another number would help nobody
        await call.play("order/unknown")
    return ""
