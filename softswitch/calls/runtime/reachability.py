"""Which agents the router may have rung: those with a registered phone, or an open line."""

from collections.abc import Sequence

from softswitch.acd.inputs import AgentLoggedOut, AgentReachable, AgentUnreachable
from softswitch.base.ids import AgentId
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.sip.outputs import Binding


class Reachability:
    """It tells the router; it remembers nothing itself."""

    __slots__ = ("_around",)

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def agent_of(self, aor: str) -> AgentId | None:
        """Whose phone registers so, if it is an agent's."""
        extension = self._around.settings().extensions.get(aor.partition("@")[0].removeprefix("sip:"))
        return None if extension is None else extension.agent_id

    def restored(self, aor: str) -> None:
        """A registration was read from the store."""
        agent_id = self.agent_of(aor)
        if agent_id is not None:
            self._around.acd.apply(AgentReachable(agent_id))

    def bindings_changed(self, aor: str, bindings: Sequence[Binding]) -> None:
        agent_id = self.agent_of(aor)
        if agent_id is not None and not self._around.open_lines.has(agent_id):
            self._around.acd.apply(AgentReachable(agent_id) if bindings else AgentUnreachable(agent_id))

    def settings_changed(self) -> None:
        """Agents who are new to the router may be registered already."""
        settings = self._around.settings()
        for extension in settings.extensions.values():
            if extension.agent_id is not None and self._around.sip.bindings(f"{extension.username}@{settings.domain}"):
                self._around.acd.apply(AgentReachable(extension.agent_id))

    def line_closed(self, party: Party) -> None:
        """An agent on an open line has hung up: he goes home, and can be reached only if his phone is registered."""
        extension, settings = party.extension, self._around.settings()
        assert extension is not None, "agents only have open lines"
        agent_id = extension.agent_id
        assert agent_id is not None
        self._around.open_lines.closed(agent_id)
        self._around.acd.apply(AgentLoggedOut(agent_id, by=agent_id))
        if not self._around.sip.bindings(f"{extension.username}@{settings.domain}"):
            self._around.acd.apply(AgentUnreachable(agent_id))
