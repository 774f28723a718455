"""What somebody may see and do who is let in for one project alone.

A request may come in the name of a project (`InProject`). Before it is carried out its rule here says whether it is
within the project; of the answer only what is the project's goes back. Operations know nothing of it, so that a new one
cannot forget it: a request without a rule is for operators only, an answer without one is kept back, and a test demands
that every kind of both has one.

Whatever is somebody else's is to a project as if it did not exist: it is refused with the same words. What belongs to
nobody is the operators'; of people who serve several projects it sees that they are there, and what they have of its
own.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import msgspec
from msgspec.structs import replace

from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId
from softswitch.calls.told.call_events import CallHappened, CallSupervised
from softswitch.calls.told.events import Numbered
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
from softswitch.control.protocol.metrics import GetMetrics, Metrics
from softswitch.control.protocol.replies import Refused, Reply
from softswitch.control.protocol.requests import Request
from softswitch.control.protocol.streams import StartStream, StopStream
from softswitch.control.protocol.voicemail import (
    ListMails,
    ListVoiceBoxes,
    ListVoiceMessages,
    Mails,
    SetVoiceMessage,
    VoiceBoxes,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessages,
    VoiceMessageSet,
)

RowT = TypeVar("RowT", bound=msgspec.Struct)


class Belongings(Protocol):
    """Whose everything is now: the id of a project, "" for what is nobody's or several projects'; None: there is no
    such thing."""

    def has_project(self, project: str) -> bool: ...
    def of_call(self, call_id: CallId) -> str | None: ...
    def of_queue(self, queue_id: QueueId) -> str | None: ...
    def of_contact(self, contact_id: ContactId) -> str | None: ...
    def of_callback(self, callback_id: str) -> str | None: ...
    def of_recording(self, recording_id: RecordingId, started_at: float) -> str | None: ...
    def of_room(self, room: str) -> str | None:
        """Of a conference room, or one of a range."""
        ...

    def of_voice_message(self, message_id: str) -> str | None: ...
    def of_phone(self, phone: str) -> str | None:
        """Of an account, its number or its address of record."""
        ...

    def of_list(self, list_id: str) -> str | None: ...
    def of_program(self, program: str) -> str | None:
        """Of one that is configured."""
        ...

    def of_agent(self, agent_id: AgentId) -> str | None: ...
    def of_number(self, number: str) -> str | None:
        """Of a number that callers dial, or of an extension."""
        ...

    def may_reach(self, project: str, number: str) -> bool:
        """Whether callers of the project may be sent to a number: to one of its own, or of nobody."""
        ...


class Scope:
    """One project's view."""

    def __init__(self, project: str, owners: Belongings) -> None:
        self.project = project
        self.owners = owners

    def refusal(self, request: Request) -> Refused | None:
        """Why a request is not carried out; None if it may be."""
        if not self.owners.has_project(self.project):
            return Refused("not_found", f'there is no project "{self.project}": see projects.toml')
        rule = RULES.get(type(request), _operators_only)
        if rule is _operators_only:
            return Refused("forbidden", "this is for operators of the whole switch, not for a project")
        if not rule(self, request):
            return Refused("not_found", f"project {self.project} has no such thing: what it has, its listings show")
        return None

    def shown(self, reply: Reply) -> Reply:
        """What of an answer the project may see."""
        return SHOWN.get(type(reply), _kept_back)(self, reply)

    def own(self, owner: str | None) -> bool:
        return owner == self.project


Rule = Callable[[Scope, Any], bool]
"""Whether the request is within the project."""
Show = Callable[[Scope, Any], Reply]


def _operators_only(scope: Scope, request: Request) -> bool:
    return False


def _listing(scope: Scope, request: Request) -> bool:
    """Carried out for everybody: the rows say whose they are."""
    return True


def _call(
    scope: Scope,
    request: requests.HangUp
    | requests.SetRecording
    | AnswerCall
    | HoldCall
    | PlayToCall
    | StopPlaying
    | SendDigits
    | NoteCall
    | ParkCall
    | StopStream,
) -> bool:
    return scope.own(scope.owners.of_call(request.call_id))


