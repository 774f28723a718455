"""The media engine in virtual time, with ports and recordings that are lists: a worker without its process.

`EngineDriver.tick` runs one period of 20 ms: it delivers the packets that were sent to the streams' ports, as the
kernel would (a connected port takes only its remote's), runs every phase, and keeps what the streams sent.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.engine import MediaEngine
from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, parse
from softswitch.media.phase import ROWS_PER_PHASE, Phase
from softswitch.media.protocol import MediaCommand, PutStream, Recording, RecordingFinished, StreamDescription
from softswitch.media.quality.rtcp import RtcpPacket
from softswitch.media.recording.recording import SampleTables
from softswitch.media.stream_codec import load_stream_codecs
from softswitch.media.tick_grid import PHASES, SAMPLE_RATE_HZ, slot_at, time_of


class ListedPort:
    """Ports that remember what they were told."""

    def __init__(self) -> None:
        self.local: dict[int, HostPort] = {}
        self.remote: dict[int, HostPort] = {}
        """What a row is connected to."""
        self.destination: dict[int, HostPort] = {}
        self.rtcp: dict[int, HostPort] = {}
        """Where a row's RTCP goes."""
        self.rtcp_sent: dict[HostPort, list[bytes]] = {}
        """RTCP by where it went."""
        self.held: list[HostPort] = []
        self.refusal: str | None = None
        """The answer to `open` and `hold`."""

    def open(self, row: int, local: HostPort) -> str | None:
        if self.refusal is None:
            self.local[row] = local
            self.held = [held for held in self.held if held != local]
        return self.refusal

    def hold(self, local: HostPort) -> str | None:
        if self.refusal is None and local not in self.held:
            self.held.append(local)
        return self.refusal

    def let_go(self) -> None:
        self.held.clear()

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        return self.open(row, local)

    def why_not(self, row: int, remote: HostPort) -> str | None:
        taken = [other for other, address in self.remote.items() if address == remote and other != row]
        return f"{remote} is row {taken[0]}'s" if taken else None

    def close(self, row: int) -> None:
        del self.local[row]
        self.remote.pop(row, None)
        self.destination.pop(row, None)
        self.rtcp.pop(row, None)

    def connect(self, row: int, remote: HostPort) -> None:
        self.remote[row] = remote

    def disconnect(self, row: int) -> None:
        self.remote.pop(row, None)

    def aim(self, row: int, destination: HostPort | None) -> None:
        self.destination.pop(row, None)
        if destination is not None:
            self.destination[row] = destination

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        self.rtcp.pop(row, None)
        if destination is not None:
            self.rtcp[row] = destination

    def send_rtcp(self, row: int, packet: bytes) -> None:
        if row in self.rtcp:
            self.rtcp_sent.setdefault(self.rtcp[row], []).append(packet)


class ListedFaxSockets:
    """Sockets of fax ports that remember what they were told."""

    def __init__(self) -> None:
        self.local: dict[StreamId, HostPort] = {}
        self.remote: dict[StreamId, HostPort] = {}
        """What a port is connected to."""
        self.sent: list[tuple[StreamId, bytes, HostPort]] = []
        self.refusal: str | None = None
        """The answer to `open`."""

    def open(self, port_id: StreamId, local: HostPort) -> str | None:
        if self.refusal is None:
            self.local[port_id] = local
        return self.refusal

    def close(self, port_id: StreamId) -> None:
        del self.local[port_id]
        self.remote.pop(port_id, None)

    def connect(self, port_id: StreamId, remote: HostPort) -> None:
        self.remote[port_id] = remote

    def disconnect(self, port_id: StreamId) -> None:
        del self.remote[port_id]

    def send(self, port_id: StreamId, datagram: bytes, destination: HostPort) -> None:
        self.sent.append((port_id, datagram, destination))


