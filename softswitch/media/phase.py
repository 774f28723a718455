"""A phase: the streams that tick together, with everything their tick reads and writes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.coded_rows import CodedRows
from softswitch.media.digits.digit_sender import DigitSender
from softswitch.media.digits.fax_tone import FaxToneDetector
from softswitch.media.digits.key_muting import KeyMuting
from softswitch.media.digits.tone_detection import ToneDetector
from softswitch.media.feeds.feed_taps import FeedTaps
from softswitch.media.feeds.voices import Voices as ProgramVoices
from softswitch.media.frames import Frames
from softswitch.media.limits import FEEDS_MAX, RECORDINGS_MAX, STREAMS_MAX
from softswitch.media.mixing.gains import Gains
from softswitch.media.mixing.mixer import Mixer
from softswitch.media.packets.packetiser import Packetiser
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.protocol import SrtpPosition, StreamDescription
from softswitch.media.quality.quality import Counts
from softswitch.media.quality.rtcp_session import RtcpSession
from softswitch.media.quality.voice_facts import Voices
from softswitch.media.receiving.comfort_noise import ComfortNoise
from softswitch.media.receiving.latch import SourceLatch
from softswitch.media.receiving.playout import PlayoutClock
from softswitch.media.recording.beeps import Beeps
from softswitch.media.recording.room_voices import RoomVoices
from softswitch.media.recording.taps import RecordingSink, Taps
from softswitch.media.srtp.secure_rows import SecureRows
from softswitch.media.srtp.srtp import StreamSrtp
from softswitch.media.stream_table import StreamTable, allocate
from softswitch.media.tick_grid import PHASES, first_slot, slot_at

ROWS_PER_PHASE = STREAMS_MAX // PHASES

ROWS_STEP = 32
"""The rows that are looked at grow and shrink by so many: a view of every column is made for that, 40 us each time, and
in a tick a row that no stream has costs nearly nothing."""

NO_STREAM = StreamId(-1)


class SinglePacket(NamedTuple):
    """A packet that does not leave with the others of its tick."""

    row: int
    packet: bytes
    destination: HostPort


def learning_host(description: StreamDescription) -> str | None:
    """The host a source may be learnt from beside the SDP's; None, any: authentic packets prove whose they are."""
    return description.learn_from if description.srtp is None else None


def position_of(stream: "Stream") -> SrtpPosition | None:
    """How far its party's packets under SRTP have come; None if there are none yet."""
    newest = None if stream.srtp is None else stream.srtp.receiver.newest
    return None if newest is None else SrtpPosition(stream.description.stream_id, newest.ssrc, newest.number)


class Stream:
    """What is known of a stream beside its row of the table."""

    __slots__ = (
        "counts_reported",
        "description",
        "first_tick",
        "is_connected",
        "latch",
        "mos",
        "octets_sent",
        "packetiser",
        "packets_sent",
        "phase",
        "row",
        "rtcp",
        "rtcp_source",
        "srtp",
    )

    def __init__(self, description: StreamDescription, phase: "Phase", row: int) -> None:
        self.description = description
        self.phase = phase
        self.row = row
        """In its phase."""
        self.first_tick = phase.tick_of(description.started_at)
        """The tick of the stream's packet 0."""
        self.latch = SourceLatch(description.remote, learn=description.learn, learn_from=learning_host(description))
        self.is_connected = False
        self.packetiser: Packetiser | None = None
        self.packets_sent = 0
        """By the packetiser; the others are counted in the table."""
        self.octets_sent = 0
        """Likewise, of payload."""
        self.srtp: StreamSrtp | None = None
        self.rtcp = RtcpSession(description.ssrc)
        self.rtcp_source: HostPort | None = None
        """Where the party's RTCP comes from, if it has a port of its own."""
        self.counts_reported = Counts()
        """As they were in the last report to the switch (reports.py)."""
        self.mos = 0.0
        """As last worked out; 0 before anything was to be heard."""

    @property
    def frame_row(self) -> int:
        """The stream's row in `Frames`, which is also its name to the sockets."""
        return self.phase.first_row + self.row


