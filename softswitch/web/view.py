"""What supervisors see and do of their teams, and agents of themselves.

A supervisor's are the agents of his teams, the queues these serve, and the calls, contacts and call-backs that are with
the agents or in the queues. An agent's is himself, the contact he has and the call he is in; of the queues he serves
he sees the figures. Whatever is somebody else's is as if it did not exist.

The tables say it for each request and answer of the control protocol that a route of theirs can cause; what is not in
them is refused, so that nothing new is shown by oversight.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import replace

from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.control.protocol import replies, requests, rows
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    CallSet,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.replies import Reply
from softswitch.control.protocol.requests import Request
from softswitch.web.callers import Caller

ReplyT = TypeVar("ReplyT", bound=Reply)
EVERYBODY = "*"


class Facts:
    """What is there now, as far as a request is judged by it."""

    __slots__ = ("agents", "callbacks", "calls", "contacts", "phones")

    def __init__(self, *, agents: list[rows.AgentRow]) -> None:
        self.agents = agents
        self.calls: list[rows.CallRow] = []
        self.contacts: list[rows.ContactRow] = []
        self.callbacks: list[rows.CallbackRow] = []
        self.phones: list[rows.PhoneRow] = []


class View:
    """What is one caller's."""

    def __init__(self, caller: Caller, facts: Facts) -> None:
        self.caller = caller
        self.is_leader = caller.role == "supervisor"
        own = [row for row in facts.agents if self._is_own_agent(row)]
        self.agents: frozenset[AgentId] = frozenset(row.agent_id for row in own)
        self.queues: frozenset[QueueId] = frozenset(queue for row in own for queue in row.queues)
        self.led = self.queues if self.is_leader else frozenset[QueueId]()
        """Queues whose callers are his, whoever has them."""
        self._facts = facts

    @staticmethod
    def wanted(request: Request | None) -> frozenset[type[Request]]:
        """Listings that a request is judged by, beside that of the agents."""
        return frozenset(WANTED.get(type(request), ())) if request is not None else frozenset()

    def allows(self, request: Request) -> bool:
        rule = RULES.get(type(request))
        return rule is not None and rule(self, request)

    def shown(self, reply: ReplyT) -> ReplyT:
        show = SHOWN.get(type(reply))
        if show is None:
            raise LocalError(f"nobody has said what of {type(reply).__name__} is whose")
        return cast(ReplyT, show(self, reply))

    def is_of(self, agent: str | None, queue: str | None) -> bool:
        """Whether something an agent had, or that was in a queue, is his."""
        return (agent is not None and agent in self.agents) or (queue is not None and queue in self.led)

    def sees(self, *, agent: str | None, queue: str | None, project: str) -> bool:
        """Whether a record is his."""
        return self.is_of(agent, queue)

    def has_call(self, call_id: str) -> bool:
        return any(row.call_id == call_id and self.sees_call(row) for row in self._facts.calls)

    def sees_call(self, row: rows.CallRow) -> bool:
        return self.is_of(row.agent, row.queue)

    def has_contact(self, contact_id: str) -> bool:
        return any(row.contact_id == contact_id and self.sees_contact(row) for row in self._facts.contacts)

    def sees_contact(self, row: rows.ContactRow) -> bool:
        return self.is_of(row.agent_id, row.queue_id) or any(agent in self.agents for agent in row.alerted)

    def has_callback(self, callback_id: str) -> bool:
        return any(row.callback_id == callback_id and row.queue_id in self.led for row in self._facts.callbacks)

    def has_phone(self, phone: str) -> bool:
        """An agent's of his, by account or number."""
        return any(
            phone in (row.username, row.number) and row.agent_id in self.agents for row in self._facts.phones if phone
        )

    def _is_own_agent(self, row: rows.AgentRow) -> bool:
        if not self.is_leader:
            return row.agent_id == self.caller.agent_id
        return EVERYBODY in self.caller.teams or not self.caller.teams.isdisjoint(row.teams)


