"""A switch as the control socket sees it, with fixed contents."""

from collections.abc import AsyncGenerator

import msgspec

from softswitch.acd.reporting.intervals import Interval
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId, SiteId
from softswitch.control.protocol.replies import (
    AgentSet,
    BanSet,
    BansLifted,
    CallbackSet,
    ConferenceSet,
    ContactSet,
    Done,
    Explained,
    Messages,
    PhoneSet,
    QueueSet,
    RecordingSet,
    Refused,
    Reloaded,
    Status,
    SupervisionSet,
    TraceRows,
    Transferred,
    WorkerSet,
)
from softswitch.control.protocol.requests import (
    AddCallback,
    AgentAction,
    GetMessages,
    OrderConference,
    OrderContact,
    QueueContact,
    RecordingAction,
    SetAgent,
    SetContact,
    SetDisposition,
    SetPhone,
    SetQueue,
    SetSkills,
    SupervisionMode,
    Trace,
    WorkerAction,
)
from softswitch.control.protocol.rows import (
    AgentRow,
    BanRow,
    CallbackRow,
    CallRow,
    ConferenceRow,
    ContactRow,
    LimitRow,
    MailboxRow,
    MissingPromptRow,
    ParticipantRow,
    PhoneRow,
    ProjectRow,
    QueueRow,
    RegistrationRow,
    SiteRow,
    StoreRow,
    SubscriptionRow,
    TraceRow,
    TrunkRow,
    WorkerRow,
    WrapUpRow,
)
from softswitch.control.protocol.voicemail import (
    MailCounts,
    MailRow,
    SetVoiceMessage,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessageSet,
)
from softswitch.sip.tracing.reading import call_id_of
from softswitch.testing.caller_operations import FixedCallerOperations
from softswitch.testing.figures import an_hour, waiting_contact
from softswitch.testing.traced_call import LEGS, refused_call

STARTED_AT = 1_700_000_000.0


class FixedBelongings:
    """What belongs to whom, as a test says: by the kind of thing and its id. What is not there does not exist."""

    def __init__(self) -> None:
        self.owners: dict[tuple[str, str], str] = {}
        self.reachable: set[tuple[str, str]] = set()
        """Projects and the numbers their callers may be sent to."""

    def has_project(self, project: str) -> bool:
        return project in ("acme", "bolt")

    def of_call(self, call_id: CallId) -> str | None:
        return self.owners.get(("call", call_id))

    def of_queue(self, queue_id: QueueId) -> str | None:
        return self.owners.get(("queue", queue_id))

    def of_contact(self, contact_id: ContactId) -> str | None:
        return self.owners.get(("contact", contact_id))

    def of_callback(self, callback_id: str) -> str | None:
        return self.owners.get(("callback", callback_id))

    def of_recording(self, recording_id: RecordingId, started_at: float) -> str | None:
        return self.owners.get(("recording", recording_id))

    def of_room(self, room: str) -> str | None:
        return self.owners.get(("room", room))

    def of_voice_message(self, message_id: str) -> str | None:
        return self.owners.get(("voice message", message_id))

    def of_phone(self, phone: str) -> str | None:
        return self.owners.get(("phone", phone))

    def of_list(self, list_id: str) -> str | None:
        return self.owners.get(("list", list_id))

    def of_agent(self, agent_id: AgentId) -> str | None:
        return self.owners.get(("agent", agent_id))

    def may_reach(self, project: str, number: str) -> bool:
        return (project, number) in self.reachable


