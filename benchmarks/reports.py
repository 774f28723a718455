"""How long each report takes over a million calls, and how much memory.

    python benchmarks/reports.py [--calls 1000000] [--days 30] [--json]

A day of a centre is simulated once, with its router; its events are stored again for every day, and a call record for
each of its calls. Then, each time by a process of its own:

- `unkept`: a report of events and one of calls, of the whole time, where nothing was counted ahead;
- `ahead`: the counting that the switch has done beside it (app/facts_ahead.py): all days but the last at once, as after
  a restore, then the last one block by block, as it goes by;
- `reports`: every report of the whole time, five minutes after its end.

`seconds` are from the store to the report, `whole_s` from the start of the process until its workbook is written: what
somebody waits. The store takes some 4 GB of disk under --directory and is deleted afterwards.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from processes import where_and_when

from softswitch.acd.events import AcdEvent, ContactConnected, ContactEnded, ContactQueued, Stamped, SwitchStarted
from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingPolicy
from softswitch.acd.simulation.arrivals import Habits, exactly
from softswitch.acd.simulation.durations import Constant, Exponential
from softswitch.acd.simulation.simulator import Shift, Simulation
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.reports.runtime.source import BLOCK_S
from softswitch.store.conference_schema import MINUTES, StoredMinutes, StoredStay
from softswitch.store.environment import Environment, Operation, open_for_writing
from softswitch.store.schema import ACTIVE_CALLS, CDRS, EVENTS, RECORDINGS, Cdr, SipLeg, StoredEvents, TrunkTry

BEGAN = 1_761_955_200
"""2025-11-01 00:00 UTC."""
DAY_S = 86_400
QUEUES = 12
AGENTS = 240
BATCH_EVENTS = 100
ROWS_AT_ONCE = 5_000
SOON_S = 300.0
"""After the end of a time a report about it is made."""
REPORTS = (
    "service_level",
    "by_hour",
    "agent_sessions",
    "agent_performance",
    "abandoned",
    "waits",
    "dispositions",
    "surveys",
    "trunks",
    "outbound",
    "calls",
    "conferences",
)
_encode = msgspec.msgpack.Encoder().encode


class Diary:
    def __init__(self) -> None:
        self.events: list[AcdEvent] = [SwitchStarted(0.0)]

    def happened(self, event: AcdEvent) -> None:
        self.events.append(event)


def one_day(calls: int) -> list[AcdEvent]:
    queue_ids = [QueueId(f"queue{number}") for number in range(QUEUES)]
    queues = [Queue(queue_id=queue_id, wrap_up_s=15.0, dispositions=("sold", "later")) for queue_id in queue_ids]
    agents = [Agent(agent_id=AgentId(f"agent{number}")) for number in range(AGENTS)]
    habits = Habits(talk=Exponential(300.0), patience=Exponential(180.0))
    arrivals = exactly(calls, queue_ids, span_s=DAY_S - 3600.0, habits=habits, seed=1)
    diary = Diary()
    shifts = [Shift(agent_id=agent.agent_id, until_s=DAY_S - 60.0) for agent in agents]
    Simulation(ConfigurationSet(queues, agents, RoutingPolicy()), arrivals, shifts, diary, answer=Constant(3.0)).run()
    return [event for event in diary.events if event.at < DAY_S]


def event_rows(day: list[AcdEvent], days: int) -> Iterator[Operation]:
    number = 0
    for began in range(BEGAN, BEGAN + days * DAY_S, DAY_S):
        for place in range(0, len(day), BATCH_EVENTS):
            batch = [
                Stamped(began + event.at, event, "acme" if getattr(event, "queue_id", "") == "queue0" else "")
                for event in day[place : place + BATCH_EVENTS]
            ]
            stored = StoredEvents(
                at_wall=batch[0].at_wall, number=number, count=len(batch), stamped=msgspec.Raw(_encode(batch))
            )
            yield EVENTS.name, EVENTS.key((stored.at_wall, f"{number:015d}")), _encode(stored)
            number += len(batch)


def cdrs_of(day: list[AcdEvent]) -> list[Cdr]:
    """Records of the day's calls, as of second 0; every tenth is a call to the outside."""
    queued: dict[str, ContactQueued] = {}
    connected: dict[str, ContactConnected] = {}
    found: list[Cdr] = []
    for event in day:
        match event:
            case ContactQueued():
                queued[event.contact_id] = event
            case ContactConnected():
                connected[event.contact_id] = event
            case ContactEnded():
                found.append(_cdr(len(found), queued[event.contact_id], connected[event.contact_id], event))
            case _:
                pass
    return found


