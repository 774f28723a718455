"""What the switch and a media worker say to each other: msgpack, one batch per SOCK_SEQPACKET packet.

The switch states *what should be*: which streams exist, who hears whom, what plays, what is recorded. Every command
is idempotent, so that a worker that died is started again and given the whole description (`Describe`), and a worker
that outlived its switch is told what to keep and what to drop by the same message.

The worker listens on its own socket. The first message each way is a `Hello`. Each `CommandBatch` gets exactly one
`Reply` with the same `batch_id`; events come in `EventBatch`es, each naming the call it belongs to.

Sequence and timestamp of a stream follow from the clock (`StreamDescription.started_at`), so that a worker that takes
over from a dead one goes on where the other would be by now, with the same SSRC and from the same port.
"""

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId, StreamId

PROTOCOL_VERSION = 1
PACKET_BYTES_MAX = 128 * 1024
"""A batch is split below this; the kernel's default send buffer (208 KiB) must hold one with its overhead."""


class StreamDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One RTP stream towards one party.

    `remote` is where the party's SDP says it listens, or None before its SDP is known; nothing is sent before.
    With `learn` the source of the packets that arrive is trusted over `remote` (symmetric RTP behind NAT, RFC 4961).
    `codec` is an encoding name ("PCMU", "PCMA") and `payload_type` the number *the remote's* SDP gave it; we accept the
    same number. `telephone_event` is the payload type of RFC 4733 events, or None.
    `sends` / `receives` are our side of the SDP direction: a party on hold (`sendonly`) neither hears nor is heard.
    `sequence` and `timestamp` are the values of the packet at `started_at` (monotonic seconds): the packet of a tick at
    `t` has timestamp + (t - started_at) * 8000 and sequence + (t - started_at) / ptime.
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
    codec: str = "PCMU"
    payload_type: int = 0
    telephone_event: int | None = None
    ptime_ms: int = 20
    sends: bool = True
    receives: bool = True


class Hearing(msgspec.Struct, frozen=True):
    """Stream `stream_id` hears the sum of `sources` (mix-minus is the caller's business); empty = it hears nothing."""

    stream_id: StreamId
    sources: list[StreamId]


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """Sounds played to a stream one after another without a gap; while it lasts the stream hears nothing else.

    `sounds` are absolute paths of WAV files (8 kHz, mono, 16-bit; the prompt library sees to that).
    `loop` repeats the list until it is stopped or replaced; the position in a loop follows from the clock
    (`started_at`, monotonic seconds), so music goes on where it was after any interruption.
    A new playback to the same stream replaces the old one, whose `PlayFinished` says completed=False.
    """

    play_id: int
    stream_id: StreamId
    sounds: list[str]
    loop: bool = False
    started_at: float = 0.0


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A stereo WAV file: what `left` said in the left channel, what `right` said in the right one.

    `path` is the final name; it is written as `path` + ".part" and renamed when it is stopped. If the .part file is
    already there (the last worker died), it is continued; the gap up to now is filled with silence, so the
    file's length is always now - `started_at`.
    `right` None records one party alone (a message), still as two channels.
    """

    recording_id: RecordingId
    call_id: CallId
    path: str
    left: StreamId
    right: StreamId | None
    started_at: float


# Commands: orders to the worker.


class PutStream(msgspec.Struct, frozen=True, tag=True):
    """Create the stream, or change the one with this id to this description (port and SSRC never change)."""

    stream: StreamDescription


class DropStream(msgspec.Struct, frozen=True, tag=True):
    """Close the stream's port; its playback ends, nobody hears it any more, its recordings go on with silence."""

    stream_id: StreamId


class SetHearing(msgspec.Struct, frozen=True, tag=True):
    hearing: Hearing


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


class Describe(msgspec.Struct, frozen=True, tag=True):
    """The whole description, sent after every (re)connection: streams, playbacks and recordings that are not in it are
    dropped (such recordings are closed properly), those that are in it and already there go on undisturbed.

    A description too large for one packet is sent as several with `is_last` False on all but the last.
    """

    streams: list[StreamDescription]
    hearings: list[Hearing]
    playbacks: list[Playback]
    recordings: list[Recording]
    is_last: bool = True


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message each way. A worker that speaks another version answers with its own and closes."""

    version: int
    worker: str = ""
    pid: int = 0


MediaCommand = PutStream | DropStream | SetHearing | StartPlay | StopPlay | StartRecording | StopRecording | Describe


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


# Events: facts from the worker.


class FirstPacket(msgspec.Struct, frozen=True, tag=True):
    """The party's first RTP packet arrived, from this address."""

    call_id: CallId
    stream_id: StreamId
    source: HostPort


class DtmfReceived(msgspec.Struct, frozen=True, tag=True):
    """A digit (0-9 * # A-D), reported once, when it begins (RFC 4733)."""

    call_id: CallId
    stream_id: StreamId
    digit: str


class PlayFinished(msgspec.Struct, frozen=True, tag=True):
    """A playback is over: `completed`, or stopped or replaced, or `fault` says which sound could not be read."""

    call_id: CallId
    stream_id: StreamId
    play_id: int
    completed: bool
    fault: str = ""


class StreamTimedOut(msgspec.Struct, frozen=True, tag=True):
    """Nothing came from the party for `silent_s` although it should send. Reported once per silence."""

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


class StreamStatistics(msgspec.Struct, frozen=True, tag=True):
    """Sent when a stream is dropped: what it received and sent."""

    call_id: CallId
    stream_id: StreamId
    packets_received: int
    packets_sent: int
    packets_lost: int
    packets_late: int
    jitter_ms: float


class WorkerStatistics(msgspec.Struct, frozen=True, tag=True):
    """Once a second. `tick_us_*` is the CPU-side duration of one tick; `overruns` counts ticks that began late.

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


MediaEvent = (
    FirstPacket | DtmfReceived | PlayFinished | StreamTimedOut | RecordingFinished | StreamStatistics | WorkerStatistics
)


class EventBatch(msgspec.Struct, frozen=True, tag=True):
    events: list[MediaEvent]


ToWorker = Hello | CommandBatch
FromWorker = Hello | Reply | EventBatch
