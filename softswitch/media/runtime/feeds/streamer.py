"""The streamer process: gives feeds to programs by WebSocket, and programs' voices to the media workers.

    python -m softswitch.media.runtime.feeds.streamer --socket PATH

Orders come by standard input, facts go to standard output (orders.py); media workers connect to the socket (wire.py).
It belongs to its switch and ends with it. No call needs it: while it is away, or too slow, feeds have gaps.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections import deque
from pathlib import Path
from socket import AF_UNIX, SOCK_SEQPACKET, socket

import msgspec
import numpy as np
import uvloop

from softswitch.base.ids import FeedId
from softswitch.base.log import configure_logging, get_logger
from softswitch.media.feeds.feed import WIDE_RATE_HZ
from softswitch.media.feeds.limits import CONNECTIONS_MAX
from softswitch.media.feeds.orders import Counts, Dial, Fact, Leave, Order, Pressed, ProgramCounted, ProgramLeft, Tell
from softswitch.media.feeds.wire import PACKET_BYTES_MAX, SAID, SAID_WIDE, Records, packets_of, read
from softswitch.media.runtime.feeds.connection import Connection

PACKETS_PER_WAKE_UP = 16
"""Then other sockets have their turn."""
FACTS_BYTES_MAX = 4 * 1024 * 1024
"""Facts the switch has not read; then it hangs, and its supervisor ends it and us."""
COUNT_EVERY_S = 5.0
ORDER_BYTES_MAX = 1024 * 1024

_log = get_logger("streamer")
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


class _Worker:
    """A media worker that is connected."""

    __slots__ = ("connection", "unsent")

    def __init__(self, connection: socket) -> None:
        self.connection = connection
        self.unsent: deque[bytes] = deque()
        """While there is something in here no more is taken from the programs."""

    def send(self) -> bool:
        """Whether all is sent."""
        while self.unsent:
            try:
                self.connection.send(self.unsent[0])
            except OSError:
                return False
            self.unsent.popleft()
        return True


class Streamer:
    def __init__(self, path: str, facts: asyncio.WriteTransport) -> None:
        self._loop = asyncio.get_running_loop()
        self._facts = facts
        self._connections: dict[FeedId, Connection] = {}
        self._tasks: dict[FeedId, asyncio.Task[None]] = {}
        self._workers: dict[FeedId, _Worker] = {}
        """Which worker each feed's sound came from last."""
        Path(path).unlink(missing_ok=True)
        self._listener = socket(AF_UNIX, SOCK_SEQPACKET)
        self._listener.setblocking(False)
        self._listener.bind(path)
        self._listener.listen(64)
        self._loop.add_reader(self._listener, self._accept)

    # From the switch

    def obey(self, line: bytes) -> None:
        match _orders.decode(line):
            case Dial() as dial:
                self._dial(dial)
            case Pressed(feed_id, digit) if feed_id in self._connections:
                self._connections[feed_id].link.pressed(digit)
                self._connections[feed_id].after_input()
            case Tell(feed_id, changes) if feed_id in self._connections:
                self._connections[feed_id].link.changed(changes)
                self._connections[feed_id].after_input()
            case Leave(feed_id, reason) if feed_id in self._connections:
                self._connections[feed_id].leave(reason)
            case _:
                pass

    def count(self) -> None:
        """Say how much each connection has carried, and again later."""
        for connection in self._connections.values():
            self._say(ProgramCounted(connection.dial.feed_id, connection.link.counts))
        self._loop.call_later(COUNT_EVERY_S, self.count)

    async def end(self) -> None:
        """The switch is gone, or has no more need of us."""
        for connection in self._connections.values():
            connection.leave("the switch ends")
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=3.0)

    def _dial(self, dial: Dial) -> None:
        if dial.feed_id in self._connections:
            return
        if len(self._connections) == CONNECTIONS_MAX:
            self._say(
                ProgramLeft(feed_id=dial.feed_id, reason="refused", fault="the streamer is full", counts=Counts())
            )
            return
        connection = Connection(dial, say=self._say, flush=self._flush)
        self._connections[dial.feed_id] = connection
        task = self._loop.create_task(connection.run())
        self._tasks[dial.feed_id] = task
        task.add_done_callback(lambda _: self._forget(dial.feed_id))

    def _forget(self, feed_id: FeedId) -> None:
        task = self._tasks.pop(feed_id)
        self._connections.pop(feed_id)
        self._workers.pop(feed_id, None)
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("a feed failed", feed_id=feed_id, fault=repr(fault))
            self._say(ProgramLeft(feed_id=feed_id, reason="lost", fault="the streamer failed", counts=Counts()))

    def _say(self, fact: Fact) -> None:
        if self._facts.get_write_buffer_size() < FACTS_BYTES_MAX:
            self._facts.write(msgspec.json.encode(fact) + b"\n")

    # From the workers

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self._loop.add_reader(connection, self._read, _Worker(connection))

    def _read(self, worker: _Worker) -> None:
        for _ in range(PACKETS_PER_WAKE_UP):
            try:
                packet = worker.connection.recv(PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._loop.remove_reader(worker.connection)
                worker.connection.close()
                return
            records = read(packet)
            if records is not None and "tick" in (records.dtype.names or ()):
                self._heard(worker, records)

    def _heard(self, worker: _Worker, records: Records) -> None:
        columns = (records["feed"].tolist(), records["tick"].tolist(), records["played"].tolist(), records["sound"])
        for feed, tick, played, sound in zip(*columns, strict=True):
            connection = self._connections.get(FeedId(feed))
            if connection is None:
                continue
            former = self._workers.get(FeedId(feed))
            if former is not worker:
                self._workers[FeedId(feed)] = worker
                if former is not None:
                    connection.link.worker_lost()
            connection.link.heard(tick, played, sound)
            connection.after_input()

    def _flush(self, connection: Connection) -> None:
        """Hand on what the program has said, as far as the worker is to have it now."""
        feed_id = connection.dial.feed_id
        worker = self._workers.get(feed_id)
        if worker is None or not worker.send():
            return
        pieces = connection.link.take_said()
        if not pieces:
            return
        records = np.zeros(len(pieces), SAID_WIDE if connection.dial.rate_hz == WIDE_RATE_HZ else SAID)
        records["feed"] = feed_id
        records["clears"] = [piece.clears for piece in pieces]
        for record, piece in zip(records, pieces, strict=True):
            record["sound"] = np.frombuffer(piece.sound, "<i2")
        worker.unsent += packets_of(records)
        worker.send()


async def _serve(path: str) -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(ORDER_BYTES_MAX)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    facts, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(os.dup(1), "wb", 0))
    streamer = Streamer(path, facts)
    streamer.count()
    while line := await orders.readline():
        streamer.obey(line)
    await streamer.end()


def main() -> None:
    parser = argparse.ArgumentParser(prog="softswitch.media.runtime.feeds.streamer", description="The streamer.")
    parser.add_argument("--socket", required=True, help="path of the socket that media workers connect to")
    arguments = parser.parse_args()
    configure_logging(level="info", program="streamer")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(_serve(arguments.socket))


if __name__ == "__main__":
    main()
