"""Every route and every role: who may is let through, who may not is told so, and nobody is let in as somebody else."""

import pytest

from softswitch.web.access import ACCESS
from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.route import Route
from tests.integration.web.conftest import ROLES, Api, bearer
from tests.integration.web.samples import SLOW, body, url

pytestmark = pytest.mark.network

WRITTEN_OUT = {
    "agent": {
        "GET /session",
        "DELETE /session",
        "GET /calls",
        "GET /calls/{call_id}",
        "POST /calls",
        "PATCH /calls/{call_id}",
        "POST /calls/{call_id}/answer",
        "POST /calls/{call_id}/hold",
        "POST /calls/{call_id}/digits",
        "POST /calls/{call_id}/park",
        "POST /calls/{call_id}/hangup",
        "POST /calls/{call_id}/transfer",
        "POST /calls/{call_id}/recording",
        "GET /agents",
        "GET /agents/{agent_id}",
        "POST /agents/{agent_id}/state",
        "POST /agents/{agent_id}/disposition",
        "GET /queues",
        "GET /queues/{queue_id}",
        "GET /figures",
        "GET /contacts",
        "POST /contacts/{contact_id}/state",
        "GET /callbacks",
        "GET /phones",
        "PATCH /phones/{phone}",
        "GET /events",
        "GET /cdrs",
        "GET /cdrs/{call_id}",
    },
}
"""All that an agent may ask: a table that gives him more is wrong."""


def is_allowed(role: str, route: Route) -> bool:
    columns = ACCESS[route.key]
    if role == "project" and route.is_acting and route.path != "/session":
        return False
    return ("project" if role == "project_commands" else role) in columns


@pytest.mark.parametrize("role", ROLES)
def test_every_route_for_a_role(api: Api, role: str) -> None:
    wrong: list[str] = []
    for route in ROUTES:
        if route.key in SLOW and is_allowed(role, route):
            continue
        answer = api.request(route.method, url(route), json=body(route), headers=bearer(role))
        if "nobody" in ACCESS[route.key]:
            is_right = answer.status_code in (200, 401, 403, 404)
        elif is_allowed(role, route):
            is_right = answer.status_code in (200, 201, 206, 304, 404, 409) or "it was done" in answer.text
        else:
            is_right = answer.status_code == 403 and answer.json()["type"].endswith(":forbidden")
        if not is_right:
            wrong.append(f"{route.key}: {answer.status_code} {answer.text[:300]}")
    assert not wrong


def test_every_route_without_a_name(api: Api) -> None:
    for route in ROUTES:
        answer = api.request(route.method, url(route), json=body(route))
        if "nobody" not in ACCESS[route.key]:
            assert answer.status_code == 401, route.key


def test_an_agent_may_what_is_written_out_and_no_more() -> None:
    assert {key for key, columns in ACCESS.items() if "agent" in columns} == WRITTEN_OUT["agent"]


def test_nobody_acts_for_a_project_that_only_looks(api: Api) -> None:
    answer = api.post("/api/v1/calls/c1/hangup", headers=bearer("project"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "key:project may look, not act")
