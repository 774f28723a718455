"""Remedies for those who ask over HTTP: the switch names commands, they have routes."""

import re

ROUTES_OF_COMMANDS = {
    "agents": "GET /api/v1/agents",
    "agents login": "POST /api/v1/agents/{agent_id}/state",
    "bans": "GET /api/v1/bans",
    "callbacks": "GET /api/v1/callbacks",
    "calls": "GET /api/v1/calls",
    "calls listen": "POST /api/v1/calls/{call_id}/supervision",
    "calls mode": "PATCH /api/v1/calls/{call_id}/supervision",
    "conferences": "GET /api/v1/conferences",
    "contacts": "GET /api/v1/contacts",
    "mailboxes set": "PUT /api/v1/mailboxes/{mailbox}",
    "phones": "GET /api/v1/phones",
    "queues": "GET /api/v1/queues",
    "registrations": "GET /api/v1/registrations",
    "status": "GET /api/v1/status",
    "voicemail": "GET /api/v1/voicemail/boxes",
    "voicemail list": "GET /api/v1/voicemail/messages",
}
"""By the first words of the command, one or two."""

_COMMAND = re.compile(r"`softswitch ([a-z]+)(?: ([a-z]+))?[^`]*`")


def as_routes(message: str) -> str:
    """The same message; a command that has no route stays."""
    return _COMMAND.sub(_route, message)


def _route(found: "re.Match[str]") -> str:
    first, second = found[1], found[2] or ""
    return ROUTES_OF_COMMANDS.get(f"{first} {second}") or ROUTES_OF_COMMANDS.get(first) or found[0]
