"""Who may ask what: a row for each route, a column for each role.

A role that may ask is answered with what is its own: an admin with everything, a supervisor with what is of his teams
and an agent with what is his (view.py), a project with what is the project's (control/scope.py). A project that is not
granted commands may not ask what acts, whatever its column says. A test demands a row for each route and no other.
"""

from softswitch.config.user_rows import Role
from softswitch.web.callers import Caller
from softswitch.web.route import Route

ADMIN: frozenset[Role] = frozenset({"admin"})
PROJECTS: frozenset[Role] = frozenset({"admin", "project"})
STAFF: frozenset[Role] = frozenset({"admin", "supervisor", "agent"})
LEADERS: frozenset[Role] = frozenset({"admin", "supervisor", "project"})
ALL: frozenset[Role] = frozenset({"admin", "supervisor", "agent", "project"})

ACCESS: dict[str, frozenset[Role]] = {
    "GET /status": ADMIN,
    "GET /calls": ALL,
    "GET /agents": ALL,
    "GET /queues": ALL,
}


def may(caller: Caller, route: Route) -> bool:
    """Whether he may ask it at all."""
    return caller.role in ACCESS.get(route.key, ()) and (caller.has_commands or not route.is_acting)
