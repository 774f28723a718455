"""The verb `conference`: a caller comes into a room, and takes part until he leaves or is sent away.

```
  which room? ──► PIN ──► name ──► his stream beside the others' ──► join ──► keys, sounds, others ──► leave
      │ none       │ wrong            │ full, locked                     │ dismissed
      └────────────┴──────────────────┴──────────────► ConferenceOutcome ┘
```

Who is a host by his phone, or was here a moment ago, is not asked for a PIN.
"""

from softswitch.base.errors import LocalError
from softswitch.calls.conferences.keys import Keys, WrongKeys
from softswitch.calls.conferences.participant import Newcomer
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason, Role, RoomTerms
from softswitch.calls.outcomes import ConferenceOutcome, ConferenceReason
from softswitch.calls.projects import may_use
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import belong_to
from softswitch.calls.runtime.conferences.conference import Conference
from softswitch.calls.runtime.conferences.entry import Entry
from softswitch.calls.runtime.conferences.member import Member
from softswitch.calls.runtime.taking_over import bring_caller_near
from softswitch.calls.verbs import CallVerbs
from softswitch.media.protocol import PlayFinished

UNKNOWN_KEYS = "conference/unknown-keys"
_REFUSED = {
    JoinRefusal.FULL: (ConferenceReason.FULL, "conference/is-full"),
    JoinRefusal.LOCKED: (ConferenceReason.LOCKED, "conference/is-locked-to-you"),
}
_DISMISSED = {
    LeaveReason.LEFT: (ConferenceReason.LEFT, ""),
    LeaveReason.REMOVED: (ConferenceReason.REMOVED, "conference/you-are-removed"),
    LeaveReason.REPLACED: (ConferenceReason.LEFT, ""),
    LeaveReason.ENDED: (ConferenceReason.ENDED, "conference/is-over"),
    LeaveReason.HOST_LEFT: (ConferenceReason.HOST_LEFT, "conference/is-over"),
}


async def confer(call: ActiveCall, verbs: CallVerbs, room: str) -> ConferenceOutcome:
    """Take part in the room with this id, or the one the number called is for, or whose PIN he types.

    Raises `LocalError` for a room that does not exist, `CallEnded` and `MediaUnavailable`.
    """
    keeper = call.around.conferences
    if call.seat is not None:
        return await stay_on(call, verbs, call.seat)
    found = keeper.find(room, call.record.called_number)
    role: Role | None = None
    if found is None:
        entry = Entry(call, verbs, keeper.guard)
        general = keeper.without_number() if not room else {}
        if room:
            raise LocalError(f'conference: there is no room "{room}": the rooms are in conferences.toml')
        if not general:
            await entry.say("conference/not-possible")
            return ConferenceOutcome(reason=ConferenceReason.UNKNOWN)
        by_pin = await entry.room(general)
        if by_pin is None:
            return ConferenceOutcome(reason=ConferenceReason.WRONG_PIN)
        found, role = (by_pin[0].room_id, by_pin[0]), by_pin[1]
    key, terms = found
    if call.record.project and not may_use(call.record.project, terms.project):
        raise LocalError(
            f"the room {key} belongs to project {terms.project}, and this call is for {call.record.project}"
        )
    belong_to(call, terms.project)
    return await Visit(call, verbs, key, terms).run(role)


async def stay_on(call: ActiveCall, verbs: CallVerbs, member: Member) -> ConferenceOutcome:
    """Go on taking part, as in the switch before."""
    conference = member.conference
    participant = conference.room.participants.get(call.call_id)
    try:
        if participant is None:
            member.release()
            return ConferenceOutcome(reason=ConferenceReason.LEFT, room=conference.key)
        return await Visit(call, verbs, conference.key, conference.terms).take_part(member, participant.who)
    finally:
        conference.left()


