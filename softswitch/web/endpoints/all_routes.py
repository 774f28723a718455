"""Every route of the API."""

from softswitch.web.endpoints import agents, calls, queues, status
from softswitch.web.route import Route

ROUTES: list[Route] = [
    *status.routes.routes,
    *calls.routes.routes,
    *agents.routes.routes,
    *queues.routes.routes,
]
