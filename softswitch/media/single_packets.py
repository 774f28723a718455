"""Packets that are built one by one: those of streams that are not sent 20 ms of G.711 as the outgoing buffer has it.

Nearly every stream's packet is a row of `phase.outgoing`, and no Python is run for it. The others are `phase.singly`;
after each tick their packets are made here, into `phase.singles`.
"""

from softswitch.media.phase import Phase, SinglePacket, Stream
from softswitch.media.rtp import HEADER_BYTES
from softswitch.media.tick_grid import FRAME_SAMPLES


def build(phase: Phase) -> None:
    """The packets that this tick's frame completes, for every stream of the phase that is sent singly."""
    phase.singles.clear()
    for stream in phase.singly.values():
        destination = stream.latch.destination()
        if destination is None:
            continue
        for packet in _with_digits(phase, stream, _packets(phase, stream)):
            ready = packet if stream.srtp is None else stream.srtp.sender.protect(packet)
            if ready:
                phase.singles.append(SinglePacket(stream.row, ready, destination))
                stream.packets_sent += 1
                stream.octets_sent += len(packet) - HEADER_BYTES


def _packets(phase: Phase, stream: Stream) -> list[bytes]:
    if stream.packetiser is None:
        return [phase.outgoing.packets[stream.row].tobytes()]
    sample = (phase.tick - stream.first_tick) * FRAME_SAMPLES
    return stream.packetiser.add(phase.outgoing.payload[stream.row].tobytes(), sample)


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
