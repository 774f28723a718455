"""The call detail record while the call lasts: facts are noted as they happen and folded into a `Cdr` at its end.

Times of day (`*_at`) are epoch seconds, durations seconds. A call that passed several queues names the last one; its
wait is the sum over all of them, as `ring_s`, `talk_s` and `hold_s` are sums.
"""

from enum import Enum
from typing import Literal, TypeVar

import msgspec

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.chain import Chain
from softswitch.calls.limits import HISTORY_MAX
from softswitch.calls.measurements import CallMeasurements
from softswitch.calls.queue_stays import Outcome, QueueStays, wrapped_up_stays
from softswitch.calls.recorded_legs import RecordedLegs
from softswitch.calls.stream_records import StreamRecords
from softswitch.sip.messages.reason import NORMAL_CLEARING, cause_text
from softswitch.sip.messages.status import q850_cause
from softswitch.store.schema import ActiveCall, AfterCall, Cdr, Forwarded, Supervised, TrunkTry

TIMER_EXPIRED = 102
TEMPORARY_FAILURE = 41
"""ISDN causes (Q.850) of ends that are nobody's wish."""

T = TypeVar("T")

EndedBy = Literal["caller", "agent", "switch"]
""""agent" is whoever the caller was connected with last, if that party hung up and the flow ended upon it."""


class EndReason(Enum):
    """`Cdr.end_reason`, the words reports are made of. The details are elsewhere: `sip_status`, `fault`, `tags`.

    A ninth word, "switch restarted", is that of calls that a dead switch left behind and no other goes on with.
    """

    COMPLETED = "completed"
    """Answered, and ended in the ordinary way by any side."""
    ABANDONED = "abandoned"
    """The caller hung up while he waited: before the answer, in a queue, or while a phone was rung for him."""
    OVERFLOWED = "overflowed"
    """No queue had an agent for him in time (or at all), and his flow ended the call."""
    REJECTED = "rejected"
    """Never answered: refused by its flow, or for a number, a codec or a right that is missing."""
    FAILED = "failed"
    """A flow failed, no media worker was there, or the connection to the caller was lost."""
    SILENT = "media timeout"
    """Nothing came from the caller any more, or from whoever he talked to; `fault` says from whom."""
    TRANSFERRED = "transferred"
    """Who called, or whoever he talked to, has gone on in another call: `linked_calls` says which."""
    STOPPED = "stopped"
    """Ended from outside: by an operator, or because the switch stopped."""


_ORDINARY = frozenset(each.value for each in (EndReason.COMPLETED, EndReason.ABANDONED, EndReason.TRANSFERRED))


def has_failed(cdr: Cdr) -> bool:
    """Whether somebody may ask why: it ended in no ordinary way, or one of its legs was refused or lost."""
    return bool(cdr.fault) or cdr.end_reason not in _ORDINARY or any(leg.status for leg in cdr.sip_legs)


def wrapped_up(cdr: Cdr, after: AfterCall) -> Cdr:
    """The record of a call that is over, with what an agent has done since."""
    return msgspec.structs.replace(
        cdr,
        wrap_up_s=cdr.wrap_up_s + after.wrap_up_s,
        disposition=after.disposition or cdr.disposition,
        is_disposition_missing=after.is_disposition_missing,
        stays=wrapped_up_stays(cdr.stays, after),
    )


def _keep(history: list[T], newest: T) -> None:
    history.append(newest)
    del history[:-HISTORY_MAX]


