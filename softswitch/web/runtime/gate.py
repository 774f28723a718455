"""What every request passes before the function of its route is called, and what its answer passes afterwards.

How often its address may ask; who it is from; how often that caller may; whether he may ask this; what he has sent;
whether it was done before. Afterwards what was done, or refused to him, is in the audit log.
"""

import asyncio
from hashlib import sha256
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import InternalServerException
from litestar.response import Stream

from softswitch.base.log import get_logger
from softswitch.config.settings import Settings
from softswitch.web.access import is_for_nobody, may
from softswitch.web.addresses import client_address, site_of
from softswitch.web.asked import Asked
from softswitch.web.audit import AuditRow, what_of
from softswitch.web.callers import NOBODY, Caller, hash_of
from softswitch.web.endpoints.session import COOKIE
from softswitch.web.idempotency import Answer, Standing
from softswitch.web.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX, OFFENCES_NOTED_PER_S, SECRET_CHARACTERS_MAX
from softswitch.web.own_switch import Link, OwnSwitch
from softswitch.web.problem import MEDIA_TYPE, ProblemError
from softswitch.web.rates import RateLimit
from softswitch.web.reading import check_path, read_body, read_query
from softswitch.web.route import PREFIX, FileAnswer, RawAnswer, Route
from softswitch.web.runtime.files import send_file
from softswitch.web.services import Services
from softswitch.web.sessions import Session, is_token_of

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]

_log = get_logger("web")
_encode = msgspec.json.Encoder().encode


class Entered:
    """A caller who was let in, and the session he has, if it is by one."""

    __slots__ = ("caller", "session", "session_id")

    def __init__(self, caller: Caller, session: Session | None = None, session_id: str = "") -> None:
        self.caller = caller
        self.session = session
        self.session_id = session_id


