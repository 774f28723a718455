"""Logging in, acting from a page of ours and from none, and asking the same thing twice."""

from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from litestar.testing import TestClient

from softswitch.base.clock import SystemClock
from softswitch.config import load_settings
from softswitch.store.web_store import StoredAnswer, open_web_store
from softswitch.testing.operations import FixedOperations
from softswitch.web.passwords import hash_password
from softswitch.web.runtime.building import WebParts
from tests.integration.control.conftest import RunningServer
from tests.integration.web.conftest import HASH, PASSWORD, Api, bearer, key_of, make_directory
from tests.integration.web.telling import wait_until

pytestmark = pytest.mark.network

HANG_UP = "/api/v1/calls/c1/hangup"


@contextmanager
def served(directory: Path, operations: FixedOperations) -> Generator[Api]:
    """A web process of its own, and the switch it asks."""
    switch = RunningServer(operations, str(directory / "run" / "control.sock"))
    switch.start()
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    try:
        with TestClient(parts.application) as api:
            yield api
    finally:
        switch.stop()


def log_in(api: Api, user: str = "olga", password: str = PASSWORD) -> dict[str, str]:
    answer = api.post("/api/v1/session", json={"user": user, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_user_logs_in_acts_and_logs_out(api: Api, operations: FixedOperations) -> None:
    who = log_in(api)
    assert (who["name"], who["role"]) == ("olga", "admin")
    assert api.get("/api/v1/session").json()["token"] == who["token"]
    assert api.post(HANG_UP, headers={"X-CSRF-Token": who["token"]}).status_code == 200
    assert operations.orders == [("hang_up", "c1")]
    assert api.delete("/api/v1/session", headers={"X-CSRF-Token": who["token"]}).status_code == 200
    assert api.get("/api/v1/session").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(api: Api) -> None:
    answer = api.post("/api/v1/session", json={"user": "olga", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_of_another_site_does_not_act(api: Api, operations: FixedOperations) -> None:
    token = log_in(api)["token"]
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": token, "Origin": "https://evil.example.com"},
    ):
        assert api.post(HANG_UP, headers=headers).status_code == 403
    assert operations.orders == []
    assert api.get("/api/v1/calls").status_code == 200


def test_wrong_passwords_and_users_are_told_apart_by_nothing(api: Api) -> None:
    answers = [
        api.post("/api/v1/session", json={"user": user, "password": password}).json()
        for user, password in (("olga", "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD))
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["status"] == 401


def test_guessing_is_slowed_down(api: Api) -> None:
    statuses = [api.post("/api/v1/session", json={"user": "olga", "password": "x"}).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = api.post("/api/v1/session", json={"user": "olga", "password": "x"})
    assert refused.json()["remedy"] == f"Try again in {refused.headers['Retry-After']} s"


def test_no_password_is_in_the_audit_log(api: Api) -> None:
    log_in(api)
    api.post("/api/v1/session", json={"user": "olga", "password": "a wrong one"})
    answer = api.get("/api/v1/audit", headers=bearer("admin"))
    assert [(row["status"], row["what"]) for row in answer.json()["rows"]] == [
        (401, '{"user":"olga","password":"***"}'),
        (200, '{"user":"olga","password":"***"}'),
    ]


def test_what_is_refused_to_somebody_is_in_the_audit_log(api: Api) -> None:
    api.get("/api/v1/status", headers=bearer("agent"))
    api.get("/api/v1/calls", headers=bearer("agent"))
    (row,) = api.get("/api/v1/audit", headers=bearer("admin")).json()["rows"]
    assert (row["caller"], row["status"], row["reason"]) == ("key:agent", 403, "a caller of role agent may not do this")


def test_the_same_key_does_it_once(api: Api, operations: FixedOperations) -> None:
    headers = {**bearer("admin"), "Idempotency-Key": "k-1"}
    order = {"action": "pause", "reason": "lunch"}
    first = api.post("/api/v1/agents/anna/state", json=order, headers=headers)
    again = api.post("/api/v1/agents/anna/state", json=order, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert len(operations.orders) == 1
    other = api.post("/api/v1/agents/anna/state", json={"action": "resume"}, headers=headers)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    somebody_else = {**bearer("supervisor"), "Idempotency-Key": "k-1"}
    assert api.post("/api/v1/agents/anna/state", json={"action": "resume"}, headers=somebody_else).status_code == 200


def test_a_refusal_is_answered_the_same_again(api: Api, operations: FixedOperations) -> None:
    headers = {**bearer("admin"), "Idempotency-Key": "k-2"}
    first = api.post("/api/v1/agents/nobody/state", json={"action": "login"}, headers=headers)
    again = api.post("/api/v1/agents/nobody/state", json={"action": "login"}, headers=headers)
    assert first.status_code == again.status_code == 404
    assert first.json() == again.json()
    assert len(operations.orders) == 1


@pytest.mark.parametrize("key", ["x" * 101, "a\tb"])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = api.post(HANG_UP, headers={**bearer("admin"), "Idempotency-Key": key})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_pages_of_other_sites_are_let_in_by_name(tmp_path: Path) -> None:
    directory = make_directory(tmp_path)
    (directory / "softswitch.toml").write_text('[web]\nenabled = true\norigins = ["https://crm.example.com"]\n')
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    with TestClient(parts.application) as api:
        for origin, allowed in (("https://crm.example.com", "https://crm.example.com"), ("https://evil.example", None)):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = api.options("/api/v1/session", headers=asked)
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_a_wrong_key_is_a_line_for_fail2ban_now_and_then(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        api.get("/api/v1/calls", headers={"Authorization": "Bearer ssw_guess"})
    lines = [line for line in capsys.readouterr().err.splitlines() if "security" in line]
    assert len(lines) <= 1
    assert all("kind=authentication source=testclient" in line and "ssw_guess" not in line for line in lines)


def test_a_restart_logs_nobody_out_and_does_nothing_twice(tmp_path: Path, operations: FixedOperations) -> None:
    directory = make_directory(tmp_path)
    headers = {**bearer("admin"), "Idempotency-Key": "k-1"}
    order = {"action": "pause", "reason": "lunch"}
    with served(directory, operations) as api:
        token = log_in(api)["token"]
        cookies = dict(api.cookies)
        log_in(api)
        gone = dict(api.cookies)
        other = api.get("/api/v1/session").json()["token"]
        assert api.delete("/api/v1/session", headers={"X-CSRF-Token": other}).status_code == 200
        first = api.post("/api/v1/agents/anna/state", json=order, headers=headers)
        kept = b"".join(each.read_bytes() for each in (directory / "store" / "web").iterdir())
        for secret in (*cookies.values(), token, "k-1", key_of("admin")):
            assert secret.encode() not in kept
    with served(directory, operations) as api:
        api.cookies.update(cookies)
        assert api.get("/api/v1/session").json()["token"] == token
        assert api.post(HANG_UP, headers={"X-CSRF-Token": token}).status_code == 200
        again = api.post("/api/v1/agents/anna/state", json=order, headers=headers)
        assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
        assert [each[0] for each in operations.orders] == ["set_agent", "hang_up"]
        api.cookies.clear()
        api.cookies.update(gone)
        assert api.get("/api/v1/session").status_code == 401, "who has logged out stays so"
        users = directory / "users.toml"
        users.write_text(users.read_text().replace(HASH, hash_password("another long password")))
        api.cookies.clear()
        api.cookies.update(cookies)
        wait_until(lambda: api.get("/api/v1/session").status_code == 401)


def test_a_process_that_was_killed_at_work_does_not_do_it_again(tmp_path: Path, operations: FixedOperations) -> None:
    directory = make_directory(tmp_path)
    store = open_web_store(str(directory / "store"), lambda line: None)
    path, body = "/api/v1/calls/c1/digits", b'{"digits":"1"}'
    fingerprint = sha256(f"POST {path}?\n".encode() + body).digest()
    key = sha256(b"key:admin\0k-9").hexdigest()
    store.answers.put(key, StoredAnswer(hash=key, fingerprint=fingerprint, at=SystemClock().wall()))
    store.close()
    headers = {**bearer("admin"), "Idempotency-Key": "k-9", "Content-Type": "application/json"}
    with served(directory, operations) as api:
        answer = api.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (409, "Idempotency-Key")
        assert "nobody knows whether it was done" in answer.json()["reason"]
        assert api.post(path, content=body, headers={**headers, "Idempotency-Key": "k-10"}).status_code == 200
    assert len(operations.orders) == 1


def test_without_a_disk_for_it_the_api_works_all_the_same(tmp_path: Path, operations: FixedOperations) -> None:
    directory = make_directory(tmp_path)
    (directory / "store" / "web").write_text("no directory")
    with served(directory, operations) as api:
        token = log_in(api)["token"]
        headers = {"X-CSRF-Token": token, "Idempotency-Key": "k"}
        assert [api.post(HANG_UP, headers=headers).status_code for _ in range(2)] == [200, 200]
    assert len(operations.orders) == 1