class CallRecord:
    """Facts about one call. Whoever learns one writes it here."""

    __slots__ = (
        "agent",
        "answered_at",
        "call_id",
        "called_number",
        "calling_name",
        "calling_number",
        "cause",
        "chain",
        "conference",
        "conference_s",
        "consult_s",
        "consults_for",
        "disposition",
        "end_reason",
        "ended_by",
        "far_cause",
        "fault",
        "flow",
        "forwards",
        "has_far_left",
        "hold_s",
        "is_consulting",
        "is_disposition_missing",
        "is_far_silent",
        "is_transfer_attended",
        "is_unserved",
        "legs",
        "linked_calls",
        "measurements",
        "project",
        "queue",
        "queue_wait_s",
        "recorded_s",
        "recordings",
        "ring_s",
        "scores",
        "sip_status",
        "started_at",
        "stays",
        "streams",
        "supervisions",
        "tags",
        "talk_s",
        "transferred_by",
        "transferred_to",
        "trunk",
        "trunks",
        "wrap_up_s",
    )

    def __init__(
        self, call_id: CallId, *, calling_number: str, calling_name: str, called_number: str, started_at: float
    ) -> None:
        self.call_id = call_id
        self.calling_number = calling_number
        self.calling_name = calling_name
        self.called_number = called_number
        self.started_at = started_at
        self.answered_at: float | None = None
        self.project = ""
        """For whom it is; "": for nobody in particular."""
        self.flow = ""
        self.queue = ""
        self.agent = ""
        self.conference = ""
        self.queue_wait_s = 0.0
        self.ring_s = 0.0
        self.talk_s = 0.0
        self.consult_s = 0.0
        self.hold_s = 0.0
        self.wrap_up_s = 0.0
        """Of agents who have been done with it while it went on; more may come after its end."""
        self.disposition = ""
        self.is_disposition_missing = False
        self.end_reason: EndReason | None = None
        self.ended_by: EndedBy = "switch"
        self.sip_status = 0
        """The final status his INVITE got."""
        self.legs = RecordedLegs()
        self.stays = QueueStays()
        self.chain = Chain(call_id, started_at)
        self.consults_for: CallId | Literal[""] = ""
        self.is_consulting = False
        """What is said in it is asked for a call on hold, until somebody takes the asker's place."""
        self.conference_s = 0.0
        self.recorded_s = 0.0
        self.cause = 0
        """The ISDN cause (Q.850) the caller gave when he hung up; 0: none."""
        self.far_cause = 0
        """Of whoever was called for him last, when he failed or hung up."""
        self.has_far_left = False
        """Whoever he talked to last has hung up on him."""
        self.is_far_silent = False
        """That was done for him, because nothing came from there."""
        self.is_unserved = False
        """The last queue he waited in had nobody for him."""
        self.measurements = CallMeasurements()
        self.recordings: list[str] = []
        self.scores: dict[str, int] = {}
        self.tags: dict[str, str] = {}
        self.forwards: list[Forwarded] = []
        self.supervisions: list[Supervised] = []
        self.streams = StreamRecords()
        self.transferred_to = ""
        self.transferred_by = ""
        self.is_transfer_attended = False
        """Whoever transferred a party of it had asked at the other end before."""
        self.linked_calls: list[CallId] = []
        self.trunk = ""
        """The trunk it came from, if it did."""
        self.trunks: list[TrunkTry] = []
        self.fault = ""

    def ended(self, by: EndedBy, reason: EndReason) -> None:
        """Note who ended the call and why; the first to say so is right."""
        if self.end_reason is None:
            self.ended_by = by
            self.end_reason = reason

    def ended_by_flow(self) -> None:
        """The flow has nothing more to say to the caller."""
        if self.answered_at is None:
            reason = EndReason.REJECTED
        else:
            reason = EndReason.OVERFLOWED if self.is_unserved else EndReason.COMPLETED
        if self.is_far_silent:
            self.ended("switch", EndReason.SILENT)
        self.ended("agent" if self.has_far_left else "switch", reason)

    def consults(self, other: "CallRecord") -> None:
        """Its caller has `other` on hold, and asks somebody about it."""
        self.consults_for = other.call_id
        self.is_consulting = True
        self.chain = other.chain

    def follows(self, other: "CallRecord") -> None:
        """It begins because `other` goes on in it."""
        self.chain = other.chain

    def transferred(self, other: "CallRecord", by: str, to: str) -> None:
        """A party of this call goes on in the call `other`; `by` says whose phone wants it, `to` the number meant."""
        other.is_consulting = False
        self.transferred_to, self.transferred_by = to, by
        other.transferred_by = by
        _keep(self.linked_calls, other.call_id)
        _keep(other.linked_calls, self.call_id)

    def forwarded(self, forward: Forwarded) -> None:
        """An extension has sent it elsewhere."""
        _keep(self.forwards, forward)

    def trunk_tried(self, tried: TrunkTry) -> None:
        """An outside number was called through a trunk, or would have been."""
        _keep(self.trunks, tried)

    def wrapped_up(self, after: AfterCall) -> None:
        """An agent has done something after his conversation."""
        self.wrap_up_s += after.wrap_up_s
        self.disposition = after.disposition or self.disposition
        self.is_disposition_missing = after.is_disposition_missing
        self.stays.wrapped_up(after)

    def waited(self, outcome: Outcome, at: float, wait_s: float) -> None:
        """Until now (`at`), in a queue where nobody answered."""
        self.queue_wait_s += wait_s
        self.stays.left(outcome, at, wait_s, self.ring_s)

    def in_conference(self, seconds: float) -> None:
        """So long its caller heard others there."""
        self.talk_s += seconds
        self.conference_s += seconds

    def sent_away(self, to: str, by: str) -> None:
        """The caller's own side has connected him elsewhere; what comes of it nobody here knows."""
        self.transferred_to, self.transferred_by = to, by
        self.ended("switch", EndReason.TRANSFERRED)

    def began_to_wait(self) -> None:
        """In a queue, or for a phone that is rung; what was before counts no more."""
        self.has_far_left = self.is_far_silent = self.is_unserved = False
        self.far_cause = 0

    def final_cause(self) -> int:
        """Why it ended, as an ISDN cause: in the words of who ended it, else what happened to the caller means."""
        if self.end_reason is EndReason.SILENT:
            return TIMER_EXPIRED
        if self.ended_by == "caller":
            return self.cause or NORMAL_CLEARING
        if self.ended_by == "agent" or self.answered_at is None:
            return self.far_cause or q850_cause(200 if self.answered_at is not None else self.sip_status)
        return TEMPORARY_FAILURE if self.end_reason is EndReason.FAILED else NORMAL_CLEARING

    def as_active(self) -> ActiveCall:
        return ActiveCall(
            call_id=self.call_id,
            started_at=self.started_at,
            calling_number=self.calling_number,
            called_number=self.called_number,
            project=self.project,
            chain_id=self.chain.chain_id,
        )

    def as_cdr(self, ended_at: float) -> Cdr:
        return Cdr(
            call_id=self.call_id,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=ended_at,
            calling_number=self.calling_number,
            calling_name=self.calling_name,
            called_number=self.called_number,
            project=self.project,
            flow=self.flow,
            queue=QueueId(self.queue) if self.queue else None,
            agent=AgentId(self.agent) if self.agent else None,
            conference=self.conference,
            queue_wait_s=self.queue_wait_s,
            ring_s=self.ring_s,
            talk_s=self.talk_s,
            consult_s=self.consult_s,
            hold_s=self.hold_s,
            wrap_up_s=self.wrap_up_s,
            disposition=self.disposition,
            is_disposition_missing=self.is_disposition_missing,
            end_reason=(self.end_reason or EndReason.COMPLETED).value,
            ended_by=self.ended_by,
            sip_status=200 if self.answered_at is not None else self.sip_status,
            cause=self.final_cause(),
            cause_text=cause_text(self.final_cause()),
            recordings=tuple(self.recordings),
            streams=self.streams.rows(),
            scores=self.scores,
            tags=self.tags,
            supervisions=tuple(self.supervisions),
            transferred_to=self.transferred_to,
            transferred_by=self.transferred_by,
            linked_calls=tuple(self.linked_calls),
            forwards=tuple(self.forwards),
            fault=self.fault,
            legs=self.measurements.legs(),
            trunk=self.trunk,
            trunks=tuple(self.trunks),
            sip_legs=self.legs.complete(ended_at),
            legs_left_out=self.legs.left_out,
            chain_id=self.chain.chain_id,
            consults_for=self.consults_for,
            stays=self.stays.complete(ended_at, self.talk_s),
            conference_s=self.conference_s,
            recorded_s=self.recorded_s,
        )
