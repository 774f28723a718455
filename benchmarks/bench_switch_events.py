"""What the switch's events cost a call: made, numbered, kept in memory, written to the store, and sent to followers.

    python benchmarks/bench_switch_events.py [--calls N] [--followers N] [--json]

A call here is what a call through a queue tells: 22 events, 12 of them of the ACD. CPU is of the whole process, with
the store's writer and LMDB; with nobody who follows, and with some. The sockets of followers are not in it.
"""

import argparse
import asyncio
import json
import tempfile
import time
from typing import Any

from softswitch.acd.events import (
    AgentReserved,
    AgentStateChanged,
    ContactConnected,
    ContactEnded,
    ContactQueued,
    ReservationEnded,
    Stamped,
    WrapUpEnded,
)
from softswitch.acd.model import AgentState
from softswitch.app.event_operations import EventOperations
from softswitch.app.switch_events import SwitchEvents
from softswitch.base.clock import Clock, SystemClock
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId, ReservationId
from softswitch.calls.told.call_events import (
    CallAnswered,
    CallBegan,
    CallBridged,
    CallEnded,
    CallHeld,
    CallParted,
    CallResumed,
    CallRinging,
    RecordingEnded,
    RecordingStarted,
)
from softswitch.config.settings import EventsSection
from softswitch.control.framing import encode_frame
from softswitch.control.protocol.requests import WatchEvents
from softswitch.store import open_store

QUEUE, AGENT = QueueId("support"), AgentId("anna")
EVENTS_OF_A_CALL = 22
CALLS_A_TURN = 5


class Place:
    """What followers need."""

    def __init__(self, switch_events: SwitchEvents, clock: Clock) -> None:
        self.switch_events = switch_events
        self.clock = clock


def one_call(events: SwitchEvents, clock: Clock, number: int) -> None:
    now, wall = clock.now(), clock.wall()
    call_id, contact_id = CallId(f"c{number:023d}"), ContactId(f"c{number:023d}")
    reservation = ReservationId(number)
    path = f"/var/lib/softswitch/recordings/2026/11/30/{call_id}-1.wav"

    def acd(*happened: Any) -> None:
        events.take([Stamped(wall, each, "acme") for each in happened])

    def changed(old: AgentState, new: AgentState) -> AgentStateChanged:
        return AgentStateChanged(now, AGENT, old, new, 12.5, "contact")

    events.tell(CallBegan(now, call_id, "+442071838750", "+18005550100", source="trunk:provider"), "")
    events.tell(CallAnswered(now, call_id, waited_s=0.4), "acme")
    acd(ContactQueued(now, contact_id, QUEUE, now, caller="+442071838750"))
    acd(
        AgentReserved(now, reservation, contact_id, QUEUE, AGENT, "longest_idle", idle_s=31.5, able=12, free=3),
        changed(AgentState.READY, AgentState.RESERVED),
    )
    events.tell(CallRinging(now, call_id, "anna", agent_id=AGENT), "acme")
    acd(
        ReservationEnded(now, reservation, contact_id, QUEUE, AGENT, "answered", 4.2),
        ContactConnected(now, contact_id, QUEUE, AGENT, reservation, 16.2, 16.2, 4.2, 20.0),
        changed(AgentState.RESERVED, AgentState.BUSY),
    )
    events.tell(RecordingStarted(now, RecordingId(f"r{number}"), call_id, path, agent_id=AGENT, queue_id=QUEUE), "acme")
    events.tell(CallBridged(now, call_id, "anna", agent_id=AGENT, queue_id=QUEUE), "acme")
    events.tell(CallHeld(now, call_id, party="anna"), "acme")
    events.tell(CallResumed(now, call_id, held_s=5.0), "acme")
    acd(
        ContactEnded(now, contact_id, QUEUE, AGENT, 16.2, 120.0, hold_s=5.0, ended_by="caller"),
        changed(AgentState.BUSY, AgentState.WRAP_UP),
    )
    events.tell(CallParted(now, call_id, "anna", agent_id=AGENT, talk_s=125.0, hold_s=5.0), "acme")
    events.tell(
        CallEnded(
            now,
            call_id,
            wall,
            "completed",
            "caller",
            cause=16,
            cause_text="normal call clearing",
            calling_number="+442071838750",
            called_number="+18005550100",
            talk_s=125.0,
            agent_id=AGENT,
            queue_id=QUEUE,
            tags={"language": "en"},
            recordings=(path,),
        ),
        "acme",
    )
    events.tell(RecordingEnded(now, RecordingId(f"r{number}"), call_id, path, wall, 125.0, agent_id=AGENT), "acme")
    acd(
        WrapUpEnded(now, AGENT, contact_id, QUEUE, 20.0, "sold"),
        changed(AgentState.WRAP_UP, AgentState.READY),
        changed(AgentState.READY, AgentState.NOT_READY),
        changed(AgentState.NOT_READY, AgentState.READY),
    )


async def follow(operations: EventOperations, until: int) -> None:
    """As the control server does it, but for the socket."""
    async for frame in operations.watch_events(WatchEvents()):
        encode_frame(frame)
        if getattr(frame, "cursor", 0) >= until:
            return


async def measure(calls: int, followers: int) -> float:
    """Microseconds of CPU for a call."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(directory, report=print)
        events = SwitchEvents(store, clock, asyncio.get_running_loop(), EventsSection())
        operations = EventOperations(Place(events, clock))
        readers = [asyncio.create_task(follow(operations, calls * EVENTS_OF_A_CALL)) for _ in range(followers)]
        await asyncio.sleep(0)
        began = time.process_time()
        for number in range(calls):
            one_call(events, clock, number)
            if number % CALLS_A_TURN == 0:
                await asyncio.sleep(0.01)
        if readers:
            await asyncio.wait_for(asyncio.gather(*readers), 30)
        events.stop()
        store.close()
        took = time.process_time() - began
        assert events.newest == calls * EVENTS_OF_A_CALL, events.newest
    return took / calls * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--followers", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    alone = asyncio.run(measure(arguments.calls, 0))
    followed = asyncio.run(measure(arguments.calls, arguments.followers))
    each = (followed - alone) / max(1, arguments.followers)
    print(f"a call's {EVENTS_OF_A_CALL} events, kept and stored: {alone:7.1f} us")
    print(f"for each program that follows:        {each:7.1f} us")
    if arguments.json:
        print(json.dumps({"events": EVENTS_OF_A_CALL, "us_per_call": alone, "us_per_call_and_follower": each}))


if __name__ == "__main__":
    main()