def _stream(scope: Scope, request: StartStream) -> bool:
    """Its own call, to a program of its own: no sound goes to where a request alone says."""
    owners = scope.owners
    return scope.own(owners.of_call(request.call_id)) and scope.own(owners.of_program(request.program))


def _transfer(scope: Scope, request: requests.TransferCall) -> bool:
    owners = scope.owners
    return scope.own(owners.of_call(request.call_id)) and owners.may_reach(scope.project, request.target)


def _origination(scope: Scope, request: Originate) -> bool:
    """Between its own phones and numbers, in its own name; flows and parking slots are the whole centre's."""
    owners, project = scope.owners, scope.project
    if request.project != project or request.flow or request.slot:
        return False
    is_phone = _is_own_phone(scope, request.first)
    is_outside = owners.of_phone(request.first) is None and owners.of_agent(AgentId(request.first)) is None
    return (
        (is_phone or (is_outside and owners.may_reach(project, request.first)))
        and (not request.through or _is_own_phone(scope, request.through))
        and (not request.caller_id or scope.own(owners.of_number(request.caller_id)))
        and owners.may_reach(project, request.to)
    )


def _is_own_phone(scope: Scope, name: str) -> bool:
    """An account, a number of one, or an agent, of the project alone."""
    owner = scope.owners.of_phone(name)
    return scope.own(scope.owners.of_agent(AgentId(name)) if owner is None else owner)


def _playing(scope: Scope, request: PlayToCall) -> bool:
    """To a call of its own, and no sounds of another project's folder."""
    folders = {sound.partition("/")[0] for sound in request.sounds} - {scope.project}
    return _call(scope, request) and not any(scope.owners.has_project(folder) for folder in folders)


def _supervision(scope: Scope, request: requests.Supervise | requests.SetSupervision) -> bool:
    """Its own call, at a phone of its own: who else listens is nothing to it."""
    owners = scope.owners
    return scope.own(owners.of_call(request.call_id)) and scope.own(owners.of_phone(request.phone))


def _agent_supervision(scope: Scope, request: requests.SuperviseAgent) -> bool:
    """An agent of its own, who works for nobody else, and a phone of its own."""
    return scope.own(scope.owners.of_agent(request.agent_id)) and scope.own(scope.owners.of_phone(request.phone))


def _recording(scope: Scope, request: requests.HoldRecording) -> bool:
    return scope.own(scope.owners.of_recording(request.recording_id, request.started_at))


def _agent(scope: Scope, request: requests.SetAgent | requests.SetSkills) -> bool:
    return scope.own(scope.owners.of_agent(request.agent_id))


def _disposition(scope: Scope, request: requests.SetDisposition) -> bool:
    """What came of a contact that is its own, whoever had it; without a name of it, of an agent of its own."""
    if request.contact_id:
        return scope.own(scope.owners.of_contact(request.contact_id))
    return scope.own(scope.owners.of_agent(request.agent_id))


def _queue(scope: Scope, request: requests.SetQueue | requests.AddCallback) -> bool:
    return scope.own(scope.owners.of_queue(request.queue_id))


def _new_contact(scope: Scope, request: requests.QueueContact) -> bool:
    known = scope.owners.of_contact(request.contact_id) if request.contact_id else None
    return scope.own(scope.owners.of_queue(request.queue_id)) and (known is None or scope.own(known))


def _contact(scope: Scope, request: requests.SetContact) -> bool:
    return scope.own(scope.owners.of_contact(request.contact_id))


def _order(scope: Scope, request: requests.OrderContact) -> bool:
    owners = scope.owners
    if not scope.own(owners.of_contact(request.contact_id)):
        return False
    if request.order == "move":
        return scope.own(owners.of_queue(QueueId(request.target)))
    return request.order != "assign" or scope.own(owners.of_agent(AgentId(request.target)))


