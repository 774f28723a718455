"""What is said over the control socket survives the way there."""

from typing import get_args

import msgspec
import pytest

from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId
from softswitch.control.framing import HEADER_BYTES, encode_frame, payload_length
from softswitch.control.protocol.replies import (
    Agents,
    AgentSet,
    Bans,
    BanSet,
    BansLifted,
    Callbacks,
    CallbackSet,
    Calls,
    Contacts,
    ContactSet,
    Done,
    Explained,
    Figures,
    Limits,
    Mailboxes,
    Messages,
    Phones,
    PhoneSet,
    Queues,
    QueueSet,
    RecordingSet,
    Refused,
    Registrations,
    Reloaded,
    Reply,
    Subscriptions,
    SupervisionSet,
    TraceRows,
    Transferred,
    Trunks,
    WorkerSet,
)
from softswitch.control.protocol.requests import (
    AddBan,
    AddCallback,
    CancelCallback,
    ExplainContact,
    GetMessages,
    GetStatus,
    HangUp,
    HoldRecording,
    LiftBan,
    ListAgents,
    ListBans,
    ListCallbacks,
    ListCalls,
    ListContacts,
    ListFigures,
    ListLimits,
    ListMailboxes,
    ListPhones,
    ListQueues,
    ListRegistrations,
    ListSubscriptions,
    ListTrunks,
    OrderContact,
    QueueContact,
    Reload,
    RemoveRegistration,
    Request,
    SetAgent,
    SetContact,
    SetDisposition,
    SetMailbox,
    SetPhone,
    SetQueue,
    SetRecording,
    SetSkills,
    SetSupervision,
    SetWorker,
    Stop,
    Supervise,
    Trace,
    TransferCall,
)
from softswitch.control.protocol.rows import TraceRow
from softswitch.testing.operations import FixedOperations
from softswitch.testing.traced_call import LEGS

SWITCH = FixedOperations()
REQUESTS: list[Request] = [
    GetStatus(),
    ListCalls(),
    ListAgents(),
    ListQueues(),
    ListFigures(),
    ExplainContact("c2"),
    ListRegistrations(),
    ListPhones(),
    SetPhone("101", {"busy": "102", "always": ""}, 15.0, True, "off"),
    RemoveRegistration("anna@example.test", "sip:anna@192.0.2.9"),
    ListSubscriptions(),
    ListMailboxes(),
    SetMailbox("anna", 3, 1),
    ListTrunks(),
    SetAgent(AgentId("anna"), "pause", "lunch", 0.0, "otto"),
    SetDisposition(AgentId("anna"), "sold", ContactId("c1"), "otto"),
    ListContacts(),
    QueueContact(QueueId("support"), "email", ContactId("mail-7"), "eve@example.test", 30.0),
    SetContact(ContactId("mail-7"), "accept", AgentId("anna")),
    SetQueue(QueueId("support"), "close", "fire alarm", "finish", "otto"),
    OrderContact(ContactId("c2"), "boost", boost_s=60.0, by="otto"),
    SetSkills(AgentId("anna"), {"billing": 8}, by="otto"),
    ListCallbacks(),
    AddCallback(QueueId("support"), "+15550101", "Dora", "otto"),
    CancelCallback("cb1", "otto"),
    HangUp(CallId("c1")),
    TransferCall(CallId("c1"), "120"),
    SetRecording(CallId("c1"), "mask", 30.0, "otto"),
    SetWorker("media-0", "drain"),
    HoldRecording(RecordingId("r1"), 1_700_000_000.0, True),
    Supervise(CallId("c1"), "110", "whisper"),
    SetSupervision(CallId("c1"), "barge", "110"),
    GetMessages(CallId("c1"), ["one@provider"], "100", 1_700_000_000.0),
    Trace(CallId("c1"), ["one@provider"], "100", "anna", True),
    ListBans(),
    ListLimits(),
    AddBan("192.0.2.0/24", 3600.0, "rude"),
    LiftBan("192.0.2.66"),
    Reload(),
    Stop(),
]
REPLIES: list[Reply] = [
    SWITCH.status(),
    Calls(SWITCH.call_rows, False),
    Agents(SWITCH.agent_rows),
    Queues(SWITCH.queue_rows),
    Figures([*SWITCH.figures_now.queues, *SWITCH.figures_now.agents], since_at=1.0, now_at=2.0),
    Explained(2.0, SWITCH.explanation),
    Registrations(SWITCH.registration_rows),
    Phones(SWITCH.phone_rows),
    Callbacks(SWITCH.callback_rows),
    CallbackSet(SWITCH.callback_rows[0], is_new=False),
    PhoneSet(SWITCH.phone_rows[0]),
    Subscriptions(SWITCH.subscription_rows),
    Mailboxes(SWITCH.mailbox_rows),
    Trunks(SWITCH.trunk_rows),
    AgentSet(SWITCH.agent_rows[0], is_pending=True),
    Contacts(SWITCH.contact_rows),
    ContactSet(SWITCH.contact_rows[0]),
    RecordingSet(SWITCH.call_rows[0]),
    QueueSet(SWITCH.queue_rows[0]),
    WorkerSet(SWITCH.status().workers[0]),
    SupervisionSet(SWITCH.call_rows[0], "carl"),
    Transferred(SWITCH.call_rows[0]),
    Bans(SWITCH.ban_rows),
    Limits(SWITCH.limit_rows),
    BanSet(SWITCH.ban_rows[0]),
    BansLifted(["192.0.2.66"]),
    Reloaded(["a"], ["b"]),
    Done(),
    Messages(list(SWITCH.message_rows), list(LEGS), SWITCH.call_rows[0], 3),
    TraceRows([TraceRow(SWITCH.message_rows[0], "anna", CallId("c1"))], 5),
    Refused("not_found", "there is none", ["x"]),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: type(each).__name__)
def test_requests_come_back_as_they_were(request_: Request) -> None:
    frame = encode_frame(request_)
    assert payload_length(frame[:HEADER_BYTES]) == len(frame) - HEADER_BYTES
    assert msgspec.msgpack.decode(frame[HEADER_BYTES:], type=Request) == request_


@pytest.mark.parametrize("reply", REPLIES, ids=lambda each: type(each).__name__)
def test_replies_come_back_as_they_were(reply: Reply) -> None:
    assert msgspec.msgpack.decode(encode_frame(reply)[HEADER_BYTES:], type=Reply) == reply


def test_every_request_and_reply_is_tried_here() -> None:
    assert {type(each) for each in REQUESTS} == set(get_args(Request))
    assert {type(each) for each in REPLIES} == set(get_args(Reply))
