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
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.notifying import Notice, Notifying

STATE_WAIT_S = 0.2
"""How long the first NOTIFY waits for somebody to say how the resource is."""


class Phase(Enum):
    WAITING = auto()
    ACTIVE = auto()
    OVER = auto()


class Subscription:
    """Made for a SUBSCRIBE that may be, before it is answered. `on_over` is called once."""

    __slots__ = (
        "_core",
        "_dialog",
        "_entity",
        "_has_news",
        "_is_fetch",
        "_is_unwelcome",
        "_notifying",
        "_on_over",
        "_phase",
        "_quiet_until",
        "_state",
        "_version",
        "event",
        "expires_at",
        "leg_id",
        "resource",
        "watcher",
    )

    def __init__(
        self,
        core: SipCore,
        request: Request,
        flow: Flow,
        *,
        event: str,
        resource: str,
        watcher: str,
        entity: str,
        expires_s: int,
        on_over: "Callable[[Subscription], None]",
        now: float,
    ) -> None:
        self.event = event
        self.resource = resource
        self.watcher = watcher
        self.expires_at = now + expires_s
        self.leg_id = LegId("")
        """There is no leg in this dialog, so nobody can take its place."""
        self._core = core
        self._entity = entity
        self._on_over = on_over
        self._phase = Phase.WAITING
        self._is_fetch = expires_s == 0
        self._is_unwelcome = False
        self._state: EventState = NOTHING_KNOWN[event]
        self._has_news = False
        self._version = 0
        self._quiet_until = now + STATE_WAIT_S
        self._dialog = Dialog.of_callee(request, core.entropy.token(64), flow)
        core.route(self._dialog, flow)
        core.dialogs[self._dialog.id] = self
        self._notifying = Notifying(core, self._dialog, request.require("event"), None, self._refused)
        self._answer(request, flow, expires_s, now)
        self._arm()

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
        if self._phase is Phase.WAITING or now >= self._quiet_until:
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
        dialog.refresh_target(request)
        core.route(dialog, flow)
        self.expires_at = now + expires_s
        self._answer(request, flow, expires_s, now)
        if expires_s == 0:
            self.end("timeout", now)
        elif self._phase is Phase.ACTIVE:
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
        elif (self._phase is Phase.WAITING or self._has_news) and now >= self._quiet_until:
            self._tell(now)
        else:
            self._arm()

    # Private

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
        return Notice(state, self._state.content_type, body)

    def _arm(self) -> None:
        """The next thing to be done: what waits to be told, or the end."""
        if self._phase is Phase.OVER or self._is_unwelcome:
            return
        waits = self._phase is Phase.WAITING or self._has_news
        at = self._quiet_until if waits else self.expires_at
        self._core.deadlines.set(self, at if self._is_fetch else min(at, self.expires_at))

    def _refused(self) -> None:
        if self._phase is not Phase.OVER:
            self._over()

    def _over(self) -> None:
        self._phase = Phase.OVER
        self._core.deadlines.cancel(self)
        del self._core.dialogs[self._dialog.id]
        self._on_over(self)
