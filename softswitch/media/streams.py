"""The streams of a worker: made, changed and dropped, and who hears whom among them."""

from collections.abc import Iterable, Mapping, Sequence

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RoomId, StreamId
from softswitch.base.ip_address import read_ip
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.limits import SOURCES_MAX, STREAMS_MAX
from softswitch.media.mixing.gains import factor_of, gain_fault
from softswitch.media.mixing.hearings import NOTHING, Heard, Hearings
from softswitch.media.mixing.rooms import Rooms
from softswitch.media.packet_port import PacketPort
from softswitch.media.packets.packetiser import Packetiser
from softswitch.media.phase import Phase, Stream, learning_host, position_of
from softswitch.media.protocol import Hearing, Room, SrtpPosition, StreamDescription
from softswitch.media.receiving import adaptation
from softswitch.media.srtp import srtp
from softswitch.media.stream_codec import CodecKey, StreamCodec
from softswitch.media.stream_faults import description_fault, port_fault
from softswitch.media.stream_table import FADE_SAMPLES
from softswitch.media.tick_grid import FRAME_SAMPLES, TICK_S, phase_of_port

PHASE_STREAMS = 512
"""A phase is filled up to this before the next is used: few streams in few phases cost least, since a tick's array
operations cost nearly the same for one stream as for a hundred. Above that the phases grow alike."""

SINGLY_WEIGHT = 8
"""Streams that are sent singly take so much longer than others, for their codec or encryption."""

_TICK_MS = round(TICK_S * 1000)

_CONSTANT = ("port", "local_ip", "ssrc", "call_id", "is_shared", "is_program")
"""What of a stream never changes."""


