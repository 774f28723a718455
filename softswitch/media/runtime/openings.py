"""Opening a stream: its port, its first description, and the worker's yes."""

from collections.abc import Sequence
from typing import NamedTuple

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.entropy import Entropy
from softswitch.base.ids import CallId, StreamId
from softswitch.media.errors import MediaUnavailable
from softswitch.media.limits import STREAMS_MAX
from softswitch.media.protocol import DropStream, PutStream, StreamDescription
from softswitch.media.runtime.held_ports import HeldPorts
from softswitch.media.runtime.ports import PortPool
from softswitch.media.runtime.stream_ports import StreamPorts
from softswitch.media.runtime.worker_link import Verdict, WorkerLink


class NewPort(NamedTuple):
    """A port for a new stream; one that is shared is for the party at `remote`."""

    number: int
    remote: HostPort | None = None
    is_shared: bool = False
    is_held: bool = False


class Openings:
    __slots__ = ("_clock", "_entropy", "_held", "_local_ip", "_ports")

    def __init__(
        self,
        links: Sequence[WorkerLink],
        pool: PortPool,
        ports: StreamPorts,
        *,
        local_ip: str,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._ports = ports
        self._local_ip = local_ip
        self._clock = clock
        self._entropy = entropy
        self._held = {
            link.name: HeldPorts(link.ask, pool, local_ip=local_ip, clock=clock, workers=len(links)) for link in links
        }

    def __str__(self) -> str:
        return f"no port of {self._ports} on {self._local_ip}"

    def worker_came(self, link: WorkerLink) -> None:
        """It may hold ports for us from now on."""
        self._held[link.name].fill()

    def worker_went(self, link: WorkerLink) -> None:
        self._held[link.name].lose_all()

    def take_port(self, stream_id: StreamId, link: WorkerLink, certain_remote: HostPort | None) -> NewPort:
        """Raises MediaUnavailable when there is none."""
        now = self._clock.now()
        number = certain_remote and self._ports.take_shared(stream_id, link.name, certain_remote, now)
        if number is not None:
            return NewPort(number, certain_remote, is_shared=True)
        held = self._held[link.name]
        # A worker that is full refuses whatever the port is.
        number = held.take() if len(link.description.streams) < STREAMS_MAX else None
        if number is not None:
            self._ports.give(stream_id, number)
            return NewPort(number, is_held=True)
        held.fill()
        number = self._ports.take(stream_id, now)
        if number is None:
            raise MediaUnavailable(f"all ports of {self._ports} are in use or resting: widen the range")
        return NewPort(number)

    def describe(
        self, call_id: CallId, stream_id: StreamId, port: NewPort, *, learn: bool, learn_from: str | None
    ) -> StreamDescription:
        """As it is before the party's SDP is known."""
        return StreamDescription(
            stream_id=stream_id,
            call_id=call_id,
            local_ip=self._local_ip,
            port=port.number,
            ssrc=self._entropy.integer(32),
            # Below a half, so that it does not wrap among the first packets of SRTP (RFC 4568 section 6.4).
            sequence=self._entropy.integer(15),
            timestamp=self._entropy.integer(32),
            started_at=self._clock.now(),
            remote=port.remote,
            learn=learn and not port.is_shared,
            learn_from=learn_from,
            is_shared=port.is_shared,
        )

    async def open(self, link: WorkerLink, description: StreamDescription, port: NewPort) -> Verdict:
        """Have the worker open it; unless it has it, nothing of it remains.

        On a port that the worker holds the stream is there at once, and the worker will hold another.
        """
        if port.is_held:
            link.order(PutStream(description))
            self._held[link.name].fill()
            return ""
        verdict: Verdict = None
        try:
            verdict = await link.ask(PutStream(description))
        finally:
            if verdict != "":
                link.order(DropStream(description.stream_id))
                self._ports.release(description.stream_id, self._clock.now(), is_refused=verdict is not None)
        return verdict
