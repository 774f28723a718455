"""Listening sockets outlive the switch: the supervisor holds them, and the next switch process goes on with them.

```
  switch ── binds ──► Hold(name) + descriptor ──► supervisor: keeps it, never reads it
    │ dies                                            │
    └─► what comes waits in the kernel ◄──────────────┤
  next switch ◄── descriptors by name, at its start ──┘
```

So while no switch is there datagrams and connections wait instead of being refused, and nobody is told "port
unreachable". A switch that dies again and again soon after its start, and not because somebody kills it, may do so
because of what waits there, or because of a call it goes on with: then the next one begins anew, with neither
(`SocketStore.ended`). A supervisor that was itself killed has no sockets; then the switch binds.

The two speak over a socket pair that the switch inherits: one message for each socket, with its descriptor
(SCM_RIGHTS), and words without one: a switch that is to wait for its turn (upgrade.py) says "prepared" and begins when
it is told "go"; one that has begun says "ready". The environment variable `SOFTSWITCH_HELD` tells the switch the
descriptor of the pair and those it is given.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from typing import Literal

import msgspec

from softswitch.app.children import CANNOT_START
from softswitch.app.supervisor_protocol import Rejoin
from softswitch.base.address import HostPort, TransportKind

VARIABLE = "SOFTSWITCH_HELD"
SHORT_LIFE_S = 60.0
"""One that hangs is given some twenty seconds before it is killed."""
SHORT_LIVES_MAX = 3
"""Deaths in a row so soon after a start after which what it goes on with is suspected."""
NAME_BYTES_MAX = 200
REJOIN_EVERY_S = 1.0

Heard = Literal["nothing", "held", "prepared", "ready", "over"]
"""What came of a look at the channel: over, when the switch will say no more."""

_PREPARED, _READY, _GO = b"prepared", b"ready", b"go"


class Inherited(msgspec.Struct, frozen=True):
    """What a switch finds in its environment: descriptors, and whether it is to wait for its turn."""

    channel: int
    sockets: dict[str, int] = {}
    waits: bool = False
    begins_anew: bool = False
    """It is to leave the calls of the switch before alone."""


class LeftSockets(msgspec.Struct, frozen=True):
    """What a supervisor leaves to the program that takes its place in the same process: descriptors."""

    sockets: dict[str, int] = {}
    channel: int | None = None


def name_of(kind: TransportKind, local: HostPort) -> str:
    """Of the socket that listens there."""
    return f"{kind.value} {local}"


def renumbered(variables: Mapping[str, str], numbers: Mapping[int, int]) -> dict[str, str]:
    """Of a switch to which the descriptors came under other `numbers` than its variables say."""
    inherited = _read(variables.get(VARIABLE, ""))
    if inherited is None:
        return dict(variables)
    moved = msgspec.structs.replace(
        inherited,
        channel=numbers[inherited.channel],
        sockets={name: numbers[number] for name, number in inherited.sockets.items()},
    )
    return {**variables, VARIABLE: msgspec.json.encode(moved).decode()}


class HeldSockets:
    """The switch's side. Without a supervisor that holds sockets nothing is held, and everything is bound anew."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        inherited = _read(environment.get(VARIABLE, ""))
        self._channel = None if inherited is None else _opened(inherited.channel)
        self._waits = inherited is not None and inherited.waits
        self.begins_anew = inherited is not None and inherited.begins_anew
        """The calls of the switch before, or what waits for it, have killed it again and again."""
        given = {} if inherited is None else inherited.sockets
        self._supervisor = ""
        self._retry: asyncio.TimerHandle | None = None
        self._held: dict[str, socket.socket] = {}
        """All that this process listens on, for the next supervisor."""
        self._given = {name: opened for name, number in given.items() if (opened := _opened(number)) is not None}
        self.takes_over = bool(self._given)
        """A switch has listened there a moment ago."""

    async def turn(self) -> bool:
        """Wait until the switch before has ended, if there is one; False if there will be no turn."""
        if not self._waits or self._channel is None:
            return True
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._channel, _PREPARED)
            return await loop.sock_recv(self._channel, NAME_BYTES_MAX) == _GO
        except OSError:
            return False

    def ready(self) -> None:
        """The switch has begun, and answers."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.send(_READY)

    def take(self, kind: TransportKind, local: HostPort) -> socket.socket | None:
        """The socket that the switch before listened on there; None: there is none."""
        return self._given.pop(name_of(kind, local), None)

    def hold(self, kind: TransportKind, local: HostPort, listening: socket.socket) -> None:
        """Have it held for the next switch. A port that the kernel chose is not worth it."""
        if self._channel is None or not local.port:
            return
        name = name_of(kind, local)
        former = self._held.pop(name, None)
        if former is not None:
            former.close()
        self._held[name] = listening.dup()
        self._give(name)

    def watch(self, supervisor: str) -> None:
        """From now on notice when the supervisor is gone, and look for the next one at this path."""
        self._supervisor = supervisor
        if self._channel is not None:
            asyncio.get_running_loop().add_reader(self._channel, self._look)

    def let_go(self) -> None:
        """Of those that the configuration does not name any more."""
        for unwanted in self._given.values():
            unwanted.close()
        self._given.clear()

    def close(self) -> None:
        """Nothing more is to be held."""
        self.let_go()
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._leave()
        for held in self._held.values():
            held.close()
        self._held.clear()

    # Private

    def _give(self, name: str) -> None:
        if self._channel is not None:
            with contextlib.suppress(OSError):  # the supervisor is gone: the next one is given all
                socket.send_fds(self._channel, [name.encode()], [self._held[name].fileno()])

    def _leave(self) -> None:
        if self._channel is not None:
            if self._supervisor:
                asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None

    def _look(self) -> None:
        """The supervisor says nothing to a switch that runs: it is gone, or lets go of us."""
        assert self._channel is not None, "it is readable"
        try:
            if self._channel.recv(NAME_BYTES_MAX):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._leave()
        self._rejoin_soon()

    def _rejoin_soon(self) -> None:
        self._retry = asyncio.get_running_loop().call_later(REJOIN_EVERY_S, self._rejoin)

    def _rejoin(self) -> None:
        self._retry = None
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.setblocking(False)
        try:
            channel.connect(self._supervisor)
            channel.send(msgspec.msgpack.encode(Rejoin()))
        except OSError:  # none is there yet
            channel.close()
            self._rejoin_soon()
            return
        self._channel = channel
        asyncio.get_running_loop().add_reader(channel, self._look)
        for name in self._held:
            self._give(name)


class SocketStore:
    """The supervisor's side, of one switch after the other."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._channel: socket.socket | None = None
        self._short_lives = 0
        self._begins_anew = False
        """The next switch must not go on with anything: it may be what kills it."""

    @property
    def names(self) -> list[str]:
        """What is held."""
        return list(self._held)

    @property
    def channel(self) -> socket.socket | None:
        """Readable when the switch has something to be held, or has ended; `receive` then."""
        return self._channel

    def begin(self, *, waits: bool = False) -> tuple[dict[str, str], list[int]]:
        """A switch is about to be started: what is to be in its environment, and the descriptors it is to inherit.

        `begun` must follow once it has them. One that `waits` begins when `go` says so. Nothing more is heard of the
        switch before.
        """
        while self.receive() == "held":
            pass
        self._close_channel()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setblocking(False)
        number = theirs.detach()
        inherited = Inherited(number, dict(self._held), waits, self._begins_anew)
        self._begins_anew = False
        return {VARIABLE: msgspec.json.encode(inherited).decode()}, [number, *self._held.values()]

    def begun(self, inherited: list[int]) -> None:
        """It has its own of each."""
        os.close(inherited[0])

    def go(self) -> None:
        """It is the turn of the switch that waits."""
        if self._channel is not None:
            with contextlib.suppress(OSError):  # it is dead, which shows
                self._channel.send(_GO)

    def rejoined(self, channel: socket.socket) -> None:
        """The switch that runs speaks to us through this from now on."""
        self._close_channel()
        self._channel = channel

    def receive(self) -> Heard:
        """Take the next thing that the switch wants held, or says."""
        if self._channel is None:
            return "over"
        try:
            content, descriptors, _, _ = socket.recv_fds(self._channel, NAME_BYTES_MAX, 1)
        except BlockingIOError:
            return "nothing"
        except OSError:
            content, descriptors = b"", []
        if content == _PREPARED and not descriptors:
            return "prepared"
        if content == _READY and not descriptors:
            return "ready"
        if not content or len(descriptors) != 1:
            for number in descriptors:
                os.close(number)
            self._close_channel()
            return "over"
        former = self._held.pop(content.decode(), None)
        if former is not None:
            os.close(former)
        self._held[content.decode()] = descriptors[0]
        return "held"

    def leave(self) -> LeftSockets:
        """All goes to the program that takes the place of this one, by `execv`."""
        for number in self._held.values():
            os.set_inheritable(number, True)
        if self._channel is not None:
            self._channel.set_inheritable(True)
        return LeftSockets(dict(self._held), None if self._channel is None else self._channel.fileno())

    def resume(self, left: LeftSockets) -> None:
        """Go on with what the program before has left."""
        for name, number in left.sockets.items():
            os.set_inheritable(number, False)
            self._held[name] = number
        if left.channel is not None:
            self._channel = _opened(left.channel)

    def ended(self, lived_s: float, *, is_fault: bool = True) -> bool:
        """The switch has died; whether the next one begins anew, since it dies again and again.

        `is_fault`: as `is_fault_of_switch` has it.
        """
        self._short_lives = self._short_lives + 1 if is_fault and lived_s < SHORT_LIFE_S else 0
        if self._short_lives < SHORT_LIVES_MAX:
            return False
        self._short_lives = 0
        self._begins_anew = True
        self.close()
        return True

    def close(self) -> None:
        """Hold nothing any more."""
        self._close_channel()
        for number in self._held.values():
            os.close(number)
        self._held.clear()

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def is_fault_of_switch(exit_code: int | None, *, has_hung: bool) -> bool:
    """Not if somebody else has killed it, nor if it has said why it cannot start: its store is read-only, say. Then it
    is tried again until that is repaired, and the calls of before wait for it."""
    return has_hung or exit_code not in (-signal.SIGKILL, *CANNOT_START)


def _read(text: str) -> Inherited | None:
    try:
        return msgspec.json.decode(text, type=Inherited) if text else None
    except msgspec.MsgspecError:
        return None


def _opened(number: int) -> socket.socket | None:
    """The socket behind an inherited descriptor, which is none of whoever we start ourselves."""
    try:
        opened = socket.socket(fileno=number)
        opened.set_inheritable(False)
        opened.setblocking(False)
    except OSError:
        return None
    return opened
