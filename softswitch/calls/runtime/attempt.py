"""One target of a `dial`: all phones of an extension, or an outside number through a trunk.

No call leaves for a trunk unless the caller, or whoever has transferred him, is a registered phone that the trunk's
configuration permits: that is decided here, once, for every flow.

An agent who is called so is busy for the ACD from the moment his phone rings until the call is over.

Phones of an extension whose row says `contacts_each_s` ring in the order of their q (RFC 3261 section 16.6): those of
the highest first, those of the next when all of them have failed or have rung for so long.
"""

from itertools import groupby

from softswitch.acd.model import BusyKind
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import bindings_of, ring_extension, ring_trunk
from softswitch.calls.settings import CallSettings, Extension
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.outputs import Binding, LegAnswered, LegFailed, LegProgress


class Attempt:
    """From `begin` until somebody has answered, until `verdict` says why nobody can, or until `end`."""

    __slots__ = (
        "_around",
        "_call",
        "_called",
        "_groups",
        "_next_group_at",
        "_refusal",
        "_taken_by",
        "alerting",
        "target",
    )

    def __init__(self, call: ActiveCall, target: str) -> None:
        self.target = target
        self.alerting = Alerting(call, is_counted=False)
        self._call = call
        self._around = call.around
        self._refusal: DialReason | None = None
        """Why nobody was rung at all."""
        self._called: Extension | None = None
        """Whose phones ring, if he is one of ours."""
        self._taken_by = ""
        self._groups: list[list[Binding]] = []
        """Phones of his that are still to ring, those that ring together in one list."""
        self._next_group_at: float | None = None

    @property
    def answered(self) -> Party | None:
        return self.alerting.answered

    @property
    def answered_by(self) -> str:
        """The account whose phone it is, or the outside number."""
        return self._taken_by or (self._called.username if self._called is not None else self.target)

    @property
    def verdict(self) -> DialReason | None:
        """Why nobody can answer any more; None while a phone rings, is still to ring, or was answered."""
        return self._refusal or (None if self._groups else self.alerting.verdict)

    async def begin(self) -> None:
        """Ring, or know why that is not possible. Raises `CallEnded` if the caller leaves meanwhile."""
        settings = self._around.settings()
        caller, permissions = self._call.caller.extension, self._call.permissions
        extension = settings.extension_for(self.target)
        trunk = settings.trunk_for(self.target) if extension is None else None
        if extension is not None and caller is not None and extension.username == caller.username:
            self._refusal = DialReason.BUSY
        elif trunk is not None and (permissions is None or trunk.name not in permissions.trunks):
            self._refusal = DialReason.FORBIDDEN
        elif extension is None and trunk is None:
            self._refusal = DialReason.UNREACHABLE
        if self._refusal is not None:
            return
        try:
            await self._call.open_audio()
            if extension is not None:
                self._called = extension
                self._around.lines.taken(extension.agent_id, BusyKind.DIRECT_IN)
                self._groups = _ringing_order(extension, self._call, settings)
                await self._ring_next(extension)
            elif trunk is not None:
                await ring_trunk(self.alerting, trunk, self.target, self._call)
        except MediaUnavailable:
            self._refusal = DialReason.UNREACHABLE

    def receive(self, event: LegProgress | LegAnswered | LegFailed) -> None:
        """Take an event of one of the phones; those of other legs are of no interest."""
        self.alerting.receive(event)

    def take(self, party: Party) -> None:
        """Somebody who is in the call already has answered for the phones that ring."""
        self._groups = []
        self._taken_by = party.leg.party if party.extension is None else party.extension.username
        self.alerting.take(party)
        self.free_line()

    def free_line(self) -> None:
        """Whoever was called is not the one who talks."""
        if self._called is not None:
            self._around.lines.released(self._called.agent_id)
            self._called = None

    async def proceed(self, now: float) -> None:
        """Ring whoever comes next, if it is time."""
        if self._called is None or not self._groups or self.answered is not None:
            return
        is_time = self._next_group_at is not None and now >= self._next_group_at
        try:
            while self._groups and (is_time or self.alerting.verdict is not None):
                self.alerting.pass_over()
                await self._ring_next(self._called)
                is_time = False
        except MediaUnavailable:
            self._refusal = DialReason.UNREACHABLE

    def next_timeout(self) -> float | None:
        return self._next_group_at if self._groups else None

    def silence(self, reason: str | None = None) -> None:
        """No phone rings any more; whoever has answered is the caller's business. `reason` is told to the phones."""
        self._groups = []
        self.alerting.end(reason)

    def end(self) -> None:
        """The attempt is over, and so is a call that came of it; once more is fine."""
        self.silence()
        if self.answered is not None:
            self._call.part(self.answered)
        self.free_line()

    async def _ring_next(self, extension: Extension) -> None:
        if not self._groups:
            return
        group = self._groups.pop(0)
        await ring_extension(self.alerting, extension, self._call, bindings=group)
        self._next_group_at = self._around.clock.now() + extension.contacts_each_s


def _ringing_order(extension: Extension, call: ActiveCall, settings: CallSettings) -> list[list[Binding]]:
    """Those that ring together, first to last; bindings come best first."""
    bindings = bindings_of(extension, call, settings)
    if not extension.contacts_each_s or not bindings:
        return [bindings] if bindings else []
    return [list(equals) for _, equals in groupby(bindings, key=lambda binding: binding.q)]
