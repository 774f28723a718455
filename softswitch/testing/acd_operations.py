"""Agents, queues, contacts and call-backs as the control socket sees them, with fixed contents."""

import msgspec

from softswitch.acd.reporting.intervals import Interval
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, SiteId
from softswitch.control.protocol.replies import AgentSet, CallbackSet, ContactSet, Explained, QueueSet, Refused
from softswitch.control.protocol.requests import (
    AddCallback,
    AgentAction,
    OrderContact,
    QueueContact,
    SetAgent,
    SetContact,
    SetDisposition,
    SetQueue,
    SetSkills,
    SuperviseAgent,
)
from softswitch.control.protocol.rows import AgentRow, CallbackRow, ContactRow, QueueRow, SiteRow, WrapUpRow
from softswitch.testing.figures import an_hour, waiting_contact
from softswitch.testing.fixed_switch import STARTED_AT, FixedSwitch


class FixedAcdOperations(FixedSwitch):
    """The part of `FixedOperations` that is about the ACD."""

    def __init__(self) -> None:
        super().__init__()
        self.explanation = waiting_contact()
        self.figures_now = an_hour(STARTED_AT)
        self.agent_rows = [
            AgentRow(
                agent_id=AgentId("anna"),
                name="Anna Petrova",
                status="ready",
                state="busy",
                since_s=83.0,
                skills={"billing": 8, "english": 5},
                queues=[QueueId("support")],
                is_registered=True,
                call_id=CallId("c1"),
                answered=7,
                missed=1,
            ),
            AgentRow(
                agent_id=AgentId("boris"),
                name="Boris",
                status="not_ready",
                state="not_ready",
                reason="lunch",
                since_s=3725.0,
                queues=[QueueId("support")],
            ),
            AgentRow(
                agent_id=AgentId("clara"),
                name="Clara",
                status="ready",
                state="ready",
                since_s=7.0,
                queues=[QueueId("support")],
            ),
            AgentRow(
                agent_id=AgentId("dora"),
                name="Dora",
                status="ready",
                state="wrap_up",
                since_s=5.0,
                queues=[QueueId("support")],
                is_registered=True,
                wrap_ups=[WrapUpRow(contact_id=ContactId("c7"), queue_id=QueueId("support"), left_s=20.0)],
            ),
        ]
        self.contact_rows = [
            ContactRow(
                contact_id=ContactId("mail-7"),
                queue_id=QueueId("support"),
                channel="email",
                state="alerting",
                agent_id=AgentId("clara"),
                alerted=[AgentId("clara")],
                wait_s=75.0,
                boost_s=30.0,
            )
        ]
        self.queue_rows = [
            QueueRow(
                queue_id=QueueId("support"),
                name="Support",
                waiting=1,
                longest_wait_s=20.5,
                agents_ready=0,
                agents_busy=1,
                agents_logged_in=2,
                offered=12,
                answered=9,
                abandoned=2,
                overflowed=0,
                service_level=0.75,
                average_speed_of_answer_s=14.2,
            ),
        ]
        self.callback_rows = [
            CallbackRow(
                callback_id="cb1",
                queue_id=QueueId("support"),
                number="+15550101",
                name="Dora",
                waited_s=90.0,
                attempts=1,
                attempts_max=3,
                last_failure="busy",
                source="queue",
            ),
            CallbackRow(
                callback_id="cb0",
                queue_id=QueueId("support"),
                number="+15550102",
                state="over",
                result="served",
                waited_s=300.0,
                attempts=1,
                attempts_max=3,
                agent="anna",
                source="queue",
            ),
        ]
        self.site_rows = [
            SiteRow(site_id=SiteId("moscow"), name="Moscow", calls=30, max_calls=30, agents=40, agents_logged_in=35),
            SiteRow(site_id=SiteId("omsk"), name="Omsk", calls=2, agents=12, agents_logged_in=9, agents_ready=7),
        ]

    def agents(self) -> list[AgentRow]:
        return self.agent_rows

    def contacts(self) -> list[ContactRow]:
        return self.contact_rows

    async def queue_contact(self, order: QueueContact) -> ContactSet | Refused:
        self.orders.append(("queue_contact", order.queue_id, order.channel, order.contact_id, order.caller))
        row = ContactRow(
            contact_id=order.contact_id or ContactId("new"),
            queue_id=order.queue_id,
            channel=order.channel,
            state="waiting",
            position=1,
        )
        return ContactSet(row)

    async def set_contact(self, order: SetContact) -> ContactSet | Refused:
        self.orders.append(("set_contact", order.contact_id, order.action, order.agent_id))
        if order.action in ("finish", "withdraw"):
            return ContactSet(None)
        for row in self.contact_rows:
            if row.contact_id == order.contact_id:
                is_taken = order.action != "decline"
                return ContactSet(
                    msgspec.structs.replace(
                        row,
                        state="connected" if is_taken else "waiting",
                        agent_id=order.agent_id,
                        alerted=[],
                        position=1,
                    )
                )
        return Refused("not_found", f"there is no contact {order.contact_id}; `softswitch contacts` lists them all")

    def queues(self) -> list[QueueRow]:
        return self.queue_rows

    def sites(self) -> list[SiteRow]:
        return self.site_rows

    def figures(self) -> Interval:
        return self.figures_now

    async def explain_contact(self, contact_id: str) -> Explained | Refused:
        self.orders.append(("explain_contact", contact_id))
        if not self.explanation.contact_id.startswith(contact_id):
            return Refused("not_found", f'no contact "{contact_id}" is with the ACD')
        return Explained(STARTED_AT, self.explanation)

    async def set_agent(self, order: SetAgent) -> AgentSet | Refused:
        self.orders.append(("set_agent", order.agent_id, order.action, order.reason, str(order.seconds)))
        for row in self.agent_rows:
            if row.agent_id == order.agent_id:
                is_pending = bool(row.call_id) and order.action == "pause"
                return AgentSet(_after(row, order.action, order.reason), is_pending=is_pending)
        return Refused("not_found", f"there is no agent {order.agent_id}; `softswitch agents` lists them all")

    async def set_disposition(self, order: SetDisposition) -> AgentSet | Refused:
        self.orders.append(("set_disposition", order.agent_id, order.code, order.contact_id))
        row = next(row for row in self.agent_rows if row.agent_id == order.agent_id)
        if order.code == "nonsense":
            return Refused("not_possible", '"nonsense" is no disposition of queue support: it has sold, lost')
        return AgentSet(row)

    async def set_queue(self, order: SetQueue) -> QueueSet | Refused:
        self.orders.append(("set_queue", order.queue_id, order.action, order.reason, order.waiting))
        for row in self.queue_rows:
            if row.queue_id == order.queue_id:
                is_open = order.action == "open"
                return QueueSet(msgspec.structs.replace(row, is_open=is_open, closed_for=order.reason))
        return Refused("not_found", f"there is no queue {order.queue_id}; `softswitch queues` lists them all")

    async def order_contact(self, order: OrderContact) -> ContactSet | Refused:
        words = (order.contact_id, order.order, order.target, f"{order.boost_s:g}", order.reason)
        self.orders.append(("order_contact", *words))
        for row in self.contact_rows:
            if row.contact_id == order.contact_id:
                return ContactSet(_ordered(row, order))
        return Refused("not_found", f"there is no contact {order.contact_id}; `softswitch contacts` lists them all")

    async def supervise_agent(self, order: SuperviseAgent) -> AgentSet | Refused:
        self.orders.append(("supervise_agent", order.agent_id, order.phone, order.mode, str(order.is_following)))
        for row in self.agent_rows:
            if row.agent_id == order.agent_id:
                return AgentSet(row)
        return Refused("not_found", f"there is no agent {order.agent_id}; `softswitch agents` lists them all")

    async def set_skills(self, order: SetSkills) -> AgentSet | Refused:
        self.orders.append(("set_skills", order.agent_id, *(f"{name}={level}" for name, level in order.skills.items())))
        for row in self.agent_rows:
            if row.agent_id == order.agent_id:
                skills = row.skills if order.is_reset else {**row.skills, **order.skills}
                return AgentSet(msgspec.structs.replace(row, skills=skills))
        return Refused("not_found", f"there is no agent {order.agent_id}; `softswitch agents` lists them all")

    def callbacks(self) -> list[CallbackRow]:
        return self.callback_rows

    async def add_callback(self, order: AddCallback) -> CallbackSet | Refused:
        self.orders.append(("add_callback", order.queue_id, order.number, order.name))
        for row in self.callback_rows:
            if (row.queue_id, row.number) == (order.queue_id, order.number):
                return CallbackSet(row, is_new=False)
        return CallbackSet(CallbackRow(callback_id="cb9", queue_id=order.queue_id, number=order.number))

    async def cancel_callback(self, callback_id: str, by: str) -> CallbackSet | Refused:
        self.orders.append(("cancel_callback", callback_id))
        for row in self.callback_rows:
            if row.callback_id == callback_id:
                return CallbackSet(msgspec.structs.replace(row, state="over", result="cancelled"), is_new=False)
        return Refused("not_found", f"there is no call-back {callback_id}; `softswitch callbacks` lists them all")


def _after(row: AgentRow, action: AgentAction, reason: str) -> AgentRow:
    if action in ("extend", "done"):
        return row
    status = {"login": "ready", "logout": "logged_out", "pause": "not_ready", "resume": "ready"}[action]
    state = row.state if row.call_id else "idle" if status == "ready" else status
    return msgspec.structs.replace(row, status=status, state=state, reason=reason, since_s=0.0)


def _ordered(row: ContactRow, order: OrderContact) -> ContactRow | None:
    match order.order:
        case "move":
            return msgspec.structs.replace(row, queue_id=QueueId(order.target), state="waiting", position=1)
        case "boost":
            return msgspec.structs.replace(row, boost_s=order.boost_s)
        case "assign":
            return msgspec.structs.replace(row, state="alerting", alerted=[AgentId(order.target)], position=None)
        case "withdraw":
            return None
