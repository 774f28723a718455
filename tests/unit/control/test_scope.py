"""What a project may see and do: every kind of request has its rule, and every kind of answer."""

from typing import get_args

import msgspec
import pytest

from softswitch.acd.centre_events import AgentLoggedIn, QueueOpened, SwitchStarted
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId
from softswitch.calls.told.call_events import CallAnswered, CallRinging, CallSupervised
from softswitch.calls.told.events import Numbered, PhoneRegistered, SwitchEvent, TrunkUp
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.replies import (
    Agents,
    AgentSet,
    Bans,
    Callbacks,
    CallbackSet,
    CallerLists,
    Calls,
    Conferences,
    Contacts,
    ContactSet,
    Done,
    EventRows,
    Explained,
    Figures,
    ListedNumbers,
    Mailboxes,
    Phones,
    Projects,
    Queues,
    Refused,
    Registrations,
    Reply,
    SupervisionSet,
)
from softswitch.control.protocol.requests import (
    AddCallback,
    CancelCallback,
    ExplainContact,
    GetStatus,
    HangUp,
    HoldRecording,
    ListCalls,
    ListListedNumbers,
    OrderConference,
    OrderContact,
    QueueContact,
    Reload,
    RemoveRegistration,
    Request,
    SetAgent,
    SetContact,
    SetDisposition,
    SetListedNumber,
    SetMailbox,
    SetPhone,
    SetQueue,
    SetRecording,
    SetSkills,
    SetSupervision,
    Supervise,
    SuperviseAgent,
    TransferCall,
)
from softswitch.control.protocol.rows import (
    AgentRow,
    CallbackRow,
    CallerListRow,
    CallRow,
    ConferenceRow,
    ContactRow,
    HeldContactRow,
    ListedNumberRow,
    MailboxRow,
    PhoneRow,
    ProjectRow,
    QueueRow,
    RegistrationRow,
    WrapUpRow,
)
from softswitch.control.protocol.streams import StartStream, StopStream
from softswitch.control.protocol.voicemail import (
    SetVoiceMessage,
    VoiceBoxes,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessages,
)
from softswitch.control.scope import RULES, SHOWN, Scope
from softswitch.testing.belongings import FixedBelongings
from softswitch.testing.figures import waiting_contact
from softswitch.testing.operations import FixedOperations

CALL, QUEUE, AGENT, CONTACT, PHONE = (
    ("call", "c1"),
    ("queue", "sales"),
    ("agent", "anna"),
    ("contact", "m1"),
    ("phone", "101"),
)
ACTS: list[tuple[Request, list[tuple[str, str]]]] = [
    (HangUp(CallId("c1")), [CALL]),
    (SetRecording(CallId("c1"), "mask"), [CALL]),
    (TransferCall(CallId("c1"), "120"), [CALL]),
    (StartStream(call_id=CallId("c1"), program="acme.bot"), [CALL, ("program", "acme.bot")]),
    (StopStream(call_id=CallId("c1"), stream_id="7"), [CALL]),
    (AnswerCall(CallId("c1"), "201"), [CALL]),
    (HoldCall(CallId("c1"), True), [CALL]),
    (PlayToCall(CallId("c1"), ["acme/welcome"]), [CALL]),
    (StopPlaying(CallId("c1")), [CALL]),
    (SendDigits(CallId("c1"), "1"), [CALL]),
    (NoteCall(CallId("c1"), {"ticket": "7"}), [CALL]),
    (ParkCall(CallId("c1")), [CALL]),
    (Originate(first="101", to="120", project="acme"), [PHONE]),
    (Originate(first="anna", to="120", project="acme"), [AGENT]),
    (
        Originate(first="120", to="120", through="101", caller_id="800", project="acme"),
        [PHONE, ("number", "800")],
    ),
    (Supervise(CallId("c1"), "101"), [CALL, PHONE]),
    (SetSupervision(CallId("c1"), "barge", "101"), [CALL, PHONE]),
    (HoldRecording(RecordingId("r1"), 1.0, True), [("recording", "r1")]),
    (SetAgent(AgentId("anna"), "pause"), [AGENT]),
    (SetSkills(AgentId("anna"), {"sales": 3}), [AGENT]),
    (SuperviseAgent(AgentId("anna"), "101"), [AGENT, PHONE]),
    (SetDisposition(AgentId("anna"), "sold"), [AGENT]),
    (SetDisposition(AgentId("anna"), "sold", ContactId("m1")), [CONTACT]),
    (SetQueue(QueueId("sales"), "close"), [QUEUE]),
    (AddCallback(QueueId("sales"), "+1"), [QUEUE]),
    (CancelCallback("cb1"), [("callback", "cb1")]),
    (QueueContact(QueueId("sales"), "chat"), [QUEUE]),
    (QueueContact(QueueId("sales"), "chat", ContactId("m1")), [QUEUE, CONTACT]),
    (SetContact(ContactId("m1"), "finish"), [CONTACT]),
    (OrderContact(ContactId("m1"), "boost"), [CONTACT]),
    (OrderContact(ContactId("m1"), "move", "sales"), [CONTACT, QUEUE]),
    (OrderContact(ContactId("m1"), "assign", "anna"), [CONTACT, AGENT]),
    (OrderConference("board", "mute", 2), [("room", "board")]),
    (OrderConference("board", "call", number="120"), [("room", "board")]),
    (SetPhone("101"), [PHONE]),
    (RemoveRegistration("101"), [PHONE]),
    (SetMailbox("101", 1), [PHONE]),
    (SetVoiceMessage("v1", "delete"), [("voice message", "v1")]),
    (ListListedNumbers("vip"), [("list", "vip")]),
    (SetListedNumber("vip", "+1", True), [("list", "vip")]),
]
"""What can be done, and all that must be the project's for it."""


