"""What every request passes before the function of its route is called, and what its answer passes afterwards.

How often its address may ask; who it is from; how often that caller may; whether he may ask this; what he has sent.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection

from softswitch.base.clock import Clock
from softswitch.config.web_settings import WebSection
from softswitch.web.access import may
from softswitch.web.asked import Asked
from softswitch.web.callers import Caller
from softswitch.web.limits import SECRET_CHARACTERS_MAX
from softswitch.web.own_switch import OwnSwitch
from softswitch.web.problem import ProblemError
from softswitch.web.rates import RateLimit
from softswitch.web.reading import check_path, read_body, read_query
from softswitch.web.route import Route
from softswitch.web.runtime.link import SwitchLink
from softswitch.web.runtime.users_file import UsersFile

Connection = ASGIConnection[Any, Any, Any, Any]

_encode = msgspec.json.Encoder().encode


class Gate:
    """Serves all routes."""

    def __init__(self, settings: WebSection, users: UsersFile, link: SwitchLink, clock: Clock) -> None:
        self._users = users
        self._link = link
        self._clock = clock
        self._proxies = [ip_network(text) for text in settings.proxies]
        self._of_addresses = RateLimit(settings.address_requests_per_s)
        self._of_callers = RateLimit(settings.requests_per_s)

    async def serve(self, route: Route, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Raises `ProblemError`."""
        self.count_address(self.address_of(request))
        caller = self.caller_of(request)
        self.count_caller(caller)
        if not may(caller, route):
            raise _not_allowed(caller)
        asked = Asked(
            caller=caller,
            path=check_path(dict(request.path_params)),
            query=read_query(route, list(request.query_params.multi_items())),
            body=read_body(route, request.headers.get("content-type", ""), await request.body()),
            switch=OwnSwitch(caller, self._link),
        )
        answer = await route.act(asked)
        return Response(_encode(answer), media_type="application/json", status_code=route.status)

    def caller_of(self, connection: Connection) -> Caller:
        """Who asks. Raises `ProblemError` if nobody does who is let in."""
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if not secret:
            raise _unauthenticated("nobody is named who asks")
        if scheme.lower() != "bearer":
            raise _unauthenticated("this is no way to say who asks")
        caller = None
        if len(secret) <= SECRET_CHARACTERS_MAX:
            caller = self._users.known().by_key(secret.strip(), self._clock.wall())
        if caller is None:
            raise _unauthenticated("the key is none of ours, or good no more")
        return caller

    def count_address(self, address: str) -> None:
        _count(self._of_addresses, address, self._clock.now())

    def count_caller(self, caller: Caller) -> None:
        _count(self._of_callers, caller.name, self._clock.now())

    def address_of(self, connection: Connection) -> str:
        """The client's: of a proxy of ours we believe whom it names, the last one that is no proxy itself."""
        address = connection.client.host if connection.client is not None else ""
        if not self._proxies:
            return address
        hops = [each.strip() for each in connection.headers.get("x-forwarded-for", "").split(",")][-20:]
        while hops and _is_within(address, self._proxies):
            address = hops.pop()
        return address


def _is_within(address: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


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
