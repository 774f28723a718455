"""A call in progress: the caller, whoever he is connected to, and everything that happens to them.

One flow runs the call through its verbs (caller_verbs.py), which read the call's mailbox, so there is never a question
of who acts next. What cannot wait for a verb is done at once: the caller's digits and his departure here, re-INVITEs
(hold) in negotiation.py, supervisors in supervision.py, transfers in transferring.py. A party may leave for another
call, or come from one (taking_over.py).

```
   InviteReceived                 answer()                      last verb / BYE
  ───────────────► ARRIVED ──► ANSWERED ⇄ WAITING ⇄ TALKING ──────────────────► ENDED ──► CDR
                     └───────────── ALERTING ──────────┘
```
"""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from softswitch.base.ids import CallId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.dtmf_info import digit_of_info
from softswitch.calls.events import CallEvent
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import DialReason
from softswitch.calls.queue_wishes import QueueStay
from softswitch.calls.record import CallRecord, EndReason
from softswitch.calls.runtime.answering import Answering
from softswitch.calls.runtime.call_recordings import CallRecordings
from softswitch.calls.runtime.call_streams import CallStreams
from softswitch.calls.runtime.caller_leg import note_departure, part_from_caller
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.digits import TypedDigits
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.fax_passage import NOT_ACCEPTABLE_HERE
from softswitch.calls.runtime.faxes import fax_heard
from softswitch.calls.runtime.key_presses import pressed
from softswitch.calls.runtime.leg_notes import note_hang_up, note_leg, remember
from softswitch.calls.runtime.listening import Listening
from softswitch.calls.runtime.mailbox import Mailbox
from softswitch.calls.runtime.party import Party, nobody_after
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.silent_party import part_from_silent
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.runtime.telling import call_answered, phone_rings
from softswitch.media.protocol import DtmfReceived, FaxDetected, RecordingFinished, StreamTimedOut
from softswitch.media.runtime.client import MediaStream
from softswitch.sip.messages.reason import NORMAL_CLEARING, reason_value
from softswitch.sip.messages.status import q850_cause
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegAnswered,
    LegEnded,
    LegFailed,
    LegProgress,
    ReferProgress,
)

if TYPE_CHECKING:
    from softswitch.calls.runtime.conferences.member import Member
    from softswitch.calls.runtime.key_consultation import Consultation
    from softswitch.calls.runtime.supervision import Supervisor
    from softswitch.calls.runtime.transfer import Transfer

log = get_logger("calls")


_KEPT_AS_THEY_ARE = (
    "language", "variables", "headers", "max_forwards", "instance", "came_by", "is_caller_hidden",
    "is_told_of_recording", "unreached", "answer_headers", "parked_by", "display", "sent_away_to", "queue_stay",
    "keeps_agent", "has_fax_flow", "shown_as",
)  # fmt: skip
"""What `KeptCall` has of a call by the same names."""


class Connections(TypedDict):
    """What ties a call to all the others."""

    loop: asyncio.AbstractEventLoop
    legs: "MutableMapping[LegId, ActiveCall]"
    exchange: Exchange
    on_closed: Callable[["ActiveCall"], None]


