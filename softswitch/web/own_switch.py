"""The switch as one caller may see and command it.

An admin asks as he is. A project asks in its own name, and the switch itself holds it to what it has. What a supervisor
or an agent asks is looked at here before it goes to the switch, and the answer before it goes back (view.py).
"""

from typing import Protocol, TypeVar

from softswitch.control.protocol.replies import Agents, Callbacks, Calls, Contacts, Phones, Reply, Rows
from softswitch.control.protocol.requests import (
    GetStatus,
    InProject,
    ListAgents,
    ListCallbacks,
    ListCalls,
    ListContacts,
    ListPhones,
    Request,
)
from softswitch.web.asked import Owner
from softswitch.web.callers import Caller
from softswitch.web.problem import ProblemError
from softswitch.web.view import Facts, View

ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class Link(Protocol):
    """The way to the switch. Raises `ProblemError`."""

    async def ask(self, request: Request | InProject, expected: type[ReplyT]) -> ReplyT: ...

    async def frames(self, request: Request | InProject, expected: type[RowsT]) -> list[RowsT]:
        """A listing, which may be a moment old."""
        ...


class Everybodys:
    """An admin's: all records."""

    def sees(self, *, agent: str | None, queue: str | None, project: str) -> bool:
        return True


class Projects:
    """A client company's: those that say they are its own."""

    def __init__(self, project: str) -> None:
        self._project = project

    def sees(self, *, agent: str | None, queue: str | None, project: str) -> bool:
        return project == self._project


class OwnSwitch:
    """Implements `asked.Switch` for one caller."""

    def __init__(self, caller: Caller, link: Link) -> None:
        self._caller = caller
        self._link = link

    async def ask(self, request: Request, expected: type[ReplyT]) -> ReplyT:
        match self._caller.role:
            case "admin":
                return await self._link.ask(request, expected)
            case "nobody" if isinstance(request, GetStatus):
                return await self._link.ask(request, expected)  # of which a route says whether all is well, and no more
            case "project":
                return await self._link.ask(InProject(self._caller.project, request), expected)
            case _:
                view = await self.view(request)
                _refuse(view, request)
                return view.shown(await self._link.ask(request, expected))

    async def frames(self, request: Request, expected: type[RowsT]) -> list[RowsT]:
        match self._caller.role:
            case "admin":
                return await self._link.frames(request, expected)
            case "project":
                return await self._link.frames(InProject(self._caller.project, request), expected)
            case _:
                view = await self.view(request)
                _refuse(view, request)
                return [view.shown(frame) for frame in await self._link.frames(request, expected)]

    async def owner(self) -> Owner:
        """What of the store is the caller's."""
        match self._caller.role:
            case "admin":
                return Everybodys()
            case "project":
                return Projects(self._caller.project)
            case _:
                return await self.view()

    async def view(self, request: Request | None = None) -> View:
        """What a supervisor or an agent may see, with the facts that `request` is judged by."""
        agents = await self._link.frames(ListAgents(), Agents)
        facts = Facts(agents=[row for frame in agents for row in frame.rows])
        wanted = View.wanted(request)
        if ListCalls in wanted:
            facts.calls = [row for frame in await self._link.frames(ListCalls(), Calls) for row in frame.rows]
        if ListContacts in wanted:
            facts.contacts = [row for frame in await self._link.frames(ListContacts(), Contacts) for row in frame.rows]
        if ListCallbacks in wanted:
            found = await self._link.frames(ListCallbacks(), Callbacks)
            facts.callbacks = [row for frame in found for row in frame.rows]
        if ListPhones in wanted:
            facts.phones = [row for frame in await self._link.frames(ListPhones(), Phones) for row in frame.rows]
        return View(self._caller, facts)


def _refuse(view: View, request: Request) -> None:
    if not view.allows(request):
        raise ProblemError("not_found", "there is no such thing that is yours", "What is yours, the listings show")
