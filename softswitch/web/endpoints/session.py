"""Logging in and out, and who the caller is; and the audit log."""

from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from softswitch.web.addresses import site_of
from softswitch.web.asked import Asked
from softswitch.web.audit import AuditRow
from softswitch.web.callers import Caller, Column, hash_of
from softswitch.web.fields import Word
from softswitch.web.limits import AUDIT_ROWS_MAX, AUDIT_SEARCHED_MAX, PASSWORD_CHARACTERS_MAX
from softswitch.web.problem import ProblemError
from softswitch.web.route import PREFIX, Done, Listing, NoQuery, Routes
from softswitch.web.sessions import Session

routes = Routes("session")

COOKIE = "session"


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user of users.toml, and his password."""

    user: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `token` goes, as the header X-CSRF-Token, with every request of this session that acts."""

    name: str
    role: Column
    teams: list[str] = []
    agent: str = ""
    project: str = ""
    has_commands: bool = True
    phone: str = ""
    token: str | None = None


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of this caller, or about paths that begin so; the newest `limit`."""

    caller: Word = ""
    path: Annotated[str, Meta(max_length=200)] = ""
    limit: Annotated[int, Meta(ge=1, le=AUDIT_ROWS_MAX)] = 100


@routes.post("/session", answer=Who, body=LogIn)
async def log_in(asked: Asked[LogIn, NoQuery]) -> Who:
    """Log in.

    The answer sets a cookie that is good for some hours. Its `token` goes with what acts, as X-CSRF-Token.
    """
    services, user = asked.services, asked.body.user
    now = services.clock.now()
    for name in (f"address:{site_of(asked.address)}", f"user:{user}"):
        wait_s = services.log_ins.take(name, now)
        if wait_s:
            whole_s = int(wait_s) + 1
            reason, remedy = "too many have tried to log in so", f"Try again in {whole_s} s"
            raise ProblemError("too_many_requests", reason, remedy, headers={"Retry-After": str(whole_s)})
    known = services.known()
    is_right = await services.passwords.check(asked.body.password, known.password_hash(user))
    caller = known.user(user)
    if not is_right or caller is None:
        raise ProblemError(
            "unauthenticated", "user or password is wrong", "Try again, or ask an admin", field="password"
        )
    credential = hash_of(services.known().password_hash(user))
    session_id, session = services.sessions.begin(user, credential, services.clock.now())
    await services.disk.settled()
    asked.headers["Set-Cookie"] = _cookie(session_id, services.is_secure)
    return _who(caller, session)


@routes.get("/session", answer=Who)
async def get_session(asked: Asked[None, NoQuery]) -> Who:
    """Who the caller is, and what he may."""
    return _who(asked.caller, asked.session)


@routes.delete("/session", answer=Done)
async def log_out(asked: Asked[None, NoQuery]) -> Done:
    """Log out."""
    if asked.session is None:
        raise ProblemError("not_possible", "a key has no session", "Only who has logged in can log out")
    asked.services.sessions.end(asked.session_id)
    await asked.services.disk.settled()
    asked.headers["Set-Cookie"] = _cookie("", asked.services.is_secure) + "; Max-Age=0"
    return Done()


@routes.get("/audit", answer=Listing[AuditRow], query=AuditQuery)
async def list_audit(asked: Asked[None, AuditQuery]) -> Listing[AuditRow]:
    """Who did what through the API.

    The newest first; what was done, what was refused, and which recordings were heard.
    """
    query = asked.query

    def read(_store: Any) -> list[AuditRow]:
        rows = islice(asked.services.audit.newest(), AUDIT_SEARCHED_MAX)
        found = (row for row in rows if query.caller in ("", row.caller) and row.path.startswith(query.path))
        return list(islice(found, query.limit))

    return Listing(await asked.services.history.read(read))


def _who(caller: Caller, session: Session | None) -> Who:
    return Who(
        name=caller.name,
        role=caller.role,
        teams=sorted(caller.teams),
        agent=caller.agent_id or "",
        project=caller.project,
        has_commands=caller.has_commands,
        phone=caller.phone,
        token=None if session is None else session.token,
    )


def _cookie(session_id: str, is_secure: bool) -> str:
    return f"{COOKIE}={session_id}; Path={PREFIX}; HttpOnly; SameSite=Strict{'; Secure' if is_secure else ''}"
