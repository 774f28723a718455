"""What routes need beside the switch: ports, which runtime/ fills."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec

from softswitch.base.clock import Clock
from softswitch.config.rows import RouteRow, ScheduleRow
from softswitch.store import StoreReader
from softswitch.web.audit import AuditRow
from softswitch.web.callers import KnownCallers
from softswitch.web.rates import RateLimit
from softswitch.web.sessions import Sessions

T = TypeVar("T")


class Finished(msgspec.Struct, frozen=True):
    """What a command ended with."""

    exit_code: int
    output: bytes
    errors: str


class Passwords(Protocol):
    async def check(self, password: str, known_hash: str) -> bool:
        """Takes as long for a user who is not there (an empty hash). Raises `ProblemError` if too many wait."""
        ...


class History(Protocol):
    async def read(self, read: Callable[[StoreReader], T]) -> T:
        """What `read`, in a thread, makes of the store. Raises `ProblemError`."""
        ...


class Commands(Protocol):
    async def run(self, *arguments: str) -> Finished:
        """`softswitch ARGUMENTS` on this configuration, as a process. Raises `ProblemError`."""
        ...


class Written(Protocol):
    """The configuration as it is written; "" as the project: of all. Raises `ProblemError`."""

    async def numbers(self, project: str) -> list[RouteRow]: ...
    async def schedules(self, project: str) -> list[ScheduleRow]: ...


class AuditLog(Protocol):
    def write(self, row: AuditRow) -> None: ...
    def newest(self) -> Iterator[AuditRow]: ...


class Services:
    """One of each."""

    __slots__ = (
        "audit",
        "clock",
        "commands",
        "history",
        "is_secure",
        "known",
        "link_secret",
        "log_ins",
        "passwords",
        "sessions",
        "url",
        "written",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        known: Callable[[], KnownCallers],
        sessions: Sessions,
        log_ins: RateLimit,
        passwords: Passwords,
        history: History,
        commands: Commands,
        written: Written,
        audit: AuditLog,
        link_secret: bytes,
        url: str,
        is_secure: bool,
    ) -> None:
        self.clock = clock
        self.known = known
        """users.toml as it is now."""
        self.sessions = sessions
        self.log_ins = log_ins
        self.passwords = passwords
        self.history = history
        self.commands = commands
        self.written = written
        self.audit = audit
        self.link_secret = link_secret
        self.url = url
        self.is_secure = is_secure
        """Whether browsers reach us by HTTPS."""
