"""An outside number, through one trunk after another (sip/trunks/selection.py says which and when).

```
 begin() ──► room on the first trunk? ──► INVITE ──┬── 180 ──► it rings: no other trunk is tried any more
                 │ no                              ├── 200 ──► answered
                 ▼                                 ├── 503, 408 …, silence ──► the next trunk, if there is one
             the next trunk                        └── 486, 603, 404 … ──► the answer to the caller
```

No call leaves for a trunk unless the trunk's configuration permits whoever it is made for: the caller, or whoever has
transferred or forwarded him, a registered phone in any case. That is decided here, once, for every flow. Every try is
noted in the call's record with what came of it. A trunk that is the last to try is given all the time there is.
"""

from collections.abc import Sequence

from softswitch.base.ids import LegId
from softswitch.base.log import get_logger
from softswitch.calls.outcomes import DialReason
from softswitch.calls.returning import Outgoing
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.belonging import project_of
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute, server_uri
from softswitch.calls.toll_policy import PHONE
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress
from softswitch.sip.settings import PLAIN_SESSION, Target
from softswitch.sip.trunks.identity import Caller, Diversion, IdentityRules, introduce, read_diversions
from softswitch.sip.trunks.numbers import normalised
from softswitch.sip.trunks.selection import FailoverRule, ordered
from softswitch.store.schema import TrunkTry

log = get_logger("calls")

FULL = 503
"""What a caller is told when no trunk has room (RFC 3261 section 21.5.4)."""


