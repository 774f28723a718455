"""A request for every route, of things that the switch with fixed contents has."""

from typing import Any

from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.route import PREFIX, Route

WORDS = {
    "call_id": "c1",
    "agent_id": "anna",
    "queue_id": "support",
    "contact_id": "mail-7",
    "callback_id": "cb1",
    "room": "daily",
    "aor": "anna@example.test",
    "phone": "anna",
    "mailbox": "anna",
    "list_id": "vip",
    "number": "+4930123",
    "lookup_id": "crm",
    "recording_id": "r1",
    "message_id": "0badcafe01",
    "stream_id": "s1",
    "token": "AAAA",
    "report": "none",
    "project": "none",
    "name": "media-0",
    "webhook": "crm",
}
BODIES: dict[str, Any] = {
    "POST /session": {"user": "nobody", "password": "wrong"},
    "PATCH /workers/{name}": {"action": "drain"},
    "POST /calls": {"first": "anna", "to": "200"},
    "PATCH /calls/{call_id}": {"tags": {"ticket": "T-7"}},
    "POST /calls/{call_id}/answer": {"phone": "anna"},
    "POST /calls/{call_id}/hold": {"is_held": True},
    "POST /calls/{call_id}/play": {"sounds": ["greeting"]},
    "POST /calls/{call_id}/digits": {"digits": "12#"},
    "POST /calls/{call_id}/park": {},
    "POST /calls/{call_id}/transfer": {"target": "200"},
    "POST /calls/{call_id}/recording": {"action": "mask", "seconds": 5},
    "POST /calls/{call_id}/supervision": {"mode": "listen", "phone": "900"},
    "PATCH /calls/{call_id}/supervision": {"mode": "barge", "phone": "900"},
    "POST /calls/{call_id}/streams": {"program": "scribe", "side": "mixed"},
    "POST /agents/{agent_id}/state": {"action": "pause", "reason": "lunch"},
    "PUT /agents/{agent_id}/skills": {"skills": {"billing": 5}},
    "POST /agents/{agent_id}/supervision": {"mode": "whisper", "phone": "900", "is_following": True},
    "POST /agents/{agent_id}/disposition": {"code": "sold"},
    "POST /queues/{queue_id}/state": {"action": "close", "reason": "fire"},
    "POST /contacts": {"queue_id": "support", "channel": "chat", "caller": "kim"},
    "POST /contacts/{contact_id}/state": {"action": "replied"},
    "POST /contacts/{contact_id}/order": {"order": "boost", "boost_s": 60},
    "POST /callbacks": {"queue_id": "support", "number": "+4930123"},
    "POST /conferences/{room}/order": {"action": "lock"},
    "PATCH /phones/{phone}": {"do_not_disturb": True},
    "PUT /mailboxes/{mailbox}": {"new": 2},
    "POST /bans": {"network": "192.0.2.1", "seconds": 60},
    "PUT /lists/{list_id}/numbers/{number}": {"note": "good customer"},
    "POST /lookups/{lookup_id}/try": {"fields": {"number": "+4930123"}},
    "PUT /recordings/{recording_id}/hold": {"is_held": True},
    "POST /recordings/{recording_id}/link": {"seconds": 60},
    "PATCH /voicemail/messages/{message_id}": {"action": "old"},
    "POST /webhooks/{webhook}/replay": {},
    "POST /simulations": {"calls": 10, "agents": "1"},
}
QUERIES = {"DELETE /bans": "?network=192.0.2.1"}
SLOW = ("GET /calls/{call_id}/why", "GET /bills/{project}", "POST /simulations", "POST /configuration/check")
"""They start a process of their own."""


def url(route: Route) -> str:
    path = route.path
    for name, word in WORDS.items():
        path = path.replace(f"{{{name}}}", word)
    return PREFIX + path + QUERIES.get(route.key, "")


def body(route: Route) -> Any:
    return BODIES.get(route.key)


ROUTES_QUICK = [route for route in ROUTES if route.key not in SLOW]
