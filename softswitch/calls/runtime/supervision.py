"""A supervisor in a call: his phone is rung, then he hears the conversation, whispers to the agent, or speaks to both.

```
  begin() ──► his phones ring ──► one answers ──► LISTEN ⇄ WHISPER ⇄ BARGE ──► end(): he hangs up, or the two part
                    └── none does in time ─────────────────────────────────────────┘
```

It goes on beside the call's flow, which knows nothing of it. The supervisor switches by the keys of his phone
(calls/supervision.py), an operator by command. While the recording is masked he hears nothing.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from softswitch.acd.model import BusyKind
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId, StreamId
from softswitch.base.log import get_logger
from softswitch.calls.dtmf_info import digit_of_info
from softswitch.calls.events import CallEvent
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import ring_extension
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.runtime.telling import call_supervised
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import MODE_OF_KEY, SUPERVISED_TONE, SUPERVISORS_MAX, SupervisionMode
from softswitch.media.errors import MediaUnavailable
from softswitch.media.protocol import DtmfReceived, StreamTimedOut
from softswitch.sip.outputs import InfoReceived, LegAnswered, LegEnded, LegFailed, LegProgress
from softswitch.store.schema import Supervised

log = get_logger("calls")


class Supervisor(ABC):
    """Somebody who takes part in a conversation; he is in the call's list of `supervisions` as long as he does."""

    __slots__ = ("_around", "_call", "_timer", "extension", "mode", "party")

    def __init__(self, call: ActiveCall, extension: Extension, mode: SupervisionMode) -> None:
        self.extension = extension
        self.mode = mode
        self._call = call
        self._around = call.around
        self.party: Party | None = None
        """He himself, once he is connected."""
        self._timer: asyncio.TimerHandle | None = None
        """Until then, if his phone is rung: how long at most. Afterwards: when the mask ends."""

    @abstractmethod
    def end(self) -> None:
        """He takes no more part; once more is fine."""

    @abstractmethod
    def receive(self, event: CallEvent) -> bool:
        """Take an event of the call; whether it was for him."""

    def joined(self, party: Party) -> None:
        """He is connected, and there is a conversation."""
        conversation = self._call.conversation
        assert conversation is not None, "checked by whoever lets him take part"
        self.party = party
        conversation.supervise(party, self.mode)
        self.note(self.mode.value)
        if self._around.settings().supervision_tone:
            tone = or_silence(lambda: [self._around.sounds.tone(SUPERVISED_TONE)])
            agent = conversation.agent.stream
            if tone and agent is not None:
                agent.play(tone)

    def left(self) -> None:
        """The conversation goes on without him, if it does."""
        self._stop_waiting()
        if self.party is not None:
            if self._call.conversation is not None:
                self._call.conversation.leave(self.party)
            self.note("end")

    def switch_to(self, mode: SupervisionMode) -> None:
        """Take part in another way, from the next tick on (or from the answer on, while his phone rings)."""
        if mode is self.mode:
            return
        self.mode = mode
        if self.party is not None and self._call.conversation is not None:
            self._call.conversation.supervise(self.party, mode)
            self.note(mode.value)

    def mask_changed(self) -> None:
        """The recording is masked, or no longer. By the clock nobody else says so."""
        if self.party is not None and self._call.conversation is not None:
            self._call.conversation.hold_changed()
            self._wait(self._call.recordings.masked_until - self._around.clock.now(), self.mask_changed)

    def note(self, mode: str) -> None:
        """Who takes part in a conversation, and how, is never secret afterwards."""
        username = self.extension.username
        log.info("supervision", call_id=self._call.call_id, phone=username, mode=mode)
        self._call.changed()
        self._call.record.supervisions.append(Supervised(at=self._around.clock.wall(), by=username, mode=mode))
        call_supervised(self._call, username, mode)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_waiting()
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Supervision(Supervisor):
    """One whose phone is rung for it. It is in the call's list from `begin` to its end."""

    __slots__ = ("_alerting", "_have_all_rung", "_is_over")

    def __init__(self, call: ActiveCall, extension: Extension, mode: SupervisionMode) -> None:
        super().__init__(call, extension, mode)
        self._alerting = Alerting(call, is_counted=False)
        self._have_all_rung = False
        """Every phone of his was INVITEd; until then one that refuses is not the last."""
        self._is_over = False

    async def begin(self) -> None:
        """Ring his phones. Raises `LocalError`, in words for people, when that is not possible."""
        call, settings = self._call, self._around.settings()
        check_supervision(call, self.extension)
        call.supervisions.append(self)
        self._around.lines.taken(self.extension.agent_id, BusyKind.OTHER)
        try:
            display = f"{self.mode.value}: {call.record.agent or call.record.calling_number}"
            await ring_extension(self._alerting, self.extension, call, display=display)
        except BaseException as error:
            self.end()
            self._alerting.end()  # what was rung after the conversation was over
            if isinstance(error, MediaUnavailable | CallEnded):
                raise LocalError(str(error)) from error
            raise
        self._have_all_rung = True
        if self._is_over:
            self._alerting.end()
            raise LocalError("the conversation is over")
        if self._alerting.verdict is not None:
            self.end()
            raise LocalError(f"no phone is registered for {self.extension.username}, or none can be reached")
        if self.party is None:
            self._wait(settings.ring_s, self.end)

    def go_on(self, party: Party) -> None:
        """He took part in the switch before, and does so now: nobody is told, as nothing has changed."""
        conversation = self._call.conversation
        assert conversation is not None, "checked by whoever adopts him"
        self._call.supervisions.append(self)
        self._around.lines.taken(self.extension.agent_id, BusyKind.OTHER)
        self._have_all_rung = True
        self.party = party
        conversation.supervise(party, self.mode)
        self.mask_changed()

    def end(self) -> None:
        """His phone stops ringing, or he is hung up on; once more is fine."""
        if self._is_over:
            return
        self._is_over = True
        self._stop_waiting()
        self._call.supervisions.remove(self)
        self._alerting.end()
        self._around.lines.released(self.extension.agent_id)
        if self.party is not None:
            self.left()
            self._call.part(self.party)

    def receive(self, event: CallEvent) -> bool:
        """Take an event of the call; whether it was for us."""
        match event:
            case LegProgress() | LegAnswered() | LegFailed() if self._alerting.rings(event.leg_id):
                self._alerting.receive(event)
                if self._alerting.answered is not None:
                    self._answered(self._alerting.answered)
                elif self._have_all_rung and self._alerting.verdict is not None:
                    self.end()
            case LegEnded() if self._is_ours(event.leg_id):
                self.end()
            case InfoReceived() if self._is_ours(event.leg_id):
                self._press(digit_of_info(event))
            case DtmfReceived() if self._is_our_stream(event.stream_id):
                self._press(event.digit)
            case StreamTimedOut() if self._is_our_stream(event.stream_id):
                pass  # who listens need not say anything, and some phones then send nothing at all
            case _:
                return False
        return True

    # Private

    def _answered(self, party: Party) -> None:
        self._stop_waiting()
        self.party = party
        if party.stream is not None:
            measurements, leg = self._call.record.measurements, party.leg
            measurements.opened(party.stream.stream_id, "supervisor", leg.party, leg.leg_id)
        if self._call.conversation is None:
            self.end()
            return
        self.joined(party)
        self.mask_changed()

    def _is_ours(self, leg_id: LegId) -> bool:
        return self.party is not None and self.party.leg.leg_id == leg_id

    def _is_our_stream(self, stream_id: StreamId) -> bool:
        return self.party is not None and self.party.stream is not None and self.party.stream.stream_id == stream_id

    def _press(self, digit: str | None) -> None:
        mode = MODE_OF_KEY.get(digit or "")
        if mode is not None:
            self.switch_to(mode)


def check_supervision(call: ActiveCall, extension: Extension) -> None:
    """Raises `LocalError` when this phone cannot supervise this call now."""
    conversation = call.conversation
    if conversation is None:
        raise LocalError("nobody talks in this call now: see `softswitch calls` for those that are talking")
    parties = [party.extension for party in (conversation.near, conversation.far) if party.extension is not None]
    if extension.username in [each.username for each in parties]:
        raise LocalError(f"{extension.username} is in this call already")
    if extension.username in [each.extension.username for each in call.supervisions]:
        raise LocalError(f"{extension.username} supervises this call already: `softswitch calls mode` changes how")
    if len(call.supervisions) >= SUPERVISORS_MAX:
        raise LocalError(f"a call has at most {SUPERVISORS_MAX} supervisors")
