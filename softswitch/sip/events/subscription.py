"""One watcher's subscription (RFC 6665, the notifier's part): a dialog of its own, in which we only speak.

```
 SUBSCRIBE ──200──► WAITING ──the state is known, or STATE_WAIT_S──► ACTIVE ──► terminated
                                        NOTIFY                        │ ▲  refreshed: NOTIFY
                                                                      └─┘  changed: NOTIFY, not too often
```

| it ends                                              | what the watcher reads               |
|------------------------------------------------------|--------------------------------------|
| by a SUBSCRIBE with Expires 0 (a first one: a fetch) | the state, terminated;reason=timeout |
| when it was not refreshed in time                    | the same                             |
| the resource is no more, or not for him any more     | terminated;reason=noresource         |
| a NOTIFY is refused, or not answered                 | nothing: he is gone                  |

A state that follows another within `notify_every_s` waits, and only the newest is told.
"""

from collections.abc import Callable
from enum import Enum, auto

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.events.packages import NOTHING_KNOWN, EventState
from softswitch.sip.kept import KeptSubscription, text_of, wire
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.outputs import SubscriptionChanged
from softswitch.sip.sessions.dialog import CSEQ_LEAP, CSEQ_TOLD_EVERY, Dialog
from softswitch.sip.sessions.notifying import Notice, Notifying
from softswitch.sip.sessions.revived_dialog import revive_dialog

STATE_WAIT_S = 0.2
"""How long the first NOTIFY waits for somebody to say how the resource is."""


class Phase(Enum):
    WAITING = auto()
    ACTIVE = auto()
    OVER = auto()