Rule = Callable[[View, Any], bool]
Show = Callable[[View, Any], Reply]


def _listing(view: View, request: Request) -> bool:
    return True


def _call(
    view: View,
    request: requests.HangUp
    | requests.TransferCall
    | requests.SetRecording
    | HoldCall
    | PlayToCall
    | StopPlaying
    | SendDigits
    | NoteCall
    | ParkCall,
) -> bool:
    return view.has_call(request.call_id)


def _answer(view: View, request: AnswerCall) -> bool:
    """A phone of his own, whoever's call it is that rings there; a supervisor also in calls that he sees."""
    is_own = view.has_phone(request.phone) or AgentId(request.phone) in view.agents
    return is_own or (view.is_leader and view.has_call(request.call_id))


def _supervision(view: View, request: requests.Supervise | requests.SetSupervision) -> bool:
    """At his own phone: nobody makes another's ring."""
    is_own_phone = bool(request.phone) and request.phone == view.caller.phone
    return view.is_leader and is_own_phone and view.has_call(request.call_id)


def _agent(view: View, request: requests.SetAgent | requests.SetDisposition) -> bool:
    return request.agent_id in view.agents


def _following(view: View, request: requests.SuperviseAgent) -> bool:
    """Of his team, at his own phone."""
    is_own_phone = bool(request.phone) and request.phone == view.caller.phone
    return view.is_leader and is_own_phone and request.agent_id in view.agents


def _skills(view: View, request: requests.SetSkills) -> bool:
    return view.is_leader and request.agent_id in view.agents


def _queue(view: View, request: requests.SetQueue | requests.AddCallback) -> bool:
    return request.queue_id in view.led


def _new_contact(view: View, request: requests.QueueContact) -> bool:
    is_new = not request.contact_id or view.has_contact(request.contact_id)
    return request.queue_id in view.led and is_new


def _contact(view: View, request: requests.SetContact) -> bool:
    """An agent answers for himself only; of what others do a supervisor may, of his own."""
    is_own = not request.agent_id or request.agent_id in view.agents
    if not view.is_leader and request.action in ("accept", "decline"):
        is_own = request.agent_id in view.agents
    return is_own and view.has_contact(request.contact_id)


def _order(view: View, request: requests.OrderContact) -> bool:
    if not view.is_leader or not view.has_contact(request.contact_id):
        return False
    if request.order == "move":
        return QueueId(request.target) in view.led
    return request.order != "assign" or AgentId(request.target) in view.agents


def _explain(view: View, request: requests.ExplainContact) -> bool:
    return view.is_leader and view.has_contact(request.contact_id)


def _callback(view: View, request: requests.CancelCallback) -> bool:
    return view.has_callback(request.callback_id)


def _phone(view: View, request: requests.SetPhone) -> bool:
    return view.has_phone(request.phone)


def _origination(view: View, request: Originate) -> bool:
    """From a phone of his own, as it may call; whose right, number and name else are used is for others to say."""
    is_own = AgentId(request.first) in view.agents or view.has_phone(request.first)
    return is_own and not (request.flow or request.through or request.caller_id or request.project)


RULES: dict[type[Request], Rule] = {
    Originate: _origination,
    AnswerCall: _answer,
    HoldCall: _call,
    PlayToCall: _call,
    StopPlaying: _call,
    SendDigits: _call,
    NoteCall: _call,
    ParkCall: _call,
    requests.ListCalls: _listing,
    requests.ListAgents: _listing,
    requests.ListQueues: _listing,
    requests.ListFigures: _listing,
    requests.ListContacts: _listing,
    requests.ListCallbacks: _listing,
    requests.ListPhones: _listing,
    requests.ExplainContact: _explain,
    requests.HangUp: _call,
    requests.TransferCall: _call,
    requests.SetRecording: _call,
    requests.Supervise: _supervision,
    requests.SetSupervision: _supervision,
    requests.SetAgent: _agent,
    requests.SetDisposition: _agent,
    requests.SetSkills: _skills,
    requests.SuperviseAgent: _following,
    requests.SetQueue: _queue,
    requests.QueueContact: _new_contact,
    requests.SetContact: _contact,
    requests.OrderContact: _order,
    requests.AddCallback: _queue,
    requests.CancelCallback: _callback,
    requests.SetPhone: _phone,
}