class Gate:
    """Serves all routes."""

    def __init__(self, settings: Settings, link: Link, services: Services) -> None:
        web = settings.web
        self._key_file = settings.recordings.key_file
        self._link = link
        self._services = services
        self._origins = frozenset({services.url, *web.origins})
        self._proxies = [ip_network(text) for text in web.proxies]
        self._of_addresses = RateLimit(web.address_requests_per_s)
        self._of_callers = RateLimit(web.requests_per_s)
        self._noted = RateLimit(OFFENCES_NOTED_PER_S, burst=1)

    async def serve(self, route: Route, request: AnyRequest) -> Response[bytes] | Stream:
        """Raises `ProblemError`."""
        address = self.address_of(request)
        self.count_address(address)
        entered = Entered(NOBODY) if is_for_nobody(route) else self.enter(request)
        self.count_caller(entered.caller)
        asked: Asked[Any, Any] | None = None
        try:
            if not may(entered.caller, route):
                raise _not_allowed(entered.caller)
            if route.is_acting:
                self._check_page(request, entered)
            raw = await _body(request)
            asked = Asked(
                caller=entered.caller,
                address=address,
                path=check_path(dict(request.path_params)),
                query=read_query(route, list(request.query_params.multi_items())),
                body=read_body(route, request.headers.get("content-type", ""), raw),
                switch=OwnSwitch(entered.caller, self._link),
                services=self._services,
                session=entered.session,
                session_id=entered.session_id,
            )
            response = await self._answer(route, request, asked, raw)
        except ProblemError as error:
            if error.status == 401:
                self._note_offence(request, "a wrong password")
            self._audit(route, request, entered.caller, asked, error.status, error.problem.reason)
            raise
        self._audit(route, request, entered.caller, asked, response.status_code or route.status, "")
        return response

    async def _answer(
        self, route: Route, request: AnyRequest, asked: Asked[Any, Any], raw: bytes
    ) -> Response[bytes] | Stream:
        key = request.headers.get("idempotency-key", "")
        if key and route.is_acting and asked.caller is not NOBODY:
            return await self._answer_once(route, request, asked, raw, key)
        answer = await route.act(asked)
        if isinstance(answer, FileAnswer):
            return await send_file(answer, dict(request.headers), self._key_file)
        if isinstance(answer, RawAnswer):
            headers = {"content-disposition": f"inline; filename*=UTF-8''{quote(answer.name)}"}
            return _response(Answer(route.status, answer.media_type, answer.body), headers)
        return _response(Answer(route.status, "application/json", _encode(answer)), asked.headers)

    async def _answer_once(
        self, route: Route, request: AnyRequest, asked: Asked[Any, Any], raw: bytes, key: str
    ) -> Response[bytes]:
        """The answer of the first time, whenever that was."""
        if len(key) > IDEMPOTENCY_KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
            reason = f"it is no word of at most {IDEMPOTENCY_KEY_CHARACTERS_MAX} characters"
            raise ProblemError("invalid", reason, "Send a UUID", field="Idempotency-Key")
        name = asked.caller.name
        fingerprint = sha256(f"{route.method} {request.url.path}?{request.url.query}\n".encode() + raw).digest()
        known = self._services.done_before.begin(name, key, fingerprint, self._services.clock.now())
        match known:
            case Answer():
                return _response(known, {"Idempotent-Replayed": "true"})
            case Standing.UNDER_WAY:
                reason = "a request with this key is being carried out"
                raise ProblemError("conflict", reason, "Ask again in a moment", field="Idempotency-Key")
            case Standing.UNKNOWN:
                reason = "the API was stopped while it carried this request out: nobody knows whether it was done"
                raise ProblemError(
                    "conflict",
                    reason,
                    "Look whether it was, and send it with a new key if not",
                    field="Idempotency-Key",
                )
            case Standing.OF_ANOTHER:
                reason = "another request had this key"
                raise ProblemError("invalid", reason, "Send a key of its own", field="Idempotency-Key")
            case Standing.NEW:
                return await self._answer_first(route, asked, key)

    async def _answer_first(self, route: Route, asked: Asked[Any, Any], key: str) -> Response[bytes]:
        name = asked.caller.name
        try:
            await self._services.disk.settled()  # the next process knows what was begun, whatever happens to this one
            answer = Answer(route.status, "application/json", _encode(await route.act(asked)))
        except ProblemError as error:
            if error.status == 429 or error.status >= 500:
                self._services.done_before.forget(name, key)
            else:
                self._services.done_before.finish(name, key, Answer(error.status, MEDIA_TYPE, _encode(error.problem)))
            raise
        except asyncio.CancelledError:
            self._services.done_before.lose(name, key)
            raise
        except BaseException:
            self._services.done_before.forget(name, key)
            raise
        self._services.done_before.finish(name, key, answer)
        return _response(answer, asked.headers)

    def enter(self, connection: Connection) -> Entered:
        """Who asks. Raises `ProblemError` if nobody does who is let in."""
        services = self._services
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer" or not secret:
                raise _unauthenticated("this is no way to say who asks")
            caller = None
            if len(secret) <= SECRET_CHARACTERS_MAX:
                caller = services.known().by_key(secret.strip(), services.clock.wall())
            if caller is None:
                self._note_offence(connection, "a key that is none")
                raise _unauthenticated("the key is none of ours, or good no more")
            return Entered(caller)
        session_id = connection.cookies.get(COOKIE, "")
        if not session_id:
            raise _unauthenticated("nobody is named who asks")
        session = services.sessions.find(session_id, services.clock.now())
        known = services.known()
        is_good = session is not None and session.credential == hash_of(known.password_hash(session.user))
        caller = known.user(session.user) if session is not None and is_good else None
        if caller is None:
            raise _unauthenticated("the session is over")
        return Entered(caller, session, session_id)

    def _note_offence(self, connection: Connection, detail: str) -> None:
        """In the log, for fail2ban; of one address once in a while."""
        address = self.address_of(connection)
        if not self._noted.take(site_of(address), self._services.clock.now()):
            _log.warning("security", kind="authentication", source=address, detail=detail)

    def enter_socket(self, connection: Connection) -> Caller:
        """The same of a WebSocket: a page of another site must not open one in its user's name."""
        entered = self.enter(connection)
        if entered.session is not None and not self.is_own_page(connection):
            remedy = "Open it from a page of [web] origins"
            raise ProblemError("forbidden", "the page is none that may use this session", remedy, field="Origin")
        return entered.caller

    def count_address(self, address: str) -> None:
        _count(self._of_addresses, site_of(address), self._services.clock.now())

    def count_caller(self, caller: Caller) -> None:
        if caller is not NOBODY:
            _count(self._of_callers, caller.name, self._services.clock.now())

    def address_of(self, connection: Connection) -> str:
        peer = connection.client.host if connection.client is not None else ""
        return client_address(peer, connection.headers.get("x-forwarded-for", ""), self._proxies)

    def is_own_page(self, connection: Connection) -> bool:
        """Whether a browser's request comes from one of our pages, or one that is allowed."""
        origin = connection.headers.get("origin")
        return origin is None or origin in self._origins

    def _check_page(self, request: AnyRequest, entered: Entered) -> None:
        """That a page of another site did not make a browser act in its user's name."""
        if entered.session is None:
            return
        remedy = "Send the token of GET /api/v1/session as X-CSRF-Token, from a page of [web] origins"
        if not self.is_own_page(request):
            raise ProblemError("forbidden", "the page is none that may use this session", remedy, field="Origin")
        if not is_token_of(entered.session, request.headers.get("x-csrf-token", "")):
            reason = "the request does not show that it is from our page"
            raise ProblemError("forbidden", reason, remedy, field="X-CSRF-Token")

    def _audit(
        self,
        route: Route,
        request: AnyRequest,
        caller: Caller,
        asked: Asked[Any, Any] | None,
        status: int,
        reason: str,
    ) -> None:
        """What was done, what was heard, and what was refused to somebody who may not."""
        is_kept = route.is_acting or route.answer is FileAnswer or status == 403
        if not is_kept or status == 429:
            return
        row = AuditRow(
            at=self._services.clock.wall(),
            caller=caller.name,
            role=caller.role,
            address=self.address_of(request),
            method=route.method,
            path=PREFIX + route.path if is_for_nobody(route) else request.url.path[:300],  # links are secret
            what="" if asked is None else asked.note or what_of(asked.body),
            status=status,
            reason=reason,
        )
        self._services.audit.write(row)


