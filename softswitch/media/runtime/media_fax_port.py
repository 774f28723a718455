"""A fax port of a media worker, as a handle in the switch: where one party's T.38 comes and goes."""

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.ids import StreamId
from softswitch.media.errors import MediaUnavailable
from softswitch.media.limits import PORT_ATTEMPTS_MAX
from softswitch.media.protocol import DropFaxPort, FaxPort, PutFaxPort
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.media.runtime.stream_ports import StreamPorts


class MediaFaxPort:
    """Every method notes what is wanted and returns; after `drop` none does anything."""

    __slots__ = ("_clock", "_description", "_ports", "_stream", "is_dropped", "local")

    def __init__(self, stream: MediaStream, description: FaxPort, ports: StreamPorts, clock: Clock) -> None:
        self.local = description.local
        self.is_dropped = False
        self._stream = stream
        self._description = description
        self._ports = ports
        self._clock = clock

    def keep(self) -> FaxPort:
        """What the next switch adopts it by, beside its stream."""
        return self._description

    def aim(self, remote: HostPort | None) -> None:
        """The party's SDP says that it listens there."""
        self._change(msgspec.structs.replace(self._description, remote=remote))

    def join(self, peer: "MediaFaxPort") -> None:
        """What comes here goes to the party of `peer`, on the same worker, and the other way round."""
        self._change(msgspec.structs.replace(self._description, peer=peer._description.port_id))
        peer._change(msgspec.structs.replace(peer._description, peer=self._description.port_id))

    def drop(self) -> None:
        """Close the port."""
        if not self.is_dropped:
            self.is_dropped = True
            self._stream.link.order(DropFaxPort(self._description.port_id))
            self._ports.release(self._description.port_id, self._clock.now())

    def _change(self, description: FaxPort) -> None:
        if not self.is_dropped and description != self._description:
            self._description = description
            self._stream.link.order(PutFaxPort(description))


async def open_fax_port(
    stream: MediaStream, port_id: StreamId, ports: StreamPorts, *, clock: Clock, timeout_s: float
) -> MediaFaxPort:
    """See `MediaClient.open_fax_port`."""
    verdict: str | None = None
    for _ in range(PORT_ATTEMPTS_MAX):
        number = ports.take(port_id, clock.now())
        if number is None:
            raise MediaUnavailable(f"all ports of {ports} are in use or resting: widen the range")
        description = FaxPort(
            port_id=port_id,
            stream_id=stream.stream_id,
            call_id=stream.call_id,
            local=HostPort(stream.local.host, number),
            learn_from=stream.learn_from,
            timeout_s=timeout_s,
        )
        verdict = None
        try:
            verdict = await stream.link.ask(PutFaxPort(description))
        finally:
            if verdict != "":
                stream.link.order(DropFaxPort(port_id))
                ports.release(port_id, clock.now(), is_refused=verdict is not None)
        if verdict == "":
            return MediaFaxPort(stream, description, ports, clock)
        if verdict is None:
            break
    raise MediaUnavailable(f"no port for a fax on media worker {stream.worker}: {verdict or 'it is away'}")
