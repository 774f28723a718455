"""Who may ask what: a row for each route, a column for each role.

A role that may ask is answered with what is its own: an admin with everything, a supervisor with what is of his teams
and an agent with what is his (view.py), a project with what is the project's (control/scope.py). A project that is not
granted commands may not ask what acts, whatever its column says. A test demands a row for each route and no other.
"""

from softswitch.web.callers import Caller, Column
from softswitch.web.route import Route

ADMIN: frozenset[Column] = frozenset({"admin"})
PROJECTS: frozenset[Column] = frozenset({"admin", "project"})
STAFF: frozenset[Column] = frozenset({"admin", "supervisor", "agent"})
LEADERS: frozenset[Column] = frozenset({"admin", "supervisor", "project"})
ALL: frozenset[Column] = frozenset({"admin", "supervisor", "agent", "project"})
NOBODY_NEEDED: frozenset[Column] = frozenset({"nobody"})
"""Asked without saying who asks."""

ACCESS: dict[str, frozenset[Column]] = {
    "GET /health": NOBODY_NEEDED,
    "GET /ready": NOBODY_NEEDED,
    "GET /metrics": ADMIN,
    "GET /status": ADMIN,
    "PATCH /workers/{name}": ADMIN,
    "GET /projects": PROJECTS,
    "POST /session": NOBODY_NEEDED,
    "GET /session": ALL,
    "DELETE /session": ALL,
    "GET /audit": ADMIN,
    "GET /calls": ALL,
    "GET /calls/{call_id}": ALL,
    "GET /calls/{call_id}/why": ADMIN,
    "POST /calls": ALL,
    "PATCH /calls/{call_id}": ALL,
    "POST /calls/{call_id}/answer": ALL,
    "POST /calls/{call_id}/hold": ALL,
    "POST /calls/{call_id}/play": LEADERS,
    "DELETE /calls/{call_id}/play": LEADERS,
    "POST /calls/{call_id}/digits": ALL,
    "POST /calls/{call_id}/park": ALL,
    "POST /calls/{call_id}/hangup": ALL,
    "POST /calls/{call_id}/transfer": ALL,
    "POST /calls/{call_id}/recording": ALL,
    "POST /calls/{call_id}/supervision": LEADERS,
    "PATCH /calls/{call_id}/supervision": LEADERS,
    "POST /calls/{call_id}/streams": PROJECTS,
    "DELETE /calls/{call_id}/streams/{stream_id}": PROJECTS,
    "GET /agents": ALL,
    "GET /agents/{agent_id}": ALL,
    "POST /agents/{agent_id}/state": ALL,
    "PUT /agents/{agent_id}/skills": LEADERS,
    "POST /agents/{agent_id}/supervision": LEADERS,
    "POST /agents/{agent_id}/disposition": ALL,
    "GET /sites": ADMIN,
    "GET /queues": ALL,
    "GET /queues/{queue_id}": ALL,
    "POST /queues/{queue_id}/state": LEADERS,
    "GET /figures": ALL,
    "GET /contacts": ALL,
    "POST /contacts": LEADERS,
    "GET /contacts/{contact_id}/why": frozenset({"admin", "supervisor"}),
    "POST /contacts/{contact_id}/state": ALL,
    "POST /contacts/{contact_id}/order": LEADERS,
    "GET /callbacks": ALL,
    "POST /callbacks": LEADERS,
    "DELETE /callbacks/{callback_id}": LEADERS,
    "GET /conferences": PROJECTS,
    "POST /conferences/{room}/order": PROJECTS,
    "GET /registrations": PROJECTS,
    "DELETE /registrations/{aor}": PROJECTS,
    "GET /phones": ALL,
    "PATCH /phones/{phone}": ALL,
    "GET /subscriptions": ADMIN,
    "GET /mailboxes": PROJECTS,
    "PUT /mailboxes/{mailbox}": PROJECTS,
    "GET /trunks": ADMIN,
    "GET /limits": ADMIN,
    "GET /bans": ADMIN,
    "POST /bans": ADMIN,
    "DELETE /bans": ADMIN,
    "GET /lists": PROJECTS,
    "GET /lists/{list_id}/numbers": PROJECTS,
    "PUT /lists/{list_id}/numbers/{number}": PROJECTS,
    "DELETE /lists/{list_id}/numbers/{number}": PROJECTS,
    "GET /lookups": ADMIN,
    "POST /lookups/{lookup_id}/try": ADMIN,
    "GET /events": ALL,
    "GET /webhooks": ADMIN,
    "GET /webhooks/{webhook}/dead": ADMIN,
    "POST /webhooks/{webhook}/replay": ADMIN,
    "DELETE /webhooks/{webhook}/dead": ADMIN,
    "GET /cdrs": ALL,
    "GET /cdrs/{call_id}": ALL,
    "GET /recordings": LEADERS,
    "GET /recordings/{recording_id}": LEADERS,
    "GET /recordings/{recording_id}/file": LEADERS,
    "PUT /recordings/{recording_id}/hold": PROJECTS,
    "POST /recordings/{recording_id}/link": LEADERS,
    "GET /reports": LEADERS,
    "GET /reports/{report}": LEADERS,
    "GET /bills/{project}": PROJECTS,
    "GET /links/{token}": NOBODY_NEEDED,
    "GET /voicemail/boxes": PROJECTS,
    "GET /voicemail/messages": PROJECTS,
    "PATCH /voicemail/messages/{message_id}": PROJECTS,
    "GET /voicemail/messages/{message_id}/file": PROJECTS,
    "GET /mails": ADMIN,
    "POST /configuration/check": ADMIN,
    "POST /configuration/reload": ADMIN,
    "GET /numbers": PROJECTS,
    "GET /schedules": PROJECTS,
    "POST /simulations": ADMIN,
}


def may(caller: Caller, route: Route) -> bool:
    """Whether he may ask it at all."""
    return caller.role in ACCESS.get(route.key, ()) and (caller.has_commands or not route.is_acting or is_own(route))


def is_for_nobody(route: Route) -> bool:
    """Whether it is asked without saying who asks."""
    return "nobody" in ACCESS.get(route.key, ())


def is_own(route: Route) -> bool:
    """Whether it acts on nothing but the caller's own log-in."""
    return route.path == "/session"