def _callback(scope: Scope, request: requests.CancelCallback) -> bool:
    return scope.own(scope.owners.of_callback(request.callback_id))


def _room(scope: Scope, request: requests.OrderConference) -> bool:
    owners = scope.owners
    is_own = scope.own(owners.of_room(request.room))
    return is_own and (not request.number or owners.may_reach(scope.project, request.number))


def _phone(scope: Scope, request: requests.SetPhone) -> bool:
    return scope.own(scope.owners.of_phone(request.phone))


def _registration(scope: Scope, request: requests.RemoveRegistration) -> bool:
    return scope.own(scope.owners.of_phone(request.aor))


def _voice_message(scope: Scope, request: SetVoiceMessage) -> bool:
    return scope.own(scope.owners.of_voice_message(request.message_id))


def _list(scope: Scope, request: requests.ListListedNumbers | requests.SetListedNumber) -> bool:
    return scope.own(scope.owners.of_list(request.list_id))


def _mailbox(scope: Scope, request: requests.SetMailbox) -> bool:
    return scope.own(scope.owners.of_phone(request.mailbox))


RULES: dict[type[Request], Rule] = {
    requests.ListProjects: _listing,
    requests.ListCalls: _listing,
    requests.ListAgents: _listing,
    requests.ListQueues: _listing,
    requests.ListFigures: _listing,
    requests.ListContacts: _listing,
    requests.ExplainContact: _listing,
    requests.ListCallbacks: _listing,
    requests.ListConferences: _listing,
    requests.ListRegistrations: _listing,
    requests.ListPhones: _listing,
    requests.ListMailboxes: _listing,
    requests.ListCallerLists: _listing,
    requests.WatchEvents: _listing,
    requests.ListListedNumbers: _list,
    requests.SetListedNumber: _list,
    requests.HangUp: _call,
    requests.SetRecording: _call,
    requests.TransferCall: _transfer,
    StartStream: _stream,
    StopStream: _call,
    Originate: _origination,
    AnswerCall: _call,
    HoldCall: _call,
    PlayToCall: _playing,
    StopPlaying: _call,
    SendDigits: _call,
    NoteCall: _call,
    ParkCall: _call,
    requests.Supervise: _supervision,
    requests.SetSupervision: _supervision,
    requests.SuperviseAgent: _agent_supervision,
    requests.HoldRecording: _recording,
    requests.SetAgent: _agent,
    requests.SetSkills: _agent,
    requests.SetDisposition: _disposition,
    requests.SetQueue: _queue,
    requests.AddCallback: _queue,
    requests.CancelCallback: _callback,
    requests.OrderConference: _room,
    requests.QueueContact: _new_contact,
    requests.SetContact: _contact,
    requests.OrderContact: _order,
    requests.SetPhone: _phone,
    requests.RemoveRegistration: _registration,
    requests.SetMailbox: _mailbox,
    ListVoiceBoxes: _listing,
    ListVoiceMessages: _listing,
    SetVoiceMessage: _voice_message,
    # They name or explain what is others', or are about the switch itself.
    requests.GetStatus: _operators_only,
    GetMetrics: _operators_only,
    requests.ListSubscriptions: _operators_only,
    requests.ListTrunks: _operators_only,
    ListMails: _operators_only,
    requests.ListBans: _operators_only,
    requests.ListLimits: _operators_only,
    requests.ListSites: _operators_only,
    requests.SetWorker: _operators_only,
    requests.GetMessages: _operators_only,
    requests.Trace: _operators_only,
    requests.AddBan: _operators_only,
    requests.LiftBan: _operators_only,
    requests.ListLookups: _operators_only,
    requests.TryLookup: _operators_only,
    requests.Reload: _operators_only,
    requests.Stop: _operators_only,
}

# Rows: what of one the project sees, None: nothing.

Labelled = rows.CallbackRow | rows.ConferenceRow | rows.CallerListRow | VoiceBoxRow | VoiceMessageRow
"""They say whose they are."""


