"""Client companies: what is whose, and how many calls each has.

What belongs to nobody is for all. A project's own thing may have its id in front of its name ("acme.support"): a flow
that says "support" in a call of that project means this one, so that one flow works for many.
"""

from collections.abc import Container
from typing import Protocol

from softswitch.base.ids import AgentId, CallId


class Owned(Protocol):
    """What may belong to a project."""

    @property
    def project(self) -> str: ...


def own_name(project: str, name: str, known: Container[str]) -> str:
    """What `name` means in a call of the project: its own thing of that name, or else just that."""
    own = f"{project}.{name}"
    return own if project and own in known else name


def may_use(project: str, owner: str) -> bool:
    """Whether what belongs to `owner` is there for the project ("": for what belongs to nobody)."""
    return owner in ("", project)


def foreign_project(project: str, queue_project: str) -> str:
    """For whom a contact is, if its queue does not say it already."""
    return "" if project == queue_project else project


class ProjectCalls:
    """Which project each call in progress belongs to, and what was refused for want of room."""

    __slots__ = ("_calls", "_counts", "_served", "refused")

    def __init__(self) -> None:
        self._calls: dict[CallId, str] = {}
        self._counts: dict[str, int] = {}
        self._served: dict[AgentId, str] = {}
        self.refused: dict[str, int] = {}
        """Calls since the start, by project."""

    def belongs(self, call_id: CallId, project: str) -> None:
        """The call is the project's from now on; "": nobody's."""
        self.over(call_id)
        if project:
            self._calls[call_id] = project
            self._counts[project] = self._counts.get(project, 0) + 1

    def over(self, call_id: CallId) -> None:
        """The call has ended; one that is not known is fine."""
        project = self._calls.pop(call_id, "")
        if project:
            self._counts[project] -= 1
            if not self._counts[project]:
                del self._counts[project]

    def in_progress(self, project: str) -> int:
        return self._counts.get(project, 0)

    @property
    def counts(self) -> dict[str, int]:
        """Calls in progress, by project."""
        return dict(self._counts)

    def refuse(self, project: str) -> None:
        self.refused[project] = self.refused.get(project, 0) + 1

    def serves(self, agent_id: AgentId, project: str) -> None:
        """The agent talks in a call of the project, and has its contact to wrap up afterwards."""
        self._served[agent_id] = project

    def served_last(self, agent_id: AgentId) -> str:
        """In whose call he has talked last."""
        return self._served.get(agent_id, "")
