"""What a switch that runs says of itself, as far as somebody should do something about it."""

from collections.abc import Iterable, Iterator

from softswitch.app.doctor.finding import Finding
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.rows import TrunkRow, WorkerRow

LAG_MS_MAX = 20.0
CPU_MAX = 0.8
TICK_US_MAX = 15_000.0
"""Of the 20 ms between two packets of a stream, three quarters."""


def running_findings(status: Status, trunks: Iterable[TrunkRow], version: str) -> Iterator[Finding]:
    """`version` is that of the program that asks."""
    yield Finding("switch", "good", f"the switch runs, with {status.calls} calls and {status.registrations} phones")
    if status.version != version:
        yield Finding(
            "switch",
            "warning",
            f"version {status.version} runs, and {version} is installed",
            "Restart the switch when calls allow it",
        )
    if status.store.fault:
        yield Finding(
            "switch", "fault", f"nothing can be stored: {status.store.fault}", "Make room, or repair the disk"
        )
    if status.loop_lag_ms > LAG_MS_MAX:
        yield Finding(
            "switch",
            "warning",
            f"the switch was late by {status.loop_lag_ms:.0f} ms",
            "See what else uses its core: top; fewer [limits] calls, or a faster machine",
        )
    if status.web is not None and not status.web.pid:
        what = f"the web process does not run: nobody is answered at {status.web.url}"
        yield Finding("switch", "fault", what, "See the log: it is started again by itself")
    for worker in status.workers:
        yield from _worker(worker)
    for trunk in trunks:
        yield from _trunk(trunk)
    if status.missing_prompts:
        names = ", ".join(row.name for row in status.missing_prompts[:5])
        yield Finding(
            "sounds",
            "warning",
            f"{len(status.missing_prompts)} prompts were missing and spoken by their names: {names}",
            "Record them in [sounds] directory, or write them into prompts.toml",
        )
    if status.homer is not None and status.homer.dropped:
        yield Finding(
            "peers", "warning", f"{status.homer.dropped} messages to Homer were lost", "See whether it listens there"
        )


def _worker(worker: WorkerRow) -> Iterator[Finding]:
    if not worker.is_connected:
        yield Finding("switch", "fault", f"{worker.name} is not there", "See the log: it is started again by itself")
        return
    if worker.cpu > CPU_MAX:
        yield Finding(
            "switch",
            "warning",
            f"{worker.name} uses {worker.cpu * 100:.0f} % of its core",
            "More [media] workers, if there are cores; otherwise fewer [limits] calls",
        )
    if worker.overruns:
        yield Finding(
            "switch",
            "warning",
            f"{worker.name} was late {worker.overruns} times since its start: what was to be sent then came late",
            "See what else uses its core, and whether it may have real-time priority (LimitRTPRIO)",
        )
    if worker.dropped_by_kernel:
        yield Finding(
            "switch",
            "warning",
            f"{worker.dropped_by_kernel} packets to {worker.name} found a full socket",
            "sysctl -w net.core.rmem_max=4194304, and a restart of the switch",
        )


def _trunk(trunk: TrunkRow) -> Iterator[Finding]:
    if trunk.health == "down" or trunk.registration == "refused":
        why = trunk.registration_reason or trunk.last_failure or "no answer"
        yield Finding("peers", "warning", f"trunk {trunk.name} is down: {why}", "softswitch trunks; the provider")
    else:
        yield Finding("peers", "good", f"trunk {trunk.name} is {trunk.health}")
