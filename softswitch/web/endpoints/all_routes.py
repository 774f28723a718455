"""Every route of the API."""

from softswitch.web.endpoints import (
    agents,
    calls,
    conferences,
    configuration,
    contacts,
    knowledge,
    peers,
    queues,
    records,
    reports,
    session,
    streams,
    switch,
    voicemail,
)
from softswitch.web.route import Route

ROUTES: list[Route] = [
    *switch.routes.routes,
    *session.routes.routes,
    *calls.routes.routes,
    *streams.routes.routes,
    *agents.routes.routes,
    *queues.routes.routes,
    *contacts.routes.routes,
    *conferences.routes.routes,
    *peers.routes.routes,
    *knowledge.routes.routes,
    *records.routes.routes,
    *reports.routes.routes,
    *voicemail.routes.routes,
    *configuration.routes.routes,
]
