"""Phones that come and go, trunks that are up or down, made into events. A refresh is no news."""

from collections.abc import Callable, Iterable

from softswitch.base.clock import Clock
from softswitch.base.ids import AgentId
from softswitch.calls.told.events import PhoneRegistered, PhoneUnregistered, SwitchEvent, TrunkDown, TrunkUp
from softswitch.sip.outputs import Binding, TrunkChanged

Tell = Callable[[SwitchEvent, str], None]


class PeersTold:
    """For all phones and trunks of the switch."""

    __slots__ = ("_agent_of", "_clock", "_keys", "_tell")

    def __init__(self, tell: Tell, clock: Clock, agent_of: Callable[[str], AgentId | None]) -> None:
        """`agent_of` is whose an address of record is."""
        self._tell = tell
        self._clock = clock
        self._agent_of = agent_of
        self._keys: dict[str, frozenset[str]] = {}
        """The phones of each address of record."""

    def restored(self, aor: str, bindings: Iterable[Binding]) -> None:
        """They were registered before."""
        self._keys[aor] = frozenset(binding.key for binding in bindings)

    def bindings_changed(self, aor: str, bindings: list[Binding]) -> None:
        known = self._keys.get(aor, frozenset())
        if len(known) == len(bindings) and all(binding.key in known for binding in bindings):
            return
        keys = frozenset(binding.key for binding in bindings)
        username, agent_id, now = aor.partition("@")[0].removeprefix("sip:"), self._agent_of(aor), self._clock.now()
        for binding in bindings:
            if binding.key not in known:
                event = PhoneRegistered(
                    now,
                    username,
                    address=str(binding.flow.remote),
                    user_agent=binding.user_agent,
                    agent_id=agent_id,
                    phones=len(keys),
                )
                self._tell(event, "")
        for _ in known - keys:
            self._tell(PhoneUnregistered(now, username, agent_id=agent_id, phones=len(keys)), "")
        if keys:
            self._keys[aor] = keys
        else:
            self._keys.pop(aor, None)

    def trunk_changed(self, event: TrunkChanged) -> None:
        now = self._clock.now()
        if event.state in ("up", "registered"):
            self._tell(TrunkUp(now, event.trunk, event.subject), "")
        elif event.state in ("down", "refused") or (event.state == "trying" and event.reason):
            self._tell(TrunkDown(now, event.trunk, event.subject, state=event.state, reason=event.reason), "")