def _call_row(scope: Scope, row: rows.CallRow) -> rows.CallRow | None:
    if not scope.own(row.project):
        return None
    present = {phone: mode for phone, mode in row.supervisors.items() if scope.own(scope.owners.of_phone(phone))}
    return replace(row, supervisors=present)


def _agent_row(scope: Scope, row: rows.AgentRow) -> rows.AgentRow | None:
    """Of one who works for others as well: that he is there, and what he has of this project's."""
    owners = scope.owners
    if scope.own(owners.of_agent(row.agent_id)):
        return row
    queues = [queue for queue in row.queues if scope.own(owners.of_queue(queue))]
    if not queues:
        return None
    return rows.AgentRow(
        agent_id=row.agent_id,
        name=row.name,
        status=row.status,
        state=row.state,
        since_s=row.since_s,
        skills=row.skills,
        queues=queues,
        is_registered=row.is_registered,
        call_id=row.call_id if row.call_id and scope.own(owners.of_call(row.call_id)) else "",
        contacts=[each for each in row.contacts if scope.own(_owner_of_contact(scope, each.contact_id, each.queue_id))],
        wrap_ups=[each for each in row.wrap_ups if scope.own(_owner_of_contact(scope, each.contact_id, each.queue_id))],
    )


def _owner_of_contact(scope: Scope, contact_id: ContactId, queue_id: QueueId) -> str | None:
    """A call in a queue of nobody's may be a project's all the same."""
    call = scope.owners.of_call(CallId(contact_id))
    return call if call is not None else scope.owners.of_queue(queue_id)


def _contact_row(scope: Scope, row: rows.ContactRow) -> rows.ContactRow | None:
    return row if scope.own(_owner_of_contact(scope, row.contact_id, row.queue_id)) else None


def _queue_row(scope: Scope, row: rows.QueueRow) -> rows.QueueRow | None:
    return row if scope.own(scope.owners.of_queue(row.queue_id)) else None


def _figures_row(scope: Scope, row: QueueTally | AgentTally) -> QueueTally | AgentTally | None:
    if isinstance(row, QueueTally):
        return row if scope.own(scope.owners.of_queue(row.queue_id)) else None
    return row if scope.own(scope.owners.of_agent(row.agent_id)) else None


def _labelled_row(scope: Scope, row: Labelled) -> Labelled | None:
    return row if scope.own(row.project) else None


def _phone_row(scope: Scope, row: rows.PhoneRow) -> rows.PhoneRow | None:
    return row if scope.own(scope.owners.of_phone(row.username)) else None


def _registration_row(scope: Scope, row: rows.RegistrationRow) -> rows.RegistrationRow | None:
    return row if scope.own(scope.owners.of_phone(row.aor)) else None


def _mailbox_row(scope: Scope, row: rows.MailboxRow) -> rows.MailboxRow | None:
    return row if scope.own(scope.owners.of_phone(row.mailbox)) else None


def _listed_row(scope: Scope, row: rows.ListedNumberRow) -> rows.ListedNumberRow | None:
    return row if scope.own(scope.owners.of_list(row.list_id)) else None


def _project_row(scope: Scope, row: rows.ProjectRow) -> rows.ProjectRow | None:
    return row if scope.own(row.project_id) else None


def _event_row(scope: Scope, row: Numbered) -> Numbered | None:
    """What names no project may be about its agents and phones; calls and queues of nobody's are not its own."""
    event = row.event
    if isinstance(event, CallSupervised) and not scope.own(scope.owners.of_phone(event.by)):
        return None
    if row.project or isinstance(event, CallHappened) or getattr(event, "queue_id", None) is not None:
        return row if scope.own(row.project) else None
    username: str | None = getattr(event, "username", None)
    if username is not None:
        return row if scope.own(scope.owners.of_phone(username)) else None
    agent_id: AgentId | None = getattr(event, "agent_id", None)
    return row if agent_id is not None and scope.own(scope.owners.of_agent(agent_id)) else None


