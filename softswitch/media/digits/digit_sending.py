"""The streams of a worker that are being sent digits, and what that changes in their ticks.

While digits are sent the party hears no sound: the stream's frame is silence or tones, and where it has telephone
events its packets are converted (single_packets.py) and sent singly.
"""

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.digit_sender import DigitSender
from softswitch.media.phase import Phase
from softswitch.media.protocol import SendDigits
from softswitch.media.streams import Streams

ECHO_TICKS = 20
"""How long after a tone was sent its echo may come back: 400 ms, the way to a far-away line and back."""


def begin(command: SendDigits, streams: Streams) -> str | None:
    """Have digits sent after those that are waiting; None, or why that cannot be."""
    stream = streams.find(command.stream_id)
    if stream is None:
        return f"stream {command.stream_id} is not here"
    if not stream.description.sends:
        return f"stream {command.stream_id} sends nothing: its party does not listen now"
    senders = stream.phase.digit_senders
    sender = senders.get(stream.row, DigitSender())
    fault = sender.add(command.digits, command.duration_ms, command.pause_ms)
    if fault is None and not sender.is_over and stream.row not in senders:
        senders[stream.row] = sender
        streams.sending_changed(stream)
    return fault


def write_frames(phase: Phase, tables: CodecTables) -> None:
    """Silence or tones, in place of what these streams' parties would hear in this tick."""
    for row, sender in phase.digit_senders.items():
        codec = phase.live.codec[row : row + 1]
        if phase.streams[row].description.telephone_event is not None:
            phase.outgoing.payload[row] = tables.silence[int(codec[0])]
        else:
            phase.outgoing.payload[row] = tables.encode(sender.next_frame()[None], codec)[0]
            phase.echo_until[row] = phase.tick + ECHO_TICKS


def tones_heard(phase: Phase) -> list[tuple[int, str]]:
    """(row, digit) found in the sound of this tick, but for the echo of those we sent, which are nobody's keys."""
    return [(row, digit) for row, digit in phase.tones_heard if phase.echo_until.get(row, -1) < phase.tick]


def end(phase: Phase, streams: Streams) -> None:
    """Before the next tick: those that were sent all, or whose party listens no more, go on with sound."""
    for row in list(phase.digit_senders):
        stream = phase.streams[row]
        if phase.digit_senders[row].is_over or not stream.description.sends:
            del phase.digit_senders[row]
            streams.sending_changed(stream)