class Subscription:
    """Begun by a SUBSCRIBE that may be, or restored. `on_over` is called once; a mere fetch is not kept."""

    __slots__ = (
        "_core",
        "_dialog",
        "_entity",
        "_event_header",
        "_has_news",
        "_is_fetch",
        "_is_unwelcome",
        "_notifying",
        "_on_over",
        "_phase",
        "_quiet_until",
        "_source",
        "_state",
        "_version",
        "_wall_offset",
        "event",
        "expires_at",
        "leg_id",
        "resource",
        "subscription_id",
        "watcher",
    )

    def __init__(
        self,
        core: SipCore,
        dialog: Dialog,
        *,
        subscription_id: str,
        source: Flow,
        event: str,
        event_header: str,
        resource: str,
        watcher: str,
        entity: str,
        expires_at: float,
        is_fetch: bool,
        quiet_until: float,
        wall_offset: float,
        on_over: "Callable[[Subscription], None]",
    ) -> None:
        self.subscription_id = subscription_id
        self.event = event
        self.resource = resource
        self.watcher = watcher
        self.expires_at = expires_at
        self.leg_id = LegId("")
        """There is no leg in this dialog, so nobody can take its place."""
        self._core = core
        self._entity = entity
        self._on_over = on_over
        self._phase = Phase.WAITING
        self._is_fetch = is_fetch
        self._is_unwelcome = False
        self._state: EventState = NOTHING_KNOWN[event]
        self._has_news = False
        self._version = 0
        self._quiet_until = quiet_until
        self._wall_offset = wall_offset
        self._dialog = dialog
        self._source = source
        self._event_header = event_header
        self._notifying = Notifying(core, dialog, event_header, None, self._refused)
        core.dialogs[dialog.id] = self
        core.returning.follow(source, self)

    @classmethod
    def begun(
        cls,
        core: SipCore,
        request: Request,
        flow: Flow,
        *,
        event: str,
        resource: str,
        watcher: str,
        entity: str,
        expires_s: int,
        wall_offset: float,
        on_over: "Callable[[Subscription], None]",
        now: float,
    ) -> "Subscription":
        """By this SUBSCRIBE, which is answered."""
        dialog = Dialog.of_callee(request, core.entropy.token(64), flow)
        core.route(dialog, flow)
        subscription = cls(
            core,
            dialog,
            subscription_id=core.entropy.token(64),
            source=flow,
            event=event,
            event_header=request.require("event"),
            resource=resource,
            watcher=watcher,
            entity=entity,
            expires_at=now + expires_s,
            is_fetch=expires_s == 0,
            quiet_until=now + STATE_WAIT_S,
            wall_offset=wall_offset,
            on_over=on_over,
        )
        subscription._answer(request, flow, expires_s, now)
        subscription._begin()
        return subscription

    @classmethod
    def restored(
        cls,
        core: SipCore,
        kept: KeptSubscription,
        *,
        wall_offset: float,
        on_over: "Callable[[Subscription], None]",
        now: float,
    ) -> "Subscription":
        """Go on with one of another process. The watcher is told how the resource is now."""
        dialog, source = revive_dialog(core, kept.dialog, kept.source)
        subscription = cls(
            core,
            dialog,
            subscription_id=kept.subscription_id,
            source=source,
            event=kept.event,
            event_header=text_of(kept.event_header),
            resource=kept.resource,
            watcher=kept.watcher,
            entity=kept.entity,
            expires_at=kept.expires_at_wall - wall_offset,
            is_fetch=False,
            quiet_until=now + STATE_WAIT_S,
            wall_offset=wall_offset,
            on_over=on_over,
        )
        subscription._version = kept.version + CSEQ_LEAP
        subscription._begin()
        return subscription

    def keep(self) -> KeptSubscription:
        return KeptSubscription(
            subscription_id=self.subscription_id,
            dialog=self._dialog.keep(),
            source=self._source,
            event=self.event,
            event_header=wire(self._event_header),
            resource=self.resource,
            watcher=self.watcher,
            entity=self._entity,
            version=self._version,
            expires_at_wall=self.expires_at + self._wall_offset,
        )

    def changed(self) -> None:
        """Of the dialog: what is kept is not what it was."""
        self._core.outputs.append(SubscriptionChanged(self.subscription_id, self.keep()))

    @property
    def remote(self) -> Flow:
        """The way to the watcher."""
        return self._dialog.flow

    @property
    def flows(self) -> tuple[Flow, ...]:
        return (self._dialog.flow,)

    # Inputs from the owner

    def show(self, state: EventState, now: float) -> None:
        """The resource is so from now on."""
        if self._phase is Phase.OVER:
            return
        self._state = state
        if not self._dialog.flow.is_lost and (self._phase is Phase.WAITING or now >= self._quiet_until):
            self._tell(now)
        else:
            self._has_news = True
            self._arm()

    def end_soon(self) -> None:
        """There is no such resource for this watcher any more."""
        self._is_unwelcome = True
        self._core.deadlines.set(self, 0.0)

    def end(self, reason: str, now: float) -> None:
        """Take leave of the watcher."""
        if self._phase is not Phase.OVER:
            self._notifying.notify(self._notice(f"terminated;reason={reason}"), now)
            self._over()

    # Inputs from the network

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        core, dialog = self._core, self._dialog
        if request.method != "SUBSCRIBE":
            core.answer(request, flow, 405, now, headers=(("allow", ALLOW),))
            return
        last = dialog.remote_cseq
        if last is not None and request.cseq.number <= last:
            core.answer(request, flow, 500, now)
            return
        policy = core.settings.events
        expires_s = policy.expires_s(request.expires)
        if expires_s is None:
            core.answer(request, flow, 423, now, headers=(("min-expires", str(policy.expires_min_s)),))
            return
        dialog.remote_cseq = request.cseq.number
        self.expires_at = now + expires_s
        dialog.refresh_target(request)
        self._heard_from(flow, now)
        self._answer(request, flow, expires_s, now)
        if expires_s == 0:
            self.end("timeout", now)
            return
        self.changed()
        if self._phase is Phase.ACTIVE:
            self._tell(now)

    def receive_stray(self, response: Response, flow: Flow, now: float) -> bool:
        """Nobody invites here."""
        return False

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        return False

    # Time

    def handle_timeout(self, now: float) -> None:
        if self._phase is Phase.OVER:
            return
        if self._is_unwelcome:
            self.end("noresource", now)
        elif not self._is_fetch and now >= self.expires_at:
            self.end("timeout", now)
        elif self._is_due and now >= self._quiet_until:
            self._tell(now)
        else:
            self._arm()

    # Inputs from whoever knows about connections (Follower)

    def connection_broken(self, now: float) -> None:
        dialog, before = self._dialog, self._source
        self._follow(self._core.way_again(before.broken(), dialog.remote_target, dialog.routes))
        if dialog.flow == before:
            dialog.go_by(self._source)
        self._has_news = True  # what was on its way may be lost
        self._arm()

    def move_to(self, flow: Flow, now: float) -> None:
        self._heard_from(flow, now)

    # Private

    @property
    def _is_due(self) -> bool:
        """There is something to tell, and a way to him."""
        return (self._phase is Phase.WAITING or self._has_news) and not self._dialog.flow.is_lost

    def _begin(self) -> None:
        if not self._is_fetch:
            self._dialog.watch = self
            self.changed()
        self._arm()

    def _heard_from(self, flow: Flow, now: float) -> None:
        """The watcher is there now."""
        if flow == self._source:
            self._core.route(self._dialog, flow)
            return
        core, before = self._core, self._source
        self._follow(flow)
        core.route(self._dialog, flow)
        if before.is_lost:
            core.transactions.move(before, flow)
            core.returning.is_back(before, flow, now)
            self._arm()

    def _follow(self, flow: Flow) -> None:
        self._core.returning.leave(self._source, self)
        self._source = flow
        self._core.returning.follow(flow, self)

    def _answer(self, request: Request, flow: Flow, expires_s: int, now: float) -> None:
        response = make_response(request, 200, to_tag=self._dialog.local_tag)
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("expires", str(expires_s)))
        self._core.transactions.open(request, flow).respond(response, now)

    def _tell(self, now: float) -> None:
        if self._is_fetch:
            self.end("timeout", now)
            return
        self._phase = Phase.ACTIVE
        self._has_news = False
        self._quiet_until = now + self._core.settings.events.notify_every_s
        self._notifying.notify(self._notice(f"active;expires={max(0, round(self.expires_at - now))}"), now)
        self._arm()

    def _notice(self, state: str) -> Notice:
        body = self._state.render(self._entity, self._version, self.watcher)
        self._version += 1
        if self._version % CSEQ_TOLD_EVERY == 0 and self._dialog.watch is not None:
            # To one who answers slowly not every state is told, so versions come further than the dialog's numbers.
            self._dialog.watch.changed()
        return Notice(state, self._state.content_type, body)

    def _arm(self) -> None:
        """The next thing to be done: what waits to be told, or the end."""
        if self._phase is Phase.OVER or self._is_unwelcome:
            return
        at = self._quiet_until if self._is_due else self.expires_at
        self._core.deadlines.set(self, at if self._is_fetch else min(at, self.expires_at))

    def _refused(self) -> None:
        if self._phase is not Phase.OVER:
            self._over()

    def _over(self) -> None:
        core = self._core
        self._phase = Phase.OVER
        self._dialog.watch = None
        core.deadlines.cancel(self)
        core.returning.leave(self._source, self)
        del core.dialogs[self._dialog.id]
        if not self._is_fetch:
            core.outputs.append(SubscriptionChanged(self.subscription_id, None))
        self._on_over(self)
