"""The switch ends without ending a call: the next one, which waits already, goes on with all of them (upgrade.py).

It is a death in good order. Everything that the next switch reads is on disk, also what would have been written a few
milliseconds later; nobody is told anything, no call gets a record, and media workers go on as they are.

    beside calls   what works for itself ends; all of it can be done again
    then, at once  calls, conferences, the router and events are written, the store is closed, the process ends

Nothing may happen between the last two steps, so the loop does not turn in between, and no task is ended in order: the
flow of a call would think that the call is over.
"""

import asyncio
import os

from softswitch.app.parts import Parts
from softswitch.base.log import get_logger
from softswitch.control.runtime.server import ControlServer

BESIDE_S = 1.0
"""What does not end within that time is ended with the process, as it would be by a kill."""

log = get_logger("switch")


async def hand_over(parts: Parts, control: ControlServer | None) -> None:
    """Does not return."""
    log.info("handing over", calls=len(parts.controller.calls))
    beside = [parts.archive.stop(), parts.digests.stop(), parts.scheduled_reports.stop(), parts.mailing.stop()]
    if control is not None:
        beside.append(control.close())
    tasks = [asyncio.ensure_future(each) for each in beside]
    await asyncio.wait(tasks, timeout=BESIDE_S)
    try:
        _write_everything(parts)
    except Exception:  # a fault of ours costs what would have been written, as a kill does
        log.exception("not everything was written")
    log.info("handed over")
    os._exit(0)


def _write_everything(parts: Parts) -> None:
    parts.driver.flush()
    for call in parts.controller.calls.values():
        call.changed()
    parts.controller.around.keeping.write()
    parts.conferences.write()
    parts.acd.hand_over()
    parts.acd_events.stop()
    parts.switch_events.stop()
    parts.traces.stop()
    parts.store.close()
