"""The API over a real control socket: what is answered, and what is said when it is not."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from softswitch.base.clock import SystemClock
from softswitch.config import load_settings
from softswitch.testing.operations import FixedOperations
from softswitch.web.runtime.building import WebParts
from tests.integration.control.conftest import RunningServer
from tests.integration.web.conftest import Api, bearer, make_directory

pytestmark = pytest.mark.network

WORKER = "/api/v1/workers/media-0"
"""An order, which is never answered from memory."""


def test_listings_are_as_the_switch_has_them(api: Api, operations: FixedOperations) -> None:
    for path, rows in (
        ("calls", operations.call_rows),
        ("agents", operations.agent_rows),
        ("queues", operations.queue_rows),
    ):
        answer = api.get(f"/api/v1/{path}", headers=bearer("admin"))
        assert answer.status_code == 200
        assert answer.json() == {"rows": msgspec.to_builtins(rows)}
    assert api.get("/api/v1/status", headers=bearer("admin")).json()["pid"] == 4711


def test_a_key_that_is_none_is_no_way_in(api: Api) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer ssw_nobody"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ):
        answer = api.get("/api/v1/calls", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["remedy"]


def test_a_role_that_may_not_is_told_so(api: Api) -> None:
    answer = api.get("/api/v1/status", headers=bearer("agent"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "a caller of role agent may not do this")


def test_paths_and_methods_that_are_not_there(api: Api) -> None:
    assert api.get("/api/v1/nothing").json()["status"] == 404
    assert api.delete("/api/v1/calls").json()["status"] == 405


def test_a_switch_that_is_away_is_503_and_comes_back(tmp_path: Path, operations: FixedOperations) -> None:
    directory = make_directory(tmp_path)
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    with TestClient(parts.application) as api:
        for _ in range(2):
            answer = api.patch(WORKER, json={"action": "resume"}, headers=bearer("admin"))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["type"] == "urn:softswitch:problem:switch_away"
            running = RunningServer(operations, str(directory / "run" / "control.sock"))
            running.start()
            assert _until_answered(api)["name"] == "media-0"
            running.stop()


def _until_answered(api: Api) -> dict[str, object]:
    """The connection that was kept is of the switch that went."""
    for _ in range(3):
        answer = api.patch(WORKER, json={"action": "resume"}, headers=bearer("admin"))
        if answer.status_code == 200:
            return answer.json()
    raise AssertionError("the switch is there, and the API does not notice")


def test_a_change_of_the_users_takes_force_by_itself(
    api: Api, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.web.runtime.users_file.LOOK_EVERY_S", 0.0)
    users = directory / "users.toml"
    good = users.read_text()
    users.write_text("[[key]]\nid = 5\n")
    assert api.get("/api/v1/calls", headers=bearer("admin")).status_code == 200
    users.write_text(good.replace('id = "admin"', 'id = "admin"\nenabled = false'))
    assert api.get("/api/v1/calls", headers=bearer("admin")).status_code == 401
    users.write_text(good)
    assert api.get("/api/v1/calls", headers=bearer("admin")).status_code == 200


def test_metrics_are_where_prometheus_looks(api: Api) -> None:
    for path in ("/metrics", "/api/v1/metrics"):
        answer = api.get(path, headers=bearer("admin"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'softswitch_calls_ended_total{by="caller",end="completed"} 7.0' in answer.text
    assert api.get("/metrics").status_code == 401
    assert api.get("/metrics", headers=bearer("agent")).status_code == 403


def test_who_goes_before_his_request_ends_leaves_no_fault_in_the_log(
    api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    async def leave() -> None:
        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/v1/session",
            "raw_path": b"/api/v1/session",
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await api.app(scope, receive, send)  # type: ignore[arg-type]  # a message of ASGI

    statuses: list[int] = []
    asyncio.run(leave())
    assert statuses == [400]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_whether_the_switch_takes_calls_anybody_may_know(api: Api) -> None:
    for path in ("/health", "/ready", "/api/v1/ready"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_switch_without_media_is_not_ready(api: Api, operations: FixedOperations) -> None:
    status = msgspec.structs.replace(operations.status(), workers=[])
    operations.status = lambda: status
    answer = api.get("/ready")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the switch has no media worker")
    assert api.get("/health").status_code == 200


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    directory = make_directory(tmp_path)
    (directory / "softswitch.toml").write_text("[web]\nenabled = true\naddress_requests_per_s = 0.5\n")
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    with TestClient(parts.application) as api:
        assert api.get("/api/v1/session", headers=bearer("admin")).status_code == 200
        refused = api.get("/api/v1/session", headers=bearer("admin"))
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:softswitch:problem:too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 3