def _cdr(number: int, queued: ContactQueued, connected: ContactConnected, ended: ContactEnded) -> Cdr:
    trunk = f"trunk{number % 3}"
    call_id = CallId(f"{number:032x}")
    tries = (TrunkTry(trunk=trunk, status=200 if number % 3 else 486, reason="" if number % 3 else "Busy Here"),)
    return Cdr(
        call_id=call_id,
        started_at=queued.at,
        answered_at=queued.at + 0.5,
        ended_at=ended.at,
        calling_number=f"+7495{number % 10_000_000:07}",
        called_number="+78005550100",
        project="acme" if queued.queue_id == "queue0" else "",
        flow="hotline",
        queue=queued.queue_id,
        agent=ended.agent_id,
        queue_wait_s=connected.in_queue_s,
        ring_s=3.0,
        talk_s=ended.talk_s,
        wrap_up_s=15.0,
        disposition="sold",
        end_reason="completed",
        ended_by="caller",
        cause=16,
        cause_text="normal clearing",
        recordings=(f"/var/lib/softswitch/recordings/2025/11/01/{call_id}.flac",),
        trunk="" if number % 10 == 0 else trunk,
        trunks=tries if number % 10 == 0 else (),
        chain_id=call_id,
        sip_legs=(
            _leg("trunk:" + trunk, "caller", queued.at, queued.at + 0.5, ended.at),
            _leg(str(ended.agent_id), "called", connected.at - 3.0, connected.at, ended.at),
        ),
    )


def _leg(party: str, role: Any, began: float, answered: float, ended: float) -> SipLeg:
    return SipLeg(
        sip_call_id="7f3a9c0d2e@198.51.100.7",
        role=role,
        party=party,
        leg_id="a1b2c3d4e5",
        began_at=began,
        ringing_at=began,
        answered_at=answered,
        ended_at=ended,
        cause=16,
        ended_by="party",
    )


