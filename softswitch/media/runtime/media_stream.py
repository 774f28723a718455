"""One RTP stream of a media worker, as a handle in the switch."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.media.kept import KeptStream
from softswitch.media.limits import SOUNDS_PER_PLAYBACK_MAX
from softswitch.media.protocol import (
    Hearing,
    PutStream,
    SendDigits,
    SetHearing,
    SrtpKeys,
    StreamDescription,
    StreamReport,
)
from softswitch.media.runtime.worker_link import WorkerLink


class StreamOwner(Protocol):
    """What a stream leaves to the client that opened it."""

    clock: Clock
    timeout_s: float
    timeout_on_hold_s: float

    def play(
        self,
        stream: "MediaStream",
        sounds: Sequence[str],
        *,
        loop: bool,
        is_over: bool,
        started_at: float | None,
        skip_s: float,
    ) -> int: ...

    def stop_play(self, stream: "MediaStream", play_id: int | None) -> None: ...

    def drop(self, stream: "MediaStream") -> None: ...

    def moved(self, stream: "MediaStream", remote: HostPort | None) -> None: ...


class MediaStream:
    """One RTP stream. Every method notes what is wanted and returns; after `drop` none does anything."""

    __slots__ = (
        "_description",
        "_owner",
        "call_id",
        "is_adopted",
        "is_dropped",
        "link",
        "local",
        "report",
        "stream_id",
        "worker",
    )

    def __init__(self, owner: "StreamOwner", link: WorkerLink, description: StreamDescription) -> None:
        """Streams are made by `MediaClient.open_stream`."""
        self.stream_id = description.stream_id
        self.call_id = description.call_id
        self.local = HostPort(description.local_ip, description.port)
        self.worker = link.name
        self.is_dropped = False
        self.is_adopted = False
        """It was there before this switch."""
        self.report: StreamReport | None = None
        """The worker's last, of the last five seconds; None before the first."""
        self._owner = owner
        self.link = link
        self._description = description

    def keep(self) -> KeptStream:
        """As it is wanted now: what the next switch adopts it by."""
        wanted = self.link.description
        return KeptStream(
            self._description,
            self.worker,
            wanted.hearings.get(self.stream_id),
            wanted.playbacks.get(self.stream_id),
            wanted.positions.get(self.stream_id),
            self.link.pid,
        )

    @property
    def playing(self) -> int | None:
        """The play_id of what is played to the party now."""
        playback = self.link.description.playbacks.get(self.stream_id)
        return None if playback is None else playback.play_id

    @property
    def is_in_loop(self) -> bool:
        """What is played to the party begins anew when it is over."""
        playback = self.link.description.playbacks.get(self.stream_id)
        return playback is not None and playback.loop

    @property
    def learn_from(self) -> str | None:
        """From which hosts the party may send, as in `StreamDescription`; where nothing is learnt, from its SDP's."""
        return self._description.learn_from if self._description.learn else ""

    def connect(
        self,
        *,
        remote: HostPort | None,
        codec: str,
        payload_type: int,
        telephone_event: int | None,
        ptime_ms: int,
        sends: bool,
        receives: bool,
        telephone_event_own: int | None = None,
        detects_tones: bool = False,
        detects_fax: bool = False,
        has_rtcp_mux: bool = False,
        rtcp_remote: HostPort | None = None,
        srtp: SrtpKeys | None = None,
        clock_rate_hz: int = 8000,
        format_parameters: str = "",
        telephone_event_clock_hz: int = 8000,
    ) -> None:
        """What the party's SDP agreed to; again after every re-INVITE. Fields as in `StreamDescription`."""
        if self.is_dropped:
            return
        now = self._owner.clock.now()
        if remote != self._description.remote:
            self._owner.moved(self, remote)
        self._description = msgspec.structs.replace(
            _rebased(self._description, ptime_ms, clock_rate_hz, now),
            remote=remote,
            codec=codec,
            payload_type=payload_type,
            telephone_event=telephone_event,
            telephone_event_own=telephone_event_own,
            detects_tones=detects_tones,
            detects_fax=detects_fax,
            sends=sends,
            receives=receives,
            # Many a phone that says it sends its own music while it holds (sendonly) sends nothing.
            timeout_s=self._owner.timeout_s if sends and receives else self._owner.timeout_on_hold_s,
            has_rtcp_mux=has_rtcp_mux,
            rtcp_remote=rtcp_remote,
            srtp=_with_rolls(srtp, self._description, now),
            format_parameters=format_parameters,
            telephone_event_clock_hz=telephone_event_clock_hz,
        )
        self.link.order(PutStream(self._description))

    def hear(self, *sources: "MediaStream", gains_db: Sequence[float] = ()) -> None:
        """Hear the sum of `sources`, in place of what was heard before; none = silence.

        `gains_db` has one entry for each source, or none at all (0 dB each). What is heard in a room comes to it.
        Raises LocalError when one of them is on another worker, or when the gains do not fit.
        """
        if len(gains_db) not in (0, len(sources)):
            raise LocalError(f"{len(gains_db)} gains do not fit {len(sources)} sources: give one each, or none")
        for source in sources:
            if source.worker != self.worker:
                raise LocalError(f"stream {self.stream_id} on {self.worker} cannot hear one on {source.worker}")
        if not self.is_dropped:
            gains = gains_db or [0.0] * len(sources)
            heard = {
                source.stream_id: gain_db
                for source, gain_db in zip(sources, gains, strict=True)
                if not source.is_dropped
            }
            self.link.order(
                SetHearing(Hearing(self.stream_id, list(heard), list(heard.values()) if any(gains_db) else []))
            )

    def adjust(
        self,
        *,
        gain_db: float | None = None,
        hearing_gain_db: float | None = None,
        is_muted: bool | None = None,
        is_deaf: bool | None = None,
        is_fax: bool | None = None,
    ) -> None:
        """Change how the party is heard, and whether it hears; what is None stays. See `StreamDescription`."""
        if self.is_dropped:
            return
        stream = self._description
        changed = msgspec.structs.replace(
            stream,
            gain_db=stream.gain_db if gain_db is None else gain_db,
            hearing_gain_db=stream.hearing_gain_db if hearing_gain_db is None else hearing_gain_db,
            is_muted=stream.is_muted if is_muted is None else is_muted,
            is_deaf=stream.is_deaf if is_deaf is None else is_deaf,
            is_fax=stream.is_fax if is_fax is None else is_fax,
        )
        if changed != stream:
            self._description = changed
            self.link.order(PutStream(changed))

    def play(
        self,
        sounds: Sequence[str],
        *,
        loop: bool = False,
        is_over: bool = False,
        started_at: float | None = None,
        skip_s: float = 0.0,
    ) -> int:
        """Play these WAV files (absolute paths) or tones one after another; returns the play_id of its `PlayFinished`.

        Each playback ends with exactly one `PlayFinished`, also when it is stopped or replaced or the stream dropped.
        `started_at` (monotonic seconds) in the past skips what would have been played by now; None is now. Music that
        all callers of a queue hear in step has one `started_at` for all. With `is_over` the party goes on hearing what
        it hears, and the sounds besides. What is no loop begins `skip_s` seconds after its beginning.
        """
        if len(sounds) > SOUNDS_PER_PLAYBACK_MAX:
            raise LocalError(f"a playback has at most {SOUNDS_PER_PLAYBACK_MAX} sounds, not {len(sounds)}")
        return self._owner.play(self, sounds, loop=loop, is_over=is_over, started_at=started_at, skip_s=skip_s)

    def stop_play(self, play_id: int | None = None) -> None:
        """Stop that playback, if it is the current one; None stops whatever plays."""
        self._owner.stop_play(self, play_id)

    @property
    def has_sound(self) -> bool:
        """The party hears something: a playback, or others."""
        description = self.link.description
        return self.stream_id in description.playbacks or self.stream_id in description.hearings

    def hand_over_to(self, other: "MediaStream") -> None:
        """`other`, on the same worker, hears from now on what is heard here: others, and what is played without end."""
        hearing = self.link.description.hearings.get(self.stream_id)
        if hearing is not None:
            other.link.order(SetHearing(msgspec.structs.replace(hearing, stream_id=other.stream_id)))
            self.hear()
        playback = self.link.description.playbacks.get(self.stream_id)
        if playback is not None and playback.loop:
            self.stop_play(playback.play_id)
            other.play(playback.sounds, loop=True, started_at=playback.started_at)

    def send_digits(self, digits: str, *, duration_ms: int = 100, pause_ms: int = 60) -> None:
        """Send digits (0-9 * # A-D) to the party, after those still being sent; a worker that is away loses them."""
        if not self.is_dropped:
            self.link.order(SendDigits(self.stream_id, digits, duration_ms, pause_ms))

    def drop(self) -> None:
        """Close the stream. Its recordings go on, with silence for it, until they are stopped."""
        self._owner.drop(self)