class OutsideCall:
    """Unless there is a `refusal`: from `begin` until somebody has answered, no trunk is left, or `end`.

    `alerting` rings; this says what it rings next.
    """

    __slots__ = (
        "_alerting",
        "_around",
        "_began_at",
        "_call",
        "_current",
        "_diversions",
        "_has_begun",
        "_has_progress",
        "_ignores_empty_183",
        "_is_heard",
        "_left",
        "_leg_id",
        "_number",
        "_permitted",
        "_rule",
        "_wants_next",
        "refusal",
    )

    def __init__(
        self,
        call: ActiveCall,
        alerting: Alerting,
        number: str,
        *,
        permitted: Extension | None,
        diversions: Sequence[Diversion] = (),
        through: str = "",
    ) -> None:
        """`permitted` is whose right it is to call out, if anybody's; `diversions` are who has forwarded the call.

        With `through` no other trunk than this one is used.
        """
        self._call = call
        self._around = call.around
        self._alerting = alerting
        self._number = number
        self._permitted = permitted
        self._diversions = diversions
        self._left: list[str] = []
        """Names of trunks that are still to be tried."""
        self._rule = FailoverRule()
        self._current = ""
        self._leg_id: LegId | None = None
        self._began_at = 0.0
        self._is_heard = False
        """Some response has come to the INVITE, be it 100."""
        self._has_progress = False
        """It rings, or somebody speaks: no other trunk is tried any more."""
        self._has_begun = False
        """Some trunk was called already."""
        self._wants_next = False
        self._ignores_empty_183 = False
        self.refusal = self._plan(through)
        """Why nothing can be tried at all."""

    @property
    def is_going_on(self) -> bool:
        """The trunk has failed, and another one is to be tried."""
        return self._wants_next

    @property
    def trunk(self) -> str:
        """The name of the trunk that was tried last."""
        return self._current

    async def begin(self) -> DialReason | None:
        """Call through the first trunk that has room; why none can be called. Raises as `Alerting.ring` does."""
        return await self._next()

    def passes_on(self, event: LegProgress | LegAnswered | LegFailed) -> bool:
        """Take an event of the call; whether whoever waits for an answer is to hear of it as well."""
        if event.leg_id != self._leg_id:
            return True
        trunks, now = self._around.sip.trunks, self._around.clock.now()
        match event:
            case LegProgress():
                if not self._is_heard:
                    self._is_heard = True
                    trunks.call_answered(self._current, now)
                if event.status == 183 and not event.sdp and self._ignores_empty_183:
                    return False
                self._has_progress |= event.status != 181 and event.status != 182
            case LegAnswered():
                self._note(200, "")
                trunks.call_answered(self._current, now)
                self._leg_id = None
            case LegFailed():
                self._note(event.status, event.reason)
                is_dead = event.status == 503 or (event.status == 408 and not self._is_heard)
                trunks.call_failed(self._current, event.status, event.reason, now, is_dead=is_dead)
                self._leg_id = None
                may_go_on = self._rule.continues_after(event.status) and not self._has_progress
                self._wants_next = may_go_on and bool(self._left)
        return True

    async def proceed(self, now: float) -> DialReason | None:
        """Try the next trunk if it is time; why nothing more can be tried. Raises as `Alerting.ring` does."""
        if self._leg_id is not None and self._is_overdue(now):
            self._note(0, "no response" if not self._is_heard else "no progress")
            self._around.sip.trunks.call_failed(self._current, 408, "No Response", now, is_dead=not self._is_heard)
            self._leg_id = None
            self._alerting.pass_over(DialReason.UNREACHABLE)
            self._wants_next = True
        if not self._wants_next:
            return None
        self._wants_next = False
        return await self._next()

    def next_timeout(self) -> float | None:
        if self._leg_id is None or self._has_progress or not self._left:
            return None
        if not self._is_heard:
            return self._began_at + self._rule.no_response_s
        return self._began_at + self._rule.no_progress_s if self._rule.no_progress_s else None

    def end(self) -> None:
        """No trunk is called any more; what was still under way was given up."""
        if self._leg_id is not None:
            self._note(487, "given up")
            self._leg_id = None
        self._left = []
        self._wants_next = False

    # Private

    def _plan(self, through: str) -> DialReason | None:
        settings, permitted = self._around.settings(), self._permitted
        route = settings.outbound_for(self._number)
        if route is None:
            return DialReason.UNREACHABLE
        order = ordered(route, self._around.sip.trunks.is_down, self._around.entropy)
        permitted_trunks = frozenset[str]() if permitted is None else permitted.trunks
        self._left = [name for name in order if name in permitted_trunks and through in ("", name)]
        self._rule = route.failover
        return None if self._left else DialReason.FORBIDDEN

    def _is_overdue(self, now: float) -> bool:
        timeout = self.next_timeout()
        if timeout is None or now < timeout:
            return False
        if not self._is_heard and self._leg_id is not None and self._around.sip.is_heard(self._leg_id):
            self._is_heard = True
            self._around.sip.trunks.call_answered(self._current, now)
            return self._is_overdue(now)
        return True

    async def _next(self) -> DialReason | None:
        """INVITE through the next trunk that has room."""
        trunks, settings = self._around.sip.trunks, self._around.settings()
        refusal = DialReason.UNREACHABLE
        while self._left:
            self._current = self._left.pop(0)
            trunk = settings.trunk_named(self._current)
            if trunk is None:  # a reload has taken it away
                continue
            if self._is_refused(trunk, settings):
                refusal = DialReason.FORBIDDEN
                continue
            lack = trunks.take(trunk.name, "out", self._around.clock.now())
            if lack:
                self._note(FULL, lack)
                self._alerting.status = FULL
                log.warning("trunk full", call_id=self._call.call_id, trunk=trunk.name, reason=lack)
                continue
            await self._ring(trunk, settings)
            return None
        return refusal

    def _is_refused(self, trunk: TrunkRoute, settings: CallSettings) -> bool:
        """Whether this call would cost more than it may (toll_policy.py); the record then says why."""
        assert self._permitted is not None, "otherwise no trunk is left"
        international = normalised(self._number, settings.habits)
        reason = self._around.toll.refusal(
            self._permitted.username, trunk.name, self._number, international, is_again=self._has_begun
        )
        if reason:
            self._call.record.tags["refused"] = reason
            if reason.startswith(PHONE):  # so would it be through any other trunk
                self._left = []
        return bool(reason)

    async def _ring(self, trunk: TrunkRoute, settings: CallSettings) -> None:
        trunks, toll = self._around.sip.trunks, self._around.toll
        assert self._permitted is not None, "otherwise no trunk is left"
        username = self._permitted.username
        self._is_heard = self._has_progress = False
        self._ignores_empty_183 = "ignore_183_without_sdp" in trunk.quirks
        self._began_at = self._around.clock.now()
        toll.begins(username, trunk.name)
        try:
            self._leg_id = await ring_trunk(
                self._alerting, trunk, self._number, self._call, diversions=self._diversions
            )
        finally:
            toll.has_begun(username, trunk.name)
            if self._leg_id is None:
                trunks.give_back(trunk.name, "out")
        if self._leg_id is not None:
            trunks.bind(self._leg_id, trunk.name, "out")
            self._note_outgoing(self._leg_id, trunk, settings)
            toll.began(self._leg_id, username, trunk.name, is_again=self._has_begun)
            self._has_begun = True

    def _note_outgoing(self, leg_id: LegId, trunk: TrunkRoute, settings: CallSettings) -> None:
        """Should the call come back to us, it is known."""
        call, habits = self._call, settings.habits
        shown = "" if call.is_caller_hidden else _shown_number(call, trunk)
        outgoing = Outgoing(
            normalised(self._number, habits), normalised(shown, habits), call.came_by, call.max_forwards
        )
        self._around.returning.went(leg_id, outgoing)

    def _note(self, status: int, reason: str) -> None:
        self._call.record.trunk_tried(TrunkTry(trunk=self._current, status=status, reason=reason))


