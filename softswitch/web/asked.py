"""A request as the function of its route gets it: read, checked, and from somebody who may ask it."""

from typing import Generic, Protocol, TypeVar

from softswitch.control.protocol.replies import Reply, Rows
from softswitch.control.protocol.requests import Request
from softswitch.web.callers import Caller

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class Switch(Protocol):
    """The switch as one caller may see and command it. Raises `ProblemError`."""

    async def ask(self, request: Request, expected: type[ReplyT]) -> ReplyT: ...

    async def frames(self, request: Request, expected: type[RowsT]) -> list[RowsT]:
        """A listing, which may be a moment old."""
        ...


class Asked(Generic[BodyT, QueryT]):
    """What was asked, by whom, and what is needed to answer it."""

    __slots__ = ("body", "caller", "path", "query", "switch")

    def __init__(self, *, caller: Caller, path: dict[str, str], query: QueryT, body: BodyT, switch: Switch) -> None:
        self.caller = caller
        self.path = path
        self.query = query
        self.body = body
        self.switch = switch
