"""The media plane as the rest of the switch sees it: streams are opened, joined, played to and recorded.

A stream stays on the worker it was opened on, and all streams of a call should be on one (`near`), because only they
can hear each other. When a worker dies its streams keep their handles: what is wanted of them goes on being noted, and
the replacement is told everything, port and SSRC included. Callers notice nothing but a short silence.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.entropy import Entropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, FeedId, RecordingId, RoomId, StreamId
from softswitch.base.log import get_logger
from softswitch.media.description import MediaDescription
from softswitch.media.errors import MediaUnavailable
from softswitch.media.feeds.feed import Feed
from softswitch.media.kept import KeptStream
from softswitch.media.limits import PORT_ATTEMPTS_MAX, WORKER_QUEUE_BYTES_MAX
from softswitch.media.placement import CPU_MAX
from softswitch.media.protocol import (
    DropStream,
    FaxPort,
    Hearing,
    MediaCommand,
    MediaEvent,
    Playback,
    PlayFinished,
    PutFaxPort,
    PutStream,
    Recording,
    RecordingFinished,
    SetHearing,
    SrtpPosition,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamDescription,
    StreamReports,
    StreamStatistics,
    WorkerStatistics,
)
from softswitch.media.quality.predecessors import Predecessors
from softswitch.media.runtime.accounts import Accounts
from softswitch.media.runtime.feeds.media_feed import MediaFeed, program_stream
from softswitch.media.runtime.media_fax_port import MediaFaxPort, open_fax_port
from softswitch.media.runtime.media_room import MediaRoom
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.media.runtime.openings import Openings
from softswitch.media.runtime.ports import PortPool
from softswitch.media.runtime.stream_ports import StreamPorts
from softswitch.media.runtime.worker_link import REPLY_WITHIN_S, WorkerLink
from softswitch.media.runtime.workers import Workers, WorkerState

OPEN_WITHIN_S = 2.0
"""A worker that died is back in less than a second; a caller waits that long more willingly than he calls again."""

TIMEOUT_S = 60.0
TIMEOUT_ON_HOLD_S = 3600.0
"""Telephones that suppress silence send comfort noise or RTCP now and then; on hold most send nothing at all."""

_log = get_logger("media")


class MediaClient:
    """All media workers. `on_event` gets every `MediaEvent` but `WorkerStatistics`, which `workers()` shows.

    `on_event` is called from the event loop, never from within a method of the client or of a stream.
    """

    def __init__(
        self,
        sockets: Mapping[str, str],
        *,
        local_ip: str,
        ports: range,
        clock: Clock,
        entropy: Entropy,
        on_event: Callable[[MediaEvent], None],
        cpu_max: float = CPU_MAX,
        timeout_s: float = TIMEOUT_S,
        timeout_on_hold_s: float = TIMEOUT_ON_HOLD_S,
        open_within_s: float = OPEN_WITHIN_S,
        reply_within_s: float = REPLY_WITHIN_S,
        queue_bytes_max: int = WORKER_QUEUE_BYTES_MAX,
    ) -> None:
        """`sockets` maps worker names to the paths of their sockets; `local_ip` is where all of them open ports.

        A worker that uses `cpu_max` of a core gets no new calls.
        A party from which nothing comes for `timeout_s` is reported; for `timeout_on_hold_s` while it does not want to
        be heard, or to hear. 0 for never.
        """
        self.clock = clock
        self.timeout_s = timeout_s
        self.timeout_on_hold_s = timeout_on_hold_s
        self._on_event = on_event
        pool = PortPool(ports, entropy)
        self._ports = StreamPorts(pool)
        self._open_within_s = open_within_s
        links = [
            WorkerLink(
                name, path, clock=clock, owner=self, reply_within_s=reply_within_s, queue_bytes_max=queue_bytes_max
            )
            for name, path in sockets.items()
        ]
        self._workers = Workers(links, clock=clock, cpu_max=cpu_max, open_within_s=open_within_s)
        self._openings = Openings(links, pool, self._ports, local_ip=local_ip, clock=clock, entropy=entropy)
        self._streams: dict[StreamId, MediaStream] = {}
        self._plays: set[int] = set()
        """Playbacks whose `PlayFinished` is still owed."""
        self._recording_links: dict[RecordingId, WorkerLink] = {}
        self._stopping: dict[RecordingId, Recording] = {}
        """Stopped recordings whose file is not yet complete."""
        self._accounts = Accounts(self._ports, clock)
        self._predecessors = Predecessors()
        self._last_id = entropy.integer(31) << 20
        """Of streams and playbacks. Starts anywhere, so that no late event of a former switch's is taken for ours."""

    # From the switch

    async def start(self) -> None:
        """Connect to the workers; those that are not there yet are connected to when they are."""
        self._workers.start()

    async def learn(self, within_s: float) -> list[str]:
        """Ask every worker what it does, and wait for the answers; names of those that gave none by then.

        To be called right after `start`, before the loop turns. From then on nothing is told to a worker, and nothing
        opened, until `settle`. What the last switch left is to be adopted in between: streams first, then what is made
        of them. A worker that answers later is asked all the same. Raises LocalError when a worker was told already.
        """
        if any(link.is_connected for link in self._workers):
            raise LocalError("a media worker was told already what should be: learn before the loop turns")
        for link in self._workers:
            link.learn()
        return await self._workers.learnt(within_s)

    def has_dropped(self, kept: KeptStream) -> bool:
        """Whether the last switch has let go of this stream since it was kept, as far as its worker can tell."""
        has_dropped = self._accounts.has_dropped(kept)
        self._ids_up_to(self._accounts.last_id)
        return has_dropped

    def adopt(
        self,
        description: StreamDescription,
        worker: str,
        *,
        hearing: Hearing | None = None,
        playback: Playback | None = None,
        position: SrtpPosition | None = None,
    ) -> MediaStream:
        """A stream of the last switch's: as its worker has it, with what it hears and what is played to it.

        If the worker does not know it, as described here (`KeptStream`), and it goes on where it would be by now.
        Raises LocalError when there is no such worker, or the stream was adopted already.
        """
        link = self._workers.named(worker)
        if description.stream_id in self._streams:
            raise LocalError(f"stream {description.stream_id} was adopted already")
        kept = self._accounts.stream(KeptStream(description, worker, hearing, playback, position))
        stream = self._streams[description.stream_id] = MediaStream(self, link, kept.description)
        stream.is_adopted = True
        link.order(PutStream(kept.description))
        if kept.position is not None:
            link.description.note_position(kept.position)
        if kept.hearing is not None:
            self._take_over(link, kept.hearing)
        if kept.playback is not None:
            self._plays.add(kept.playback.play_id)
            self._ids_up_to(kept.playback.play_id)
            link.order(StartPlay(kept.playback))
        self._ids_up_to(self._accounts.last_id)
        return stream

    def adopt_fax_port(self, stream: MediaStream, kept: FaxPort) -> MediaFaxPort:
        """A fax port of the last switch's, beside a stream that was adopted before."""
        described = self._accounts.fax_port(stream.worker, kept)
        self._ids_up_to(self._accounts.last_id)
        stream.link.order(PutFaxPort(described))
        return MediaFaxPort(stream, described, self._ports, self.clock)

    def adopt_room(self, room_id: RoomId, worker: str, members: Sequence[MediaStream]) -> MediaRoom:
        """A conference of the last switch's, whose members were adopted before: these, if its worker does not know it.

        Raises LocalError when there is no such worker, or a member is on another.
        """
        known = self._accounts.members(worker, room_id)
        self._ids_up_to(self._accounts.last_id)
        if known is not None:
            members = [self._streams[member] for member in known if member in self._streams]
        room = MediaRoom(room_id, self._workers.named(worker))
        room.set_members(*members)
        return room

    def adopt_recording(self, kept: Recording) -> None:
        """A recording of the last switch's goes on. Raises LocalError when nobody writes it and its stream is gone."""
        worker, recording = self._accounts.recording(kept)
        if not worker:
            self.start_recording(recording)
            return
        link = self._recording_links[recording.recording_id] = self._workers.named(worker)
        link.order(StartRecording(recording))

    def adopt_feed(self, kept: Feed, worker: str) -> MediaFeed:
        """A feed of the last switch's, as its worker has it or as it was kept."""
        feed = self._accounts.feed(worker, kept)
        self._ids_up_to(self._accounts.last_id)
        adopted = MediaFeed(feed.feed_id, feed.socket, feed.rate_hz)
        adopted.adopt(feed, self._workers.named(worker))
        return adopted

    def settle(self) -> None:
        """All that goes on has been adopted: the rest is dropped, recordings are completed, and events are told.

        A worker that comes later is asked first what it does; what of that nobody has adopted ends then.
        """
        for link in self._workers:
            link.settle()

    async def close(self) -> None:
        """Let go of the workers. They go on as they are until the next switch describes what it wants."""
        self._workers.close()

    async def open_stream(
        self,
        call_id: CallId,
        *,
        near: MediaStream | None = None,
        learn: bool = True,
        learn_from: str | None = None,
        certain_remote: HostPort | None = None,
    ) -> MediaStream:
        """A new stream with a port of its own, on `near`'s worker or else on the one with the least to do.

        Where its party's packets come from is learnt with `learn`; from which hosts, `learn_from` says as in
        `StreamDescription`. A party whose SDP is known and tells for certain where its packets come from,
        `certain_remote`, may share a port with others; nothing that comes from elsewhere is ever heard then.
        It neither sends nor hears before `connect` and `hear`. Mostly its worker holds a port for it already, and it is
        there at once; otherwise the worker is asked. Raises MediaUnavailable when no worker is there within
        OPEN_WITHIN_S, all have too much to do, or no port is free.
        """
        deadline = self.clock.now() + self._open_within_s
        refused = 0
        while True:
            link = await self._workers.for_stream(near and near.link, deadline)
            stream_id = StreamId(self._next_id())
            port = self._openings.take_port(stream_id, link, certain_remote)
            description = self._openings.describe(call_id, stream_id, port, learn=learn, learn_from=learn_from)
            verdict = await self._openings.open(link, description, port)
            if verdict == "":
                stream = MediaStream(self, link, description)
                self._streams[stream.stream_id] = stream
                return stream
            refused += verdict is not None
            if refused == PORT_ATTEMPTS_MAX:
                raise MediaUnavailable(f"{self._openings} can be opened ({verdict}): check local_ip and ports")

    async def open_fax_port(self, stream: MediaStream) -> MediaFaxPort:
        """A port for the T.38 of the stream's party, on the same worker. Raises MediaUnavailable."""
        port_id = StreamId(self._next_id())
        return await open_fax_port(stream, port_id, self._ports, clock=self.clock, timeout_s=self.timeout_s)

    def open_program(self, near: MediaStream, codec: str) -> MediaStream:
        """A stream for a program that is to speak beside `near` (media_feed.py)."""
        stream = program_stream(self, StreamId(self._next_id()), near, codec)
        self._streams[stream.stream_id] = stream
        return stream

    def open_feed(self, socket: str, rate_hz: int) -> MediaFeed:
        """A feed for the streamer that listens on `socket`, still without sound."""
        return MediaFeed(FeedId(self._next_id()), socket, rate_hz)

    def open_room(self, near: MediaStream) -> MediaRoom:
        """A conference, still empty, on the worker of the stream `near`: all its members must be there."""
        return MediaRoom(RoomId(str(self._next_id())), near.link)

    def start_recording(self, recording: Recording) -> None:
        """Record from now on; a `RecordingFinished` follows `stop_recording`.

        Starting it again changes who is recorded and until when it is masked; one that was stopped stays stopped.
        Raises LocalError when a stream of it is not open or the two are on different workers.
        """
        link = self._recording_links.get(recording.recording_id)
        is_known = link is not None and link.description.recordings.get(recording.recording_id) == recording
        if is_known or recording.recording_id in self._stopping:
            return
        left = self._streams.get(recording.left)
        right = left if recording.right is None else self._streams.get(recording.right)
        if left is None or right is None:
            raise LocalError(f"recording {recording.recording_id} names a stream that is not open")
        if left.worker != right.worker:
            raise LocalError(f"recording {recording.recording_id} joins streams of {left.worker} and {right.worker}")
        self._recording_links[recording.recording_id] = left.link
        left.link.order(StartRecording(recording))

    def stop_recording(self, recording_id: RecordingId) -> None:
        """Complete the file. Unknown recordings and those already stopped are fine."""
        link = self._recording_links.get(recording_id)
        if link is None or recording_id in self._stopping:
            return
        self._stopping[recording_id] = link.description.recordings[recording_id]
        link.order(StopRecording(recording_id))

    def workers(self) -> list[WorkerState]:
        """In the order they were given."""
        adopted = Counter(stream.worker for stream in self._streams.values() if stream.is_adopted)
        return [self._workers.state(link, adopted[link.name]) for link in self._workers]

    def drain(self, name: str, is_draining: bool) -> None:
        """No new calls for a worker, or again; those it has go on. Raises LocalError for an unknown name."""
        self._workers.drain(name, is_draining)

    @property
    def fullness(self) -> str:
        """Why no worker can have a new call now, for people; "" if one can, or if all are away for a moment."""
        return self._workers.fullness

    # From the streams

    def play(
        self,
        stream: MediaStream,
        sounds: Sequence[str],
        *,
        loop: bool,
        is_over: bool,
        started_at: float | None,
        skip_s: float = 0.0,
    ) -> int:
        play_id = self._next_id()
        self._plays.add(play_id)
        if stream.is_dropped:
            self._finish_play(stream, play_id)
            return play_id
        self._finish_current_play(stream)
        stream.link.order(
            StartPlay(
                Playback(
                    play_id=play_id,
                    stream_id=stream.stream_id,
                    sounds=list(sounds),
                    loop=loop,
                    is_over=is_over,
                    started_at=self.clock.now() if started_at is None else started_at,
                    skip_s=skip_s,
                )
            )
        )
        return play_id

    def stop_play(self, stream: MediaStream, play_id: int | None) -> None:
        playback = stream.link.description.playbacks.get(stream.stream_id)
        if playback is not None and play_id in (None, playback.play_id):
            stream.link.order(StopPlay(stream.stream_id, playback.play_id))
            self._finish_play(stream, playback.play_id)

    def drop(self, stream: MediaStream) -> None:
        if stream.is_dropped:
            return
        stream.is_dropped = True
        del self._streams[stream.stream_id]
        self._finish_current_play(stream)
        stream.link.order(DropStream(stream.stream_id))
        self._ports.release(stream.stream_id, self.clock.now())

    def moved(self, stream: MediaStream, remote: HostPort | None) -> None:
        self._ports.move(stream.stream_id, remote, self.clock.now())

    # From the links

    def account_given(self, link: WorkerLink, account: MediaDescription) -> None:
        """What was adopted before the worker answered goes on as the worker has it, where nothing else was wanted."""
        self._accounts.add(link.name, account, link.pid)
        self._ids_up_to(self._accounts.last_id)
        for event in link.early_events:  # what has ended meanwhile is in no account, and its number was given out too
            match event:
                case PlayFinished():
                    self._ids_up_to(event.play_id)
                case StreamStatistics():
                    self._ids_up_to(event.stream_id)
                case _:
                    pass
        for stream_id in account.streams.keys() & link.description.streams.keys():
            if stream_id in account.hearings and stream_id not in link.description.hearings:
                link.description.take_over(account.hearings[stream_id])
            if stream_id in account.playbacks and stream_id not in link.description.playbacks:
                self._plays.add(account.playbacks[stream_id].play_id)
                link.description.apply(StartPlay(account.playbacks[stream_id]))
        self._workers.wake()

    def link_connected(self, link: WorkerLink) -> list[MediaCommand]:
        """Recordings stopped while the worker was away, or whose end it did not live to report, are begun again: the
        description, in which they are not, completes them."""
        if link.is_another:
            mine = [stream for stream in self._streams.values() if stream.link is link]
            last = [stream.report for stream in mine if stream.report is not None]
            self._predecessors.worker_died(last, self._streams)
        self._accounts.let_go(link.name)
        link.description.settle()
        for event in link.early_events:
            # Whoever adopted the stream waits for the end of what was played there, though it ended before.
            if isinstance(event, PlayFinished) and event.stream_id in self._streams:
                self._plays.add(event.play_id)
        self._workers.wake()
        self._openings.worker_came(link)
        commands: list[MediaCommand] = []
        for recording_id, recording in self._stopping.items():
            if self._recording_links[recording_id] is link:
                commands.append(StartRecording(recording))
        return commands

    def link_lost(self, link: WorkerLink) -> None:
        self._openings.worker_went(link)

    def event_received(self, link: WorkerLink, event: MediaEvent) -> None:
        match event:
            case WorkerStatistics():
                return
            case StreamReports(reports):
                event = StreamReports([self._predecessors.reported(report) for report in reports])
                for report in event.reports:
                    if report.position is not None:
                        link.description.note_position(report.position)
                    stream = self._streams.get(report.stream_id)
                    if stream is not None:
                        stream.report = report
            case StreamStatistics():
                event = self._predecessors.finished(event)
            case PlayFinished(_, stream_id, play_id):
                link.description.finish_play(stream_id, play_id)
                if play_id not in self._plays:
                    return
                self._plays.remove(play_id)
            case RecordingFinished(_, recording_id):
                if recording_id in link.description.recordings:
                    return  # the worker is being stopped; its replacement will continue the file
                self._forget_recording(recording_id)
            case _:
                pass
        self._publish(event)

    def command_refused(self, link: WorkerLink, command: MediaCommand, reason: str) -> None:
        _log.warning("media worker refused", worker=link.name, command=type(command).__name__, reason=reason)
        match command:
            case StartPlay(playback):
                link.description.finish_play(playback.stream_id, playback.play_id)
                stream = self._streams.get(playback.stream_id)
                if stream is not None:
                    self._finish_play(stream, playback.play_id, fault=reason)
            case StartRecording(recording):
                link.description.apply(StopRecording(recording.recording_id))
                self._forget_recording(recording.recording_id)
                self._publish_soon(
                    RecordingFinished(recording.call_id, recording.recording_id, recording.path, 0.0, 0, reason)
                )
            case _:
                pass

    # Inside

    def _take_over(self, link: WorkerLink, hearing: Hearing) -> None:
        """What a stream that was adopted heard; its sources may be adopted later."""
        link.description.take_over(hearing)
        if link.is_connected:
            link.description.settle()
            silence = Hearing(hearing.stream_id, [])
            link.order(SetHearing(link.description.hearings.get(hearing.stream_id, silence)))

    def _ids_up_to(self, number: int) -> None:
        """These were given out before."""
        self._last_id = max(self._last_id, number)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _finish_current_play(self, stream: MediaStream) -> None:
        playback = stream.link.description.playbacks.get(stream.stream_id)
        if playback is not None:
            self._finish_play(stream, playback.play_id)

    def _finish_play(self, stream: MediaStream, play_id: int, fault: str = "") -> None:
        """We know that it is over, whether or not the worker lives to say so; its own event will find none owed."""
        if play_id in self._plays:
            self._plays.remove(play_id)
            self._publish_soon(PlayFinished(stream.call_id, stream.stream_id, play_id, completed=False, fault=fault))

    def _forget_recording(self, recording_id: RecordingId) -> None:
        self._recording_links.pop(recording_id, None)
        self._stopping.pop(recording_id, None)

    def _publish_soon(self, event: MediaEvent) -> None:
        asyncio.get_running_loop().call_soon(self._publish, event)

    def _publish(self, event: MediaEvent) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A call's fault must not cost the other calls their events.
            _log.exception("a media event could not be taken", media_event=type(event).__name__)
