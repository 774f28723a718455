"""A request as the function of its route gets it: read, checked, and from somebody who may ask it."""

from typing import Generic, Protocol, TypeVar

from softswitch.control.protocol.replies import Reply, Rows
from softswitch.control.protocol.requests import Request
from softswitch.web.callers import Caller
from softswitch.web.services import Services
from softswitch.web.sessions import Session

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class Owner(Protocol):
    """Whose records are whose."""

    def sees(self, *, agent: str | None, queue: str | None, project: str) -> bool:
        """Whether the caller sees a record of this agent, queue and project."""
        ...


class Switch(Protocol):
    """The switch as one caller may see and command it. Raises `ProblemError`."""

    async def ask(self, request: Request, expected: type[ReplyT]) -> ReplyT: ...

    async def frames(self, request: Request, expected: type[RowsT]) -> list[RowsT]:
        """A listing, which may be a moment old."""
        ...

    async def owner(self) -> Owner:
        """What of the store is the caller's."""
        ...


class Asked(Generic[BodyT, QueryT]):
    """What was asked, by whom, and what is needed to answer it."""

    __slots__ = (
        "address",
        "body",
        "caller",
        "headers",
        "note",
        "path",
        "query",
        "services",
        "session",
        "session_id",
        "switch",
    )

    def __init__(
        self,
        *,
        caller: Caller,
        address: str,
        path: dict[str, str],
        query: QueryT,
        body: BodyT,
        switch: Switch,
        services: Services,
        session: Session | None = None,
        session_id: str = "",
    ) -> None:
        self.caller = caller
        self.address = address
        self.path = path
        self.query = query
        self.body = body
        self.switch = switch
        self.services = services
        self.session = session
        """The log-in it came with; None: it came with a key, or with nothing."""
        self.session_id = session_id
        self.headers: dict[str, str] = {}
        """Of the answer, beside those every answer has."""
        self.note = ""
        """What the audit log is to say beside the body."""