class Streams:
    __slots__ = ("_by_id", "_calls", "_codecs", "_frames", "_hearings", "_phases", "_port", "_tables", "rooms")

    def __init__(
        self,
        phases: Sequence[Phase],
        frames: Frames,
        tables: CodecTables,
        codecs: Mapping[CodecKey, StreamCodec],
        port: PacketPort,
    ) -> None:
        self._phases = phases
        self._frames = frames
        self._tables = tables
        self._codecs = codecs
        """Those of coded streams."""
        self._port = port
        self._by_id: dict[StreamId, Stream] = {}
        self._calls: dict[CallId, tuple[Phase, int]] = {}
        """Where a call's streams are, and how many: they share a phase, so that nobody hears another's last tick."""
        self._hearings = Hearings()
        self.rooms = Rooms(phases, frames, tables)

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, stream_id: StreamId) -> Stream | None:
        return self._by_id.get(stream_id)

    def ids(self) -> list[StreamId]:
        return list(self._by_id)

    def has(self, description: StreamDescription) -> bool:
        """The stream is here, and just so."""
        stream = self._by_id.get(description.stream_id)
        return stream is not None and stream.description == description

    def hears(self, hearing: Hearing) -> bool:
        """The stream hears just that already."""
        return self._hearings.has(hearing.stream_id, hearing.sources, hearing.gains_db)

    def described(self) -> list[StreamDescription]:
        return [stream.description for stream in self._by_id.values()]

    def positions(self) -> list[SrtpPosition]:
        """How far the packets of those under SRTP have come."""
        return [position for stream in self._by_id.values() if (position := position_of(stream)) is not None]

    def hearings(self) -> list[Hearing]:
        """What each stream hears of those that are here; those that hear nothing are left out."""
        hearings: list[Hearing] = []
        for stream_id in self._hearings.that_hear():
            here = self._sources_here(stream_id)
            if here:
                gains_db = list(here.values())
                hearings.append(Hearing(stream_id, list(here), gains_db if any(gains_db) else []))
        return hearings

    # Commands

    def put(self, description: StreamDescription, now: float, position: SrtpPosition | None = None) -> str | None:
        """Create or change a stream; None, or why it cannot be done. `position`: another worker had it, and died."""
        stream = self._by_id.get(description.stream_id)
        fault = description_fault(description, self._tables, self._codecs) or self._conflict(description, stream)
        if fault is not None:
            return fault
        if stream is not None:
            if stream.description != description:
                self._change(stream, description, now)
            elif stream.srtp is not None:
                self._set_keys(stream)
            return None
        if len(self._by_id) == STREAMS_MAX:
            return f"this worker has {STREAMS_MAX} streams already: start more workers"
        return self._create(description, now, position)

    def hold(self, local: HostPort) -> str | None:
        """Have the port ready for a stream to come; None, or why it cannot be had."""
        if (fault := port_fault(local.port)) is not None:
            return fault
        if read_ip(local.host) is None:
            return f"{local.host} is no IP address"
        return self._port.hold(local)

    def let_ports_go(self) -> None:
        """Hold no port any more."""
        self._port.let_go()

    def drop(self, stream_id: StreamId) -> None:
        """Close the port. The caller has ended its playback and taken its statistics."""
        stream = self._by_id.pop(stream_id)
        if not stream.description.is_program:
            self._port.close(stream.frame_row)
        phase = stream.phase
        home, streams = self._calls.pop(stream.description.call_id)
        if streams > 1:
            self._calls[stream.description.call_id] = (home, streams - 1)
        self._frames.content[stream.frame_row] = self._tables.silence[0]
        self._frames.codec[stream.frame_row] = 0
        self._frames.is_wide[stream.frame_row] = False
        self._hearings.set(stream_id, ())
        self._route_all([*self.rooms.leave(stream_id), *self._hearings.listeners(stream_id)])
        for each in self._phases:
            each.mixer.source_gone(stream.frame_row)
            each.coded.source_gone(stream.frame_row)
        phase.mixer.forget(stream.row, self._frames)
        phase.release(stream.row)

    def hear(self, hearing: Hearing) -> str | None:
        """Sources that are dropped later are silent from then on."""
        for stream_id in (hearing.stream_id, *hearing.sources):
            if stream_id not in self._by_id:
                return f"stream {stream_id} is not here"
        if len(hearing.sources) > SOURCES_MAX:
            return f"a stream hears at most {SOURCES_MAX} others, not {len(hearing.sources)}"
        if len(hearing.gains_db) not in (0, len(hearing.sources)):
            return f"{len(hearing.gains_db)} gains do not fit {len(hearing.sources)} sources: one each, or none at all"
        fault = next((fault for gain_db in hearing.gains_db if (fault := gain_fault(gain_db))), None)
        if fault is not None:
            return fault
        self._hearings.set(hearing.stream_id, hearing.sources, hearing.gains_db)
        self._route(hearing.stream_id)
        return None

    def put_room(self, room: Room) -> str | None:
        """Create or change a room; members that are not here are left out. None, or why it cannot be done."""
        members = [self._by_id[stream_id] for stream_id in room.members if stream_id in self._by_id]
        affected = self.rooms.put(room.room_id, members)
        if isinstance(affected, str):
            return affected
        self._route_all(affected)
        return None

    def drop_room(self, room_id: RoomId) -> None:
        self._route_all(self.rooms.drop(room_id))

    # Packets

    def receive(
        self, stream: Stream, source: HostPort, ssrc: int, sequence: int, now: float, *, is_proof: bool
    ) -> bool:
        """Whether a packet from a socket that is not connected is heard (`SourceLatch.receive`)."""
        latch = stream.latch
        before = latch.destination()
        if not latch.receive(source, ssrc, sequence, now, is_proof=is_proof):
            return False
        self._connect_if_final(stream, now)
        if latch.destination() != before:
            self._aim(stream)
        return True

    def rtcp_heard(self, stream: Stream, source: HostPort | None) -> None:
        """The party's RTCP comes from there: ours goes there (RFC 4961), unless its SDP is to be believed."""
        if source != stream.rtcp_source and stream.description.learn:
            stream.rtcp_source = source
            self._aim_rtcp(stream)

    def reopen(self, stream: Stream) -> None:
        """The party is silent: let the latch see packets from elsewhere."""
        table = stream.phase.live
        sequence = int(table.next_sequence[stream.row]) - 1 & 0xFFFF
        stream.latch.reopen(int(table.ssrc[stream.row]), sequence)
        self._disconnect(stream)

    # Ticks

    def sending_changed(self, stream: Stream) -> None:
        """Digits begin or cease to be sent: packet by packet, or again as the others are. The sequence runs on."""
        if stream.packetiser is None:
            was_sending = stream.row in stream.phase.singly
            self._set_sending(stream)
            self._aim(stream, is_marked=not was_sending)

    # Steps of the commands

    def _conflict(self, description: StreamDescription, stream: Stream | None) -> str | None:
        """What of an existing stream would have to change although it cannot."""
        if stream is None:
            return None
        old, remote = stream.description, description.remote
        if any(getattr(old, name) != getattr(description, name) for name in _CONSTANT):
            return f"stream {description.stream_id} is here already, with another port, SSRC or call"
        return self._port.why_not(stream.frame_row, remote) if remote and remote != old.remote else None

    def _create(self, description: StreamDescription, now: float, position: SrtpPosition | None) -> str | None:
        phase, streams = self._calls.get(description.call_id, (self._emptiest(), 0))
        local = HostPort(description.local_ip, description.port)
        if description.is_shared:
            # A shared port is read when its phase ticks.
            phase = self._phases[phase_of_port(local.port)]
            if phase.is_full:
                return f"port {local.port} has {len(phase.streams)} streams on it and its like: take another"
        if phase.is_full:
            phase = self._emptiest()
        phase.wake(now)
        row = phase.allocate(description.stream_id)
        stream = Stream(description, phase, row)
        if description.is_program:
            fault = None
        elif description.is_shared:
            fault = self._port.open_shared(stream.frame_row, local, description.remote)
        else:
            fault = self._port.open(stream.frame_row, local)
        phase.streams[row] = stream
        if fault is not None:
            phase.release(row)
            return fault
        self._by_id[description.stream_id] = stream
        self._calls[description.call_id] = (phase, streams + 1)
        table = phase.live
        table.last_tick[row] = phase.tick
        phase.outgoing.set_ssrc(row, description.ssrc)
        self._set_numbers(stream)
        self._set_keys(stream, is_successor=True, position=position)
        self._set_codec(stream)
        phase.gains.set(row, _gain_db(description), is_muted=description.is_muted, is_new=True)
        phase.hearing_gains.set(row, description.hearing_gain_db, is_muted=False, is_new=True)
        self._settle(stream, now)
        return None

    def _change(self, stream: Stream, description: StreamDescription, now: float) -> None:
        old, stream.description = stream.description, description
        learn, learn_from = description.learn, learning_host(description)
        if stream.latch.describe(description.remote, learn=learn, learn_from=learn_from, now=now):
            self._disconnect(stream)
        if (description.codec, description.clock_rate_hz) != (old.codec, old.clock_rate_hz):
            self._set_codec(stream)
        if description.is_deaf != old.is_deaf:
            self.rooms.stream_changed(description.stream_id)
        if (description.is_deaf, description.hearing_gain_db) != (old.is_deaf, old.hearing_gain_db):
            self._route(description.stream_id)
        stream.phase.gains.set(stream.row, _gain_db(description), is_muted=description.is_muted)
        stream.phase.hearing_gains.set(stream.row, description.hearing_gain_db, is_muted=False)
        agreed = (description.receives, description.remote, description.timeout_s)
        if agreed != (old.receives, old.remote, old.timeout_s):
            # The silence that is reported begins now.
            stream.phase.live.last_tick[stream.row] = stream.phase.tick
        if description.started_at != old.started_at:
            self._set_numbers(stream)
        self._set_keys(stream)
        self._settle(stream, now)

    def _settle(self, stream: Stream, now: float) -> None:
        """Bring the row and the socket in line with the description."""
        description, table, row = stream.description, stream.phase.live, stream.row
        table.receives[row] = description.receives
        stream.phase.tone_detector.set(
            row, asks=description.detects_tones and description.receives and not description.is_fax
        )
        stream.phase.fax_tones.set(row, asks=description.detects_fax and description.receives)
        if description.is_fax != table.is_fax[row]:
            adaptation.set_fax(table, row, description.is_fax)
        table.timeout_ticks[row] = round(description.timeout_s / TICK_S)
        table.payload_type_in[row] = table.payload_type_out[row] = description.payload_type
        event_type = -1 if description.telephone_event is None else description.telephone_event
        event_type_own = description.telephone_event_own
        table.event_type_in[row] = event_type
        stream.phase.comfort_noise.set_payload_type(row, description.comfort_noise)
        if not description.receives or description.is_fax:
            stream.phase.comfort_noise.forget(row)
        table.event_type_own[row] = event_type if event_type_own is None else event_type_own
        self._set_sending(stream)
        self._connect_if_final(stream, now)
        self._aim(stream)

    def _set_numbers(self, stream: Stream) -> None:
        """Sequence and timestamp follow from the clock; `_stamp` adds to them with every tick."""
        description, phase, row = stream.description, stream.phase, stream.row
        stream.first_tick = phase.tick_of(description.started_at)
        ticks = phase.tick - stream.first_tick
        phase.live.sequence_out[row] = description.sequence + ticks & 0xFFFF
        phase.live.timestamp_out[row] = description.timestamp + ticks * FRAME_SAMPLES & 0xFFFFFFFF

    def _set_codec(self, stream: Stream) -> None:
        """Sound of the old codec that was not heard yet is forgotten: its bytes mean something else now."""
        table, row = stream.phase.live, stream.row
        codec = self._tables.law(stream.description.codec)
        silence = self._tables.silence[codec]
        stream.phase.comfort_noise.forget(row)
        table.codec[row] = codec
        table.ring[row] = silence
        if table.holes[row]:
            table.hole[row] = 0
            table.holes[row] = 0
        table.end[row] = table.play[row]
        table.pace[row] = 0
        table.ssrc[row] = -1
        table.concealed[row] = FADE_SAMPLES
        self._frames.content[stream.frame_row] = silence
        self._frames.codec[stream.frame_row] = codec
        self._frames.is_wide[stream.frame_row] = False
        stream.phase.coded.set_codec(table, row, self._coded(stream.description))
        stream_id = stream.description.stream_id
        self.rooms.stream_changed(stream_id)
        self._route_all([stream_id, *self._hearings.listeners(stream_id)])

    def _set_keys(self, stream: Stream, *, is_successor: bool = False, position: SrtpPosition | None = None) -> None:
        """`is_successor`: the description is older than the stream, because a worker died."""
        description, phase = stream.description, stream.phase
        if description.srtp is None and stream.srtp is None:
            return
        rolls = 0 if description.srtp is None else description.srtp.rolls
        packets = (phase.tick - stream.first_tick) * _TICK_MS // description.ptime_ms
        stream.srtp = srtp.agree(
            description.srtp,
            stream.srtp,
            ssrc=description.ssrc,
            index=max(0, description.sequence + packets - (rolls << 16)),
            tick=phase.tick,
            is_successor=is_successor,
            position=position,
        )
        was_secure = stream.row in phase.secure
        phase.secure.set(stream.row, None if stream.srtp is None else stream.srtp.receiver)
        if stream.srtp is not None and not was_secure and not is_successor:
            # Whatever came in the clear, from whomever, counts no more.
            stream.latch.forget()
            self._disconnect(stream)
            self._set_codec(stream)

    def _set_sending(self, stream: Stream) -> None:
        """Whether the stream's packets are those of its phase, or built singly."""
        description = stream.description
        stream.phase.singly.pop(stream.row, None)
        former, stream.packetiser = stream.packetiser, None
        is_sent_digits = stream.row in stream.phase.digit_senders
        codec = self._coded(description)
        if codec is not None:
            stream.phase.coded.set_sender(stream.row, codec, description)
        is_sent_singly = is_sent_digits or codec is not None or _is_sent_singly(description)
        if description.srtp is not None or (description.sends and is_sent_singly):
            if codec is None and not _fits_tick(description):
                packetiser = Packetiser(
                    ptime_ms=description.ptime_ms,
                    payload_type=description.payload_type,
                    ssrc=description.ssrc,
                    sequence=description.sequence,
                    timestamp=description.timestamp,
                )
                stream.packetiser = former if former is not None and former.is_like(packetiser) else packetiser
            stream.phase.singly[stream.row] = stream

    def _coded(self, description: StreamDescription) -> StreamCodec | None:
        """The codec of a coded stream."""
        return self._codecs.get((description.codec, description.clock_rate_hz))

    def _route(self, stream_id: StreamId) -> None:
        """Tell the mixer what the stream hears now."""
        stream = self._by_id.get(stream_id)
        if stream is None:
            return
        codec = self._tables.law(stream.description.codec)
        heard = self._heard(stream)
        stream.phase.mixer.set_heard(stream.row, codec, heard, self._frames)
        stream.phase.voices.set_sources(stream.row, heard.sources)
        if stream.row in stream.phase.coded.streams:
            factor = factor_of(stream.description.hearing_gain_db)
            terms = [(source, gain * factor) for source, gain in heard.terms(stream.frame_row)]
            stream.phase.coded.set_sources(stream.row, terms)

    def _heard(self, stream: Stream) -> Heard:
        description = stream.description
        if description.is_deaf:
            return NOTHING
        here = self._sources_here(description.stream_id)
        return Heard(
            self.rooms.rows(description.stream_id),
            tuple(self._by_id[source].frame_row for source in here),
            tuple(factor_of(gain_db) for gain_db in here.values()),
        )

    def _sources_here(self, stream_id: StreamId) -> dict[StreamId, float]:
        """Each with its gain in dB."""
        wished = self._hearings.sources(stream_id)
        return {source: gain_db for source, gain_db in wished.items() if source in self._by_id}

    def _route_all(self, stream_ids: Iterable[StreamId]) -> None:
        for stream_id in dict.fromkeys(stream_ids):
            self._route(stream_id)

    def _aim(self, stream: Stream, *, is_marked: bool = True) -> None:
        if stream.description.is_program:
            return
        destination = stream.latch.destination()
        if not stream.description.sends or stream.row in stream.phase.singly:
            destination = None
        table, row = stream.phase.live, stream.row
        if destination is not None and not table.aimed[row] and is_marked:
            stream.phase.marks.append(row)
        table.aimed[row] = destination is not None
        self._port.aim(stream.frame_row, destination)
        self._aim_rtcp(stream)

    def _aim_rtcp(self, stream: Stream) -> None:
        """RTCP runs on while a stream does not send. Behind NAT its port is a guess until the party's own comes."""
        description, destination = stream.description, stream.latch.destination()
        if destination is not None and not description.has_rtcp_mux:
            above = HostPort(destination.host, destination.port + 1) if destination.port < 65_535 else None
            told = description.rtcp_remote if destination == description.remote else None
            heard = stream.rtcp_source
            is_his = heard is not None and heard.host == (told or destination).host
            destination = heard if is_his else told or above
        self._port.aim_rtcp(stream.frame_row, destination, is_muxed=description.has_rtcp_mux)

    def _connect_if_final(self, stream: Stream, now: float) -> None:
        source = stream.latch.final_source(now)
        if source is not None and not stream.is_connected:
            stream.is_connected = True
            stream.phase.live.guarded[stream.row] = stream.description.learn
            self._port.connect(stream.frame_row, source)

    def _disconnect(self, stream: Stream) -> None:
        stream.phase.live.guarded[stream.row] = False
        if stream.is_connected:
            stream.is_connected = False
            self._port.disconnect(stream.frame_row)

    def _emptiest(self) -> Phase:
        """The phase for a new stream. One of them has room, for there are fewer streams than STREAMS_MAX."""
        phases = [phase for phase in self._phases if not phase.is_full]
        for phase in phases:
            if _load(phase) < PHASE_STREAMS:
                return phase
        return min(phases, key=_load)


def _load(phase: Phase) -> int:
    return len(phase.streams) + SINGLY_WEIGHT * len(phase.singly)


def _is_sent_singly(description: StreamDescription) -> bool:
    return not _fits_tick(description) or description.srtp is not None


def _fits_tick(description: StreamDescription) -> bool:
    """Its packet is the one of `phase.outgoing`, to be sent as it is or after encryption."""
    return description.ptime_ms == _TICK_MS


def _gain_db(description: StreamDescription) -> float:
    """A modem's signal is passed on as it is."""
    return 0.0 if description.is_fax else description.gain_db