class Visit:
    """One caller's, from the door on."""

    def __init__(self, call: ActiveCall, verbs: CallVerbs, key: str, terms: RoomTerms) -> None:
        self._call = call
        self._verbs = verbs
        self._key = key
        self._terms = terms
        self._keeper = call.around.conferences
        self._entry = Entry(call, verbs, self._keeper.guard, language=terms.language)

    async def run(self, role: Role | None) -> ConferenceOutcome:
        """`role` is what he is known to be already, if it is."""
        call, now = self._call, self._call.around.clock.now
        running = self._keeper.running(self._key)
        if call.caller.stream is None and running is not None:
            call.near = running.anchor
        await self._verbs.answer()
        identity = self._newcomer(Role.GUEST).identity
        former = None if running is None else running.room.former(identity, now())
        account = "" if call.caller.extension is None else call.caller.extension.username
        role = role or (former.role if former is not None else self._terms.role_of(account))
        role = role or await self._entry.role(self._terms)
        if role is None:
            return ConferenceOutcome(reason=ConferenceReason.WRONG_PIN, room=self._key)
        running = self._keeper.running(self._key)
        refusal = None if running is None else running.room.refusal(role, identity, now())
        if running is None and self._keeper.is_full:
            refusal = JoinRefusal.FULL
        if refusal is not None:
            return await self._refused(refusal)
        who = self._newcomer(role, name_sound="" if former is None else former.name_sound)
        if self._terms.announces == "names" and not who.name_sound:
            who.name_sound = await self._entry.name(self._keeper.names_directory)
        conference = self._keeper.conference(self._key, self._terms)
        if who.name_sound:
            conference.names.add(who.name_sound)
        try:
            return await self.come_in(conference, who)
        finally:
            conference.left()

    async def come_in(
        self, conference: Conference, who: Newcomer, *, aside: int | None = None, is_there: bool = False
    ) -> ConferenceOutcome:
        """`is_there`: it was entered before. The caller says `left` afterwards, whatever happens."""
        call = self._call
        anchor = conference.anchor if is_there else await conference.enter()
        if anchor is not None:
            await bring_caller_near(call, anchor)
        if conference.is_over:
            return await self._dismissed(LeaveReason.ENDED, conference, who, 0.0)
        member = Member(call, conference)
        call.record.conference = self._key
        refusal = conference.join(member, who, aside=aside)
        if refusal is not None:
            member.release()
            call.end_wait()
            return await self._refused(refusal)
        return await self.take_part(member, who)

    async def take_part(self, member: Member, who: Newcomer) -> ConferenceOutcome:
        """He is in it, until he is in it no more."""
        call, conference = self._call, member.conference
        stayed_s = 0.0
        try:
            reason = await self._stay(member, Keys(who.role))
        finally:
            conference.leave(call.call_id)
            stayed_s = member.release()
            call.record.in_conference(stayed_s)
            call.end_wait()
        return await self._dismissed(reason, conference, who, stayed_s)

    async def _stay(self, member: Member, keys: Keys) -> LeaveReason:
        call = self._call
        call.digits_typed.clear()
        while member.dismissal is None:
            event = await call.mailbox.next()
            if isinstance(event, PlayFinished):
                member.finished(event.play_id)
            while member.dismissal is None and (digit := call.digits_typed.take()):
                order = keys.press(digit, call.around.clock.now())
                if isinstance(order, WrongKeys):
                    member.tell([UNKNOWN_KEYS])
                elif order is not None:
                    member.conference.order(order, call.call_id)
        return member.dismissal

    async def _refused(self, refusal: JoinRefusal) -> ConferenceOutcome:
        reason, prompt = _REFUSED[refusal]
        await self._entry.say(prompt)
        return ConferenceOutcome(reason=reason, room=self._key)

    async def _dismissed(
        self, reason: LeaveReason, conference: Conference, who: Newcomer, stayed_s: float
    ) -> ConferenceOutcome:
        outcome, prompt = _DISMISSED[reason]
        if prompt:
            await self._entry.say(prompt)
        return ConferenceOutcome(
            reason=outcome,
            room=self._key,
            role=who.role.value,
            conference=conference.conference_id,
            talk_s=stayed_s,
        )

    def _newcomer(self, role: Role, *, name_sound: str = "") -> Newcomer:
        number, name = self._call.caller_identity
        extension = self._call.caller.extension
        return Newcomer(
            self._call.call_id,
            role,
            number=number,
            name=name,
            account="" if extension is None else extension.username,
            name_sound=name_sound,
        )