def scope_of(owners: dict[tuple[str, str], str], *reachable: str) -> Scope:
    belongings = FixedBelongings()
    belongings.owners = owners
    belongings.reachable = {("acme", number) for number in reachable}
    return Scope("acme", belongings)


def test_every_kind_of_request_has_a_rule() -> None:
    assert set(RULES) == set(get_args(Request)), "decide in control/scope.py what a project may ask"


def test_every_kind_of_answer_has_one() -> None:
    assert set(SHOWN) == set(get_args(Reply)), "decide in control/scope.py what a project sees of it"


def test_every_act_that_a_project_may_do_is_tried_here() -> None:
    scope, tried = scope_of({}), {type(request) for request, _ in ACTS}
    tried.add(ExplainContact)  # what comes of it is judged by its answer
    for kind, rule in RULES.items():
        if kind not in tried:
            refused = rule.__name__ == "_operators_only"
            is_listing = kind.__name__.startswith(("List", "Watch"))
            assert refused or (is_listing and rule(scope, None)), f"{kind.__name__} is not tried"


@pytest.mark.parametrize(("request_", "things"), ACTS)
def test_a_project_acts_on_what_is_its_own(request_: Request, things: list[tuple[str, str]]) -> None:
    assert scope_of(dict.fromkeys(things, "acme"), "120").refusal(request_) is None


@pytest.mark.parametrize("owner", ["bolt", ""])
@pytest.mark.parametrize(("request_", "things"), ACTS)
def test_and_on_nothing_else_which_is_as_if_it_did_not_exist(
    request_: Request, things: list[tuple[str, str]], owner: str
) -> None:
    own = dict.fromkeys(things, "acme")
    nothing = scope_of({}, "120").refusal(request_)
    assert nothing is not None
    for thing in things:
        refused = scope_of({**own, thing: owner}, "120").refusal(request_)
        assert refused == nothing


def test_callers_are_sent_to_what_is_the_projects_or_nobodys() -> None:
    refused = scope_of({CALL: "acme"}).refusal(TransferCall(CallId("c1"), "120"))
    assert refused is not None
    assert refused.code == "not_found"


@pytest.mark.parametrize(
    "request_",
    [
        Originate(first="101", to="120"),
        Originate(first="101", to="120", project="bolt"),
        Originate(first="101", to="121", project="acme"),
        Originate(first="101", flow="survey", project="acme"),
        Originate(first="101", slot="701", project="acme"),
        Originate(first="102", to="120", project="acme"),
        Originate(first="121", to="120", through="101", project="acme"),
        Originate(first="101", to="120", through="102", project="acme"),
        Originate(first="101", to="120", caller_id="900", project="acme"),
        PlayToCall(CallId("c1"), ["bolt/welcome"]),
    ],
)
def test_calls_are_made_between_what_is_its_own_in_its_own_name(request_: Request) -> None:
    owners = {PHONE: "acme", CALL: "acme", ("phone", "102"): "bolt", ("number", "900"): "bolt"}
    refused = scope_of(owners, "120").refusal(request_)
    assert refused is not None
    assert refused.code == "not_found"


@pytest.mark.parametrize("request_", [GetStatus(), Reload()])
def test_the_switch_itself_is_for_operators(request_: Request) -> None:
    refused = scope_of({}).refusal(request_)
    assert refused is not None
    assert refused.code == "forbidden"


