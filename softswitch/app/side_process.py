"""A process beside the switch: another program of ours, for work that would hold calls up. It answers by its output."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process


async def begin(module: str, *arguments: str, stdin: int = DEVNULL, limit: int = 64 * 1024) -> Process:
    """Raises `OSError`. A session of its own, so that neither Ctrl-C nor a closed terminal reaches it.

    `limit` is how long a line of its output may be.
    """
    # -P: no file of the current directory takes the place of one of ours.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *arguments), stdin=stdin, stdout=PIPE, start_new_session=True, limit=limit
    )


async def end(process: Process) -> None:
    """At once: whatever it is at can be done again."""
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        process.kill()
    await process.wait()
