"""How each leg of a call sounded and spoke, as the media workers report it, for the call's record."""

from collections.abc import Iterator
from typing import Any, Literal

from softswitch.base.ids import LegId, StreamId
from softswitch.media.protocol import Quality, VoiceFacts
from softswitch.store.schema import LegFacts

Role = Literal["caller", "called", "supervisor"]

MOS_LOW = 3.5
"""Below it many users are dissatisfied (ITU-T G.107 annex B has the scale)."""
LOW_REPORTS = 3
"""Fifteen seconds."""


class CallMeasurements:
    """Of all streams of one call, in the order they were opened."""

    __slots__ = ("_final", "_legs", "_low", "_measured", "_names")

    def __init__(self) -> None:
        self._names: dict[StreamId, tuple[Role, str]] = {}
        self._measured: dict[StreamId, tuple[Quality, VoiceFacts]] = {}
        self._legs: dict[StreamId, LegId] = {}
        self._final: set[StreamId] = set()
        self._low: dict[StreamId, int] = {}
        """Reports in a row with a low score."""

    @property
    def is_complete(self) -> bool:
        """Every stream's last word is known."""
        return len(self._final) == len(self._names)

    def opened(self, stream_id: StreamId, role: Role, party: str, leg_id: LegId) -> None:
        self._names[stream_id] = (role, party)
        self._legs[stream_id] = leg_id

    def party(self, stream_id: StreamId) -> str:
        """Who is on the stream, for people."""
        return self._names[stream_id][1] if stream_id in self._names else ""

    @property
    def mos(self) -> float | None:
        """Of the worst of the streams that are open, by their last reports."""
        return min((worst for quality, _ in self._live().values() if (worst := _worst(quality))), default=None)

    @property
    def talking(self) -> set[Role]:
        """Who is, by the last reports."""
        return {self._names[stream_id][0] for stream_id, (_, voice) in self._live().items() if voice.is_talking}

    def _live(self) -> dict[StreamId, tuple[Quality, VoiceFacts]]:
        return {stream_id: measured for stream_id, measured in self._measured.items() if stream_id not in self._final}

    def reported(self, stream_id: StreamId, quality: Quality, voice: VoiceFacts) -> bool:
        """A report of the last five seconds; whether it is the one with which the score has been low for too long."""
        if stream_id not in self._names or stream_id in self._final:
            return False
        self._measured[stream_id] = (quality, voice)
        self._low[stream_id] = self._low.get(stream_id, 0) + 1 if 0.0 < _worst(quality) < MOS_LOW else 0
        return self._low[stream_id] == LOW_REPORTS

    def finished(self, stream_id: StreamId, quality: Quality, voice: VoiceFacts) -> None:
        """The stream's last word, of its whole life."""
        if stream_id in self._names:
            self._measured[stream_id] = (quality, voice)
            self._final.add(stream_id)

    def kept(self) -> Iterator[dict[str, Any]]:
        """The fields of `KeptMeasurement`, for each stream."""
        for stream_id, (role, party) in self._names.items():
            quality, voice = self._measured.get(stream_id, (None, None))
            yield {
                "stream_id": stream_id,
                "leg_id": self._legs[stream_id],
                "role": role,
                "party": party,
                "quality": quality,
                "voice": voice,
                "is_final": stream_id in self._final,
            }

    def adopt(
        self,
        *,
        stream_id: StreamId,
        leg_id: LegId,
        role: Role,
        party: str,
        quality: Quality | None,
        voice: VoiceFacts | None,
        is_final: bool,
    ) -> None:
        """A stream as it was in the switch before."""
        self.opened(stream_id, role, party, leg_id)
        if quality is not None and voice is not None:
            self._measured[stream_id] = (quality, voice)
        if is_final:
            self._final.add(stream_id)

    def left(self, stream_id: StreamId) -> None:
        """The stream's party goes on in another call: what is known by now is all that belongs to this one."""
        if stream_id in self._names:
            self._final.add(stream_id)

    def legs(self) -> tuple[LegFacts, ...]:
        """Of the legs that were ever heard. Talk ratios are parts of all that was said in the call."""
        heard = [(stream_id, *self._measured[stream_id]) for stream_id in self._names if stream_id in self._measured]
        heard = [(stream_id, quality, voice) for stream_id, quality, voice in heard if quality.packets_received]
        talk_s = sum(voice.talk_s for _, _, voice in heard)
        return tuple(
            LegFacts(
                role=self._names[stream_id][0],
                party=self._names[stream_id][1],
                leg_id=self._legs[stream_id],
                mos=quality.mos,
                remote_mos=quality.remote_mos,
                loss_percent=_loss_percent(quality),
                jitter_ms=round(quality.jitter_ms, 1),
                round_trip_ms=None if quality.round_trip_ms is None else round(quality.round_trip_ms, 1),
                talk_s=voice.talk_s,
                talk_ratio=round(voice.talk_s / talk_s, 2) if talk_s else 0.0,
                overlap_s=voice.overlap_s,
                silence_max_s=voice.silence_max_s,
            )
            for stream_id, quality, voice in heard
        )


def _worst(quality: Quality) -> float:
    return quality.mos if quality.remote_mos is None else min(quality.mos or quality.remote_mos, quality.remote_mos)


def _loss_percent(quality: Quality) -> float:
    lost = max(quality.packets_lost, 0)
    return round(100.0 * lost / (quality.packets_received + lost), 2)
