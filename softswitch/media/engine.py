"""The media engine: carries out commands between ticks, and runs the ticks.

It has no clock, no sockets and no threads. Its driver (runtime/worker.py) hands it commands, packets and slots of time,
sends what a tick left in `phase.outgoing`, and takes the events. A command that cannot be carried out is answered by
its reasons, and nothing of it is done.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RoomId, StreamId
from softswitch.media import tick as ticks
from softswitch.media.account import account_of
from softswitch.media.codec import Codec
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.description import WholeDescription
from softswitch.media.digits import digit_sending
from softswitch.media.digits.dtmf import DtmfReceiver
from softswitch.media.fax.fax_ports import FaxPorts, FaxSockets
from softswitch.media.feeds.feeds import Feeds
from softswitch.media.frames import Frames
from softswitch.media.limits import (
    RTP_PACKET_BYTES_MAX,
    SOUND_STORE_BYTES,
    SOUNDS_PER_PLAYBACK_MAX,
    STREAMS_MAX,
)
from softswitch.media.packet_port import PacketPort
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.phase import Phase, Stream
from softswitch.media.protocol import (
    Describe,
    DropFaxPort,
    DropRoom,
    DropStream,
    DtmfReceived,
    FaxDetected,
    FirstPacket,
    GiveAccount,
    Hearing,
    HoldPort,
    MediaCommand,
    MediaEvent,
    Playback,
    PlayFinished,
    PutFaxPort,
    PutRoom,
    PutStream,
    SendDigits,
    SetHearing,
    SrtpPosition,
    StartFeed,
    StartPlay,
    StartRecording,
    StopFeed,
    StopPlay,
    StopRecording,
    StreamDescription,
    StreamStatistics,
)
from softswitch.media.quality.reports import Reports
from softswitch.media.quality.rtcp import RtcpPacket
from softswitch.media.recording.recordings import Recordings
from softswitch.media.recording.taps import RecordingSink
from softswitch.media.silences import Silences
from softswitch.media.sounds.player import Player
from softswitch.media.sounds.sound_store import SoundKey, SoundStore
from softswitch.media.stream_codec import CodecKey, StreamCodec
from softswitch.media.streams import Streams
from softswitch.media.tick_grid import PHASES, time_of
from softswitch.media.waiting_events import WaitingEvents

DROPS_AT_ONCE = 8
DROPS_PER_RUN = 4
"""Dropping a stream takes 150 us, and a new switch may not want hundreds: those who stay must not wait for that."""

LATE_PLAYBACK_S = 0.5
"""A playback that began longer ago was described again, to a worker that does not know it."""


class MediaEngine:
    __slots__ = (
        "_described",
        "_dtmf",
        "_events",
        "_finished_plays",
        "_frames",
        "_leaving",
        "_muxed",
        "_reports",
        "_silences",
        "_sink",
        "fax_ports",
        "feeds",
        "phases",
        "player",
        "recordings",
        "store",
        "strangers",
        "streams",
        "tables",
    )

    def __init__(
        self,
        *,
        codecs: Mapping[str, Codec],
        stream_codecs: Mapping[CodecKey, StreamCodec],
        port: PacketPort,
        fax: FaxSockets,
        sink: RecordingSink,
    ) -> None:
        self.tables = CodecTables(codecs)
        self._frames = Frames(STREAMS_MAX, self.tables)
        self.phases = [Phase(index, self._frames, sink, self.tables) for index in range(PHASES)]
        self.streams = Streams(self.phases, self._frames, self.tables, stream_codecs, port)
        self.fax_ports = FaxPorts(fax)
        self.store = SoundStore(SOUND_STORE_BYTES)
        self.player = Player(self.store, self.tables)
        self.recordings = Recordings(sink, self.streams, self._frames, self.tables, self.phases[0])
        self.feeds = Feeds(self.streams, self._frames, self.phases)
        self._sink = sink
        self._dtmf = DtmfReceiver()
        self._described: list[Describe] = []
        """The parts so far of a description that is not complete."""
        self._finished_plays: dict[StreamId, PlayFinished] = {}
        """The last of each stream: told again when a switch that missed it describes the playback."""
        self._leaving: dict[StreamId, None] = {}
        """Streams that no switch wants any more, and that are dropped one after another."""
        self._reports = Reports(self.streams, port)
        self._muxed: list[RtcpPacket] = []
        """RTCP that came to RTP ports since the last report."""
        self._events = WaitingEvents()
        self._silences = Silences(self.streams)
        self.strangers = 0
        """Packets from sources that were not accepted."""

    # Commands

    def apply(self, command: MediaCommand, now: float) -> list[str]:
        """Carry out a command; what of it could not be done, in words for people."""
        match command:
            case PutStream(stream):
                return _reasons(self._put(stream, now))
            case DropStream(stream_id):
                return _reasons(self._drop(stream_id, now))
            case HoldPort(local):
                return _reasons(self.streams.hold(local))
            case PutFaxPort(port):
                return _reasons(self.fax_ports.put(port, now))
            case DropFaxPort(port_id):
                self._drop_fax_port(port_id)
                return []
            case SetHearing(hearing):
                return _reasons(self.streams.hear(hearing))
            case SendDigits():
                return _reasons(digit_sending.begin(command, self.streams))
            case PutRoom(room):
                reason = self.streams.put_room(room)
                self.recordings.follow_room(room.room_id)
                return _reasons(reason)
            case DropRoom(room_id):
                self._drop_room(room_id)
                return []
            case StartPlay(playback):
                return _reasons(self._play(playback, is_late=False))
            case StopPlay(stream_id, play_id):
                self._stop_play(stream_id, play_id)
                return []
            case StartRecording(recording):
                return _reasons(self.recordings.start(recording, now))
            case StopRecording(recording_id):
                self.recordings.stop(recording_id)
                return []
            case StartFeed(feed):
                return _reasons(self.feeds.start(feed, now))
            case StopFeed(feed_id):
                self.feeds.stop(feed_id)
                return []
            case Describe():
                return self._describe(command, now)
            case GiveAccount():
                self.streams.let_ports_go()
                return []

    def account(self) -> list[Describe]:
        """What the worker does, for a switch that asks."""
        return account_of(self.streams, self.fax_ports, self.player, self.recordings, self.feeds)

    def forget_description(self) -> None:
        """The switch that was describing is gone; what it had sent of an incomplete description does not count."""
        self._described.clear()

    # The loader of sounds

    def take_sound_requests(self) -> list[tuple[SoundKey, int]]:
        return self.player.take_requests()

    def sound_loaded(self, key: SoundKey, content: NDArray[np.uint8], version: int) -> None:
        """The file was read. Whoever waits for it hears it as soon as it is copied in."""
        if not self.store.add(key, content, version):
            self.player.sound_is_ready(key, "no room is left in the worker's memory for sounds: play fewer at a time")

    def sound_checked(self, key: SoundKey, fault: str = "") -> None:
        """The store has the file as it is, or it cannot be read: `fault`."""
        self.player.sound_is_ready(key, fault)

    # Packets

    def receive(self, phase: Phase, packets: RtpColumns, arrivals: ArrivalBuffer, tick: int) -> None:
        """At most one packet per stream, from connected sockets; they are for the coming tick number `tick`."""
        packets = self._without_rtcp(phase, packets, arrivals)
        received = ticks.receive(phase, packets, arrivals, self._dtmf, tick)
        for row in received.first.tolist():
            stream = phase.streams[row]
            source = stream.latch.source or stream.description.remote
            if source is not None:
                self._emit(FirstPacket(*_names(stream), source))
        for row, digit in received.digits:
            self._emit(DtmfReceived(*_names(phase.streams[row]), digit))

    def receive_unknown(
        self,
        phase: Phase,
        packets: RtpColumns,
        sources: Sequence[HostPort],
        arrivals: ArrivalBuffer,
        now: float,
        tick: int,
    ) -> None:
        """The same for sockets that take packets from anywhere: only those of the streams' parties are heard.

        `sources` are those of the packets by their row of `arrivals`.
        """
        packets = self._without_rtcp(phase, packets, arrivals, sources)
        at: list[int] = (packets.start // RTP_PACKET_BYTES_MAX).tolist()
        is_proof = ticks.is_of_the_party(phase, packets).tolist()
        columns = (at, packets.row.tolist(), packets.ssrc.tolist(), packets.sequence.tolist(), is_proof)
        is_heard = [
            self.streams.receive(phase.streams[row], sources[index], ssrc, sequence, now, is_proof=is_proof)
            for index, row, ssrc, sequence, is_proof in zip(*columns, strict=True)
        ]
        self.strangers += is_heard.count(False)
        if any(is_heard):
            self.receive(phase, packets.select(np.array(is_heard)), arrivals, tick)

    def receive_fax(self, port_id: StreamId, datagram: bytes, source: HostPort, now: float) -> None:
        """A datagram that came to a fax port."""
        self.fax_ports.receive(port_id, datagram, source, now)

    # Time

    def watch_fax_ports(self, now: float) -> None:
        """Now and then: tell of those that are silent."""
        for event in self.fax_ports.silent(now):
            self._emit(event)

    def run(self, phase: Phase, tick: int) -> None:
        """Run a tick of the phase; packets to send are in `phase.outgoing` and `phase.singles` then."""
        for key in self.store.copied():
            self.player.sound_is_ready(key)
        now = time_of(tick * PHASES + phase.index)
        if self._leaving:
            self._see_off(now)
        digit_sending.end(phase, self.streams)
        ticks.run(phase, self._frames, self.tables, self.player, tick, now)
        for event in self.streams.rooms.take_talkers(phase, now):
            self._emit(event)
        for row, digit in digit_sending.tones_heard(phase):
            self._emit(DtmfReceived(*_names(phase.streams[row]), digit, is_tone=True))
        for row in phase.faxes_heard:
            self._emit(FaxDetected(*_names(phase.streams[row])))
        for event in self._silences.watch(phase):
            self._emit(event)
        self._report_playbacks()
        self.collect_recordings()

    def report(self, phase: Phase, arrived: Sequence[RtcpPacket], wall_s: float) -> None:
        """After `run`: take the RTCP that has arrived, send what is due, and tell the switch how its streams fare."""
        muxed, self._muxed = self._muxed, []
        self._reports.receive(phase, [*arrived, *muxed], wall_s)
        self._reports.run(phase, wall_s)

    def collect_recordings(self) -> None:
        """Report the recordings whose files are complete."""
        for finished in self._sink.take_finished():
            self._emit(finished)

    # Outputs

    def take_events(self) -> list[MediaEvent]:
        """For the switch, in order; while it is away they wait, and are fewer than EVENTS_WAITING_MAX."""
        return [*self._silences.told(self._events.take()), *self._reports.take()]

    @property
    def events_left_out(self) -> int:
        """So many waited for too long, since the beginning."""
        return self._events.left_out

    def close(self) -> None:
        """Close every recording: the worker ends."""
        for recording_id in self.recordings.ids():
            self.recordings.stop(recording_id)

    # Steps

    def _without_rtcp(
        self, phase: Phase, packets: RtpColumns, arrivals: ArrivalBuffer, sources: Sequence[HostPort] | None = None
    ) -> RtpColumns:
        """RTCP that shares the RTP port (RFC 5761) is put aside for `report`, if it is the party's.

        The latch does not learn from it: its fields mean something else.
        """
        is_rtcp = packets.marker & ((packets.payload_type & 0x60) == 0x40)
        if not is_rtcp.any():
            return packets
        rtcp = packets.select(is_rtcp)
        starts: list[int] = rtcp.start.tolist()
        for row, start, length in zip(rtcp.row.tolist(), starts, rtcp.length.tolist(), strict=True):
            at, offset = divmod(start, RTP_PACKET_BYTES_MAX)
            destination = phase.streams[row].latch.destination()
            host = "" if destination is None else destination.host
            if sources is None or sources[at].host == host:
                self._muxed.append(RtcpPacket(row, arrivals.packets[at, : offset + length].tobytes(), None))
            else:
                self.strangers += 1
        return packets.select(~is_rtcp)

    def _put(self, description: StreamDescription, now: float, position: SrtpPosition | None = None) -> str | None:
        stream_id = description.stream_id
        self._leaving.pop(stream_id, None)
        is_new = self.streams.find(stream_id) is None
        reason = self.streams.put(description, now, position)
        stream = self.streams.find(stream_id)
        if reason is None and stream is not None:
            self.player.change_codec(stream.phase.live, stream.row, stream_id, self.tables.law(description.codec))
            self._dtmf.set_clock(stream.frame_row, description.telephone_event_clock_hz)
            if is_new:
                self.recordings.follow(stream_id)
                self.feeds.follow(stream_id, now)
                self._reports.begin(stream)
        return reason

    def _drop(self, stream_id: StreamId, now: float) -> str | None:
        self._leaving.pop(stream_id, None)
        stream = self.streams.find(stream_id)
        if stream is None:
            return None
        self._stop_play(stream_id)
        self._finished_plays.pop(stream_id, None)
        self._dtmf.forget(stream.frame_row)
        self._reports.end(stream)
        self._emit(
            StreamStatistics(
                *_names(stream),
                self._reports.final_quality(stream),
                stream.phase.voices.facts(stream.row),
                stream.latch.strangers,
            )
        )
        self.streams.drop(stream_id)
        self.recordings.follow(stream_id)
        self.feeds.follow(stream_id, now)
        return None

    def _drop_fax_port(self, port_id: StreamId) -> None:
        statistics = self.fax_ports.drop(port_id)
        if statistics is not None:
            self._emit(statistics)

    def _drop_room(self, room_id: RoomId) -> None:
        self.streams.drop_room(room_id)
        self.recordings.follow_room(room_id)

    def _play(self, playback: Playback, *, is_late: bool) -> str | None:
        stream = self.streams.find(playback.stream_id)
        if stream is None:
            return f"stream {playback.stream_id} is not here"
        if not 1 <= len(playback.sounds) <= SOUNDS_PER_PLAYBACK_MAX:
            return f"a playback has 1 to {SOUNDS_PER_PLAYBACK_MAX} sounds, not {len(playback.sounds)}"
        codec = self.tables.law(stream.description.codec)
        self.player.start(playback, stream.description.call_id, codec, is_late=is_late)
        table, row = stream.phase.live, stream.row
        table.playing[row] = True
        table.sound_is_over[row] = playback.is_over
        table.sound_at[row] = table.sound_end[row] = 0
        self._report_playbacks()
        return None

    def _stop_play(self, stream_id: StreamId, play_id: int | None = None) -> None:
        stream = self.streams.find(stream_id)
        if stream is not None and self.player.stop(stream_id, play_id):
            stream.phase.live.playing[stream.row] = False
        self._report_playbacks()

    def _report_playbacks(self) -> None:
        for finished in self.player.take_finished():
            self._finished_plays[finished.stream_id] = finished
            self._emit(finished)

    def _describe(self, part: Describe, now: float) -> list[str]:
        self._described.append(part)
        if sum(len(described.streams) for described in self._described) > 2 * STREAMS_MAX:
            self._described.clear()
            return [f"a description of more than {STREAMS_MAX} streams is not for one worker"]
        if not part.is_last:
            return []
        whole = WholeDescription(self._described)
        self._described.clear()
        self.streams.let_ports_go()
        for recording_id in self.recordings.ids():
            if recording_id not in whole.recordings:
                self.recordings.stop(recording_id)
        for feed_id in self.feeds.ids():
            if feed_id not in whole.feeds:
                self.feeds.stop(feed_id)
        self._let_leave([stream_id for stream_id in self.streams.ids() if stream_id not in whole.streams], whole, now)
        for port_id in self.fax_ports.ids():
            if port_id not in whole.fax_ports:
                self._drop_fax_port(port_id)
        # Mostly all is so already, and hundreds of streams are looked at between two ticks.
        changed = [stream for stream in whole.streams.values() if not self.streams.has(stream)]
        reasons = [self._put(stream, now, whole.positions.get(stream.stream_id)) for stream in changed]
        reasons += [self.fax_ports.put(port, now) for port in whole.fax_ports.values()]
        for stream_id in self.streams.ids():
            wished = whole.hearings.get(stream_id, Hearing(stream_id, []))
            if not self.streams.hears(wished):
                # A source whose port could not be had is told of above; the others are heard all the same.
                reasons.append(self.streams.hear(self._possible(wished)))
        for stream_id in self.player.streams():
            if stream_id not in whole.playbacks:
                self._stop_play(stream_id)
        for room_id in self.streams.rooms.ids():
            if room_id not in whole.rooms:
                self._drop_room(room_id)
        reasons += [self.streams.put_room(room) for room in whole.rooms.values()]
        reasons += [self._resume(playback, now) for playback in whole.playbacks.values()]
        reasons += [self.recordings.start(recording, now) for recording in whole.recordings.values()]
        reasons += [self.feeds.start(feed, now) for feed in whole.feeds.values()]
        return [reason for reason in reasons if reason is not None]

    def _let_leave(self, gone: Sequence[StreamId], whole: WholeDescription, now: float) -> None:
        """Drop some now, and whose ports others are to have; the rest tick by tick, for those who stay are heard."""
        is_new = [stream for stream in whole.streams.values() if self.streams.find(stream.stream_id) is None]
        wanted = {(stream.local_ip, stream.port) for stream in is_new}
        self._leaving.clear()
        for count, stream_id in enumerate(gone):
            stream = self.streams.find(stream_id)
            if count < DROPS_AT_ONCE or not whole.streams or stream is None or _port_of(stream) in wanted:
                self._drop(stream_id, now)
            else:
                self._leaving[stream_id] = None

    def _see_off(self, now: float) -> None:
        for stream_id in list(self._leaving)[:DROPS_PER_RUN]:
            self._drop(stream_id, now)

    def _possible(self, wished: Hearing) -> Hearing:
        """Without the sources that are not here."""
        gains = wished.gains_db or [0.0] * len(wished.sources)
        here = {source: gain for source, gain in zip(wished.sources, gains, strict=False) if self.streams.find(source)}
        return Hearing(wished.stream_id, list(here), list(here.values()))

    def _resume(self, playback: Playback, now: float) -> str | None:
        """A playback that is described: goes on, is over already, or begins where it would be by now."""
        current = self.player.current(playback.stream_id)
        if current is not None and current.play_id == playback.play_id:
            return None
        over = self._finished_plays.get(playback.stream_id)
        if over is not None and over.play_id == playback.play_id:
            self._emit(over)
            return None
        return self._play(playback, is_late=now - playback.started_at > LATE_PLAYBACK_S)

    def _emit(self, event: MediaEvent) -> None:
        self._events.add(event)


def _port_of(stream: Stream) -> tuple[str, int]:
    return stream.description.local_ip, stream.description.port


def _names(stream: Stream) -> tuple[CallId, StreamId]:
    return stream.description.call_id, stream.description.stream_id


def _reasons(reason: str | None) -> list[str]:
    return [] if reason is None else [reason]
