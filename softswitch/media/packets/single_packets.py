"""Packets that are built one by one: those of streams that are not sent 20 ms of G.711 as the outgoing buffer has it.

Nearly every stream's packet is a row of `phase.outgoing`, and no Python is run for it. The others are `phase.singly`;
after each tick their packets are made here, into `phase.singles`.

A stream under SRTP is here even when its party, on hold, wants no sound: its numbers run on with the clock, and a party
that sees none of them for 32,768 miscounts from then on. So it is sent a packet of silence every two minutes, which
also keeps its NAT open (RFC 6263).
"""

from softswitch.base.address import HostPort
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.coded_rows import Due
from softswitch.media.frames import Frames
from softswitch.media.packets.rtp import HEADER_BYTES, pack
from softswitch.media.phase import Phase, SinglePacket, Stream
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ, TICK_S

KEEPALIVE_TICKS = round(120.0 / TICK_S)


def build(phase: Phase, frames: Frames, tables: CodecTables) -> None:
    """The packets that this tick's frame completes, for every stream of the phase that is sent singly."""
    phase.singles.clear()
    if not phase.coded.is_empty:
        phase.coded.encode(_due(phase, tables), phase.live, phase.outgoing.payload, frames, tables)
    for stream in phase.singly.values():
        destination = stream.latch.destination()
        if stream.srtp is None:
            if destination is not None:
                for packet in _with_digits(phase, stream, _packets(phase, stream)):
                    _send(phase, stream, packet, packet, destination)
            continue
        is_heard = stream.description.sends and destination is not None
        packets = (
            _with_digits(phase, stream, _packets(phase, stream)) if is_heard else _keepalive(phase, stream, tables)
        )
        for packet in packets:
            stream.srtp.sender.used_at = phase.tick
            protected = stream.srtp.sender.protect(packet)
            if protected and destination is not None:
                _send(phase, stream, packet, protected, destination)


def _send(phase: Phase, stream: Stream, packet: bytes, ready: bytes, destination: HostPort) -> None:
    phase.singles.append(SinglePacket(stream.row, ready, destination))
    stream.packets_sent += 1
    stream.octets_sent += len(packet) - HEADER_BYTES


def _keepalive(phase: Phase, stream: Stream, tables: CodecTables) -> list[bytes]:
    """Silence under the number that is due, now and then."""
    if not _needs_life(phase, stream):
        return []
    coded = phase.coded.senders.get(stream.row)
    if coded is not None:
        return coded.packets
    description = stream.description
    length = SAMPLE_RATE_HZ * description.ptime_ms // 1000
    number = _sample(phase, stream) // length
    return [
        pack(
            payload_type=description.payload_type,
            sequence=description.sequence + number,
            timestamp=description.timestamp + number * length,
            ssrc=description.ssrc,
            payload=bytes([tables.silence[int(phase.live.codec[stream.row])]]) * length,
        )
    ]


def _packets(phase: Phase, stream: Stream) -> list[bytes]:
    coded = phase.coded.senders.get(stream.row)
    if coded is not None:
        return coded.packets
    if stream.packetiser is None:
        return [phase.outgoing.packets[stream.row].tobytes()]
    return stream.packetiser.add(phase.outgoing.payload[stream.row].tobytes(), _sample(phase, stream))


def _needs_life(phase: Phase, stream: Stream) -> bool:
    """Whether a party that wants no sound is to be sent a packet all the same."""
    return stream.srtp is not None and phase.tick - stream.srtp.sender.used_at >= KEEPALIVE_TICKS


def _due(phase: Phase, tables: CodecTables) -> list[Due]:
    """The coded streams that have something to send, and somewhere to send it to."""
    due: list[Due] = []
    for row, stream in phase.singly.items():
        if row not in phase.coded.senders or stream.latch.destination() is None:
            continue
        if stream.description.sends:
            due.append(Due(row, _sample(phase, stream), row in phase.digit_senders))
        elif _needs_life(phase, stream):
            phase.outgoing.payload[row] = tables.silence[int(phase.live.codec[row])]
            due.append(Due(row, _sample(phase, stream), True))
    return due


def _sample(phase: Phase, stream: Stream) -> int:
    """Where in the stream this tick's frame begins."""
    return (phase.tick - stream.first_tick) * FRAME_SAMPLES


def _with_digits(phase: Phase, stream: Stream, packets: list[bytes]) -> list[bytes]:
    """The packets, those of a digit that is being sent converted to its event."""
    sender, description = phase.digit_senders.get(stream.row), stream.description
    if sender is None or description.telephone_event is None:
        return packets
    return [
        sender.convert(
            packet,
            payload_type=description.telephone_event,
            clock_hz=description.telephone_event_clock_hz,
            ptime_ms=description.ptime_ms,
        )
        for packet in packets
    ]
