"""`dial`: one caller, one or several targets, ringing and then talking.

A `RingPlan` (calls/ringing.py) says who begins to ring when; each target is an `Attempt`. The first who answers talks
to the caller, and all others stop ringing ("completed elsewhere").

After a restart of the switch it goes on (`kept`): who talks talks, and phones that rang, which are silent by then, ring
again for the time that is left, but for those that had failed.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.calls.call_state import CallState
from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.events import CallEvent, FarPressed, FarReplaced, PartyJoined
from softswitch.calls.kept.kept_verbs import KeptDialling
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.projects import may_use, own_name
from softswitch.calls.ringing import EACH_S, BeginRing, Ring, RingPlan, RingStrategy
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import ANSWERED_ELSEWHERE, weightiest
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.conversing import converse, part_conversation
from softswitch.calls.runtime.early_media import EarlyMedia
from softswitch.calls.runtime.screening import Screening
from softswitch.calls.runtime.time_limit import TimeLimit
from softswitch.calls.settings import CallSettings, Extension
from softswitch.media.protocol import FirstPacket, PlayFinished
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress

_NO_TERMS = DialTerms()

RING_AGAIN_S = 5.0
"""How long phones ring again after a restart, at least: nobody gets to one that rings for less."""


class Dialling:
    """One attempt to reach somebody, and the conversation if it succeeds."""

    def __init__(
        self,
        call: ActiveCall,
        plan: RingPlan,
        *,
        record: bool | None,
        ring_s: float,
        is_intercom: bool = False,
        terms: DialTerms = _NO_TERMS,
        kept: KeptDialling | None = None,
    ) -> None:
        """`plan` has not begun; if nobody answers within `ring_s` it is over. `kept` is of the switch before. Raises
        `LocalError` if nobody is known by the name in `terms.through`."""
        self._is_intercom = is_intercom
        self._terms = terms
        self._call = call
        self._around = call.around
        self._through = _account(terms.through, call.around.settings())
        self._plan = plan
        self._is_record_wished = record
        self._longest_s = ring_s
        self._began_at = call.around.clock.now()
        self._attempts: dict[int, Attempt] = {}
        """Those that ring, and the one that was answered, by their places in the plan."""
        self._reasons: list[DialReason] = []
        """Why others failed."""
        self._status = 0
        self._screenings: dict[int, Screening] = {}
        """Of those who have answered and are told, or asked, something."""
        self._answered: Attempt | None = None
        self._conversation: Conversation | None = None
        self._early = EarlyMedia(call)
        self._ring_s: float | None = None
        self._time_limit: TimeLimit | None = None
        self._failed_places: list[int] = []
        self._kept = kept
        self._rings_until: float | None = None
        """If it has rung before, in another switch."""
        if kept is not None:
            self._adopt(kept)

    @classmethod
    def resumed(cls, call: ActiveCall, kept: KeptDialling, record: bool | None = None) -> "Dialling":
        """From what was kept alone, for those who talk, or who wait without a flow."""
        return cls(call, RingPlan(kept.targets), record=record, ring_s=0.0, kept=kept)

    def keep(self) -> KeptDialling:
        talks_to = None if self._conversation is None else self._answered
        return KeptDialling(
            targets=tuple(self._plan.targets),
            began_at=self._began_at,
            ends_at=self._deadline,
            failed=tuple(self._failed_places),
            reasons=tuple(self._reasons),
            status=self._status,
            ring_s=self._ring_s,
            target="" if talks_to is None else talks_to.target,
            answered_by="" if talks_to is None else talks_to.answered_by,
            time_limit=None if self._time_limit is None else self._time_limit.keep(),
        )

    async def run(self) -> DialOutcome:
        try:
            kept = self._kept
            outcome = await self._ring() if kept is None or not kept.target else self._talk_on(kept)
            while outcome is None:
                event = await self._call.mailbox.next(self._left_s())
                outcome = await self._pass_time() if event is None else await self._take(event)
            return outcome
        finally:
            self._leave()

    def _adopt(self, kept: KeptDialling) -> None:
        self._began_at, self._ring_s = kept.began_at, kept.ring_s
        self._reasons, self._status = list(kept.reasons), kept.status
        self._rings_until = max(kept.ends_at, self._around.clock.now() + RING_AGAIN_S)
        if tuple(self._plan.targets) == kept.targets:
            self._failed_places = list(kept.failed)
            self._plan.leave_out(kept.failed)

    async def _ring(self) -> DialOutcome | None:
        self._call.record.began_to_wait()
        self._call.set_state(CallState.ALERTING)
        if self._kept is not None and self._call.caller.stream is not None:
            self._call.caller.stream.hear()  # of whoever rang then
        await self._advance()
        if self._plan.is_over and not self._screenings:
            return self._failed()
        await self._call.ring()
        self._call.awaits_party = True
        return None

    def _talk_on(self, kept: KeptDialling) -> DialOutcome | None:
        """With whoever has answered in the switch before, if he is still there."""
        conversation = self._call.conversation
        if conversation is None:
            return DialOutcome(
                reason=DialReason.ANSWERED,
                target=kept.target,
                answered_by=kept.answered_by,
                ring_s=self._stop_ringing(),
                sip_status=200,
            )
        self._conversation = conversation
        place = self._plan.targets.index(kept.target)
        self._answered = self._attempts[place] = Attempt(self._call, kept.target)
        self._answered.go_on(conversation.far, kept.answered_by)
        if kept.time_limit is not None:
            self._time_limit = TimeLimit(self._call, kept.time_limit)
        return self._far_left() if conversation.far.leg.state is LegState.ENDED else None

    async def _take(self, event: CallEvent) -> DialOutcome | None:
        match event:
            case LegProgress() | LegAnswered() | LegFailed() if self._answered is None:
                for attempt in self._attempts.values():
                    attempt.receive(event)
                if isinstance(event, LegProgress):
                    await self._hear_early(event)
                return await self._pass_time()
            case PartyJoined():
                return await self._take_party(event.leg_id)
            case FarReplaced() if self._answered is not None:
                self._answered.free_line()
            case FirstPacket() if self._answered is None:
                self._early.sounded(event)
            case PlayFinished() | FarPressed() if self._answered is None:
                for screening in self._screenings.values():
                    screening.receive(event)
                return await self._pass_time()
            case LegEnded() if self._answered is None:
                for screening in self._screenings.values():
                    if screening.party.leg.leg_id == event.leg_id:
                        screening.left()
                return await self._pass_time()
            case LegEnded() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                return self._far_left()
            case _:
                pass
        return None

    async def _take_party(self, leg_id: LegId) -> DialOutcome | None:
        """Somebody from another call answers for those who ring, unless one of them was quicker."""
        party = self._call.party(leg_id)
        attempt = next(iter(self._attempts.values()), None)
        if party is None:
            return None
        if attempt is None or self._answered is not None:
            self._call.part(party)
            return None
        attempt.take(party)
        await self._connect(attempt)
        return None

    async def _pass_time(self) -> DialOutcome | None:
        """After an event, or when it is time: somebody has answered, others are to be rung, nobody is left."""
        if self._answered is not None:
            return self._pass_talk_time()
        accepted = self._accepted()
        if accepted is not None:
            await self._connect(accepted)
            return None
        if self._around.clock.now() >= self._deadline and not self._screenings:
            self._reasons.append(DialReason.NO_ANSWER)
            return self._failed()
        await self._advance()
        if self._plan.is_over and not self._screenings:
            return self._failed()
        self._early.check(self._around.clock.now())
        return None

    def _accepted(self) -> Attempt | None:
        """Who is to talk to the caller: the first who has answered, and has accepted the call where he is asked."""
        now = self._around.clock.now()
        for place, attempt in list(self._attempts.items()):
            if attempt.answered is None:
                continue
            if not self._terms.callee_hears:
                return attempt
            screening = self._screenings.get(place)
            if screening is None:
                screening = self._screenings[place] = Screening(attempt.answered, self._terms, self._around.clock)
            screening.handle_timeout(now)
            if screening.is_accepted:
                return attempt
            if screening.refusal is not None:
                self._give_up(place, screening.refusal)
                self._plan.failed(place, now)
        return None

    def _pass_talk_time(self) -> DialOutcome | None:
        """While they talk: their time may be nearly over, or over."""
        if self._time_limit is None or self._conversation is None:
            return None
        if not self._time_limit.is_over(self._around.clock.now()):
            return None
        return self._far_left(is_time_over=True)

    async def _hear_early(self, event: LegProgress) -> None:
        party = self._call.party(event.leg_id)
        if party is not None and any(each.alerting.rings(event.leg_id) for each in self._attempts.values()):
            await self._early.progressed(event, party)

    async def _advance(self) -> None:
        """Let the plan go on as far as it can now."""
        self._plan.handle_timeout(self._around.clock.now())
        while True:
            for output in self._plan.take_outputs():
                if isinstance(output, BeginRing):
                    target = self._plan.targets[output.place]
                    attempt = Attempt(self._call, target, is_intercom=self._is_intercom, through=self._through)
                    self._attempts[output.place] = attempt
                    await attempt.begin()
                elif output.place not in self._screenings:
                    self._give_up(output.place, DialReason.NO_ANSWER)
            failed = [place for place, attempt in list(self._attempts.items()) if await self._has_failed(attempt)]
            if not failed:
                return
            for place in failed:
                self._give_up(place, self._attempts[place].verdict or DialReason.UNREACHABLE)
                self._plan.failed(place, self._around.clock.now())

    async def _has_failed(self, attempt: Attempt) -> bool:
        await attempt.proceed(self._around.clock.now())
        return attempt.verdict is not None

    def _give_up(self, place: int, reason: DialReason) -> None:
        self._screenings.pop(place, None)
        attempt = self._attempts.pop(place, None)
        if attempt is None:
            return
        self._status = attempt.status or self._status
        self._reasons.append(reason)
        self._failed_places.append(place)
        self._call.changed()
        attempt.end()

    @property
    def _deadline(self) -> float:
        """Whoever a call to a single target is forwarded to has as long as the target had."""
        if self._rings_until is not None:
            return self._rings_until
        is_single = len(self._plan.targets) == 1
        began_at = next((each.reached_at for each in self._attempts.values()), self._began_at)
        return (began_at if is_single else self._began_at) + self._longest_s

    def _left_s(self) -> float | None:
        """Until something is due."""
        now = self._around.clock.now()
        if self._answered is not None:
            due_at = None if self._time_limit is None else self._time_limit.next_timeout()
            return None if due_at is None else max(0.0, due_at - now)
        due = [None if self._screenings else self._deadline, self._plan.next_timeout(), self._early.next_timeout()]
        due += [screening.next_timeout() for screening in self._screenings.values()]
        due += [attempt.next_timeout() for attempt in self._attempts.values()]
        return max(0.0, min(each for each in due if each is not None) - now)

    async def _connect(self, attempt: Attempt) -> None:
        self._answered = attempt
        self._call.awaits_party = False
        self._stop_ringing()
        self._early.end()
        for place, other in list(self._attempts.items()):
            if other is not attempt:
                other.silence(ANSWERED_ELSEWHERE)
                other.end()
                del self._attempts[place]
        assert attempt.answered is not None, "that is why we are here"
        if self._call.caller.image_offer:
            await self._call.answer_image(attempt.answered)
        else:
            await self._call.answer()
        policy = self._call.recordings.policy_for(self._is_record_wished)
        self._conversation = converse(self._call, attempt.answered, "default", policy)
        if self._terms.limit_s is not None:
            self._time_limit = TimeLimit.begin(self._call, self._terms, self._terms.limit_s)
            self._call.changed()

    def _stop_ringing(self) -> float:
        """How long it rang; the first time the record is told."""
        if self._ring_s is None:
            self._ring_s = self._around.clock.now() - self._began_at
            self._call.record.ring_s += self._ring_s
        return self._ring_s

    def _failed(self) -> DialOutcome:
        ringing = [attempt.status for attempt in self._attempts.values()]
        return DialOutcome(
            reason=weightiest(self._reasons),
            target=self._plan.targets[0],
            ring_s=self._stop_ringing(),
            sip_status=next((status for status in ringing if status), self._status),
        )

    def _far_left(self, *, is_time_over: bool = False) -> DialOutcome:
        assert self._answered is not None, "there is a conversation"
        answered_by = self._answered.answered_by
        target = self._answered.target
        conversation = self._end_conversation()
        return DialOutcome(
            reason=DialReason.ANSWERED,
            target=target,
            answered_by=answered_by,
            ring_s=self._stop_ringing(),
            talk_s=conversation.talk_s,
            sip_status=200,
            recording=conversation.recording_path,
            is_time_over=is_time_over,
        )

    def _end_conversation(self) -> Conversation:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        part_conversation(self._call, conversation)
        return conversation

    def _leave(self) -> None:
        """Whatever the reason: nothing rings, nobody talks."""
        self._call.awaits_party = False
        self._stop_ringing()
        self._early.end()
        if self._conversation is not None:
            self._end_conversation()
        for attempt in self._attempts.values():
            attempt.end()
        if self._call.caller.stream is not None and self._call.is_answered:
            self._call.caller.stream.stop_play()
        self._call.end_wait()


def _account(through: str, settings: CallSettings) -> Extension | None:
    """Whose right to call through trunks a flow uses in place of the caller's."""
    if not through:
        return None
    extension = settings.extension_for(through)
    if extension is None:
        raise LocalError(f'dial: through = "{through}" is no extension')
    return extension


