"""A real streamer process with the switch's end of its pipes, and programs for it in threads."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from ssl import SSLContext
from typing import TypeVar

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from softswitch.media.feeds.orders import Fact, Order

FactT = TypeVar("FactT", bound=Fact)

_facts: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


class Streamer:
    """One streamer, whose facts are kept as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = subprocess.Popen(
            [sys.executable, "-m", "softswitch.media.runtime.feeds.streamer", "--socket", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._facts: Queue[Fact] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def order(self, order: Order) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()

    def fact(self, kind: type[FactT], timeout_s: float = 10.0) -> FactT:
        """The next of this kind; those before it are used up."""
        while True:
            try:
                fact = self._facts.get(timeout=timeout_s)
            except Empty:
                raise AssertionError(f"no {kind.__name__} came") from None
            if isinstance(fact, kind):
                return fact

    def stop(self) -> int:
        """As when the switch ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = self._process.wait(10.0)
        self._close()
        return status

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._facts.put(_facts.decode(line))


class WebProgram:
    """A program that serves one connection after another with `talk`, on a free port."""

    def __init__(self, talk: Callable[[ServerConnection], None], *, ssl: SSLContext | None = None) -> None:

        def until_closed(socket: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                talk(socket)

        self._server: Server = serve(until_closed, "127.0.0.1", 0, compression=None, ssl=ssl)
        self.port: int = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def close(self) -> None:
        self._server.shutdown()