class ListedRecordings:
    """A sink that keeps all sound; a recording that is closed is finished at once."""

    def __init__(self) -> None:
        self.open_recordings: dict[RecordingId, Recording] = {}
        self.blocks: dict[RecordingId, list[NDArray[np.int16]]] = {}
        self._finished: list[RecordingFinished] = []

    def open(self, recording: Recording, now: float) -> None:
        self.open_recordings[recording.recording_id] = recording
        self.blocks.setdefault(recording.recording_id, [])

    def write(self, recording_id: RecordingId, sound: NDArray[np.uint8], samples: SampleTables) -> None:
        self.blocks[recording_id].append(np.stack([samples[0][sound[0]], samples[1][sound[1]]], axis=1))

    def close(self, recording_id: RecordingId) -> None:
        recording = self.open_recordings.pop(recording_id)
        samples = len(self.sound(recording_id))
        self._finished.append(
            RecordingFinished(recording.call_id, recording_id, recording.path, samples / SAMPLE_RATE_HZ, 4 * samples)
        )

    def take_finished(self) -> list[RecordingFinished]:
        finished, self._finished = self._finished, []
        return finished

    def sound(self, recording_id: RecordingId) -> NDArray[np.int16]:
        """int16[samples, 2] so far."""
        return np.concatenate([np.zeros((0, 2), np.int16), *self.blocks[recording_id]])