class LentStream(MediaStream):
    """A second handle on somebody's stream, for as long as he is heard in another call; `drop` leaves the stream be."""

    __slots__ = ("_lender",)

    def __init__(self, lender: MediaStream) -> None:
        super().__init__(lender._owner, lender.link, lender._description)
        self._lender = lender

    def adjust(
        self,
        *,
        gain_db: float | None = None,
        hearing_gain_db: float | None = None,
        is_muted: bool | None = None,
        is_deaf: bool | None = None,
        is_fax: bool | None = None,
    ) -> None:
        if not self.is_dropped:
            self._lender.adjust(
                gain_db=gain_db, hearing_gain_db=hearing_gain_db, is_muted=is_muted, is_deaf=is_deaf, is_fax=is_fax
            )

    def stop_play(self, play_id: int | None = None) -> None:
        if not self.is_dropped:
            super().stop_play(play_id)

    def hand_over_to(self, other: MediaStream) -> None:
        if not self.is_dropped:
            super().hand_over_to(other)

    def drop(self) -> None:
        self.is_dropped = True


def _rebased(stream: StreamDescription, ptime_ms: int, clock_rate_hz: int, now: float) -> StreamDescription:
    """The stream with another packet length or clock from now on; sequence and timestamp run on without a break."""
    if (ptime_ms, clock_rate_hz) == (stream.ptime_ms, stream.clock_rate_hz):
        return stream
    packets = _packets_until(now, stream)
    return msgspec.structs.replace(
        stream,
        ptime_ms=ptime_ms,
        clock_rate_hz=clock_rate_hz,
        started_at=stream.started_at + packets * stream.ptime_ms / 1000,
        sequence=stream.sequence + packets,
        timestamp=(stream.timestamp + packets * stream.ptime_ms * stream.clock_rate_hz // 1000) & 0xFFFFFFFF,
    )


def _with_rolls(keys: SrtpKeys | None, stream: StreamDescription, now: float) -> SrtpKeys | None:
    """The keys with the count of wraps at which they came in force: that of `stream` if it has them already."""
    if keys is None:
        return None
    known = stream.srtp
    if known is not None and (keys.profile, keys.send) == (known.profile, known.send):
        return msgspec.structs.replace(keys, rolls=known.rolls)
    return msgspec.structs.replace(keys, rolls=(stream.sequence + _packets_until(now, stream)) >> 16)


def _packets_until(now: float, stream: StreamDescription) -> int:
    return max(0, int((now - stream.started_at) * 1000) // stream.ptime_ms)
