"""The archiver process (media/runtime/recording/archiver.py) of whoever gives it jobs, one at a time."""

import asyncio
from asyncio.subprocess import PIPE, Process

import msgspec

from softswitch.app import side_process
from softswitch.media.recording.archive import Answer, Job

_decoder: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


class ArchiverProcess:
    """The process. It is started when there is something to do."""

    def __init__(self) -> None:
        self._process: Process | None = None

    async def ask(self, job: Job) -> Answer | None:
        """Its answer; None if it died. Raises `OSError` if it cannot be started."""
        if self._process is None:
            self._process = await side_process.begin("softswitch.media.runtime.recording.archiver", stdin=PIPE)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
            if line.endswith(b"\n"):
                return _decoder.decode(line)
        except (ConnectionError, msgspec.MsgspecError):
            pass
        except asyncio.CancelledError:
            await self.end()
            raise
        await self.end()
        return None

    async def end(self) -> None:
        """At once: whatever it is at can be done again."""
        process, self._process = self._process, None
        if process is not None:
            await side_process.end(process)