def test_a_project_that_there_is_not_sees_nothing() -> None:
    refused = Scope("acne", FixedBelongings()).refusal(ListCalls())
    assert refused is not None
    assert 'there is no project "acne"' in refused.message


def shown(reply: Reply, owners: dict[tuple[str, str], str]) -> list[str]:
    """The ids of the rows that are left."""
    seen = scope_of(owners).shown(reply)
    assert type(seen) is type(reply)
    return [str(next(iter(msgspec.structs.asdict(row).values()))) for row in getattr(seen, "rows")]  # noqa: B009


def call(call_id: str, project: str) -> CallRow:
    return CallRow(
        call_id=CallId(call_id),
        state="talking",
        calling_number="+1",
        called_number="100",
        started_at=1.0,
        duration_s=1.0,
        project=project,
        supervisors={"101": "listen", "900": "whisper"},
    )


def queue(name: str) -> QueueRow:
    return QueueRow(
        queue_id=QueueId(name),
        name=name,
        waiting=0,
        longest_wait_s=0.0,
        agents_ready=0,
        agents_busy=0,
        agents_logged_in=0,
    )


def contact(name: str, queue_id: str) -> ContactRow:
    return ContactRow(contact_id=ContactId(name), queue_id=QueueId(queue_id), channel="chat", state="waiting")


OWNERS = {
    ("queue", "sales"): "acme",
    ("queue", "repairs"): "bolt",
    ("queue", "shared"): "",
    ("call", "c1"): "acme",
    ("call", "c2"): "bolt",
    ("phone", "101"): "acme",
    ("phone", "102"): "bolt",
    ("phone", "sip:101@x"): "acme",
    ("list", "vip"): "acme",
    ("agent", "anna"): "acme",
    ("agent", "boris"): "bolt",
    ("agent", "carl"): "",
}


def voice_message(message_id: str, project: str) -> VoiceMessageRow:
    return VoiceMessageRow(message_id=message_id, box="sales", state="new", received_at=1.0, project=project)


def test_listings_hold_what_is_the_projects() -> None:
    registration = RegistrationRow(aor="sip:101@x", contact="c", transport="UDP", remote="r", expires_in_s=1.0)
    other = msgspec.structs.replace(registration, aor="sip:102@x")
    callback = CallbackRow(callback_id="cb1", queue_id=QueueId("shared"), number="+1", project="acme")
    listings: list[tuple[Reply, list[str]]] = [
        (Projects([ProjectRow(project_id="acme"), ProjectRow(project_id="bolt")]), ["acme"]),
        (Calls([call("c1", "acme"), call("c2", "bolt"), call("c3", "")]), ["c1"]),
        (Queues([queue("sales"), queue("repairs"), queue("shared")]), ["sales"]),
        (Contacts([contact("m1", "sales"), contact("m2", "repairs"), contact("c1", "shared")]), ["m1", "c1"]),
        (Conferences([ConferenceRow(room="a", project="acme"), ConferenceRow(room="b")]), ["a"]),
        (Callbacks([callback, msgspec.structs.replace(callback, callback_id="cb2", project="bolt")]), ["cb1"]),
        (Phones([PhoneRow(username="101"), PhoneRow(username="102"), PhoneRow(username="103")]), ["101"]),
        (Registrations([registration, other]), ["sip:101@x"]),
        (VoiceBoxes([VoiceBoxRow(box="sales", project="acme"), VoiceBoxRow(box="info")]), ["sales"]),
        (VoiceMessages([voice_message("v1", "acme"), voice_message("v2", "bolt")]), ["v1"]),
        (
            CallerLists([CallerListRow(list_id="vip", name="", project="acme"), CallerListRow(list_id="x", name="")]),
            ["vip"],
        ),
        (
            ListedNumbers([ListedNumberRow(list_id="vip", number="1"), ListedNumberRow(list_id="x", number="2")]),
            ["vip"],
        ),
        (Mailboxes([MailboxRow(mailbox="101", new=1), MailboxRow(mailbox="102", new=1)]), ["101"]),
        (
            Figures(
                [
                    QueueTally(queue_id=QueueId("sales")),
                    QueueTally(queue_id=QueueId("shared")),
                    AgentTally(agent_id=AgentId("anna")),
                    AgentTally(agent_id=AgentId("carl")),
                ]
            ),
            ["sales", "anna"],
        ),
    ]
    for reply, expected in listings:
        assert shown(reply, OWNERS) == expected


