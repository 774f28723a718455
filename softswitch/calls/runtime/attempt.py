"""One target of a `dial`: all phones of an extension, or an outside number through trunks, and whoever the calls of
that extension are forwarded to, and of that one, until somebody is rung.

```
 begin ──► extension ── forwards always, busy, not there ──► where it is forwarded to, or `verdict`
              └── its phones ring ── busy, no answer in time, lost ──► where it is forwarded to, or `verdict`
                                  └── one answers ──► `answered`
```

No call leaves for a trunk unless the trunk's configuration permits whoever it is made for: the caller, or whoever has
transferred him, who must be a registered phone, or the extension that has forwarded the call. That is decided in
trunk_calls.py, once, for every flow.

An agent who is called so is busy for the ACD from the moment his phone rings until the call is over.

Phones of an extension whose row says `contacts_each_s` ring in the order of their q (RFC 3261 section 16.6): those of
the highest first, those of the next when all of them have failed or have rung for so long.
"""

from itertools import groupby

from softswitch.acd.model import BusyKind
from softswitch.calls.forwarding import DIVERSION_REASONS, ForwardChain, ForwardReason, redirected_to
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import bindings_of, ring_extension
from softswitch.calls.runtime.trunk_calls import OutsideCall
from softswitch.calls.settings import CallSettings, Extension
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.outputs import Binding, LegAnswered, LegFailed, LegProgress
from softswitch.sip.trunks.identity import Diversion, read_diversions
from softswitch.store.schema import Forwarded

_FORWARDED_FOR: dict[DialReason, ForwardReason] = {
    DialReason.BUSY: "busy",
    DialReason.DECLINED: "busy",
    DialReason.NO_ANSWER: "no_answer",
    DialReason.UNREACHABLE: "unregistered",
}


