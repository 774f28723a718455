"""A switch as the control socket sees it, with fixed contents; most of it by the file of its subject."""

from collections.abc import AsyncGenerator

import msgspec

from softswitch.acd.snapshot_rows import VERSION
from softswitch.base.ids import CallId
from softswitch.calls.kept.kept_call import KEPT_VERSION
from softswitch.calls.told.call_events import CallAnswered, CallBegan
from softswitch.calls.told.events import Numbered, TrunkDown
from softswitch.control.protocol.metrics import MetricFamily, Metrics, Sample, Spread
from softswitch.control.protocol.replies import Done, EventRows, Refused, Reloaded, Status, WorkerSet
from softswitch.control.protocol.requests import WatchEvents, WorkerAction
from softswitch.control.protocol.rows import MissingPromptRow, ProjectRow, StoreRow, WorkerRow
from softswitch.media.protocol import PROTOCOL_VERSION
from softswitch.testing.acd_operations import FixedAcdOperations
from softswitch.testing.belongings import FixedBelongings
from softswitch.testing.call_order_operations import FixedCallOrderOperations
from softswitch.testing.caller_operations import FixedCallerOperations
from softswitch.testing.conference_operations import FixedConferenceOperations
from softswitch.testing.fixed_switch import STARTED_AT
from softswitch.testing.peer_operations import FixedPeerOperations
from softswitch.testing.voicemail_operations import FixedVoicemailOperations


class FixedOperations(
    FixedCallerOperations,
    FixedCallOrderOperations,
    FixedAcdOperations,
    FixedPeerOperations,
    FixedConferenceOperations,
    FixedVoicemailOperations,
):
    """Implements `Operations` over lists that a test may change; keeps the orders it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.reload_reply: Reloaded | Refused = Reloaded(["queue support: wrap_up_s 10 -> 20"])
        self.belongings = FixedBelongings()
        self.event_rows = [
            Numbered(7, STARTED_AT, CallBegan(1.0, CallId("c1"), "+442071838750", "100"), "acme"),
            Numbered(8, STARTED_AT + 2, CallAnswered(3.0, CallId("c1"), waited_s=2.0), "acme"),
            Numbered(9, STARTED_AT + 3, TrunkDown(4.0, "provider", "health", state="down", reason="no answer")),
        ]
        self.project_rows = [
            ProjectRow(project_id="acme", name="Acme Ltd", calls=2, max_calls=30, refused=1, queues=1, waiting=1),
            ProjectRow(project_id="bolt", name="Bolt GmbH"),
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
                WorkerRow(
                    name="media-0",
                    pid=4712,
                    is_connected=True,
                    streams=3,
                    cpu=0.12,
                    tick_us_median=900.0,
                    version="0.1.0",
                ),
                WorkerRow(name="media-1", pid=4713, is_connected=False),
            ],
            store=StoreRow(directory="/srv/switch/store", cdrs=120, recordings=80, size_bytes=3 * 1024 * 1024),
            configuration_directory="/srv/switch",
            configuration_loaded_at=STARTED_AT,
            missing_prompts=[MissingPromptRow(name="shop/sale", language="en", times=12)],
            media_protocol=PROTOCOL_VERSION,
            kept_version=KEPT_VERSION,
            router_version=VERSION,
        )

    def metrics(self) -> Metrics:
        return Metrics(
            [
                MetricFamily(name="softswitch_calls", kind="gauge", help="Calls now.", samples=[Sample({}, 2.0)]),
                MetricFamily(
                    name="softswitch_calls_ended",
                    kind="counter",
                    help="Calls that are over.",
                    samples=[Sample({"end": "completed", "by": "caller"}, 7.0)],
                ),
                MetricFamily(
                    name="softswitch_call_talk_seconds",
                    kind="histogram",
                    help="How long people talked.",
                    spreads=[Spread({}, (5.0, 60.0), [1, 4, 2], 321.5)],
                ),
            ]
        )

    async def set_worker(self, name: str, action: WorkerAction) -> WorkerSet | Refused:
        self.orders.append(("set_worker", name, action))
        for row in self.status().workers:
            if row.name == name:
                return WorkerSet(msgspec.structs.replace(row, is_draining=action == "drain"))
        return Refused("not_found", f"there is no media worker {name}; `softswitch media` lists them all")

    async def watch_events(self, request: WatchEvents) -> AsyncGenerator[EventRows | Refused, None]:
        self.orders.append(("watch_events", str(request.after), *request.kinds, request.contact_id))
        yield EventRows(self.event_rows[:1], 7, is_incomplete=True)
        yield EventRows([], 7)
        yield EventRows(self.event_rows[1:], 9, is_last=True, end_reason="too slow: 6000 events behind; go on after 9")

    async def reload(self) -> Reloaded | Refused:
        self.orders.append(("reload",))
        return self.reload_reply

    async def stop(self) -> Done:
        self.orders.append(("stop",))
        return Done()
