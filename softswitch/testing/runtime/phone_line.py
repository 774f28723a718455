"""One call on one phone, as whoever sits at the phone sees it: ringing, answered, speaking, pressing keys, over.

```
 incoming   RINGING ── answer() ──► ANSWERED ──┐
                └───── reject() ───────────────┤── either side hangs up ──► ENDED
 outgoing   DIALLING ── 200 ──► ANSWERED ──────┘
                └────── refused ──────────────────────────────────────────► ENDED
```

SDP and RTP are made by the code of the switch itself (`Leg`, `MediaClient`); what lies between is a real network.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from enum import Enum
from typing import Literal, Protocol

import msgspec

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, LegId, StreamId
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import MediaEvent, PlayFinished, Recording, RecordingFinished, StreamStatistics
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.sip.description.offer_answer import OfferRefused
from softswitch.sip.outputs import (
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ReinviteConfirmed,
    ReinviteReceived,
)

SETTLED_WITHIN_S = 3.0
"""A worker reports on a stream, and completes a recording, within a tick or two of its end."""

_KEYS = frozenset("0123456789*#ABCD")

EndedBy = Literal["us", "them", "timeout"]
_WHO: dict[Literal["local", "remote", "timeout"], EndedBy] = {"local": "us", "remote": "them", "timeout": "timeout"}

LineEvent = LegProgress | LegAnswered | LegFailed | LegConfirmed | LegEnded | ReinviteReceived | ReinviteConfirmed


class LineState(Enum):
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class LineEnd(msgspec.Struct, frozen=True):
    """How a call ended. `status` is the SIP status that fits: 200 after a conversation, else why there was none."""

    by: EndedBy
    status: int
    reason: str


class Exchange(Protocol):
    """What a line needs of the room it stands in (`Phones`)."""

    async def open_stream(self, call_id: CallId) -> MediaStream: ...
    def accept(self, leg_id: LegId, sdp: bytes) -> None: ...
    def reject(self, leg_id: LegId, status: int) -> None: ...
    def hang_up(self, leg_id: LegId) -> None: ...
    def send_info(self, leg_id: LegId, content_type: str, body: bytes) -> None: ...
    def answer_reinvite(self, leg_id: LegId, sdp: bytes) -> None: ...
    def refuse_reinvite(self, leg_id: LegId, status: int) -> None: ...
    def start_recording(self, call_id: CallId, path: str, heard: StreamId) -> Recording: ...
    def stop_recording(self, recording: Recording) -> None: ...


class Line:
    """A call. Made by `Phones` and `Phone`; a command that comes too late does nothing."""

    def __init__(
        self,
        exchange: Exchange,
        call_id: CallId,
        party: Party,
        *,
        host: str,
        calling_number: str,
        calling_name: str = "",
        called_number: str = "",
        headers: dict[str, str] | None = None,
        offer: bytes | None = None,
    ) -> None:
        """`offer` is the SDP of an INVITE that came (b"" if it had none); None for a call that is made."""
        self.call_id = call_id
        self.calling_number = calling_number
        self.calling_name = calling_name
        self.called_number = called_number
        self.headers = headers or {}
        """Of the INVITE that came, by lower-case name; those an endpoint keeps."""
        self.state = LineState.DIALLING if offer is None else LineState.RINGING
        self.sent_to = ""
        """Where the other side has asked us to go (REFER), and we have said that we do."""
        self.end: LineEnd | None = None
        self._exchange = exchange
        self._party = party
        self._leg = party.leg
        self._host = host
        self._offer = offer or b""
        self._was_answered = False
        self._play_id: int | None = None
        self._recording: Recording | None = None
        self._statistics: StreamStatistics | None = None
        self._recorded: RecordingFinished | None = None
        self._decided = asyncio.Event()
        self._over = asyncio.Event()
        self._silent = asyncio.Event()
        self._counted = asyncio.Event()
        self._filed = asyncio.Event()
        for nothing_to_wait_for in (self._silent, self._counted, self._filed):
            nothing_to_wait_for.set()

    @property
    def leg_id(self) -> LegId:
        return self._leg.leg_id

    @property
    def recording_began_at(self) -> float:
        """In monotonic seconds: what was heard then is at the beginning of the file of `record`."""
        assert self._recording is not None, "record() comes first"
        return self._recording.started_at

    # What can be awaited, as often as one likes; giving up (a timeout) harms nothing

    async def answered(self) -> bool:
        """Until the call is answered, by whichever side; False if it ended without."""
        await self._decided.wait()
        return self._was_answered

    async def ended(self) -> LineEnd:
        """Until the end of the call."""
        await self._over.wait()
        assert self.end is not None, "noted before anybody is woken"
        return self.end

    async def silent(self) -> None:
        """Until all of the last `say` is said, or the call is over."""
        await self._silent.wait()

    async def statistics(self) -> StreamStatistics | None:
        """After the end: what was received and sent. None if there never was a stream, or its worker is gone."""
        await self._over.wait()
        await _within(SETTLED_WITHIN_S, self._counted)
        return self._statistics

    async def recorded(self) -> RecordingFinished | None:
        """After the end: the file of `record`. None if nothing was recorded, or the worker is gone."""
        await self._over.wait()
        await _within(SETTLED_WITHIN_S, self._filed)
        return self._recorded

    # What the person at the phone does

    async def answer(self) -> None:
        """Pick up. Raises MediaUnavailable; what cannot be agreed on is refused with 488."""
        if self.state is not LineState.RINGING:
            return
        await self.attach_stream()
        if self.end is not None:
            self._party.release()
            return
        sdp = self._leg.answer(self._offer) if self._offer else self._leg.offer()
        if isinstance(sdp, OfferRefused):
            self._party.release()
            self._exchange.reject(self.leg_id, sdp.status)
            return
        self._exchange.accept(self.leg_id, sdp)
        self._party.connect()
        self._take_as_answered()

    def reject(self, status: int = 486) -> None:
        """Refuse a call that rings: 486 busy, 480 unavailable, 603 declined."""
        if self.state is LineState.RINGING:
            self._exchange.reject(self.leg_id, status)

    def hang_up(self) -> None:
        """End the call, or give up dialling."""
        if self.end is None:
            self._exchange.hang_up(self.leg_id)

    def press(self, keys: str) -> None:
        """Press keys (0-9 * # A-D) one after another; each is one INFO of type application/dtmf-relay."""
        if not _KEYS.issuperset(keys):
            raise LocalError(f"no phone has all of these keys: {keys}")
        if self.state is not LineState.ANSWERED:
            return
        for key in keys:
            body = f"Signal={key}\r\nDuration=160\r\n".encode("ascii")
            self._exchange.send_info(self.leg_id, "application/dtmf-relay", body)

    def press_events(self, keys: str) -> None:
        """Press keys one after another, each held 100 ms; they go as events (RFC 4733) with the sound."""
        if self.state is LineState.ANSWERED and self._party.stream is not None:
            self._party.stream.send_digits(keys)

    def say(self, sounds: Sequence[str], *, loop: bool = False) -> None:
        """Speak these WAV files (8 kHz mono, absolute paths) one after another, in place of what was being said."""
        if self.state is LineState.ANSWERED and self._party.stream is not None:
            self._silent.clear()
            self._play_id = self._party.stream.play(sounds, loop=loop)

    def fall_silent(self) -> None:
        """Stop speaking."""
        if self._party.stream is not None:
            self._party.stream.stop_play()

    def record(self, path: str) -> None:
        """Record what is heard from now to the end of the call, into a stereo WAV file (both channels alike)."""
        stream = self._party.stream
        if self.state is LineState.ANSWERED and stream is not None and self._recording is None:
            self._filed.clear()
            self._recording = self._exchange.start_recording(self.call_id, path, stream.stream_id)

    # From the exchange

    async def attach_stream(self) -> None:
        """Open the stream of this call. Raises MediaUnavailable."""
        stream = await self._exchange.open_stream(self.call_id)
        self._party.attach(stream, self._host)
        self._counted.clear()

    def offer(self) -> bytes:
        """Our description, for the INVITE of a call that is made."""
        return self._leg.offer()

    def number(self, leg_id: LegId) -> None:
        """The call that is made has got its leg."""
        self._leg.leg_id = leg_id

    def receive(self, event: LineEvent) -> None:
        match event:
            case LegProgress():
                self.state = LineState.RINGING if event.status >= 180 else self.state
            case LegAnswered():
                self._take_answer(event.sdp)
            case LegConfirmed() | ReinviteConfirmed():
                if event.sdp:
                    self._take_answer(event.sdp)
            case ReinviteReceived():
                self._answer_reinvite(event.sdp)
            case LegFailed():
                self._take_end(LineEnd("them", event.status, event.reason))
            case LegEnded():
                self._take_end(LineEnd(_WHO[event.by], event.status, event.reason))

    def receive_media(self, event: MediaEvent) -> None:
        match event:
            case StreamStatistics():
                self._statistics = event
                self._counted.set()
            case RecordingFinished():
                self._recorded = event
                self._filed.set()
            case PlayFinished() if event.play_id == self._play_id:
                self._silent.set()
            case _:
                pass

    # Private

    def _take_as_answered(self) -> None:
        self.state = LineState.ANSWERED
        self._leg.state = LegState.ANSWERED
        self._was_answered = True
        self._decided.set()

    def _take_answer(self, sdp: bytes) -> None:
        if isinstance(self._leg.receive_answer(sdp), OfferRefused):
            self._exchange.hang_up(self.leg_id)
            return
        self._party.connect()
        self._take_as_answered()

    def _answer_reinvite(self, offer: bytes) -> None:
        sdp = self._leg.answer(offer) if offer else self._leg.offer()
        if isinstance(sdp, OfferRefused):
            self._exchange.refuse_reinvite(self.leg_id, sdp.status)
            return
        self._exchange.answer_reinvite(self.leg_id, sdp)
        self._party.connect()

    def _take_end(self, end: LineEnd) -> None:
        self.end = end
        self.state = LineState.ENDED
        self._leg.state = LegState.ENDED
        if self._recording is not None:
            self._exchange.stop_recording(self._recording)
        self._party.release()
        for event in (self._decided, self._over, self._silent):
            event.set()


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