async def _body(request: AnyRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException as error:  # so litestar says that the client has gone
        raise ProblemError("malformed", "the request ended before its body", "Send all of it", field="body") from error


def _response(answer: Answer, headers: dict[str, str]) -> Response[bytes]:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **headers}
    media_type = answer.media_type.removesuffix("; charset=utf-8")  # which the response adds to a text
    return Response(answer.body, media_type=media_type, status_code=answer.status, headers=headers)


def _count(limit: RateLimit, name: str, now: float) -> None:
    wait_s = limit.take(name, now)
    if wait_s:
        raise ProblemError(
            "too_many_requests",
            "there are more requests than [web] in softswitch.toml allows",
            f"Ask again in {wait_s:.1f} s",
            headers={"Retry-After": str(int(wait_s) + 1)},
        )


def _unauthenticated(reason: str) -> ProblemError:
    remedy = "Send a key of users.toml (Authorization: Bearer ssw_...), or log in"
    headers = {"WWW-Authenticate": 'Bearer realm="softswitch"'}
    return ProblemError("unauthenticated", reason, remedy, field="Authorization", headers=headers)


def _not_allowed(caller: Caller) -> ProblemError:
    if not caller.has_commands:
        return ProblemError("forbidden", f"{caller.name} may look, not act", "Ask an admin for commands = true")
    return ProblemError("forbidden", f"a caller of role {caller.role} may not do this", "docs/api.md says who may what")