class ActiveCall:
    """See the module. What waits raises `CallEnded` once the caller is gone, `MediaUnavailable` without a worker."""

    __slots__ = (
        "__weakref__", "_answering", "_began_at", "_identity", "_is_flow_over", "_legs", "_on_closed", "_others",
        "answer_headers", "around", "awaits_party", "call_id", "caller", "came_by", "consultation", "conversation",
        "digits_typed", "display", "exchange", "has_fax_flow", "headers", "instance", "is_caller_hidden",
        "is_taken_away", "is_told_of_recording", "keep_flow", "keeps_agent", "language", "mailbox", "max_forwards",
        "near", "parked_by", "permissions", "queue_stay", "record", "recordings", "seat", "sent_away_to", "shown_as",
        "state", "state_since", "streams", "supervisions", "transfer", "unreached", "variables", "waits_in",
    )  # fmt: skip

    def __init__(
        self,
        invite: InviteReceived | None,
        caller: Party,
        record: CallRecord,
        around: Surroundings,
        *,
        loop: asyncio.AbstractEventLoop,
        legs: "MutableMapping[LegId, ActiveCall]",
        exchange: Exchange,
        on_closed: Callable[["ActiveCall"], None],
        kept: KeptCall | None = None,
    ) -> None:
        """With `kept` it was in progress in the switch before, which is no more."""
        self.call_id: CallId = record.call_id
        self.caller = caller
        self.record = record
        self.around = around
        self.language = around.settings().language
        self.variables: dict[str, str] = {}
        self.state = CallState.ARRIVED
        self._began_at = around.clock.now()
        self.state_since = self._began_at
        self.mailbox: Mailbox[CallEvent] = Mailbox(loop)
        self.conversation: Conversation | None = None
        self.consultation: Consultation | None = None
        """One of the two who talk asks somebody else meanwhile."""
        self.recordings = CallRecordings(self)
        self.mailbox.when_closed(self.recordings.stop)
        self.streams = CallStreams(self)
        self.mailbox.when_closed(self.streams.end_all)
        self.supervisions: list[Supervisor] = []
        """Of the conversation that goes on."""
        self.digits_typed = TypedDigits()
        self.headers = {} if invite is None else dict(invite.headers)
        self.max_forwards = 69 if invite is None else invite.max_forwards
        """What legs made for this call may use, so that a call that comes back to us again and again ends."""
        self.instance = "" if invite is None else invite.instance
        """The phone of whoever is called that is meant, and no other of his; "": any."""
        self.came_by: tuple[str, ...] = ()
        """Numbers, normalised, the call has come to us by: more than one if it was one of ours come back."""
        self.is_caller_hidden = invite is not None and invite.is_caller_hidden
        """Nobody who is called must learn the caller's name and number."""
        self.is_told_of_recording = False
        """What his project wants callers to hear before they are recorded."""
        self.exchange = exchange
        self.permissions = caller.extension
        """Whose trunks may be used: the caller's own, or those of who has transferred him here."""
        self.transfer: Transfer | None = None
        """The caller is being transferred, and whoever wants it is not done with him yet."""
        self.awaits_party = False
        """A verb takes whoever answers from another call (`PartyJoined`)."""
        self.unreached: DialReason | None = None
        """Why the last number that was dialled for the caller did not answer; None if he was served since."""
        self.answer_headers: list[tuple[str, str]] = []
        """What the caller's 200 says besides."""
        self.parked_by = ""
        """The account that has parked the caller first, and has him back."""
        self.display = ""
        """Shown to who is rung for the caller, in place of his name."""
        self.sent_away_to = ""
        """Where the caller's own side is asked to connect him (sending_away.py);"""
        self.is_taken_away = False
        """and it has said that it does: when it hangs up, that is why."""
        self.queue_stay: QueueStay | None = None
        """Where he has waited last, and since when: a call-back that he asks for keeps that place."""
        self.keeps_agent = False
        """Its caller is an agent who was called for it: on an open line he stays when it is over."""
        self.seat: Member | None = None
        """His in a conference, while he is in one."""
        self.waits_in: Listening | None = None
        """The queue he waits in, for whoever wants him to hear something."""
        self.has_fax_flow = False
        """Its flow ends if the caller is a fax, and another one begins."""
        self.keep_flow: Callable[[], KeptFlow | None] = _no_flow
        """What is to be kept of the flow that runs it."""
        self.near: MediaStream | None = None
        """Where the caller's stream is to be opened; None: anywhere."""
        self._answering = Answering(invite)
        self._others: dict[LegId, Party] = {}
        self.shown_as: tuple[str, str] | None = None
        """Number and name that whoever is called for him is shown in place of his own, as a program wished."""
        self._identity: tuple[str, str] | None = None
        """Of who has taken the place of the record's caller."""
        self._legs = legs
        self._on_closed = on_closed
        self._is_flow_over = False
        caller.call_id = self.call_id
        if kept is not None:
            self._adopt(kept)
        elif caller.leg.leg_id:
            self._remember(caller, "caller")

    # Outliving the switch (calls/runtime/keeping.py, adopting.py)

    def changed(self) -> None:
        """What is kept of it for the next switch is to be written soon."""
        self.around.keeping.changed(self)

    def keep(self) -> dict[str, Any]:
        """The fields of `KeptCall` that nobody else knows."""
        return {
            "began_at": self._began_at,
            "state": self.state,
            "state_since": self.state_since,
            "answering": self._answering.keep(),
            "identity": self._identity,
            **{name: getattr(self, name) for name in _KEPT_AS_THEY_ARE},
        }

    def _adopt(self, kept: KeptCall) -> None:
        self._began_at = kept.began_at
        self.state, self.state_since = kept.state, kept.state_since
        self._answering.adopt(kept.answering)
        self._identity = kept.identity
        self.permissions = self.around.settings().extensions.get(kept.permissions)
        self.digits_typed.adopt(kept.digits_typed)
        for name in _KEPT_AS_THEY_ARE:
            setattr(self, name, getattr(kept, name))

    def readmit(self, party: Party) -> None:
        """A party of the switch before is here, as he was."""
        self._others[party.leg.leg_id] = party
        party.call_id = self.call_id

    # Inputs

    def receive(self, event: CallEvent) -> None:
        """Everything that happens to the call comes through here."""
        if isinstance(event, LegEnded | LegFailed | LegProgress | LegAnswered):
            note_leg(self, event)
        if isinstance(event, LegEnded | LegFailed):
            party = self._others.pop(event.leg_id, None)
            if party is not None:
                party.leg.state = LegState.ENDED
                if isinstance(event, LegFailed) or event.by != "local":
                    self.record.far_cause = event.cause or q850_cause(event.status)
                if self.transfer is not None:
                    self.transfer.party_left(self, party)
        if self.supervisions and any(supervision.receive(event) for supervision in list(self.supervisions)):
            return
        if self.consultation is not None and self.consultation.receive(event):
            return
        match event:
            case LegEnded() if event.leg_id == self.caller.leg.leg_id:
                self._caller_left(event)
            case InfoReceived():
                digit, party = digit_of_info(event), self.party(event.leg_id)
                if digit is not None and party is not None:
                    pressed(self, party, digit, "info")
            case DtmfReceived():
                for party in self.parties:
                    if party.stream is not None and party.stream.stream_id == event.stream_id:
                        pressed(self, party, event.digit, "tone" if event.is_tone else "event")
            case FaxDetected():
                fax_heard(self, event)
            case StreamTimedOut():
                part_from_silent(self, event)
            case LegProgress() if self._begins_to_ring(event.leg_id) and not event.sdp:
                pass
            case ReferProgress():
                self.is_taken_away = bool(self.sent_away_to) and event.status < 300
                self.mailbox.put(event)
            case RecordingFinished():
                self.recordings.finished(event.recording_id)
                self.mailbox.put(event)
            case _:
                self.mailbox.put(event)

    def flow_over(self) -> None:
        """The flow has returned, or need not be waited for: whoever is still on the line is taken leave of."""
        self._is_flow_over = True
        self.keep_flow = _no_flow
        if not self.mailbox.is_closed:
            self.record.ended_by_flow()
            self.take_leave(NOT_ACCEPTABLE_HERE if self.caller.image_offer else 480)
        self._close_if_over()

    def flow_failed(self, fault: str, status: int) -> None:
        """The flow failed; `fault` is for its author. An unanswered caller is refused with `status` at once."""
        self.record.fault = self.record.fault or fault
        self.record.ended("switch", EndReason.FAILED)
        if not self.is_answered and not self.mailbox.is_closed:
            self.take_leave(status)

    def refuse(self, status: int, phrase: str | None = None, *, warning: str = "") -> None:
        """Do not answer the caller: no such number, no right, nothing in common. `warning` explains it to experts."""
        self.record.ended("switch", EndReason.REJECTED)
        self.take_leave(status, phrase, warning=warning)

    def hang_up_from_outside(self, reason: str) -> None:
        """End the call now, whatever its flow is doing (an operator's command, the switch stopping)."""
        if self.mailbox.is_closed:
            return
        log.info("call ended from outside", call_id=self.call_id, reason=reason)
        self.record.ended("switch", EndReason.STOPPED)
        self.take_leave(503)

    # The caller

    async def answer(self) -> None:
        """Connect the caller. Verbs that need to be heard do it themselves."""
        await self._answering.answer(self)

    async def answer_image(self, party: Party) -> None:
        """Connect a caller who has called with T.38 alone: `party`, who was dialled for him, takes it."""
        await self._answering.answer_image(self, party)

    async def ring(self) -> None:
        """Let the caller's phone show that the other side is being called (180); one who is connected hears it ring."""
        await self._answering.ring(self)

    async def progress(self) -> bool:
        """Let a caller who is not connected hear what is played to him (183 with SDP); False if his phone cannot."""
        return await self._answering.progress(self)

    def take_leave(self, status: int, phrase: str | None = None, *, warning: str = "") -> None:
        """Take leave of the caller, with `status` if he was not answered. The verbs end at once."""
        if self.keeps_agent and self.caller.open_line and self.exchange.keep_line(self.caller, self):
            return
        part_from_caller(self, status, phrase, warning)
        self.mailbox.close("the switch has ended the call")

    # For the verbs' modules

    @property
    def caller_identity(self) -> tuple[str, str]:
        """Number and name of who is the caller now."""
        return self.shown_as or self._identity or (self.record.calling_number, self.record.calling_name)

    @property
    def is_answered(self) -> bool:
        return self.caller.is_answered

    def wall(self) -> float:
        """The time of day in this call: as many seconds after its beginning as have passed, whatever the clock says."""
        return self.record.started_at + self.around.clock.now() - self._began_at

    @property
    def parties(self) -> list[Party]:
        """Everybody in the call, the caller first."""
        return [self.caller, *self._others.values()]

    @property
    def caller_stream(self) -> MediaStream:
        assert self.caller.stream is not None, "open_audio() comes first, and the stream lasts as long as the call"
        return self.caller.stream

    def play_ringback(self) -> None:
        """He hears it ring, until something else is played to him."""
        tone = or_silence(lambda: [self.around.sounds.tone("ringback")])
        if tone:
            self.caller_stream.play(tone, loop=True)

    async def open_audio(self) -> None:
        """Have a stream for the caller, and know what to answer him, which refuses a caller we cannot talk to (488)."""
        await self._answering.open_audio(self)

    def set_state(self, state: CallState) -> None:
        """An ended call stays ended, whatever a flow that was not waited for still does."""
        if self.state is not CallState.ENDED:
            self.state = state
            self.state_since = self.around.clock.now()
            self.changed()

    def end_wait(self) -> None:
        """The caller is with his flow again, answered or not."""
        self.set_state(CallState.ANSWERED if self.record.answered_at is not None else CallState.ARRIVED)

    def join(self, party: Party) -> None:
        """Another party belongs to the call from now on: what happens to his leg comes here."""
        self._others[party.leg.leg_id] = party
        party.call_id = self.call_id
        party.sip_call_id = self.around.sip.sip_call_id(party.leg.leg_id)
        self._remember(party, "called")
        if party.stream is not None:
            self.record.measurements.opened(party.stream.stream_id, "called", party.leg.party, party.leg.leg_id)
        self._legs[party.leg.leg_id] = self
        if party.extension is not None:
            self.around.legs.began(party.extension.username, party.leg.leg_id, self.call_id)
        self.changed()

    def part(self, party: Party, reason: str | None = None) -> None:
        """Another party leaves, or has left: hang up if he has not, give his stream back.

        One who has gone on to another call is none of ours any more; an agent on an open line waits for the next.
        """
        if party.call_id != self.call_id:
            return
        if party.open_line and party.is_answered and self.exchange.keep_line(party, self):
            return
        self.exchange.free_line(party)
        if self._others.pop(party.leg.leg_id, None) is not None:
            if reason is None and self.record.cause not in (0, NORMAL_CLEARING):
                reason = reason_value(self.record.cause)
            note_hang_up(self, party, reason)
            if party.stands_for is not None:
                self.exchange.stand_in_left(party, "local")
            else:
                self.around.sip.hang_up(party.leg.leg_id, reason=reason)
        party.leg.state = LegState.ENDED
        party.release()

    def mask_changed(self) -> None:
        """What is said is recorded again, or not for a time; supervisors and programs hear no more than they
        hold."""
        self.streams.mask_changed()
        for supervision in self.supervisions:
            supervision.mask_changed()

    def party(self, leg_id: LegId) -> Party | None:
        """Whose leg it is; None if he is leaving."""
        return self.caller if leg_id == self.caller.leg.leg_id else self._others.get(leg_id)

    # Parties who go and come (taking_over.py)

    def let_go(self, party: Party, to: CallId) -> None:
        """A party goes on in the call `to`: neither hung up nor released; a conversation of his must be ended before.

        If it is the caller, this call is over: its verbs raise `CallEnded` as if he had hung up.
        """
        if party.stream is not None:
            self.record.measurements.left(party.stream.stream_id)
        self.record.legs.went_to(party.leg.leg_id, self.wall(), to)
        party.call_id, party.came_from = None, self.call_id
        self.changed()  # else the next switch would have him here, and not there
        if party is not self.caller:
            self._others.pop(party.leg.leg_id, None)
            return
        if self.seat is not None:
            self.record.in_conference(self.seat.release())
        self.caller = nobody_after(party)
        self.mailbox.close("the caller has gone on in another call")
        self._close_if_over()

    def admit(self, party: Party, role: Literal["caller", "called"] = "called") -> None:
        """A party from another call belongs to this one from now on, beside the caller. His stream is near."""
        if party is not self.caller:
            self._others[party.leg.leg_id] = party
        party.call_id = self.call_id
        self._remember(party, role)
        if party.stream is not None and party.stands_for is None:
            self.record.measurements.opened(party.stream.stream_id, role, party.leg.party, party.leg.leg_id)
        self.exchange.moved(party, self)
        self.changed()

    def begin_with(self, party: Party) -> None:
        """Somebody who was rung for a call that had no caller yet has answered: he is its caller."""
        del self._others[party.leg.leg_id]
        self.caller.release()
        self.caller = party
        self.record.answered_at = self.wall()
        self.set_state(CallState.ANSWERED)
        call_answered(self)

    def give_place(self, party: Party, identity: tuple[str, str]) -> Party:
        """`party`, with this number and name, is the caller from now on; who was it is still in the call, beside him,
        and returned."""
        old, self.caller, self._identity, self.shown_as = self.caller, party, identity, None
        self.admit(party, "caller")
        self._others[old.leg.leg_id] = old
        if self.record.answered_at is None:
            self.record.answered_at = self.wall()
        return old

    # Private

    def _remember(self, party: Party, role: Literal["caller", "called"]) -> None:
        self.around.records.leg_began(self.call_id, remember(self, party, role))

    def _begins_to_ring(self, leg_id: LegId) -> bool:
        """Whether it is the phone of an extension: no verb waits for that, so none is woken."""
        party = self._others.get(leg_id)
        if party is None:
            return False
        if party.leg.state is LegState.TRYING:
            party.leg.state = LegState.RINGING
            phone_rings(self, party)
        return party.extension is not None

    def _caller_left(self, event: LegEnded) -> None:
        note_departure(self, event)
        self.mailbox.close("the caller hung up")
        self._close_if_over()

    def _close_if_over(self) -> None:
        if not (self._is_flow_over and self.caller.leg.state is LegState.ENDED) or self.state is CallState.ENDED:
            return
        self.set_state(CallState.ENDED)
        if self.transfer is not None:
            self.transfer.ended(self)
        self.recordings.end_all()
        self.caller.release()
        for party in list(self._others.values()):
            self.part(party)
        self._on_closed(self)


def _no_flow() -> None:
    """Of a call that no flow runs."""