class FixedOperations(FixedCallerOperations):
    """Implements `Operations` over lists that a test may change; keeps the orders it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[tuple[str, ...]] = []
        self.message_rows = refused_call()
        self.explanation = waiting_contact()
        self.figures_now = an_hour(STARTED_AT)
        self.reload_reply: Reloaded | Refused = Reloaded(["queue support: wrap_up_s 10 -> 20"])
        self.belongings = FixedBelongings()
        self.project_rows = [
            ProjectRow(project_id="acme", name="Acme Ltd", calls=2, max_calls=30, refused=1, queues=1, waiting=1),
            ProjectRow(project_id="bolt", name="Bolt GmbH"),
        ]
        self.call_rows = [
            CallRow(
                call_id=CallId("c1"),
                state="talking",
                calling_number="+442071838750",
                called_number="100",
                started_at=STARTED_AT + 60,
                duration_s=95.4,
                flow="hotline",
                queue="support",
                agent="anna",
                wait_s=12.0,
                recording=RecordingId("r1"),
            ),
            CallRow(
                call_id=CallId("c2"),
                state="waiting",
                calling_number="+74951234567",
                called_number="100",
                started_at=STARTED_AT + 120,
                duration_s=31.0,
                flow="hotline",
                queue="support",
                wait_s=20.5,
            ),
        ]
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
        self.conference_rows = [
            ConferenceRow(
                room="board",
                name="The board",
                number="8800",
                conference_id="conf-1",
                running_s=125.0,
                maximum=15,
                participants=[
                    ParticipantRow(seat=1, number="201", name="Anna", role="host", is_talking=True, talk_s=61.0),
                    ParticipantRow(seat=2, number="+4930123", is_heard=False, is_silenced=True, joined_s=30.0),
                ],
                calling=["+4930124"],
                is_open=True,
            ),
            ConferenceRow(room="sales", name="Sales", number="8801", maximum=15),
        ]
        self.voice_box_rows = [
            VoiceBoxRow(box="anna", number="101", name="Anna", owner="anna", new=1, messages_max=100, minutes_max=60.0),
            VoiceBoxRow(box="sales", number="190", members=["anna"], messages_max=20, minutes_max=30.0, refused=2),
        ]
        self.voice_message_rows = [
            VoiceMessageRow(
                message_id="0badcafe01",
                box="anna",
                state="new",
                received_at=1_700_000_000.0,
                duration_s=23.4,
                calling_number="+15550100",
                calling_name="Dora",
                called_number="101",
                call_id="c1",
                path="/var/voicemail/one.wav",
            ),
            VoiceMessageRow(message_id="0badcafe02", box="anna", state="deleted", received_at=1_700_000_100.0),
        ]
        self.mail_rows = [
            MailRow(
                mail_id="m1",
                to=["sales@example.com"],
                subject="Voice message",
                written_at=1_700_000_000.0,
                attempts=2,
                next_at=1_700_000_300.0,
                last_failure="421 come back later",
            )
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
        self.phone_rows = [
            PhoneRow(
                username="anna",
                name="Anna Petrova",
                number="101",
                agent_id=AgentId("anna"),
                contacts=1,
                calls=1,
                forwards={"busy": "102", "no_answer": "+442071838750"},
                no_answer_s=20.0,
            ),
            PhoneRow(username="hall", number="110", do_not_disturb=True, call_waiting=False),
        ]
        self.site_rows = [
            SiteRow(site_id=SiteId("moscow"), name="Moscow", calls=30, max_calls=30, agents=40, agents_logged_in=35),
            SiteRow(site_id=SiteId("omsk"), name="Omsk", calls=2, agents=12, agents_logged_in=9, agents_ready=7),
        ]
        self.limit_rows = [
            LimitRow(
                subject="phone:anna",
                day="2023-11-14",
                calls_now=1,
                calls=4,
                minutes=37.4,
                refused=1,
                last_refusal="this number is not permitted (+1900)",
                calls_per_day=50,
            )
        ]
        self.ban_rows = [
            BanRow(network="192.0.2.66", since_at=STARTED_AT + 30, ends_in_s=245.0, times=2, reason="authentication"),
        ]
        self.registration_rows = [
            RegistrationRow(
                aor="sip:anna@example.test",
                contact="sip:anna@192.0.2.9:5062",
                transport="UDP",
                remote="192.0.2.9:5062",
                expires_in_s=245.0,
                user_agent="baresip v3.2.0",
            ),
        ]

        self.subscription_rows = [
            SubscriptionRow(
                watcher="boris",
                event="dialog",
                resource="anna",
                transport="UDP",
                remote="192.0.2.8:5060",
                expires_in_s=610.0,
            ),
        ]
        self.mailbox_rows = [MailboxRow(mailbox="anna", new=2, old=5, urgent_new=1)]
        self.trunk_rows = [
            TrunkRow(
                name="provider",
                health="up",
                registration="registered",
                expires_in_s=420.0,
                round_trip_ms=18.5,
                used_in=2,
                used_out=5,
                channels=30,
                calls_in=80,
                calls_out=112,
                refused=1,
                last_failure="503 Service Unavailable to INVITE",
                last_failure_ago_s=3600.0,
            ),
            TrunkRow(
                name="backup",
                health="down",
                registration="refused",
                registration_reason="403 Forbidden: the provider refuses this account",
                last_failure="408 Request Timeout to OPTIONS",
                last_failure_ago_s=12.0,
            ),
        ]

    def projects(self) -> list[ProjectRow]:
        return self.project_rows

    def status(self) -> Status:
        return Status(
            version="0.1.0",
            pid=4711,
            started_at=STARTED_AT,
            uptime_s=7325.0,
            domain="example.test",
            listen=["udp:192.0.2.5:5060", "tcp:192.0.2.5:5060"],
            calls=len(self.call_rows),
            registrations=len(self.registration_rows),
            agents=len(self.agent_rows),
            agents_logged_in=4,
            queues=len(self.queue_rows),
            waiting=1,
            workers=[
                WorkerRow(name="media-0", pid=4712, is_connected=True, streams=3, cpu=0.12, tick_us_median=900.0),
                WorkerRow(name="media-1", pid=4713, is_connected=False),
            ],
            store=StoreRow(directory="/srv/switch/store", cdrs=120, recordings=80, size_bytes=3 * 1024 * 1024),
            configuration_directory="/srv/switch",
            configuration_loaded_at=STARTED_AT,
            missing_prompts=[MissingPromptRow(name="shop/sale", language="en", times=12)],
        )

    def calls(self) -> list[CallRow]:
        return self.call_rows

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

    def registrations(self) -> list[RegistrationRow]:
        return self.registration_rows

    def phones(self) -> list[PhoneRow]:
        return self.phone_rows

    async def set_phone(self, order: SetPhone) -> PhoneSet | Refused:
        self.orders.append(("set_phone", order.phone))
        for row in self.phone_rows:
            if order.phone in (row.username, row.number):
                forwards = {reason: number for reason, number in (row.forwards | order.forwards).items() if number}
                is_disturbed = row.do_not_disturb if order.do_not_disturb is None else order.do_not_disturb
                return PhoneSet(msgspec.structs.replace(row, forwards=forwards, do_not_disturb=is_disturbed))
        return Refused("not_found", f'there is no phone "{order.phone}": see `softswitch phones`')

    async def remove_registration(self, aor: str, contact: str) -> Done | Refused:
        self.orders.append(("remove_registration", aor, contact))
        if any(row.aor.removeprefix("sip:") == aor for row in self.registration_rows):
            return Done()
        return Refused("not_found", f"{aor} is not registered; `softswitch registrations` lists them all")

    def subscriptions(self) -> list[SubscriptionRow]:
        return self.subscription_rows

    def mailboxes(self) -> list[MailboxRow]:
        return self.mailbox_rows

    async def set_mailbox(self, row: MailboxRow) -> Done | Refused:
        self.orders.append(
            ("set_mailbox", row.mailbox, str(row.new), str(row.old), str(row.urgent_new), str(row.urgent_old))
        )
        return Done()

    def trunks(self) -> list[TrunkRow]:
        return self.trunk_rows

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

    async def set_skills(self, order: SetSkills) -> AgentSet | Refused:
        self.orders.append(("set_skills", order.agent_id, *(f"{name}={level}" for name, level in order.skills.items())))
        for row in self.agent_rows:
            if row.agent_id == order.agent_id:
                skills = row.skills if order.is_reset else {**row.skills, **order.skills}
                return AgentSet(msgspec.structs.replace(row, skills=skills))
        return Refused("not_found", f"there is no agent {order.agent_id}; `softswitch agents` lists them all")

    def conferences(self) -> list[ConferenceRow]:
        return self.conference_rows

    async def order_conference(self, order: OrderConference) -> ConferenceSet | Refused:
        self.orders.append(("order_conference", order.room, order.action, str(order.seat), order.number))
        for row in self.conference_rows:
            if row.room == order.room and row.conference_id:
                is_locked = order.action == "lock" or (row.is_locked and order.action != "unlock")
                is_over = order.action == "end"
                return ConferenceSet(None if is_over else msgspec.structs.replace(row, is_locked=is_locked))
        return Refused("not_found", f'nobody is in "{order.room}"; `softswitch conferences` lists the rooms')

    def voice_boxes(self) -> list[VoiceBoxRow]:
        return self.voice_box_rows

    def voice_messages(self, box: str) -> list[VoiceMessageRow]:
        return [row for row in self.voice_message_rows if box in ("", row.box)]

    async def set_voice_message(self, order: SetVoiceMessage) -> VoiceMessageSet | Refused:
        self.orders.append(("set_voice_message", order.message_id, order.action))
        row = next(row for row in self.voice_message_rows if row.message_id == order.message_id)
        states = {"delete": "deleted", "undelete": "new", "new": "new", "old": "old"}
        return VoiceMessageSet(
            msgspec.structs.replace(row, state=states.get(order.action, row.state), is_urgent=order.action == "urgent")
        )

    def mails(self) -> list[MailRow]:
        return self.mail_rows

    def mail_counts(self) -> MailCounts:
        return MailCounts(sent=12, failed=3, given_up=1)

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

    async def hang_up(self, call_id: CallId) -> Done | Refused:
        self.orders.append(("hang_up", call_id))
        if any(row.call_id == call_id for row in self.call_rows):
            return Done()
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def transfer_call(self, call_id: CallId, target: str) -> Transferred | Refused:
        self.orders.append(("transfer_call", call_id, target))
        for row in self.call_rows:
            if row.call_id == call_id:
                return Transferred(msgspec.structs.replace(row, call_id=CallId("c2"), called_number=target))
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def set_recording(
        self, call_id: CallId, action: RecordingAction, seconds: float | None, by: str
    ) -> RecordingSet | Refused:
        self.orders.append(("set_recording", call_id, action, str(seconds), by))
        for row in self.call_rows:
            if row.call_id == call_id:
                masked_s = (seconds or 300.0) if action == "mask" else 0.0
                recording = RecordingId("" if action == "stop" else "r1")
                return RecordingSet(msgspec.structs.replace(row, recording=recording, masked_s=masked_s))
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def set_worker(self, name: str, action: WorkerAction) -> WorkerSet | Refused:
        self.orders.append(("set_worker", name, action))
        for row in self.status().workers:
            if row.name == name:
                return WorkerSet(msgspec.structs.replace(row, is_draining=action == "drain"))
        return Refused("not_found", f"there is no media worker {name}; `softswitch media` lists them all")

    async def hold_recording(self, recording_id: RecordingId, started_at: float, is_held: bool) -> Done | Refused:
        self.orders.append(("hold_recording", recording_id, str(started_at), str(is_held)))
        return Done()

    async def supervise(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        self.orders.append(("supervise", call_id, phone, mode))
        return self._supervised(call_id, phone, mode)

    async def set_supervision(self, call_id: CallId, mode: SupervisionMode, phone: str) -> SupervisionSet | Refused:
        self.orders.append(("set_supervision", call_id, mode, phone))
        return self._supervised(call_id, phone or "carl", mode)

    def _supervised(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        for row in self.call_rows:
            if row.call_id == call_id:
                return SupervisionSet(msgspec.structs.replace(row, supervisors={phone: mode}), phone)
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def messages(self, request: GetMessages) -> Messages | Refused:
        call = next((row for row in self.call_rows if row.call_id == request.call_id), None)
        if request.call_id and call is None:
            return Refused("not_found", f"there is no call {request.call_id}; `softswitch calls` lists them all")
        wanted = request.call_id or request.number == "100" or set(request.sip_call_ids) & {"one@provider", "two"}
        return Messages(list(self.message_rows) if wanted else [], sip_legs=list(LEGS) if wanted else [], call=call)

    async def trace(self, request: Trace) -> AsyncGenerator[TraceRows | Refused, None]:
        self.orders.append(("trace", request.call_id, request.number, request.peer, str(request.is_from_memory)))
        names = {leg.sip_call_id: leg.party for leg in LEGS}
        rows = [TraceRow(each, names[call_id_of(each.message).decode()], CallId("c1")) for each in self.message_rows]
        yield TraceRows(rows[:3])
        yield TraceRows([], 0)
        yield TraceRows(rows[3:], 5)
        yield TraceRows([], is_last=True)

    def bans(self) -> list[BanRow]:
        return self.ban_rows

    def limits(self) -> list[LimitRow]:
        return self.limit_rows

    async def add_ban(self, network: str, seconds: float, reason: str) -> BanSet | Refused:
        self.orders.append(("add_ban", network, str(seconds), reason))
        return BanSet(BanRow(network=network, since_at=STARTED_AT, ends_in_s=seconds, reason=reason, by="operator"))

    async def lift_ban(self, network: str) -> BansLifted | Refused:
        self.orders.append(("lift_ban", network))
        if any(row.network == network for row in self.ban_rows):
            return BansLifted([network])
        return Refused("not_found", f"nobody bans {network}: see `softswitch bans`")

    async def reload(self) -> Reloaded | Refused:
        self.orders.append(("reload",))
        return self.reload_reply

    async def stop(self) -> Done:
        self.orders.append(("stop",))
        return Done()


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