class EngineDriver:
    """An engine at `now`; slots and ticks advance it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.port = ListedPort()
        self.fax = ListedFaxSockets()
        self.sink = ListedRecordings()
        self.engine = MediaEngine(
            codecs=load_codecs(),
            stream_codecs=load_stream_codecs().codecs,
            port=self.port,
            fax=self.fax,
            sink=self.sink,
        )
        self.slot = (slot_at(now) // PHASES + 1) * PHASES
        self.sent: dict[StreamId, list[bytes]] = {}
        """Every packet of every stream, in order."""
        self._arrivals = ArrivalBuffer(ROWS_PER_PHASE)
        self._waiting_rtcp: dict[StreamId, list[tuple[bytes, HostPort, float]]] = {}
        self._waiting: dict[StreamId, list[tuple[bytes, HostPort, float | None]]] = {}

    @property
    def now(self) -> float:
        return time_of(self.slot)

    @property
    def wall_s(self) -> float:
        """What the clock on the wall says then."""
        return 1_750_000_000.0 + self.now

    def apply(self, *commands: MediaCommand) -> list[str]:
        return [reason for command in commands for reason in self.engine.apply(command, self.now)]

    def put(self, number: int, **changes: object) -> StreamDescription:
        """A stream whose party is at 192.0.2.`number` port 4000."""
        settings: dict[str, object] = {
            "stream_id": StreamId(number),
            "call_id": CallId("call"),
            "local_ip": "127.0.0.1",
            "port": 10_000 + 2 * number,
            "ssrc": number,
            "sequence": 0,
            "timestamp": 0,
            "started_at": self.now,
            "remote": party(number),
            "telephone_event": 101,
        }
        description = StreamDescription(**{**settings, **changes})  # type: ignore[arg-type]
        reasons = self.apply(PutStream(description))
        assert not reasons, reasons
        return description

    def deliver(
        self, number: int, *packets: bytes, source: HostPort | None = None, wait_ms: float | None = None
    ) -> None:
        """Packets for a stream's port, to arrive before its next tick; from its party unless said otherwise.

        With `wait_ms` the kernel tells that they came so long before the tick.
        """
        waiting = self._waiting.setdefault(StreamId(number), [])
        waiting += [(packet, source or party(number), wait_ms) for packet in packets]

    def deliver_rtcp(self, number: int, packet: bytes, *, source: HostPort | None = None) -> None:
        """An RTCP packet for a stream's odd port, to arrive now; from one port above its party's RTP."""
        where = source or HostPort(party(number).host, party(number).port + 1)
        self._waiting_rtcp.setdefault(StreamId(number), []).append((packet, where, self.wall_s))

    def rtcp_sent(self, number: int) -> list[bytes]:
        """RTCP that went to one port above the party's RTP."""
        return self.port.rtcp_sent.get(HostPort(party(number).host, party(number).port + 1), [])

    def tick(self, ticks: int = 1) -> None:
        for _ in range(ticks * PHASES):
            tick, index = divmod(self.slot, PHASES)
            phase = self.engine.phases[index]
            if not phase.is_idle:
                self._receive(phase, tick)
                self.engine.run(phase, tick)
                self.engine.report(phase, self._rtcp_of(phase), self.wall_s)
                self._keep_sent(phase)
            self.slot += 1

    def leave_out(self, ticks: int) -> None:
        """Time passes without ticks: the worker was held up."""
        self.slot += ticks * PHASES

    def heard(self, number: int) -> bytes:
        """What the stream sent its party, payloads only."""
        return b"".join(packet[12:] for packet in self.sent.get(StreamId(number), []))

    def _receive(self, phase: Phase, tick: int) -> None:
        while batch := self._next_batch(phase):
            at = np.arange(len(batch))
            row = np.array([row for row, *_ in batch])
            length = np.array([min(len(packet), RTP_PACKET_BYTES_MAX) for _, packet, *_ in batch])
            for index, (_, packet, _, wait_ms) in enumerate(batch):
                self._note_wait(index, wait_ms)
                self._arrivals.packets[index, : length[index]] = np.frombuffer(packet[:RTP_PACKET_BYTES_MAX], np.uint8)
            if phase.secure:
                length = phase.secure.unprotect(self._arrivals, at, row, length, tick)
            packets = parse(self._arrivals, at, row, length)
            sources = [source for _, _, source, _ in batch]
            is_connected = np.array([phase.first_row + row in self.port.remote for row in packets.row.tolist()], bool)
            self.engine.receive(phase, packets.select(is_connected), self._arrivals, tick)
            self.engine.receive_unknown(phase, packets.select(~is_connected), sources, self._arrivals, self.now, tick)
            self._arrivals.is_timed = False

    def _rtcp_of(self, phase: Phase) -> list[RtcpPacket]:
        packets: list[RtcpPacket] = []
        for row, stream in phase.streams.items():
            aimed = self.port.rtcp.get(stream.frame_row)
            for packet, source, came_at_s in self._waiting_rtcp.pop(stream.description.stream_id, []):
                if aimed is not None and source.host == aimed.host:
                    packets.append(RtcpPacket(row, packet, source, came_at_s))
        return packets

    def _note_wait(self, at: int, wait_ms: float | None) -> None:
        self._arrivals.wait[at] = -1 if wait_ms is None else round(wait_ms * SAMPLE_RATE_HZ / 1000)
        self._arrivals.is_timed |= wait_ms is not None
        self._arrivals.came_ns[at] = round((self.now - (wait_ms or 0.0) / 1000) * 1e9)

    def _next_batch(self, phase: Phase) -> list[tuple[int, bytes, HostPort, float | None]]:
        """At most one packet per stream of the phase: (row, packet, source, wait)."""
        batch: list[tuple[int, bytes, HostPort, float | None]] = []
        for row, stream in sorted(phase.streams.items()):
            waiting = self._waiting.get(stream.description.stream_id, [])
            remote = self.port.remote.get(stream.frame_row)
            while waiting and remote is not None and waiting[0][1] != remote:
                waiting.pop(0)
            if waiting:
                batch.append((row, *waiting.pop(0)))
        return batch

    def _keep_sent(self, phase: Phase) -> None:
        for row, stream in phase.streams.items():
            if stream.frame_row in self.port.destination:
                packet = phase.outgoing.packets[row].tobytes()
                self.sent.setdefault(stream.description.stream_id, []).append(packet)
        for single in phase.singles:
            stream_id = phase.streams[single.row].description.stream_id
            self.sent.setdefault(stream_id, []).append(single.packet)


def party(number: int) -> HostPort:
    """Where the party of `EngineDriver.put(number)` is."""
    return HostPort(f"192.0.2.{number}", 4000)


def frames(sound: NDArray[np.uint8], samples: int = 160) -> Sequence[bytes]:
    """A sound cut into payloads."""
    return [sound[at : at + samples].tobytes() for at in range(0, len(sound), samples)]
