"""What routes need beside the switch: ports, which runtime/ fills."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec

from softswitch.base.clock import Clock
from softswitch.config.rows import RouteRow, ScheduleRow
from softswitch.store import StoreReader
from softswitch.web.audit import AuditRow
from softswitch.web.callers import KnownCallers
from softswitch.web.idempotency import IdempotentRequests
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


class WebhookState(msgspec.Struct, frozen=True, kw_only=True):
    """How a webhook does. `state` is "idle", "sending", "waiting" (to try again) or "resting" (it failed too often)."""

    webhook: str
    url: str
    state: str
    cursor: int | None
    """The number of the last event that is settled; None: it has not begun."""
    behind: int
    """Events that have happened since, of all kinds."""
    delivered: int
    failed: int
    last_fault: str
    """Why the last attempt has failed; empty: it has not."""
    dead: int
    """Events that were set aside."""
    waiting: int
    """Events that are to be sent next."""
    failing_since: float | None
    """Since when no attempt has succeeded, wall time; None: it is well."""
    failed_at: float | None
    """When the last attempt has failed."""
    retry_s: float | None
    """In so many seconds it is tried again."""


class DeadRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event that could not be delivered, why, and whether it is about to be sent again."""

    webhook: str
    number: int
    kind: str
    reason: str
    attempts: int
    at_wall: float
    is_again: bool


class Webhooks(Protocol):
    async def states(self) -> list[WebhookState]: ...
    async def dead(self, webhook: str) -> list[DeadRow]: ...
    async def send_again(self, webhook: str, number: int | None) -> int:
        """One that was set aside, or all; how many there are."""
        ...

    async def discard(self, webhook: str, number: int | None) -> int: ...


class AuditLog(Protocol):
    def write(self, row: AuditRow) -> None: ...
    def newest(self) -> Iterator[AuditRow]: ...


class Disk(Protocol):
    async def settled(self) -> None:
        """Return when sessions and answers that were kept so far are on the disk, or cannot be."""
        ...


class Services:
    """One of each."""

    __slots__ = (
        "audit",
        "clock",
        "commands",
        "disk",
        "done_before",
        "history",
        "is_secure",
        "known",
        "link_secret",
        "log_ins",
        "passwords",
        "sessions",
        "url",
        "webhooks",
        "written",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        known: Callable[[], KnownCallers],
        sessions: Sessions,
        done_before: IdempotentRequests,
        disk: Disk,
        log_ins: RateLimit,
        passwords: Passwords,
        history: History,
        commands: Commands,
        written: Written,
        webhooks: Webhooks,
        audit: AuditLog,
        link_secret: bytes,
        url: str,
        is_secure: bool,
    ) -> None:
        self.clock = clock
        self.known = known
        """users.toml as it is now."""
        self.sessions = sessions
        self.done_before = done_before
        """Requests with idempotency keys."""
        self.disk = disk
        self.log_ins = log_ins
        self.passwords = passwords
        self.history = history
        self.commands = commands
        self.written = written
        self.webhooks = webhooks
        self.audit = audit
        self.link_secret = link_secret
        self.url = url
        self.is_secure = is_secure
        """Whether browsers reach us by HTTPS."""