class Phase:
    """Rows are numbered within the phase; `first_row` + row is the stream's row in `Frames`."""

    __slots__ = (
        "_free",
        "_table",
        "beeps",
        "coded",
        "comfort_noise",
        "digit_senders",
        "echo_until",
        "fax_tones",
        "faxes_heard",
        "feed_taps",
        "first_row",
        "gains",
        "heard",
        "hearing_gains",
        "index",
        "key_muting",
        "live",
        "marks",
        "mixer",
        "outgoing",
        "playout_clock",
        "program_voices",
        "room_voices",
        "row_count",
        "secure",
        "singles",
        "singly",
        "stream_ids",
        "streams",
        "taps",
        "tick",
        "tone_detector",
        "tones_heard",
        "voices",
    )

    def __init__(self, index: int, frames: Frames, sink: RecordingSink, tables: CodecTables) -> None:
        self.index = index
        self.first_row = index * ROWS_PER_PHASE
        self.tick = 0
        """Number of the last tick that was run: slots of this phase since the origin of the clock."""
        self.playout_clock = PlayoutClock()
        self.row_count = 0
        self.streams: dict[int, Stream] = {}
        """By row."""
        self.stream_ids: list[StreamId] = []
        """By row, NO_STREAM where the row is free."""
        self._free: list[int] = []
        self._table = allocate(ROWS_PER_PHASE)
        self.live: StreamTable = self._table.window(ROWS_STEP)
        """The rows in use so far, and the free ones up to the next multiple of ROWS_STEP."""
        self.heard: NDArray[np.uint8] = frames.content[self.first_row : self.first_row + ROWS_PER_PHASE]
        self.coded = CodedRows(ROWS_PER_PHASE, self.first_row)
        self.voices = Voices(ROWS_PER_PHASE, self.first_row, frames)
        self.mixer = Mixer(index, ROWS_PER_PHASE)
        self.gains = Gains(ROWS_PER_PHASE)
        self.hearing_gains = Gains(ROWS_PER_PHASE)
        """Of what parties hear of others."""
        self.beeps = Beeps()
        self.room_voices = RoomVoices()
        self.taps = Taps(RECORDINGS_MAX // PHASES, sink, tables)
        self.feed_taps = FeedTaps(FEEDS_MAX)
        self.program_voices = ProgramVoices(self.first_row)
        self.outgoing = OutgoingBuffer(ROWS_PER_PHASE)
        self.secure = SecureRows(ROWS_PER_PHASE)
        self.marks: list[int] = []
        """Rows whose next packet has the marker bit."""
        self.singly: dict[int, Stream] = {}
        """Streams whose packets are not those of `outgoing`, by row (single_packets.py)."""
        self.key_muting = KeyMuting()
        self.comfort_noise = ComfortNoise(ROWS_PER_PHASE)
        self.tone_detector = ToneDetector()
        self.fax_tones = FaxToneDetector()
        self.faxes_heard: list[int] = []
        """Rows found to be a fax in this tick."""
        self.echo_until: dict[int, int] = {}
        """The last tick in which tones in the sound of a row may be the echo of those it was sent."""
        self.tones_heard: list[tuple[int, str]] = []
        """(row, digit) found in the sound of this tick."""
        self.digit_senders: dict[int, DigitSender] = {}
        """Of the streams that are being sent digits, by row (digit_sending.py)."""
        self.singles: list[SinglePacket] = []
        """Filled by the tick."""

    @property
    def is_idle(self) -> bool:
        return not self.streams and self.taps.is_empty and self.feed_taps.is_empty

    def wake(self, now: float) -> None:
        """Something begins here: if the phase had nothing to do, its ticks begin with the next one."""
        if self.is_idle:
            self.tick = (slot_at(now) - self.index) // PHASES
            self.playout_clock.start(self.tick)

    def tick_of(self, time: float) -> int:
        """The first tick that begins at `time` or later."""
        return (first_slot(time, self.index) - self.index) // PHASES

    @property
    def is_full(self) -> bool:
        return not self._free and self.row_count == ROWS_PER_PHASE

    def allocate(self, stream_id: StreamId) -> int:
        """A free row, the lowest there is. The phase must not be full."""
        if self._free:
            row = min(self._free)
            self._free.remove(row)
            self.stream_ids[row] = stream_id
            # While it was free it was in every tick's operations all the same, being between others.
            self.voices.clear(row)
            return row
        self.stream_ids.append(stream_id)
        self.row_count += 1
        self._look_at_rows_in_use()
        self.voices.clear(self.row_count - 1)
        return self.row_count - 1

    def release(self, row: int) -> None:
        """The stream is gone: its row is silent and free."""
        del self.streams[row]
        self.singly.pop(row, None)
        self.coded.forget(row)
        self.secure.set(row, None)
        self.digit_senders.pop(row, None)
        self.key_muting.forget(row)
        self.comfort_noise.forget(row)
        self.tone_detector.set(row, asks=False)
        self.fax_tones.forget(row)
        self.echo_until.pop(row, None)
        self.beeps.forget(row)
        self.stream_ids[row] = NO_STREAM
        self._table.clear(row)
        self.gains.clear(row)
        self.hearing_gains.clear(row)
        self.voices.clear(row)
        self._free.append(row)
        while self.row_count and self.stream_ids[-1] == NO_STREAM:
            self.stream_ids.pop()
            self.row_count -= 1
            self._free.remove(self.row_count)
        self._look_at_rows_in_use()

    def _look_at_rows_in_use(self) -> None:
        rows = max(-(-self.row_count // ROWS_STEP), 1) * ROWS_STEP
        if rows != self.live.rows:
            self.live = self._table.window(rows)
