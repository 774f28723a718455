"""The coded streams of a phase: those whose codec is not one byte per sample at 8 kHz (Opus, G.722, L16).

They are rows of the table like all others, and G.711 to everybody else: their frames are µ-law in `Frames.content`, and
so is what they hear. Beside that a wideband party's frame is in `Frames.wide`, for listeners that have wideband too.

What else is done to a frame or to what somebody hears (gain, muting, playbacks, digits) is done to the narrowband
bytes. Wideband is used only where those bytes are still the very ones the decoder made, and of a listener, the very
ones of his source; so nothing that is not to be heard is heard in wideband either. Under the same condition the packets
themselves are passed on, when source and listener have one codec.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.coded_sender import CodedSender
from softswitch.media.coding.coded_stream import CodedPacket, CodedStream
from softswitch.media.coding.half_band import PAST_NARROW, PAST_WIDE, WIDE_RATE_HZ, WIDE_SAMPLES, double, halve
from softswitch.media.coding.high_band import HighBand
from softswitch.media.frames import Frames
from softswitch.media.limits import PAYLOAD_BYTES_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.protocol import StreamDescription
from softswitch.media.receiving import jitter
from softswitch.media.stream_codec import StreamCodec
from softswitch.media.stream_table import RING_GUARD, RING_MASK, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

Int64s = NDArray[np.int64]
Terms = Sequence[tuple[int, float]]
"""Rows of `Frames`, each with its gain."""

_NOTHING: Terms = ()


class Due(NamedTuple):
    """A stream that is to send: its row, where in it the tick's frame begins, and whether silence must be sent too."""

    row: int
    sample: int
    is_silence_sent: bool