class Attempt:
    """From `begin` until somebody has answered, until `verdict` says why nobody can, or until `end`."""

    __slots__ = (
        "_answers_itself",
        "_around",
        "_call",
        "_called",
        "_chain",
        "_diversions",
        "_forward_at",
        "_groups",
        "_is_intercom",
        "_next_group_at",
        "_outside",
        "_permitted",
        "_refusal",
        "_status",
        "alerting",
        "answered_by",
        "reached_at",
        "target",
    )

    def __init__(
        self,
        call: ActiveCall,
        target: str,
        *,
        is_intercom: bool = False,
        answers_itself: bool = False,
        through: Extension | None = None,
    ) -> None:
        """`is_intercom`: the phone is to answer by itself, to a colleague; it must be configured to, and nothing is
        forwarded. It is asked the same if it `answers_itself`, whoever it is. `through` is whose right it is to call
        through a trunk, if it is not the caller's."""
        caller = call.caller.extension
        self.target = target
        self.alerting = Alerting(call, is_counted=False)
        self.answered_by = target
        """The account whose phones ring, or the outside number."""
        self.reached_at = call.around.clock.now()
        """When whoever rings now began to."""
        self._is_intercom = is_intercom
        self._answers_itself = is_intercom or answers_itself
        self._call = call
        self._around = call.around
        self._permitted = through or call.permissions
        """Whose right it is to call through a trunk."""
        self._chain = ForwardChain(
            came_with=len(read_diversions(call.headers)), caller="" if caller is None else caller.username
        )
        self._diversions: list[Diversion] = []
        self._refusal: DialReason | None = None
        """Why nobody was rung at all."""
        self._status = 0
        self._called: Extension | None = None
        """Whose phones ring, if he is one of ours."""
        self._outside: OutsideCall | None = None
        """The outside number that is called."""
        self._forward_at: float | None = None
        """When his call goes elsewhere because he does not answer."""
        self._groups: list[list[Binding]] = []
        """Phones of his that are still to ring, those that ring together in one list."""
        self._next_group_at: float | None = None

    @property
    def answered(self) -> Party | None:
        return self.alerting.answered

    @property
    def status(self) -> int:
        """The last final status received."""
        return self.alerting.status or self._status

    @property
    def verdict(self) -> DialReason | None:
        """Why nobody can answer any more; None while a phone rings, is still to ring, or was answered."""
        is_going_on = self._groups or (self._outside is not None and self._outside.is_going_on)
        return self._refusal or (None if is_going_on else self.alerting.verdict)

    async def begin(self) -> None:
        """Ring, or know why that is not possible. Raises `CallEnded` if the caller leaves meanwhile."""
        await self._reach(self.target)

    def receive(self, event: LegProgress | LegAnswered | LegFailed) -> None:
        """Take an event of one of the phones; those of other legs are of no interest."""
        if self._outside is None or self._outside.passes_on(event):
            self.alerting.receive(event)

    def take(self, party: Party) -> None:
        """Somebody who is in the call already has answered for the phones that ring."""
        self._groups = []
        self._forward_at = None
        if self._outside is not None:
            self._outside.end()
        self.answered_by = party.leg.party if party.extension is None else party.extension.username
        self.alerting.take(party)
        self.free_line()

    def go_on(self, party: Party, answered_by: str) -> None:
        """In the switch before, `party` has answered."""
        self.answered_by = answered_by
        self.alerting.take(party)

    def free_line(self) -> None:
        """Whoever was called is not the one who talks."""
        if self._called is not None:
            self._around.lines.released(self._called.agent_id)
            self._called = None

    async def proceed(self, now: float) -> None:
        """Ring whoever comes next, if it is time."""
        if self._outside is not None and self.answered is None and self._refusal is None:
            await self._proceed_outside(self._outside, now)
            if self.verdict is not None:
                await self._try_route_of_network(self._outside)
        if self._called is None or self.answered is not None or self._refusal is not None:
            return
        if self._forward_at is not None and now >= self._forward_at:
            self._forward_at = None
            if await self._forwarded(self._called, DialReason.NO_ANSWER):
                return
        try:
            await self._ring_further(self._called, now)
        except MediaUnavailable:
            self._refusal = DialReason.UNREACHABLE
        else:
            if self.verdict is not None and not await self._redirected(self._called):
                await self._forwarded(self._called, self.verdict)

    def next_timeout(self) -> float | None:
        outside = None if self._outside is None else self._outside.next_timeout()
        due = (self._forward_at, self._next_group_at if self._groups else None, outside)
        return min((at for at in due if at is not None), default=None)

    def silence(self, reason: str | None = None) -> None:
        """No phone rings any more; whoever has answered is the caller's business. `reason` is told to the phones."""
        self._groups = []
        self._forward_at = None
        if self._outside is not None:
            self._outside.end()
        self.alerting.end(reason)

    def end(self) -> None:
        """The attempt is over, and so is a call that came of it; once more is fine."""
        self.silence()
        if self.answered is not None:
            self._call.part(self.answered)
        self.free_line()

    # Private

    async def _reach(self, target: str) -> None:
        """Ring this one, or whoever his calls go to."""
        settings = self._around.settings()
        goal: str | None = target
        try:
            while goal is not None:
                extension = settings.extension_for(goal)
                if extension is not None:
                    goal = await self._try_extension(extension, settings)
                else:
                    await self._try_outside(goal)
                    goal = None
        except MediaUnavailable:
            self._refusal = DialReason.UNREACHABLE

    async def _try_extension(self, extension: Extension, settings: CallSettings) -> str | None:
        """Ring its phones, or say why not; returns where its calls go instead, if they do."""
        self.answered_by = extension.username
        caller = self._call.caller.extension
        if caller is not None and caller.username == extension.username:
            self._refusal = DialReason.BUSY
            return None
        self._chain.asks(extension.username)
        if caller is not None:
            self._around.phones.calls(caller.username, extension.number or extension.username)
        goal = self._follow(extension, "always")
        if goal is not None:
            return goal
        await self._call.open_audio()
        bindings = bindings_of(extension, self._call, settings)
        self._refusal = self._obstacle(extension, bindings)
        if self._refusal is not None:
            return self._follow_for(extension, self._refusal)
        now = self._around.clock.now()
        chosen = self._around.phones.of(extension.username)
        self.reached_at = now
        self._forward_at = now + chosen.no_answer_s if "no_answer" in chosen.forwards else None
        self._called = extension
        self._around.lines.taken(extension.agent_id, BusyKind.DIRECT_IN)
        self._groups = _ringing_order(extension, bindings)
        if not self._call.is_caller_hidden and (number := self._call.caller_identity[0]):
            self._around.phones.called(extension.username, number)
        await self._ring_next(extension)
        return None

    def _obstacle(self, extension: Extension, bindings: list[Binding]) -> DialReason | None:
        """Why its phones are not even rung."""
        chosen = self._around.phones.of(extension.username)
        is_waiting = extension.call_waiting if chosen.call_waiting is None else chosen.call_waiting
        calls_max = extension.calls_max if is_waiting else 1
        if self._is_intercom and (not extension.intercom or self._call.caller.extension is None):
            return DialReason.FORBIDDEN
        if chosen.do_not_disturb:
            return DialReason.BUSY
        if calls_max and self._around.legs.calls_of(extension.username, but=self._call.call_id) >= calls_max:
            return DialReason.BUSY
        return None if bindings else DialReason.UNREACHABLE

    async def _try_outside(self, number: str, *, through: str = "") -> None:
        self.answered_by = number
        self._chain.asks(number)
        outside = OutsideCall(
            self._call,
            self.alerting,
            number,
            permitted=self._permitted,
            diversions=self._diversions,
            through=through,
        )
        self._refusal = outside.refusal
        if self._refusal is not None:
            return
        await self._call.open_audio()
        self.reached_at = self._around.clock.now()
        self._outside = outside
        self._refusal = await outside.begin()

    async def _proceed_outside(self, outside: OutsideCall, now: float) -> None:
        try:
            self._refusal = await outside.proceed(now)
        except MediaUnavailable:
            self._refusal = DialReason.UNREACHABLE

    async def _try_route_of_network(self, failed: OutsideCall) -> None:
        """A provider has said that another number, of its own, is to be called (3xx): it is, through the same trunk."""
        targets, self.alerting.redirected = self.alerting.redirected, ()
        for number in (redirected_to(target) for target in targets):
            if self._chain.goes_on(number):
                self._status = self.status
                failed.end()
                self.alerting = Alerting(self._call, is_counted=False)
                try:
                    await self._try_outside(number, through=failed.trunk)
                except MediaUnavailable:
                    self._refusal = DialReason.UNREACHABLE
                return

    async def _forwarded(self, extension: Extension, verdict: DialReason) -> bool:
        """Whether the call goes elsewhere for this reason; then it is rung there already."""
        goal = self._follow_for(extension, verdict)
        if goal is None:
            return False
        await self._reach(goal)
        return True

    async def _redirected(self, extension: Extension) -> bool:
        """Whether a phone of his has said to call somebody else (3xx); then that one is rung already."""
        settings = self._around.settings()
        targets, self.alerting.redirected = self.alerting.redirected, ()
        for target in () if self._is_intercom else targets:
            goal = self._chain.redirect(extension, redirected_to(target), settings)
            if goal is not None:
                self._leave_for(extension, goal, "redirected", "deflection")
                await self._reach(goal)
                return True
        return False

    def _follow_for(self, extension: Extension, verdict: DialReason) -> str | None:
        reason = _FORWARDED_FOR.get(verdict)
        return None if reason is None else self._follow(extension, reason)

    def _follow(self, extension: Extension, reason: ForwardReason) -> str | None:
        """Where its calls go for this reason, if it may be followed. Then it is out, and the record says so."""
        settings = self._around.settings()
        chosen = self._around.phones.of(extension.username)
        if not chosen.forwards or self._is_intercom:
            return None
        goal = self._chain.follow(extension, chosen, reason, settings)
        if goal is None:
            return None
        self._leave_for(extension, goal, reason, DIVERSION_REASONS[reason])
        return goal

    def _leave_for(self, extension: Extension, goal: str, reason: str, diversion: str) -> None:
        """The extension is out; the record and whoever is rung next are told."""
        self._status = self.status
        self.end()
        self._outside = None
        self.alerting = Alerting(self._call, is_counted=False)
        self._refusal = None
        self._permitted = extension
        name = extension.number or extension.username
        self._diversions.append(Diversion(name, diversion))
        self._call.record.forwarded(Forwarded(at=self._around.clock.wall(), by=name, to=goal, reason=reason))

    async def _ring_further(self, extension: Extension, now: float) -> None:
        """Its next phones, when those before have failed or have rung long enough."""
        is_time = self._next_group_at is not None and now >= self._next_group_at
        while self._groups and (is_time or self.alerting.verdict is not None):
            self.alerting.pass_over()
            await self._ring_next(extension)
            is_time = False

    async def _ring_next(self, extension: Extension) -> None:
        group = self._groups.pop(0)
        await ring_extension(
            self.alerting,
            extension,
            self._call,
            bindings=group,
            diversions=self._diversions,
            answers_itself=self._answers_itself,
        )
        self._next_group_at = self._around.clock.now() + extension.contacts_each_s


def _ringing_order(extension: Extension, bindings: list[Binding]) -> list[list[Binding]]:
    """Those that ring together, first to last; bindings come best first."""
    if not extension.contacts_each_s:
        return [bindings]
    return [list(equals) for _, equals in groupby(bindings, key=lambda binding: binding.q)]
