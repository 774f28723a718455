"""Every route of the API."""

from softswitch.web.endpoints import (
    agents,
    bills,
    call_orders,
    calls,
    conferences,
    configuration,
    contacts,
    events,
    knowledge,
    peers,
    queues,
    records,
    reports,
    session,
    streams,
    switch,
    voicemail,
    webhooks,
)
from softswitch.web.route import Route

ROUTES: list[Route] = [
    *switch.routes.routes,
    *session.routes.routes,
    *calls.routes.routes,
    *streams.routes.routes,
    *call_orders.routes.routes,
    *agents.routes.routes,
    *queues.routes.routes,
    *contacts.routes.routes,
    *conferences.routes.routes,
    *peers.routes.routes,
    *knowledge.routes.routes,
    *events.routes.routes,
    *records.routes.routes,
    *reports.routes.routes,
    *bills.routes.routes,
    *voicemail.routes.routes,
    *webhooks.routes.routes,
    *configuration.routes.routes,
]
