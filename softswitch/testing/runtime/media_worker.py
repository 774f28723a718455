"""A media worker that speaks the whole protocol and handles no sound: it keeps the description it was given.

Tests script the rest: what it refuses, whether it answers, which events it sends, when it dies. It runs in the event
loop of the test, on a real SOCK_SEQPACKET socket.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.base.ip_address import read_ip
from softswitch.media.description import MediaDescription
from softswitch.media.limits import HELD_PORTS_MAX
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    Account,
    CommandBatch,
    Describe,
    DropStream,
    EventBatch,
    FromWorker,
    GiveAccount,
    Hello,
    HoldPort,
    MediaCommand,
    MediaEvent,
    PutStream,
    Refusal,
    Reply,
    ToWorker,
)

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)


def _refuse_nothing(_: MediaCommand) -> str:
    return ""


class ScriptedMediaWorker:
    """Listens from `start` to `die`; a worker that is to come back is another object on the same path."""

    def __init__(self, path: str, *, name: str = "media-0", pid: int = 4242, version: int = PROTOCOL_VERSION) -> None:
        self.description = MediaDescription()
        self.held: set[HostPort] = set()
        """The ports that are held for streams to come."""
        self._used: dict[HostPort, StreamId] = {}
        """The ports of streams that do not share theirs."""
        self.commands: list[MediaCommand] = []
        self.batches: list[CommandBatch] = []
        self.refuse: Callable[[MediaCommand], str] = _refuse_nothing
        """Returns the reason for which a command is refused, or ""."""
        self.waiting_events: list[MediaEvent] = []
        """What happened while no switch was there: told before the account."""
        self.answers = True
        """False: commands are carried out but no batch is replied to."""
        self.reads = True
        """False: nothing is read; what the switch sends stays in the socket."""
        self._path = path
        self._hello = Hello(version, name, pid)
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._unsent: deque[bytes] = deque()
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def start(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.setblocking(False)
        self._listener.bind(self._path)
        self._listener.listen()
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def die(self) -> None:
        """As after kill -9: the sockets are closed and the socket's file stays."""
        self._hang_up()
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    @property
    def is_serving(self) -> bool:
        """A switch is connected."""
        return self._connection is not None

    def emit(self, *events: MediaEvent) -> None:
        """Send events to the switch, which must be connected."""
        self._send(EventBatch(list(events)))

    def send_packet(self, packet: bytes) -> None:
        """Send any bytes."""
        assert self._connection is not None, "no switch is connected"
        self._connection.send(packet)

    def resume_reading(self) -> None:
        self.reads = True
        self._read()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` holds; it is looked at after every batch."""
        if not condition():
            reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((condition, reached))
            await reached

    def _accept(self) -> None:
        assert self._listener is not None
        connection, _ = self._listener.accept()
        self._hang_up()
        connection.setblocking(False)
        self._connection = connection
        asyncio.get_running_loop().add_reader(connection, self._read)

    def _hang_up(self) -> None:
        if self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._connection)
            asyncio.get_running_loop().remove_writer(self._connection)
            self._connection.close()
            self._connection = None
            self._unsent.clear()

    def _read(self) -> None:
        if not self.reads and self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._connection)
            return
        while self._connection is not None:
            try:
                packet = self._connection.recv(PACKET_BYTES_MAX)
            except BlockingIOError:
                asyncio.get_running_loop().add_reader(self._connection, self._read)
                return
            except ConnectionError:
                packet = b""
            if not packet:
                self._hang_up()
                return
            try:
                message = _decoder.decode(packet)
            except msgspec.DecodeError:
                self._hang_up()
                return
            self._receive(message)

    def _receive(self, message: ToWorker) -> None:
        match message:
            case Hello():
                self._send(self._hello)
                if message.version != self._hello.version:
                    self._hang_up()
            case CommandBatch():
                self._carry_out(message)
        for waiter in list(self._waiters):
            condition, reached = waiter
            if condition():
                self._waiters.remove(waiter)
                reached.set_result(None)

    def _carry_out(self, batch: CommandBatch) -> None:
        self.batches.append(batch)
        self.commands += batch.commands
        refusals: list[Refusal] = []
        for index, command in enumerate(batch.commands):
            reason = self.refuse(command) or self._ports(command) or self.description.apply(command)
            if reason:
                refusals.append(Refusal(index, reason))
        if any(isinstance(command, GiveAccount) for command in batch.commands):
            self.held.clear()
            if self.waiting_events:
                self._send(EventBatch(self.waiting_events))
                self.waiting_events = []
            for part in self.description.describe():
                self._send(Account(part))
        if self.answers and self._connection is not None:
            self._send(Reply(batch.batch_id, refusals))

    def _ports(self, command: MediaCommand) -> str:
        """What a command does to ports; why it cannot, or ""."""
        match command:
            case HoldPort(local):
                if read_ip(local.host) is None or not 1 <= local.port <= 65534:
                    return f"{local.host} port {local.port} cannot be held"
                if local in self._used:
                    return f"port {local.port} is in use"
                if local not in self.held and len(self.held) == HELD_PORTS_MAX:
                    return f"{HELD_PORTS_MAX} ports are held already"
                self.held.add(local)
            case PutStream(stream) if not (stream.is_shared or stream.is_program):
                local = HostPort(stream.local_ip, stream.port)
                if self._used.setdefault(local, stream.stream_id) != stream.stream_id:
                    return f"port {stream.port} is in use"
                self.held.discard(local)
            case DropStream(stream_id) if (stream := self.description.streams.get(stream_id)) is not None:
                self._used.pop(HostPort(stream.local_ip, stream.port), None)
            case Describe(streams):
                self.held.clear()
                self._used = {HostPort(stream.local_ip, stream.port): stream.stream_id for stream in streams}
            case _:
                pass
        return ""

    def _send(self, message: FromWorker) -> None:
        assert self._connection is not None, "no switch is connected"
        self._unsent.append(_encode(message))
        self._write()

    def _write(self) -> None:
        """What the switch has room for, and the rest when it has."""
        while self._connection is not None and self._unsent:
            try:
                self._connection.send(self._unsent[0])
            except BlockingIOError:
                asyncio.get_running_loop().add_writer(self._connection, self._write)
                return
            except BrokenPipeError:
                self._hang_up()
                return
            self._unsent.popleft()
        if self._connection is not None:
            asyncio.get_running_loop().remove_writer(self._connection)
