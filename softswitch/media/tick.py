"""The tick: from what has arrived for the streams of a phase to the packets they are sent, and what comes before it.

`receive` and `run` are functions over a phase's state and nothing else: no clock, no socket, no loop over streams.
Tests and benchmarks call them as the worker does. Once per tick, for one phase:

1. `receive` for each batch of packets the sockets gave: headers apart, events aside, sound into the rings;
2. `run`: playout, taps, mixing, playbacks, packet headers; what is to be sent lies in `phase.outgoing` and
   `phase.singles`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits import digit_sending
from softswitch.media.digits.dtmf import EVENT_BYTES, DtmfReceiver
from softswitch.media.frames import Frames
from softswitch.media.limits import PAYLOAD_BYTES_MAX
from softswitch.media.packets import single_packets
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.phase import Phase
from softswitch.media.quality import arrival_jitter
from softswitch.media.receiving import adaptation, jitter
from softswitch.media.receiving.playout import play
from softswitch.media.sounds.player import Player
from softswitch.media.tick_grid import FRAME_SAMPLES


class Received(NamedTuple):
    """What a batch brought beside sound."""

    first: NDArray[np.int64]
    """Rows whose first packet this is."""
    digits: list[tuple[int, str]]
    """(row, digit)."""


def receive(phase: Phase, packets: RtpColumns, arrivals: ArrivalBuffer, dtmf: DtmfReceiver, tick: int) -> Received:
    """Take a batch with at most one packet per stream, from sources that are trusted."""
    table = phase.live
    if not phase.coded.is_empty:
        packets = phase.coded.measure(table, packets, arrivals)
    row = packets.row
    if tick != phase.playout_clock.next_tick:
        phase.playout_clock.catch_up(table, tick)
    if arrivals.is_timed:
        adaptation.note_waits(table, packets, arrivals)
    first = row[table.received[row] == 0]
    table.received[row] += 1
    table.last_tick[row] = tick
    is_sound = (packets.payload_type == table.payload_type_in[row]) & (packets.length <= PAYLOAD_BYTES_MAX)
    is_sound &= table.receives[row]
    sound = packets if is_sound.all() else packets.select(is_sound)
    if arrivals.is_timed:
        arrival_jitter.note(table, sound, arrivals)
    if phase.coded.is_empty:
        jitter.push(table, sound, arrivals)
    else:
        phase.coded.push(table, sound, arrivals)
    if sound is packets:
        return Received(first, [])
    others = packets.select(~is_sound)
    jitter.pass_over(table, others)
    phase.comfort_noise.receive(table, others, arrivals, tick)
    is_event = others.payload_type == table.event_type_in[others.row]
    is_event |= others.payload_type == table.event_type_own[others.row]
    is_event &= others.length >= EVENT_BYTES
    events = others.select(is_event & table.receives[others.row])
    if not len(events):
        return Received(first, [])
    payloads = arrivals.windows(EVENT_BYTES)[events.start].view(np.uint8).reshape(-1, EVENT_BYTES)
    phase.key_muting.note(table, events.row, payloads, tick)
    digits = dtmf.receive(events.row + phase.first_row, events.timestamp.astype(np.uint32), payloads, events.marker)
    return Received(first, [(row - phase.first_row, digit) for row, digit in digits])


def is_of_the_party(phase: Phase, packets: RtpColumns) -> NDArray[np.bool_]:
    """Which packets have a payload type that their stream's party sends sound or digits with."""
    table, row, payload_type = phase.live, packets.row, packets.payload_type
    is_event = (payload_type == table.event_type_in[row]) | (payload_type == table.event_type_own[row])
    return (payload_type == table.payload_type_in[row]) | is_event


def run(phase: Phase, frames: Frames, tables: CodecTables, player: Player, tick: int, now: float) -> None:
    """Run tick number `tick`, which begins at `now`; those since the last one were left out."""
    table = phase.live
    ticks = tick - phase.tick
    phase.tick = tick
    if ticks > 1:
        player.skip_time(table, phase.stream_ids, now)
    play(table, phase.heard[: table.rows], tables, phase.playout_clock, tick)
    if not phase.coded.is_empty:
        phase.coded.take_frames(table, frames, tables)
    if not phase.program_voices.is_empty:
        phase.program_voices.speak(table, frames, tables)
    phase.comfort_noise.fill(table, phase.heard, tables, tick)
    phase.key_muting.silence(table, phase.heard, tables, tick)
    phase.tones_heard = phase.tone_detector.take(table, phase.heard, tables)
    phase.faxes_heard = phase.fax_tones.take(table, phase.heard, tables)
    phase.gains.apply(phase.heard, table.codec, tables)
    phase.room_voices.write(frames, tables)
    phase.taps.take(frames, ticks, now)
    phase.voices.watch(table, frames, phase.heard[: table.rows], tables)
    phase.mixer.mix(table, frames, tables, phase.outgoing)
    phase.hearing_gains.apply(phase.outgoing.payload, table.codec, tables)
    player.write_frames(table, phase.stream_ids, phase.outgoing, now)
    phase.beeps.add(table, phase.outgoing.payload, tables, tick)
    digit_sending.write_frames(phase, tables)
    _stamp(phase, ticks)
    single_packets.build(phase, frames, tables)
    if not phase.feed_taps.is_empty:
        phase.feed_taps.take(frames, tables, phase.program_voices.played(), tick, now)


def _stamp(phase: Phase, ticks: int) -> None:
    """Headers. Sequence and timestamp move on with the clock, whether or not a stream sends."""
    table, outgoing = phase.live, phase.outgoing
    table.sequence_out += np.uint16(ticks & 0xFFFF)
    table.timestamp_out += np.uint32(ticks * FRAME_SAMPLES & 0xFFFFFFFF)
    table.sent += table.aimed
    outgoing.stamp(
        table.rows,
        payload_type=table.payload_type_out,
        sequence=table.sequence_out,
        timestamp=table.timestamp_out,
    )
    for row in phase.marks:
        outgoing.mark(row)
    phase.marks.clear()