def cdr_rows(day: list[Cdr], calls: int, days: int) -> Iterator[Operation]:
    """So many calls in all, spread over the days."""
    shift = {"started_at", "answered_at", "ended_at"}
    for each in range(days):
        moved_s = float(BEGAN + each * DAY_S)
        for cdr in day[: calls * (each + 1) // days - calls * each // days]:
            legs = tuple(
                _moved(leg, moved_s, ("began_at", "ringing_at", "answered_at", "ended_at")) for leg in cdr.sip_legs
            )
            moved = msgspec.structs.replace(_moved(cdr, moved_s, tuple(shift)), sip_legs=legs)
            yield CDRS.name, CDRS.key((moved.started_at, moved.call_id)), _encode(moved)


def _moved(row: Any, moved_s: float, names: tuple[str, ...]) -> Any:
    return msgspec.structs.replace(row, **{name: getattr(row, name) + moved_s for name in names})


def minutes_rows(days: int) -> Iterator[Operation]:
    for number in range(days * 100):
        began = float(BEGAN + number * 864)
        stays = tuple(
            StoredStay(
                seat=seat,
                number=f"1{seat}",
                role="guest",
                call_id=CallId("c"),
                joined_at=began + seat,
                left_at=began + 600,
            )
            for seat in range(8)
        )
        row = StoredMinutes(
            conference_id=f"k{number}",
            room_id=f"room{number % 20}",
            started_at=began,
            ended_at=began + 600,
            stays=stays,
        )
        yield MINUTES.name, MINUTES.key((began, row.conference_id)), _encode(row)


def fill(environment: Environment, rows: Iterator[Operation]) -> int:
    count = 0
    pending: list[Operation] = []
    for row in rows:
        pending.append(row)
        count += 1
        if len(pending) >= ROWS_AT_ONCE:
            environment.write(pending)
            pending = []
    environment.write(pending)
    return count


def make_store(directory: Path, calls: int, days: int) -> dict[str, int]:
    """Of `calls` records, and the events of as many contacts or more."""
    # Who hangs up has events, and no record here: a tenth more come.
    day = one_day(calls * 11 // (days * 10) + 1)
    tables = (CDRS.name, EVENTS.name, MINUTES.name, ACTIVE_CALLS.name, RECORDINGS.name)
    environment = open_for_writing(str(directory), tables, map_size_mb=16_384)
    try:
        records = fill(environment, event_rows(day, days))
        cdrs = fill(environment, cdr_rows(cdrs_of(day), calls, days))
        fill(environment, minutes_rows(days))
    finally:
        environment.close()
    return {"cdrs": cdrs, "events": len(day) * days, "event_records": records}


class OwnMemory(threading.Thread):
    """The most memory of its own this process has had; pages of the store, which the system may take back, are not."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._peak_kb = 0
        self._is_over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._is_over.wait(0.01):
            with open("/proc/self/status") as file:
                self._peak_kb = max(self._peak_kb, *(int(line.split()[1]) for line in file if "RssAnon" in line))

    def stop(self) -> float:
        """Megabytes."""
        self._is_over.set()
        self.join()
        return self._peak_kb / 1024


def one_report(store: str, name: str, days: int, out: str) -> dict[str, float]:
    """In a process of its own: seconds, and seconds of CPU, from the store to the report; the peak of memory."""
    from softswitch.reports.formats.rendering import render
    from softswitch.reports.runtime.fact_cache import FactCache
    from softswitch.reports.runtime.making import make_report
    from softswitch.reports.terms import Terms
    from softswitch.store import open_reader

    until = ended(days)
    peak = OwnMemory()
    began, cpu_began = time.perf_counter(), time.process_time()
    terms = Terms(since=float(BEGAN), until=until, zone="Europe/Moscow")
    with open_reader(store) as reader:
        made = make_report(reader, name, terms, until + SOON_S, is_running=True, cache=FactCache(store))
    made_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    with open(out, "wb") as file:
        render(made, "xlsx", file)
    return {
        "seconds": round(made_s, 3),
        "cpu_s": round(cpu_s, 3),
        "with_xlsx_s": round(time.perf_counter() - began, 3),
        "peak_mb": round(peak.stop(), 1),
        "rows": sum(len(table.rows) for table in made.tables),
    }


def ended(days: int) -> float:
    return float(BEGAN + days * DAY_S)


def measured(store: Path, name: str, days: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", name, "--store", str(store), "--days", str(days)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, timeout=1800)
    found: dict[str, float] = json.loads(done.stdout)
    found["whole_s"] = round(time.perf_counter() - began, 3)
    return found


def counted_ahead(store: Path, now: float) -> dict[str, float]:
    command = [sys.executable, __file__, "--count", str(now), "--store", str(store)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=1800)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def count(store: str, now: float) -> dict[str, float]:
    """As the switch has it done. In a process of its own."""
    from softswitch.app.fact_counter import main as keep

    peak = OwnMemory()
    began = time.perf_counter()
    blocks = keep(store, now)
    seconds = time.perf_counter() - began
    return {
        "blocks": blocks,
        "seconds": round(seconds, 3),
        "cpu_s": round(time.process_time(), 3),
        "peak_mb": round(peak.stop(), 1),
    }


def count_ahead(store: Path, days: int) -> dict[str, Any]:
    """All days but the last at once, and the last as it goes by."""
    before = ended(days - 1)
    at_once = counted_ahead(store, before + SOON_S)
    blocks = [counted_ahead(store, before + each * BLOCK_S + SOON_S) for each in range(1, DAY_S // BLOCK_S + 1)]
    return {"at_once": at_once, "block_by_block": blocks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--directory", default=tempfile.gettempdir())
    parser.add_argument("--store", default="", help="one that was made before, and is not deleted")
    parser.add_argument("--make", action="store_true", help="only make --store")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.one:
        with tempfile.TemporaryDirectory() as directory:
            print(json.dumps(one_report(given.store, given.one, given.days, os.path.join(directory, "report.xlsx"))))
        return
    if given.count:
        print(json.dumps(count(given.store, given.count)))
        return
    directory = Path(given.store or tempfile.mkdtemp(prefix="reports-", dir=given.directory))
    result: dict[str, Any] = {"calls": given.calls, "days": given.days, **where_and_when()}
    try:
        if given.make or not given.store:
            result["store"] = make_store(directory, given.calls, given.days)
        if not given.make:
            shutil.rmtree(f"{directory}.facts", ignore_errors=True)
            result["unkept"] = {name: measured(directory, name, given.days) for name in ("service_level", "trunks")}
            shutil.rmtree(f"{directory}.facts", ignore_errors=True)
            result["ahead"] = count_ahead(directory, given.days)
            result["reports"] = {name: measured(directory, name, given.days) for name in REPORTS}
    finally:
        if not given.store:
            shutil.rmtree(directory, ignore_errors=True)
            shutil.rmtree(f"{directory}.facts", ignore_errors=True)
    show(result, as_json=given.json)


def show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, indent=2))
        return
    print(f"{result['calls']} calls in {result['days']} days; {result.get('store', '')}")
    ahead = result.get("ahead", {})
    for row in [ahead["at_once"], *ahead["block_by_block"]] if ahead else []:
        print(
            f"counted ahead {row['blocks']:4} blocks in {row['seconds']:7.2f} s ({row['cpu_s']:6.2f} s of CPU), "
            f"{row['peak_mb']:4.0f} MB"
        )
    for title, part in (("unkept", result.get("unkept", {})), ("report", result.get("reports", {}))):
        for name, row in part.items():
            print(
                f"{title:7} {name:18} {row['seconds']:7.2f} s ({row['cpu_s']:6.2f} s of CPU), with its workbook "
                f"{row['with_xlsx_s']:7.2f} s, in all {row['whole_s']:7.2f} s  {row['peak_mb']:4.0f} MB  "
                f"{row['rows']} rows"
            )


if __name__ == "__main__":
    main()