class CodedRows:
    """Rows are the phase's, sources rows of `Frames`."""

    __slots__ = (
        "_first_row",
        "_high_band",
        "_made",
        "_made_at",
        "_past_narrow",
        "_past_wide",
        "_payloads",
        "_sources",
        "_wide_made",
        "senders",
        "streams",
    )

    def __init__(self, rows: int, first_row: int) -> None:
        """`first_row` is that of the phase in `Frames`."""
        self._first_row = first_row
        self.streams: dict[int, CodedStream] = {}
        self.senders: dict[int, CodedSender] = {}
        self._sources: dict[int, Terms] = {}
        """What each coded stream hears."""
        self._payloads: dict[int, CodedPacket] = {}
        """Of the batch that is being received, by their place in the buffer."""
        self._past_wide: NDArray[np.int16] = np.zeros((rows, PAST_WIDE), np.int16)
        """Of the parties' own sound, for halving."""
        self._past_narrow: NDArray[np.int16] = np.zeros((rows, PAST_NARROW), np.int16)
        """Of what they hear, for doubling."""
        self._made_at: Int64s = np.zeros(0, np.int64)
        """Rows of `Frames` that were decoded in this tick, those with wideband first, and their narrowband frames."""
        self._made: NDArray[np.uint8] = np.zeros((0, FRAME_SAMPLES), np.uint8)
        self._wide_made = 0
        self._high_band = HighBand()

    @property
    def is_empty(self) -> bool:
        return not self.streams

    # Commands

    def set_codec(self, table: StreamTable, row: int, codec: StreamCodec | None) -> None:
        """The row's stream has this codec from now on; None, G.711."""
        self.forget(row)
        table.is_coded[row] = codec is not None
        if codec is not None:
            self.streams[row] = CodedStream(codec)

    def set_sender(self, row: int, codec: StreamCodec, description: StreamDescription) -> None:
        """The stream is sent as `description` says."""
        sender = self.senders.get(row)
        if sender is None or not sender.is_for(codec, description):
            self.senders[row] = CodedSender(codec, description)

    def set_sources(self, row: int, terms: Terms) -> None:
        """What the row's stream hears from now on."""
        if row in self.streams:
            self._sources[row] = terms

    def forget(self, row: int) -> None:
        """The row is free, or G.711's."""
        self.streams.pop(row, None)
        self.senders.pop(row, None)
        self._sources.pop(row, None)
        self._past_wide[row] = 0
        self._past_narrow[row] = 0

    def source_gone(self, row: int) -> None:
        """That row of `Frames` is free."""
        self._high_band.forget(row)

    # Arrival

    def measure(self, table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> RtpColumns:
        """The batch with lengths and timestamps of coded sound in samples at 8 kHz, as all of jitter.py counts.

        Malformed payloads are left out.
        """
        self._payloads.clear()
        is_coded = table.is_coded[packets.row] & (packets.payload_type == table.payload_type_in[packets.row])
        if not is_coded.any():
            return packets
        measured = packets.select(np.ones(len(packets), np.bool_))
        content = arrivals.packets.reshape(-1)
        for index in np.flatnonzero(is_coded).tolist():
            stream = self.streams[int(packets.row[index])]
            start = int(packets.start[index])
            payload = content[start : start + int(packets.length[index])].tobytes()
            length = stream.codec.length(payload)
            measured.length[index] = length if length <= PAYLOAD_BYTES_MAX else 0
            measured.timestamp[index] = stream.position_timestamp(int(packets.timestamp[index]))
            self._payloads[start] = CodedPacket(
                payload, length, int(packets.sequence[index]), bool(packets.marker[index])
            )
        return measured.select(measured.length > 0)

    def push(self, table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> None:
        """`jitter.push` of a batch that was measured: coded sound waits as it came, all other goes into the ring."""
        packets, position = jitter.place(table, packets, arrivals)
        is_coded = table.is_coded[packets.row]
        plain = np.flatnonzero(~is_coded)
        jitter.store(table, packets.select(plain), position[plain], arrivals)
        coded = np.flatnonzero(is_coded)
        columns = (packets.row[coded].tolist(), packets.start[coded].tolist(), position[coded].tolist())
        for row, start, place in zip(*columns, strict=True):
            self.streams[row].store(place, self._payloads[start])

    # Ticks

    def take_frames(self, table: StreamTable, frames: Frames, tables: CodecTables) -> None:
        """After the playout of all rows: what these parties say in this tick, in place of what was concealed."""
        wide: list[bytes] = []
        wide_rows: list[int] = []
        narrow: list[bytes] = []
        narrow_rows: list[int] = []
        for row, stream in self.streams.items():
            frames.is_wide[self._first_row + row] = False
            frame = stream.take(int(table.play[row]) - FRAME_SAMPLES) if table.pace[row] else None
            if frame is None:
                continue
            is_wide = len(frame) == 2 * WIDE_SAMPLES
            (wide if is_wide else narrow).append(frame)
            (wide_rows if is_wide else narrow_rows).append(row)
        sound = np.frombuffer(b"".join(narrow), np.int16).reshape(-1, FRAME_SAMPLES)
        if wide:
            rows = np.array(wide_rows)
            wide_sound = np.frombuffer(b"".join(wide), np.int16).reshape(-1, WIDE_SAMPLES)
            frames.wide[self._first_row + rows] = wide_sound
            past = self._past_wide[rows]
            sound = np.concatenate((halve(wide_sound, past), sound))
            self._past_wide[rows] = past
        rows = np.array(wide_rows + narrow_rows, np.int64)
        content = tables.encode(sound, table.codec[rows])
        frames.content[self._first_row + rows] = content
        # Whether a frame may be left out or repeated is told from what was played (adaptation.py).
        at = (table.play[rows, np.newaxis] + np.arange(-FRAME_SAMPLES, 0)) & RING_MASK
        table.ring[rows[:, np.newaxis], at + RING_GUARD] = content
        self._made_at = self._first_row + rows
        self._made = content
        self._wide_made = len(wide)

    def encode(
        self, due: Sequence[Due], table: StreamTable, payload: NDArray[np.uint8], frames: Frames, tables: CodecTables
    ) -> None:
        """At the end of a tick: fill `packets` of the senders that are due.

        `payload` uint8[rows, FRAME_SAMPLES] is what every row of the phase hears, as narrowband.
        """
        is_untouched = (frames.content[self._made_at] == self._made).all(axis=1)
        frames.is_wide[self._made_at[: self._wide_made]] = is_untouched[: self._wide_made]
        untouched = set((self._made_at[is_untouched] - self._first_row).tolist())
        for sender in self.senders.values():
            sender.packets.clear()
        if not due:
            return
        rows = np.array([row for row, _, _ in due])
        source = np.array([self._only_source(row) for row, _, _ in due])
        hears_source = (source >= 0) & (payload[rows] == frames.content[source]).all(axis=1)
        is_wide = hears_source & frames.is_wide[source]
        narrow = tables.decode(payload[rows], table.codec[rows])
        to_double: list[int] = []
        """Indices into `rows`."""
        # Who is played to or sent digits hears nobody, in wideband either.
        hears_nobody = table.playing[rows] & ~table.sound_is_over[rows]
        hears_nobody |= np.array([is_silence_sent for _, _, is_silence_sent in due])
        high = self._high(rows[~hears_source & ~hears_nobody].tolist(), frames, tables)
        for index, (row, sample, is_silence_sent) in enumerate(due):
            sender = self.senders[row]
            origin = int(source[index]) - self._first_row
            may_pass = hears_source[index] and origin in untouched and not is_silence_sent
            if may_pass and sender.passes(self.streams[origin]):
                sender.pass_on(self.streams[origin].taken, sample)
            elif sender.rate_hz(is_wide=bool(is_wide[index]) or row in high) < WIDE_RATE_HZ:
                sender.send(narrow[index].tobytes(), sample, is_silence_sent=is_silence_sent)
            elif is_wide[index]:
                sender.send(frames.wide[source[index]].tobytes(), sample, is_silence_sent=is_silence_sent)
            else:
                to_double.append(index)
        if to_double:
            self._send_doubled([due[index] for index in to_double], narrow[to_double], high)

    def _send_doubled(
        self, due: Sequence[Due], narrow: NDArray[np.int16], high: Mapping[int, NDArray[np.float32]]
    ) -> None:
        """What these hear, int16[n, FRAME_SAMPLES], at 16 kHz, with what of it is wideband."""
        rows = np.array([row for row, _, _ in due])
        past = self._past_narrow[rows]
        doubled = double(narrow, past)
        self._past_narrow[rows] = past
        for index, (row, sample, is_silence_sent) in enumerate(due):
            sound = doubled[index]
            if row in high:
                sound = np.clip(np.rint(sound + high[row]), -32768, 32767).astype(np.int16)
            self.senders[row].send(sound.tobytes(), sample, is_silence_sent=is_silence_sent)

    def _only_source(self, row: int) -> int:
        """The one that the row's stream hears, -1 when it hears several, or none."""
        terms = self._sources.get(row, _NOTHING)
        return terms[0][0] if len(terms) == 1 else -1

    def _high(self, rows: Sequence[int], frames: Frames, tables: CodecTables) -> dict[int, NDArray[np.float32]]:
        """What wideband adds for those of the rows that hear wideband voices among several."""
        heard: dict[int, Terms] = {}
        for row in rows:
            terms = self._sources.get(row, _NOTHING)
            wide = [(source, gain) for source, gain in terms if frames.is_wide[source]]
            if wide and len(terms) > 1 and self.streams[row].codec.spec.sample_rate_hz == WIDE_RATE_HZ:
                heard[row] = wide
        return self._high_band.sums(heard, frames, tables) if heard else {}