def _explained(scope: Scope, reply: replies.Explained) -> Reply:
    """Of a contact of its own. Others' agents are counted and not named; who waits before it is a number as well."""
    contact = reply.contact
    if not scope.own(scope.owners.of_contact(contact.contact_id)):
        return Refused("not_found", f"project {scope.project} has no such contact: what it has, its listings show")
    agents = [each for each in contact.agents if scope.own(scope.owners.of_agent(each.agent_id))]
    return replace(reply, contact=replace(contact, agents=agents))


def _rows(show: Callable[[Scope, RowT], RowT | None]) -> Show:
    """The rows of a frame that the project sees; the frame goes on as it came, be it empty."""

    def shown(scope: Scope, reply: Any) -> Reply:
        seen = (show(scope, row) for row in reply.rows)
        return cast(Reply, replace(reply, rows=[row for row in seen if row is not None]))

    return shown


def _one(field: str, show: Callable[[Scope, RowT], RowT | None]) -> Show:
    """An answer that is about one thing, as it is after an order; one the project does not see any more was done."""

    def shown(scope: Scope, reply: Any) -> Reply:
        row = getattr(reply, field)
        seen = None if row is None else show(scope, row)
        if row is not None and seen is None:
            return Refused("forbidden", "it was done, and what has become of it is not the project's to see")
        return cast(Reply, replace(reply, **{field: seen}))

    return shown


def _as_it_is(scope: Scope, reply: Reply) -> Reply:
    return reply


def _kept_back(scope: Scope, reply: Reply) -> Reply:
    return Refused("forbidden", "the answer is for operators of the whole switch, not for a project")


SHOWN: dict[type[Reply], Show] = {
    replies.Done: _as_it_is,
    replies.Refused: _as_it_is,
    replies.Projects: _rows(_project_row),
    replies.Calls: _rows(_call_row),
    replies.Agents: _rows(_agent_row),
    replies.Contacts: _rows(_contact_row),
    replies.Explained: _explained,
    replies.Queues: _rows(_queue_row),
    replies.Figures: _rows(_figures_row),
    replies.Callbacks: _rows(_labelled_row),
    replies.Conferences: _rows(_labelled_row),
    replies.Registrations: _rows(_registration_row),
    replies.Phones: _rows(_phone_row),
    replies.Mailboxes: _rows(_mailbox_row),
    VoiceBoxes: _rows(_labelled_row),
    VoiceMessages: _rows(_labelled_row),
    VoiceMessageSet: _one("message", _labelled_row),
    replies.CallerLists: _rows(_labelled_row),
    replies.ListedNumbers: _rows(_listed_row),
    replies.EventRows: _rows(_event_row),
    replies.PhoneSet: _one("phone", _phone_row),
    replies.AgentSet: _one("agent", _agent_row),
    replies.ContactSet: _one("contact", _contact_row),
    replies.RecordingSet: _one("call", _call_row),
    replies.SupervisionSet: _one("call", _call_row),
    CallSet: _one("call", _call_row),
    replies.Transferred: _one("call", _call_row),
    replies.StreamSet: _one("call", _call_row),
    replies.QueueSet: _one("queue", _queue_row),
    replies.CallbackSet: _one("callback", _labelled_row),
    replies.ConferenceSet: _one("conference", _labelled_row),
    Mails: _kept_back,
    replies.Status: _kept_back,
    Metrics: _kept_back,
    replies.Bans: _kept_back,
    replies.Subscriptions: _kept_back,
    replies.Trunks: _kept_back,
    replies.Limits: _kept_back,
    replies.Sites: _kept_back,
    replies.WorkerSet: _kept_back,
    replies.Messages: _kept_back,
    replies.TraceRows: _kept_back,
    replies.BanSet: _kept_back,
    replies.BansLifted: _kept_back,
    replies.Lookups: _kept_back,
    replies.LookupTried: _kept_back,
    replies.Reloaded: _kept_back,
}
