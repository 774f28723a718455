"""A real media worker process, with the switch's end of its socket."""

import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    CommandBatch,
    EventBatch,
    FromWorker,
    Hello,
    MediaCommand,
    MediaEvent,
    Reply,
    WorkerStatistics,
)

E = TypeVar("E", bound=MediaEvent)

_decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
_encoder = msgspec.msgpack.Encoder()


class MediaProcess:
    """One worker and the connection of a switch to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[MediaEvent] = []
        """All but the statistics of the worker, of which the last are kept apart."""
        self._statistics: WorkerStatistics | None = None
        self._batch_ids = itertools.count(1)
        self._replies: dict[int, Reply] = {}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "softswitch.media.runtime.worker", "--socket", str(self.path), "--name", "media-0"],
            # As the supervisor starts it: small products on all cores cost more than they save.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        self.connect()

    def connect(self) -> None:
        """Connect as soon as the worker listens."""
        deadline = time.monotonic() + 10.0
        while True:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self.socket.connect(str(self.path))
                break
            except OSError:
                self.socket.close()
                assert time.monotonic() < deadline, "the worker does not listen"
                select.select([], [], [], 0.005)
        self.socket.settimeout(5.0)
        self.socket.send(_encoder.encode(Hello(PROTOCOL_VERSION)))
        assert isinstance(self._receive(), Hello)

    def command(self, *commands: MediaCommand) -> list[str]:
        """Send one batch and wait for its reply; the reasons of the refusals."""
        batch_id = next(self._batch_ids)
        return self.command_bytes(batch_id, _encoder.encode(CommandBatch(batch_id, list(commands))))

    def command_bytes(self, batch_id: int, packet: bytes) -> list[str]:
        """The same for a batch that is encoded already."""
        self.socket.send(packet)
        while batch_id not in self._replies:
            self._receive()
        return [refusal.reason for refusal in self._replies.pop(batch_id).refusals]

    def event(self, kind: type[E], timeout_s: float = 5.0) -> E:
        """The next event of this kind; it and those before it are used up."""
        deadline = time.monotonic() + timeout_s
        while True:
            for index, event in enumerate(self.events):
                if isinstance(event, kind):
                    del self.events[: index + 1]
                    return event
            assert time.monotonic() < deadline, f"no {kind.__name__} came"
            self._receive()

    def statistics(self) -> WorkerStatistics | None:
        """The last the worker has sent by now, None before the first."""
        self.command()
        return self._statistics

    def kill(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; everything it still says is in `events` then. Returns its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        while self._receive() is not None:
            pass
        self.socket.close()
        return self.process.wait(10.0)

    def _receive(self) -> FromWorker | None:
        try:
            packet = self.socket.recv(PACKET_BYTES_MAX)
        except ConnectionResetError:
            return None
        if not packet:
            return None
        message = _decoder.decode(packet)
        if isinstance(message, EventBatch):
            for event in message.events:
                if isinstance(event, WorkerStatistics):
                    self._statistics = event
                else:
                    self.events.append(event)
        elif isinstance(message, Reply):
            self._replies[message.batch_id] = message
        return message
