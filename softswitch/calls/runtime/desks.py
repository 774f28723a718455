"""Who sits at which phone (hot desks), kept over restarts; logging in and out by phone.

Who leaves a desk keeps no line open from there (agent_line.py).

A PIN of an agent can be tried by whoever can call from one of our phones: after some wrong ones in a row none is right
for a while (pin_guard.py), and each is logged.
"""

import hmac
from collections.abc import Callable

from softswitch.acd.inputs import AgentLoggedIn, AgentLoggedOut, AgentReachable, AgentUnreachable
from softswitch.base.clock import Clock
from softswitch.base.ids import AgentId
from softswitch.base.log import get_logger
from softswitch.calls.desks import agent_called, seated
from softswitch.calls.pin_guard import LOCKED_S, PinGuard
from softswitch.calls.runtime.agent_lines import Acd
from softswitch.calls.runtime.open_lines import OpenLines
from softswitch.calls.settings import CallSettings, Extension
from softswitch.store import Store
from softswitch.store.schema import StoredSeat

log = get_logger("calls")

LEFT = "the agent has left the desk"


class Desks:
    """`take_settings` gets the settings whenever somebody has changed his place; `is_registered` knows user names."""

    __slots__ = (
        "_acd",
        "_clock",
        "_configured",
        "_guard",
        "_is_registered",
        "_lines",
        "_seats",
        "_store",
        "_take",
    )

    def __init__(
        self,
        configured: CallSettings,
        store: Store,
        clock: Clock,
        acd: Acd,
        *,
        lines: OpenLines,
        take_settings: Callable[[CallSettings], None],
        is_registered: Callable[[str], bool],
    ) -> None:
        self._configured = configured
        self._store = store
        self._clock = clock
        self._acd = acd
        self._lines = lines
        self._take = take_settings
        self._is_registered = is_registered
        self._seats = {row.agent_id: row.username for row in store.seats.ascending()}
        self._guard = PinGuard()

    @property
    def settings(self) -> CallSettings:
        """With everybody where he sits."""
        return seated(self._configured, self._seats)

    def configure(self, configured: CallSettings) -> CallSettings:
        """After a reload; returns `settings`."""
        self._configured = configured
        return self.settings

    def account_of(self, phone: Extension) -> str:
        """The user name of whoever works at the phone, which is that of his own; "" of one whose owner is elsewhere."""
        configured = self._configured.extensions.get(phone.username)
        if phone.agent_id is None:
            return "" if configured is None or configured.agent_id is not None else phone.username
        own = self._configured.extension_of_agent(phone.agent_id)
        return phone.username if own is None else own.username

    def log_in(self, phone: Extension, who: str = "", pin: str = "") -> bool:
        """The agent of the phone, or `who` (a number, user name or id) with his PIN, works there from now on."""
        agent_id = phone.agent_id
        if who:
            own = agent_called(self._configured, who)
            if own is None or own.agent_id is None or not self._is_right(own, pin):
                log.warning("agent not logged in", phone=phone.username, who=who[:40])
                return False
            agent_id = own.agent_id
            self._sit(agent_id, phone, own)
        if agent_id is None:
            return False
        self._acd.apply(AgentLoggedIn(agent_id, by=agent_id))
        return True

    def log_out(self, phone: Extension) -> bool:
        """Whoever works at the phone goes; False if nobody does."""
        agent_id = phone.agent_id
        if agent_id is None:
            return False
        self._acd.apply(AgentLoggedOut(agent_id, by=agent_id))
        had_line = self._lines.has(agent_id)
        self._lines.end(agent_id, LEFT)
        if agent_id in self._seats:
            self._change({agent_id: None})
        elif had_line:
            self._tell_who_can_be_reached(self.settings, {agent_id: None}, set())
        return True

    # Private

    def _is_right(self, own: Extension, pin: str) -> bool:
        agent_id, now = own.agent_id, self._clock.now()
        assert agent_id is not None, "an agent's own phone"
        if self._guard.is_locked((agent_id,), now) or not own.pin:
            return False
        if hmac.compare_digest(own.pin.encode(), pin.encode()):
            self._guard.right((agent_id,))
            return True
        if self._guard.wrong((agent_id,), now):
            log.warning("agent's PIN locked", agent=agent_id, for_s=LOCKED_S)
        return False

    def _sit(self, agent_id: AgentId, phone: Extension, own: Extension) -> None:
        changes: dict[AgentId, str | None] = {agent_id: None if phone.username == own.username else phone.username}
        self._lines.end(agent_id, LEFT, unless_at=phone.username)
        former = phone.agent_id
        if former not in (None, agent_id):
            self._acd.apply(AgentLoggedOut(former, by=agent_id))
            self._lines.end(former, LEFT)
        changes |= {other: None for other, name in self._seats.items() if name == phone.username and other != agent_id}
        self._change(changes)

    def _change(self, changes: dict[AgentId, str | None]) -> None:
        """Agents take these seats, or none any more."""
        before = {name for agent_id in changes if (name := self._seats.get(agent_id))}
        for agent_id, username in changes.items():
            if username is None:
                self._seats.pop(agent_id, None)
                self._store.seats.delete(agent_id)
            else:
                self._seats[agent_id] = username
                self._store.seats.put(agent_id, StoredSeat(agent_id=agent_id, username=username))
        settings = self.settings
        self._take(settings)
        log.info("desks", **{agent_id: username or "own" for agent_id, username in changes.items()})
        self._tell_who_can_be_reached(settings, changes, before | {name for name in changes.values() if name})

    def _tell_who_can_be_reached(
        self, settings: CallSettings, agents: dict[AgentId, str | None], phones: set[str]
    ) -> None:
        """Of these agents, and of those whose own phones others sit at or have left."""
        owners = {self._configured.extensions[name].agent_id for name in phones if name in self._configured.extensions}
        for agent_id in sorted({*agents, *(owner for owner in owners if owner is not None)}):
            extension = settings.extension_of_agent(agent_id)
            is_there = extension is not None and self._is_registered(extension.username)
            self._acd.apply(AgentReachable(agent_id) if is_there else AgentUnreachable(agent_id))