WANTED: dict[type[Request], tuple[type[Request], ...]] = {
    Originate: (requests.ListPhones,),
    AnswerCall: (requests.ListPhones, requests.ListCalls),
    **dict.fromkeys(
        (HoldCall, PlayToCall, StopPlaying, SendDigits, NoteCall, ParkCall),
        (requests.ListCalls,),
    ),
    requests.HangUp: (requests.ListCalls,),
    requests.TransferCall: (requests.ListCalls,),
    requests.SetRecording: (requests.ListCalls,),
    requests.Supervise: (requests.ListCalls,),
    requests.SetSupervision: (requests.ListCalls,),
    requests.QueueContact: (requests.ListContacts,),
    requests.SetContact: (requests.ListContacts,),
    requests.OrderContact: (requests.ListContacts,),
    requests.ExplainContact: (requests.ListContacts,),
    requests.CancelCallback: (requests.ListCallbacks,),
    requests.SetPhone: (requests.ListPhones,),
}
"""What a request is judged by."""


def _agent_row(view: View, row: rows.AgentRow) -> bool:
    return row.agent_id in view.agents


def _queue_row(view: View, row: rows.QueueRow) -> bool:
    return row.queue_id in view.queues


def _figures_row(view: View, row: QueueTally | AgentTally) -> bool:
    return row.queue_id in view.queues if isinstance(row, QueueTally) else row.agent_id in view.agents


def _call_row(view: View, row: rows.CallRow) -> bool:
    return view.sees_call(row)


def _contact_row(view: View, row: rows.ContactRow) -> bool:
    return view.sees_contact(row)


def _callback_row(view: View, row: rows.CallbackRow) -> bool:
    return row.queue_id in view.led or row.agent in view.agents


def _phone_row(view: View, row: rows.PhoneRow) -> bool:
    return row.agent_id in view.agents


def _rows(sees: Callable[[View, Any], bool]) -> Show:
    def shown(view: View, reply: Any) -> Reply:
        return cast(Reply, replace(reply, rows=[_of_call(view, row) for row in reply.rows if sees(view, row)]))

    return shown


def _of_call(view: View, row: msgspec.Struct) -> msgspec.Struct:
    """An agent is not told who listens to him."""
    is_told = view.is_leader or not isinstance(row, rows.CallRow)
    return row if is_told else replace(row, supervisors={})


def _as_it_is(view: View, reply: Reply) -> Reply:
    """It was asked for of what is his own."""
    call = getattr(reply, "call", None)
    return reply if call is None else replace(reply, call=_of_call(view, call))


SHOWN: dict[type[Reply], Show] = {
    replies.Done: _as_it_is,
    CallSet: _as_it_is,
    replies.Calls: _rows(_call_row),
    replies.Agents: _rows(_agent_row),
    replies.Queues: _rows(_queue_row),
    replies.Figures: _rows(_figures_row),
    replies.Contacts: _rows(_contact_row),
    replies.Callbacks: _rows(_callback_row),
    replies.Phones: _rows(_phone_row),
    replies.Explained: _as_it_is,
    replies.Transferred: _as_it_is,
    replies.RecordingSet: _as_it_is,
    replies.SupervisionSet: _as_it_is,
    replies.AgentSet: _as_it_is,
    replies.QueueSet: _as_it_is,
    replies.ContactSet: _as_it_is,
    replies.CallbackSet: _as_it_is,
    replies.PhoneSet: _as_it_is,
}