def test_why_a_contact_waits_is_told_of_its_own_and_without_others_agents() -> None:
    scope = scope_of({("contact", "c2"): "acme", ("agent", "anna"): "acme"})
    contact = waiting_contact()
    assert scope.refusal(ExplainContact("c2")) is None
    seen = scope.shown(Explained(1.0, contact))
    assert isinstance(seen, Explained)
    assert {each.agent_id for each in seen.contact.agents} <= {"anna"}
    assert len(contact.agents) > len(seen.contact.agents)
    assert seen.contact.verdicts == contact.verdicts, "others are counted"
    assert isinstance(scope_of({}).shown(Explained(1.0, contact)), Refused)


def test_of_what_happens_it_sees_its_own_and_its_phones_and_agents() -> None:
    happened: list[tuple[SwitchEvent, str, bool]] = [
        (CallAnswered(1.0, CallId("c1")), "acme", True),
        (CallAnswered(1.0, CallId("c2")), "bolt", False),
        (CallAnswered(1.0, CallId("c9")), "", False),
        (CallSupervised(1.0, CallId("c1"), "101", "listen"), "acme", True),
        (CallSupervised(1.0, CallId("c1"), "102", "listen"), "acme", False),
        (CallRinging(1.0, CallId("c9"), "anna", AgentId("anna")), "", False),
        (QueueOpened(1.0, QueueId("shared")), "", False),
        (QueueOpened(1.0, QueueId("sales")), "acme", True),
        (AgentLoggedIn(1.0, AgentId("anna")), "", True),
        (AgentLoggedIn(1.0, AgentId("boris")), "", False),
        (AgentLoggedIn(1.0, AgentId("carl")), "", False),
        (PhoneRegistered(1.0, "101"), "", True),
        (PhoneRegistered(1.0, "102"), "", False),
        (TrunkUp(1.0, "provider", "health"), "", False),
        (SwitchStarted(1.0), "", False),
    ]
    rows = [Numbered(number, 1.0, event, project) for number, (event, project, _) in enumerate(happened)]
    seen = scope_of(OWNERS).shown(EventRows(rows, 99))
    assert isinstance(seen, EventRows)
    assert seen.cursor == 99
    assert [row.number for row in seen.rows] == [number for number, (*_, is_seen) in enumerate(happened) if is_seen]


def test_who_supervises_for_others_is_not_seen() -> None:
    seen = scope_of(OWNERS).shown(SupervisionSet(call("c1", "acme"), "101"))
    assert isinstance(seen, SupervisionSet)
    assert seen.call.supervisors == {"101": "listen"}


def agent(name: str, *queues: str, call_id: str = "") -> AgentRow:
    return AgentRow(
        agent_id=AgentId(name),
        name=name,
        status="ready",
        state="busy",
        since_s=5.0,
        reason="why",
        queues=[QueueId(each) for each in queues],
        call_id=CallId(call_id),
        answered=7,
        missed=2,
        by="otto",
        contacts=[
            HeldContactRow(contact_id=ContactId("m1"), queue_id=QueueId("sales"), channel="chat", for_s=1.0),
            HeldContactRow(contact_id=ContactId("m2"), queue_id=QueueId("repairs"), channel="chat", for_s=1.0),
        ],
        wrap_ups=[WrapUpRow(contact_id=ContactId("m3"), queue_id=QueueId("repairs"), left_s=1.0)],
    )


def test_of_an_agent_who_serves_others_too_it_sees_its_own_part() -> None:
    rows = [agent("anna", "sales"), agent("boris", "repairs"), agent("carl", "sales", "repairs", call_id="c2")]
    seen = scope_of(OWNERS).shown(Agents(rows))
    assert isinstance(seen, Agents)
    own, carl = seen.rows
    assert own == rows[0]
    assert (carl.agent_id, carl.queues, carl.call_id, carl.answered, carl.reason) == ("carl", ["sales"], "", 0, "")
    assert [each.contact_id for each in carl.contacts] == ["m1"]
    assert carl.wrap_ups == []


def test_what_became_of_an_order_is_told_if_it_is_the_projects() -> None:
    scope = scope_of(OWNERS)
    assert scope.shown(ContactSet(None)) == ContactSet(None)
    assert scope.shown(Done()) == Done()
    for reply in (AgentSet(agent("boris", "repairs")), CallbackSet(FixedOperations().callback_rows[0]), Bans([])):
        refused = scope.shown(reply)
        assert isinstance(refused, Refused)
        assert refused.code == "forbidden"
