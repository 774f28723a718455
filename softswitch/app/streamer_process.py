"""The streamer process (media/runtime/feeds/streamer.py): started when first wanted, and again when it died."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections import deque

import msgspec

from softswitch.app import side_process
from softswitch.base.log import get_logger
from softswitch.calls.runtime.programs import Programs
from softswitch.media.feeds.orders import Fact, Order

FACT_BYTES_MAX = 256 * 1024
"""A line of it: a result of 64 KB, and what its JSON makes of that."""
AGAIN_S = 0.5
"""Between two starts."""
SILENT_S = 20.0
"""While programs are connected it says something every five seconds; one that is silent for so long hangs."""
ORDERS_BYTES_MAX = 4 * 1024 * 1024
"""Orders it has not read: of a thousand calls; then it hangs as well."""
END_WITHIN_S = 4.0
"""It takes leave of all programs, which have a second each, at the same time."""

log = get_logger("switch")
_facts: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


class StreamerProcess:
    """Its orders, in order, and its facts, told to `programs`."""

    def __init__(
        self, programs: Programs, loop: asyncio.AbstractEventLoop, socket: str, *, silent_s: float = SILENT_S
    ) -> None:
        self.programs = programs
        self._loop = loop
        self._socket = socket
        self._silent_s = silent_s
        self._orders: deque[Order] = deque()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        programs.connect(socket, self.order)

    def order(self, order: Order) -> None:
        """Have it done as soon as the process is there."""
        if self._is_stopping:
            return
        self._orders.append(order)
        self._hand_over()
        self.start()

    def start(self) -> None:
        """Have it there before it is wanted: it takes half a second to begin."""
        if self._task is None and not self._is_stopping:
            self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Let it take leave of its programs, and end."""
        self._is_stopping = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=END_WITHIN_S)
            if not done:
                self._task.cancel()
                await asyncio.wait([self._task])
        if process is not None:
            await side_process.end(process)

    async def _run(self) -> None:
        """One process after another, for as long as there is something to do."""
        while not self._is_stopping:
            try:
                arguments = ("--socket", self._socket)
                self._process = await side_process.begin(
                    "softswitch.media.runtime.feeds.streamer", *arguments, stdin=PIPE, limit=FACT_BYTES_MAX
                )
            except OSError as error:
                log.error("the streamer cannot be started", fault=error.strerror)
            else:
                self._hand_over()
                await self._listen(self._process)
                if self._is_stopping:
                    return
                log.error("the streamer died, and is started again")
                await side_process.end(self._process)
            self._process = None
            self._orders.clear()
            await asyncio.sleep(AGAIN_S)
            self.programs.streamer_lost()

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None, "it was begun with a pipe"
        try:
            while line := await self._next_line(process.stdout):
                self.programs.receive(_facts.decode(line))
        except TimeoutError:
            log.error("the streamer hangs", silent_s=self._silent_s)
        except (ValueError, msgspec.MsgspecError) as error:
            log.error("the streamer said what is none of its facts", fault=str(error))

    async def _next_line(self, facts: asyncio.StreamReader) -> bytes:
        """Raises `TimeoutError` when it should have said something by now."""
        while True:
            try:
                async with asyncio.timeout(self._silent_s):
                    return await facts.readline()
            except TimeoutError:
                if self.programs:
                    raise

    def _hand_over(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        pipe = self._process.stdin
        while self._orders:
            pipe.write(msgspec.json.encode(self._orders.popleft()) + b"\n")
        if pipe.transport.get_write_buffer_size() > ORDERS_BYTES_MAX and self._process.returncode is None:
            log.error("the streamer reads no orders")
            self._process.kill()
