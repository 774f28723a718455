"""What a caller hears of those who ring for him, before anybody has answered (RFC 3960).

Networks announce in it ("the number has changed"), and charge nothing. The first party whose provisional response has a
description is the one that is heard, until he is answered, fails or stops ringing:

| what happens                                    | the caller                                                      |
|-------------------------------------------------|-----------------------------------------------------------------|
| 183 (180 …) with SDP, from the first            | gets 183 with SDP of ours, unless he is connected; hears the    |
|                                                 | party, and the ringing tone he heard from us stops              |
| no sound of the party's within `PATIENCE_S`     | hears the ringing tone                                          |
| the party's first sound                         | hears that; the tone stops                                      |
| 180 or 183 without SDP, of any party            | nothing changes: it rings                                       |
| SDP of another party, or of another branch of   | nothing changes                                                 |
| the first one's call                            |                                                                 |
| the party fails or stops ringing                | hears the ringing tone again                                    |

A caller who wants our offer (INVITE without SDP) can be given it early only if his side acknowledges provisional
responses (RFC 3262); else he hears his own phone's ringing tone.
"""

from softswitch.base.ids import StreamId
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import FirstPacket
from softswitch.sip.description.offer_answer import OfferRefused
from softswitch.sip.outputs import LegProgress

PATIENCE_S = 2.0
"""How long a party may be silent after it has promised sound: many promise and send nothing."""


class EarlyMedia:
    """Of one `dial`. Feed `progressed` and `sounded`; `check` whenever parties may have failed or time has gone by."""

    __slots__ = ("_call", "_fork", "_heard_from", "_party", "_tone_at")

    def __init__(self, call: ActiveCall) -> None:
        self._call = call
        self._party: Party | None = None
        self._fork = 0
        self._heard_from: set[StreamId] = set()
        """Streams that have had sound; no more than parties that rang."""
        self._tone_at: float | None = None

    async def progressed(self, event: LegProgress, party: Party) -> None:
        """`party`, who rings, has sent a provisional response."""
        if not event.sdp or party.stream is None or party.leg.proposes_image:
            return
        if self._party is not None and (party is not self._party or event.fork != self._fork):
            return
        if party.leg.knows(event.sdp) or isinstance(party.leg.receive_answer(event.sdp), OfferRefused):
            return
        party.connect()
        if self._party is party or not await self._call.progress():
            return
        self._party = party
        self._fork = event.fork
        self._call.caller_stream.stop_play()
        self._call.caller_stream.hear(party.stream)
        if party.stream.stream_id not in self._heard_from:
            self._tone_at = self._call.around.clock.now() + PATIENCE_S

    def sounded(self, event: FirstPacket) -> None:
        """Somebody's first sound has come."""
        self._heard_from.add(event.stream_id)
        party = self._party
        if party is not None and party.stream is not None and party.stream.stream_id == event.stream_id:
            self._tone_at = None
            self._call.caller_stream.stop_play()

    def check(self, now: float) -> None:
        """Let the tone ring if it is time, or if there is nothing to be heard any more."""
        if self._party is not None and self._party.leg.state is LegState.ENDED:
            self._party = None
            self._tone_at = None
            self._call.caller_stream.hear()
            self._call.play_ringback()
        elif self._tone_at is not None and now >= self._tone_at:
            self._tone_at = None
            self._call.play_ringback()

    def next_timeout(self) -> float | None:
        return self._tone_at

    def end(self) -> None:
        """Nobody rings any more; what the caller hears from now on is for others to say."""
        if self._party is not None and self._call.caller.stream is not None:
            self._call.caller.stream.hear()
            self._call.caller.stream.stop_play()
        self._party = None
        self._tone_at = None