async def ring_trunk(
    alerting: Alerting, trunk: TrunkRoute, number: str, call: ActiveCall, *, diversions: Sequence[Diversion] = ()
) -> LegId | None:
    """Call `number` through the trunk; `diversions` are who has forwarded the call. None if somebody has answered
    meanwhile. Raises as `Alerting.ring` does."""
    settings = call.around.settings()
    numbers, quirks = trunk.numbers, trunk.quirks
    called = numbers.outbound(number, "called_out")
    service_route = call.around.sip.trunks.service_route_of(trunk.name) if "service_route" in quirks else ()
    target = _target(trunk, called, service_route)
    calling = numbers.outbound(_shown_number(call, trunk), "calling_out")
    rules = trunk.identity or IdentityRules(domain=settings.domain, diversion="both")
    told = introduce(
        Caller(number=calling, name=call.display or _shown_name(call), is_hidden=call.is_caller_hidden),
        rules,
        called,
        () if rules.diversion == "none" else (*read_diversions(call.headers), *diversions),
    )
    return await alerting.ring(
        target,
        f"trunk:{trunk.name}",
        from_uri=told.from_uri,
        from_display=told.from_display,
        headers=told.headers,
        contact_user=trunk.username if "contact_user" in quirks else "",
        credentials=_credentials(trunk, call.around.sip.trunks.realm_of(trunk.name)),
        srtp=settings.srtp_of_trunks.get(trunk.name, "off"),
        dtmf=settings.dtmf_of_trunks.get(trunk.name, "auto"),
        takes_t38=trunk.name not in settings.trunks_without_t38,
        codecs=settings.codecs_of_trunks.get(trunk.name, ()),
        session=settings.sessions_of_trunks.get(trunk.name, PLAIN_SESSION),
        number=number,
    )


def _shown_name(call: ActiveCall) -> str:
    return call.record.calling_name if call.shown_as is None else call.shown_as[1]


def _shown_number(call: ActiveCall, trunk: TrunkRoute) -> str:
    """Whoever is called for a client company sees its number: a caller's own, if he comes from outside, would be a
    number of somebody else's in our name."""
    if call.shown_as is not None and call.shown_as[0]:
        return call.shown_as[0]
    return project_of(call).calling_number or trunk.calling_number or call.record.calling_number


def _target(trunk: TrunkRoute, number: str, service_route: tuple[str, ...]) -> Target:
    """The number at the provider's domain, by way of his proxy if that is another host, and of those he has named."""
    params: dict[str, str | None] = {"user": "phone"} if "user_phone" in trunk.quirks else {}
    if not trunk.domain:
        server = server_uri(trunk.host, trunk.port, trunk.transport)
        uri = SipUri(user=number, host=server.host, port=server.port, params=server.params | params)
        return Target(uri=str(uri), route=(trunk.proxy_route, *service_route) if service_route else ())
    uri = SipUri(user=number, host=trunk.domain, params=params)
    return Target(uri=str(uri), route=(trunk.proxy_route, *service_route))


def _credentials(trunk: TrunkRoute, realm: str) -> Credential | None:
    """For the realm that is known to be the provider's and no other."""
    credentials = trunk.credentials
    if credentials is None or credentials.realm or not realm:
        return credentials
    return Credential(username=credentials.username, realm=realm, password=credentials.password)
