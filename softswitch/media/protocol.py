"""What the switch and a media worker say to each other: msgpack, one batch per SOCK_SEQPACKET packet.

The switch states *what should be*: which streams exist, who hears whom, what plays, what is recorded. Every command
is idempotent, so that a worker that died is started again and given the whole description (`Describe`), and a worker
that outlived its switch is told what to keep and what to drop by the same message. Until then a new worker goes on by
what the last one had noted (runtime/order_log.py).

A new switch whose predecessor died asks each worker first what it does (`GiveAccount`), takes what it knows of into
its own description, and says only then what should be.

The version changes when one side could misunderstand the other. A field more is no such change, for whoever does not
know it leaves it out; nor is a command more, which an older worker refuses with the whole batch it is in.

The worker listens on its own socket. The first message each way is a `Hello`. Each `CommandBatch` gets exactly one
`Reply` with the same `batch_id`; events come in `EventBatch`es, each naming the call it belongs to.

Sequence and timestamp of a stream follow from the clock (`StreamDescription.started_at`), so that a worker that takes
over from a dead one goes on where the other would be by now, with the same SSRC and from the same port.
"""

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, FeedId, RecordingId, RoomId, StreamId
from softswitch.media.feeds.feed import Feed

PROTOCOL_VERSION = 5
PACKET_BYTES_MAX = 128 * 1024
"""A batch is split below this; the kernel's default send buffer (208 KiB) must hold one with its overhead."""


class SrtpKeys(msgspec.Struct, frozen=True):
    """A stream's keys under SRTP (RFC 3711), as SDES agreed on them (RFC 4568): master key, then master salt.

    `profile` is the crypto suite's name: "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM" or
    "AEAD_AES_256_GCM" (RFC 7714). `rolls` is how often `StreamDescription.sequence` had wrapped (what it has beyond 16
    bits) when the keys came in force: the roll-over counter begins at 0 there.
    """

    profile: str
    send: bytes
    receive: bytes
    rolls: int = 0

    def __repr__(self) -> str:
        """Without the keys, which belong in no log."""
        return f"SrtpKeys(profile={self.profile!r})"


class SrtpPosition(msgspec.Struct, frozen=True):
    """How far a party's packets under SRTP had come: source, and sequence number of the newest with its roll-overs.

    A worker that takes over from a dead one takes none of that source from before it, so that nobody can send it what
    he has recorded; and it need not find out how often the number has wrapped.
    """

    stream_id: StreamId
    ssrc: int
    index: int


class StreamDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One RTP stream towards one party.

    `remote` is where the party's SDP says it listens, or None before its SDP is known; nothing is sent before.
    With `learn` the source of the packets that arrive is trusted over `remote` (symmetric RTP behind NAT, RFC 4961), if
    its host is that of `remote` or `learn_from`, where the party's signalling comes from ("": only that of `remote`);
    None: whatever host it has.
    With `is_shared` the port belongs to several streams, which are told apart by the remote address: `remote` must be
    known and certain, and `learn` False.
    `codec` is an encoding name ("PCMU", "OPUS"), `clock_rate_hz` its RTP clock, and `payload_type` the number *the
    remote's* SDP gave it; we accept the same number. `format_parameters` is the remote's `a=fmtp` for it.
    `telephone_event` is the payload type of RFC 4733 events, or None, and `telephone_event_clock_hz` their clock;
    `comfort_noise` that of RFC 3389, or None.
    `telephone_event_own` is the number our own SDP gave to events, where it is another: both are understood.
    `sends` / `receives` are our side of the SDP direction: a party on hold (`sendonly`) neither hears nor is heard.
    `sequence` and `timestamp` are the values of the packet at `started_at` (monotonic seconds): the packet of a tick at
    `t` has timestamp + (t - started_at) * clock rate and sequence + (t - started_at) / ptime. `sequence` may have more
    than the packet's 16 bits: it goes on counting when `started_at` is moved (SRTP needs to know).
    `detects_tones`: digits are also listened for in the sound (Q.24), and taken out of it.
    `detects_fax`: the calling tone of a fax is listened for (`FaxDetected`).
    `is_fax`: what the party sends is a modem's signal: it is passed on as it is, without gain and comfort noise, from a
    buffer whose length does not change.
    `gain_db` changes the party's voice for all who hear it; with `is_muted` nobody hears it and no recording holds it;
    with `is_deaf` the party hears playbacks only. `hearing_gain_db` changes what it hears of others, and no playback.
    When nothing comes from the party for `timeout_s`, no RTP and no RTCP, `StreamTimedOut` says so; 0 for never.
    With `is_program` there is no party and no port: a feed says what the stream says (feeds/).
    RTCP goes to `rtcp_remote`, or one port above `remote`; with `has_rtcp_mux` it shares the RTP port (RFC 5761).
    """

    stream_id: StreamId
    call_id: CallId
    local_ip: str
    port: int
    ssrc: int
    sequence: int
    timestamp: int
    started_at: float
    remote: HostPort | None = None
    learn: bool = True
    learn_from: str | None = None
    is_shared: bool = False
    codec: str = "PCMU"
    clock_rate_hz: int = 8000
    payload_type: int = 0
    format_parameters: str = ""
    telephone_event: int | None = None
    telephone_event_clock_hz: int = 8000
    telephone_event_own: int | None = None
    comfort_noise: int | None = None
    ptime_ms: int = 20
    sends: bool = True
    receives: bool = True
    detects_tones: bool = False
    detects_fax: bool = False
    is_fax: bool = False
    gain_db: float = 0.0
    hearing_gain_db: float = 0.0
    is_muted: bool = False
    is_deaf: bool = False
    is_program: bool = False
    timeout_s: float = 10.0
    has_rtcp_mux: bool = False
    rtcp_remote: HostPort | None = None
    srtp: SrtpKeys | None = None


class FaxPort(msgspec.Struct, frozen=True, kw_only=True):
    """A UDP port for the T.38 of one party (UDPTL), beside his stream `stream_id`, which carries no sound meanwhile.

    What comes from the party leaves by the fax port `peer` of the same worker, as it is; None: it goes nowhere yet.
    `remote` is where the party's SDP says it listens, or None before its SDP is known. Datagrams from elsewhere are the
    party's if their host is that of `remote` or `learn_from`, where his signalling comes from ("": only that of
    `remote`); None: whatever host they have.
    When nothing came here nor at the peer for `timeout_s`, `StreamTimedOut` says so of the stream; 0 for never.
    """

    port_id: StreamId
    stream_id: StreamId
    call_id: CallId
    local: HostPort
    remote: HostPort | None = None
    learn_from: str | None = None
    peer: StreamId | None = None
    timeout_s: float = 0.0


class Hearing(msgspec.Struct, frozen=True):
    """Stream `stream_id` hears the sum of `sources` (mix-minus is the caller's business); empty = it hears nothing.

    `gains_db` has one entry for each source, or none at all (0 dB each). A stream that is in a room hears the room's
    others besides.
    """

    stream_id: StreamId
    sources: list[StreamId]
    gains_db: list[float] = []


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A conference: every member hears all the others. Members that are not open (any more) are left out.

    A stream is in one room, the one it was put into last. Who is muted, deaf or has a gain is said by the members' own
    descriptions. All members are on one worker.
    """

    room_id: RoomId
    members: list[StreamId]


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """Sounds played to a stream one after another without a gap; while it lasts the stream hears nothing else.

    `sounds` are absolute paths of WAV files (8 kHz, mono, 16-bit; the prompt library sees to that), or tones: "tone:"
    and a cadence such as "425/1000,0/4000" (tones.py).
    With `is_over` the listener goes on hearing what it hears, and the sounds added to it.
    `loop` repeats the list until it is stopped or replaced; the position in a loop follows from the clock
    (`started_at`, monotonic seconds), so music goes on where it was after any interruption.
    What is no loop begins `skip_s` seconds after its beginning.
    A new playback to the same stream replaces the old one, whose `PlayFinished` says completed=False.
    """

    play_id: int
    stream_id: StreamId
    sounds: list[str]
    loop: bool = False
    is_over: bool = False
    started_at: float = 0.0
    skip_s: float = 0.0


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A stereo WAV file: what `left` said in the left channel, what `right` said in the right one.

    `path` is the final name; it is written as `path` + ".part" and renamed when it is stopped. If the .part file is
    already there (the last worker died), it is continued; the gap up to now is filled with silence, so the
    file's length is always now - `started_at`.
    `right` None records one party alone (a message), still as two channels.
    With `room` both channels are what all members of that room say; `left` is any stream of the same worker then.
    Until `masked_until` (monotonic seconds) both channels are silent, and digits leave no trace: what is said then,
    card numbers for example, is not to be kept. `StartRecording` with the same id and other values changes
    the mask, and who is recorded.
    Every `beep_every_s` seconds the recorded parties hear a beep; 0 for none.
    """

    recording_id: RecordingId
    call_id: CallId
    path: str
    left: StreamId
    right: StreamId | None
    started_at: float
    masked_until: float = 0.0
    beep_every_s: float = 0.0
    room: RoomId | None = None


# Commands: orders to the worker.


class PutStream(msgspec.Struct, frozen=True, tag=True):
    """Create the stream, or change the one with this id to this description (port and SSRC never change)."""

    stream: StreamDescription


class DropStream(msgspec.Struct, frozen=True, tag=True):
    """Close the stream's port; its playback ends, nobody hears it any more, its recordings go on with silence."""

    stream_id: StreamId


class HoldPort(msgspec.Struct, frozen=True, tag=True):
    """Open the port, and the next one for RTCP, for a stream to come, and hear nothing there until then.

    Whoever opens a stream on a port that is held need not wait to learn whether it can be had. It is held until
    `PutStream` uses it; `Describe` ends all that is held, and so does the end of the worker.
    """

    local: HostPort


class PutFaxPort(msgspec.Struct, frozen=True, tag=True):
    """Open the port, or change the one with this id to this description (its address never changes)."""

    port: FaxPort


class DropFaxPort(msgspec.Struct, frozen=True, tag=True):
    port_id: StreamId


class SetHearing(msgspec.Struct, frozen=True, tag=True):
    hearing: Hearing


class PutRoom(msgspec.Struct, frozen=True, tag=True):
    """Create the room, or change who is in it."""

    room: Room


class DropRoom(msgspec.Struct, frozen=True, tag=True):
    """Its members hear each other no more; their streams stay."""

    room_id: RoomId


class SendDigits(msgspec.Struct, frozen=True, tag=True):
    """Send digits (0-9 * # A-D) to the stream's party, after those still being sent.

    They go as RFC 4733 events where the stream has them, otherwise as tones; sound is left out meanwhile.
    """

    stream_id: StreamId
    digits: str
    duration_ms: int = 100
    pause_ms: int = 60


class StartPlay(msgspec.Struct, frozen=True, tag=True):
    playback: Playback


class StopPlay(msgspec.Struct, frozen=True, tag=True):
    """Stop that playback at once, if it is still the stream's current one."""

    stream_id: StreamId
    play_id: int


class StartRecording(msgspec.Struct, frozen=True, tag=True):
    recording: Recording


class StopRecording(msgspec.Struct, frozen=True, tag=True):
    recording_id: RecordingId


class StartFeed(msgspec.Struct, frozen=True, tag=True):
    """Begin a feed, or change one that runs."""

    feed: Feed


class StopFeed(msgspec.Struct, frozen=True, tag=True):
    feed_id: FeedId


class Describe(msgspec.Struct, frozen=True, tag=True):
    """The whole description, sent after every (re)connection: streams, fax ports, rooms, playbacks, recordings and
    feeds not in it are dropped (such recordings are closed properly), those that are and exist go on undisturbed.

    A description too large for one packet is sent as several with `is_last` False on all but the last.
    """

    streams: list[StreamDescription]
    hearings: list[Hearing]
    playbacks: list[Playback]
    recordings: list[Recording]
    rooms: list[Room] = []
    is_last: bool = True
    fax_ports: list[FaxPort] = []
    feeds: list[Feed] = []
    positions: list[SrtpPosition] = []
    """For streams that have to be begun, because a worker died."""


class GiveAccount(msgspec.Struct, frozen=True, tag=True):
    """Say what you do, in `Account`s before the reply, and before them what happened while no switch was there.

    Ports held for the last switch are let go; all else goes on.
    """


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message each way. A worker that speaks another version answers with its own and closes.

    `program` is the softswitch's own version, for people.
    """

    version: int
    worker: str = ""
    pid: int = 0
    program: str = ""


MediaCommand = (
    PutStream
    | DropStream
    | HoldPort
    | PutFaxPort
    | DropFaxPort
    | SetHearing
    | PutRoom
    | DropRoom
    | SendDigits
    | StartPlay
    | StopPlay
    | StartRecording
    | StopRecording
    | StartFeed
    | StopFeed
    | Describe
    | GiveAccount
)


class CommandBatch(msgspec.Struct, frozen=True, tag=True):
    batch_id: int
    commands: list[MediaCommand]


class Refusal(msgspec.Struct, frozen=True):
    """Command number `index` of the batch could not be done, -1: none of it could be read. `reason` is for people."""

    index: int
    reason: str


class Reply(msgspec.Struct, frozen=True, tag=True):
    batch_id: int
    refusals: list[Refusal]


class Account(msgspec.Struct, frozen=True, tag=True):
    """What the worker does, or a part of it: what the last switch wanted, without what has ended since."""

    part: Describe


# Events: facts from the worker.


class FirstPacket(msgspec.Struct, frozen=True, tag=True):
    """The party's first RTP packet arrived, from this address."""

    call_id: CallId
    stream_id: StreamId
    source: HostPort


class DtmfReceived(msgspec.Struct, frozen=True, tag=True):
    """A digit (0-9 * # A-D), reported once, when it begins, whether it came as an event (RFC 4733) or as tones.

    One that came both ways is reported once for each, at most 60 ms apart.
    """

    call_id: CallId
    stream_id: StreamId
    digit: str
    is_tone: bool = False


class FaxDetected(msgspec.Struct, frozen=True, tag=True):
    """The party is a fax machine that calls; told once."""

    call_id: CallId
    stream_id: StreamId


class FaxPortStatistics(msgspec.Struct, frozen=True, tag=True):
    """Sent when a fax port is dropped: datagrams of the party it has passed on, and sent him; others it has not."""

    call_id: CallId
    stream_id: StreamId
    received: int
    sent: int
    malformed: int = 0
    strangers: int = 0


class PlayFinished(msgspec.Struct, frozen=True, tag=True):
    """A playback is over: `completed`, or stopped or replaced, or `fault` says which sound could not be read."""

    call_id: CallId
    stream_id: StreamId
    play_id: int
    completed: bool
    fault: str = ""


class StreamTimedOut(msgspec.Struct, frozen=True, tag=True):
    """Nothing came from the party for `silent_s`. Reported after its `timeout_s`, and after each further one."""

    call_id: CallId
    stream_id: StreamId
    silent_s: float


class RecordingFinished(msgspec.Struct, frozen=True, tag=True):
    """The file is closed under its final name. `fault` (a full disk) names what was lost."""

    call_id: CallId
    recording_id: RecordingId
    path: str
    duration_s: float
    size_bytes: int
    fault: str = ""


class TalkersChanged(msgspec.Struct, frozen=True, tag=True):
    """Who speaks in a room now; at most five times a second."""

    room_id: RoomId
    talkers: list[StreamId]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream's party sounds to us, and, from its RTCP reports, how we sound there (None before the first).

    `jitter_ms` as RFC 3550 defines it; `burst_ratio` as G.107 does (1 = losses are independent); `delay_ms` is that of
    the jitter buffer; `mos` the E-model's estimate for a listener on our side, 1 to 4.5, 0 before anything was heard.
    Counts are of the stream so far; `mos` and `burst_ratio` of the last five seconds, and in `StreamStatistics` of all.
    """

    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    jitter_ms: float = 0.0
    burst_ratio: float = 1.0
    delay_ms: float = 0.0
    mos: float = 0.0
    round_trip_ms: float | None = None
    remote_lost: int | None = None
    remote_jitter_ms: float | None = None
    remote_mos: float | None = None


class VoiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How a party speaks. Times in seconds since the stream began; levels of the last seconds of speech and of noise.

    `overlap_s`: it spoke while somebody it hears spoke too; `silence_max_s`: the longest time in which neither did.
    """

    is_talking: bool = False
    level_dbov: float = -127.0
    noise_dbov: float = -127.0
    talk_s: float = 0.0
    overlap_s: float = 0.0
    silence_max_s: float = 0.0


class StreamReport(msgspec.Struct, frozen=True):
    call_id: CallId
    stream_id: StreamId
    quality: Quality
    voice: VoiceFacts
    position: SrtpPosition | None = None


class StreamReports(msgspec.Struct, frozen=True, tag=True):
    """Every five seconds for every stream; many streams' reports in one event."""

    reports: list[StreamReport]


class StreamStatistics(msgspec.Struct, frozen=True, tag=True):
    """Sent when a stream is dropped: its last report. `strangers` sent packets to its port and were not heard."""

    call_id: CallId
    stream_id: StreamId
    quality: Quality
    voice: VoiceFacts
    strangers: int = 0


class Spread(msgspec.Struct, frozen=True, array_like=True):
    """A histogram as base/meters.py has it."""

    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    total: float = 0.0


class WorkerStatistics(msgspec.Struct, frozen=True, tag=True):
    """Once a second. `tick_us_*` is the CPU-side duration of one tick; `overruns` counts ticks that began late.
    `strangers` are packets from sources that were not accepted, `dropped_by_kernel` those that found a full socket,
    `unauthentic` those that SRTP refused: forged, repeated or in the clear.

    `events_left_out` found no room while no switch took them.

    `cpu_s` is CPU time since the worker's start; `cpu` the part of one core it used since the last statistics.
    """

    streams: int
    recordings: int
    tick_us_median: float
    tick_us_max: float
    overruns: int
    packets_received: int
    packets_sent: int
    strangers: int
    cpu_s: float
    cpu: float = 0.0
    dropped_by_kernel: int = 0
    unauthentic: int = 0
    ticks: Spread = Spread()
    """CPU time of one tick, in seconds, since the worker's start."""
    lateness: Spread = Spread()
    """How late ticks began, in seconds; those of an idle worker are not counted."""
    events_left_out: int = 0


MediaEvent = (
    FirstPacket
    | DtmfReceived
    | FaxDetected
    | FaxPortStatistics
    | TalkersChanged
    | PlayFinished
    | StreamTimedOut
    | RecordingFinished
    | StreamReports
    | StreamStatistics
    | WorkerStatistics
)


class EventBatch(msgspec.Struct, frozen=True, tag=True):
    events: list[MediaEvent]


ToWorker = Hello | CommandBatch
FromWorker = Hello | Reply | Account | EventBatch