def own_targets(settings: CallSettings, project: str, targets: Sequence[str | Ring]) -> list[str | Ring]:
    """The targets as a call of the project means them: a group of its own by its short name. Raises `LocalError`."""
    own: list[str | Ring] = []
    for each in targets:
        name = own_name(project, each if isinstance(each, str) else each.target, settings.groups)
        group = settings.group_for(name)
        if group is not None and not may_use(project, group.project):
            raise LocalError(f'dial: the group "{name}" belongs to project {group.project}, and the call does not')
        own.append(name if isinstance(each, str) else replace(each, target=name))
    return own


def ring_plan(
    settings: CallSettings, targets: Sequence[str | Ring], strategy: RingStrategy, each_s: float | None
) -> RingPlan:
    """The plan for these targets. A group that is the only one rings as it is configured; of one among several each
    member is a target of its own. Raises `LocalError`."""
    if len(targets) == 1 and isinstance(targets[0], str):
        group = settings.group_for(targets[0])
        if group is not None:
            return RingPlan(group.members, group.strategy, group.each_s if each_s is None else each_s)
    rings: list[str | Ring] = []
    for each in targets:
        name = each if isinstance(each, str) else each.target
        group = settings.group_for(name)
        if group is None:
            rings.append(each)
        else:
            rings += (
                group.members if isinstance(each, str) else [Ring(m, each.after_s, each.ring_s) for m in group.members]
            )
    return RingPlan(rings, strategy, EACH_S if each_s is None else each_s)


def longest_ring_s(settings: CallSettings, targets: Sequence[str | Ring], plan: RingPlan) -> float:
    """How long it rings when the flow does not say: as the group says, or until the last had as long as anybody."""
    group = settings.group_for(targets[0]) if len(targets) == 1 and isinstance(targets[0], str) else None
    return plan.length_s(settings.ring_s) if group is None or group.ring_s is None else group.ring_s
