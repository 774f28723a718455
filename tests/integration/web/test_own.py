"""What supervisors see and do of their teams, and agents of themselves. Anna is of the team "first", Boris is not."""

from typing import Any

import pytest
from msgspec.structs import replace

from softswitch.testing.operations import FixedOperations
from softswitch.web.access import ACCESS
from softswitch.web.endpoints.all_routes import ROUTES
from tests.integration.web.conftest import Api, bearer
from tests.integration.web.samples import SLOW, body, url

pytestmark = pytest.mark.network


def rows(api: Api, path: str, role: str) -> list[Any]:
    answer = api.get(f"/api/v1/{path}", headers=bearer(role))
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def test_a_supervisor_sees_his_team(api: Api, operations: FixedOperations) -> None:
    anna = next(row for row in operations.agent_rows if row.agent_id == "anna")
    assert [row["agent_id"] for row in rows(api, "agents", "supervisor")] == ["anna"]
    assert {row["queue_id"] for row in rows(api, "queues", "supervisor")} <= set(anna.queues)
    assert [row["call_id"] for row in rows(api, "calls", "supervisor")] == ["c1", "c2"]


def test_an_agent_sees_himself(api: Api) -> None:
    assert [row["agent_id"] for row in rows(api, "agents", "agent")] == ["anna"]
    assert [row["call_id"] for row in rows(api, "calls", "agent")] == ["c1"]


def test_an_agent_acts_on_himself_alone(api: Api, operations: FixedOperations) -> None:
    for who, status in (("anna", 200), ("boris", 404), ("nobody", 404)):
        answer = api.post(f"/api/v1/agents/{who}/state", json={"action": "pause"}, headers=bearer("agent"))
        assert answer.status_code == status
    assert api.post("/api/v1/calls/c2/hangup", headers=bearer("agent")).status_code == 404
    assert api.post("/api/v1/calls/c1/hangup", headers=bearer("agent")).status_code == 200
    assert [order[:2] for order in operations.orders] == [("set_agent", "anna"), ("hang_up", "c1")]


def test_who_lets_which_phone_pick_up(api: Api, operations: FixedOperations) -> None:
    for role, order, status in (
        ("agent", {}, 200),
        ("agent", {"phone": "101"}, 200),
        ("agent", {"phone": "110"}, 404),
        ("supervisor", {}, 200),
        ("supervisor", {"phone": "110"}, 200),
        ("project", {}, 403),
    ):
        answer = api.post("/api/v1/calls/c1/answer", json=order, headers=bearer(role))
        assert answer.status_code == status, answer.text
    assert [order[2] for order in operations.orders] == ["anna", "101", "", "110"]
    stranger = api.post("/api/v1/calls/c9/answer", json={"phone": "110"}, headers=bearer("supervisor"))
    assert stranger.status_code == 404


def test_a_supervisor_acts_on_his_team_alone(api: Api, operations: FixedOperations) -> None:
    for who, status in (("anna", 200), ("boris", 404)):
        answer = api.put(f"/api/v1/agents/{who}/skills", json={"skills": {"billing": 3}}, headers=bearer("supervisor"))
        assert answer.status_code == status
    assert [order[:2] for order in operations.orders] == [("set_skills", "anna")]


def test_a_supervisor_makes_no_phone_ring_but_his_own(api: Api, operations: FixedOperations) -> None:
    for order, status in (({"phone": "anna"}, 404), ({"phone": "900"}, 200), ({}, 200)):
        answer = api.post("/api/v1/calls/c1/supervision", json=order, headers=bearer("supervisor"))
        assert answer.status_code == status, answer.text
    assert [order[2] for order in operations.orders] == ["900", "900"]


def test_a_supervisor_follows_who_is_of_his_team_at_his_own_phone(api: Api, operations: FixedOperations) -> None:
    for who, order, status in (
        ("anna", {"mode": "whisper", "is_following": True}, 200),
        ("anna", {"phone": "anna"}, 404),
        ("boris", {}, 404),
    ):
        answer = api.post(f"/api/v1/agents/{who}/supervision", json=order, headers=bearer("supervisor"))
        assert answer.status_code == status, answer.text
    assert operations.orders == [("supervise_agent", "anna", "900", "whisper", "True")]


def test_an_agent_is_not_told_who_listens(api: Api, operations: FixedOperations) -> None:
    operations.call_rows = [replace(row, supervisors={"900": "listen"}) for row in operations.call_rows]
    assert rows(api, "calls", "agent")[0]["supervisors"] == {}
    assert rows(api, "calls", "supervisor")[0]["supervisors"] == {"900": "listen"}


def test_a_project_acts_on_its_own(api: Api, operations: FixedOperations) -> None:
    assert api.post("/api/v1/calls/c1/hangup", headers=bearer("project_commands")).status_code == 200
    assert api.post("/api/v1/calls/c2/hangup", headers=bearer("project_commands")).status_code == 404
    assert operations.orders == [("hang_up", "c1")]


NOT_THERE = {"DELETE /session", "GET /cdrs/{call_id}", "GET /reports/{report}", "GET /contacts/{contact_id}/why"}
"""A key has no session; the call is not over, the report not there, and another contact is explained."""


@pytest.mark.parametrize("role", ["supervisor", "agent"])
def test_whatever_he_may_is_done_with_what_is_his(api: Api, role: str) -> None:
    """A rule that is missing in web/view.py would answer as if there were no such thing."""
    refused = {
        route.key
        for route in ROUTES
        if role in ACCESS[route.key]
        and route.key not in SLOW
        and api.request(route.method, url(route), json=body(route), headers=bearer(role)).status_code != route.status
    }
    assert refused <= NOT_THERE
