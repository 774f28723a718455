"""What the API has done by processes of its own: the configuration checked, a day simulated."""

from pathlib import Path

import pytest

from tests.integration.web.conftest import Api, bearer

pytestmark = pytest.mark.network


def test_a_configuration_is_checked_as_it_is_written(api: Api, directory: Path) -> None:
    (directory / "queues.toml").write_text('[[queue]]\nid = "support"\n')
    good = api.post("/api/v1/configuration/check", headers=bearer("admin"))
    assert (good.status_code, good.json()) == (200, {"is_good": True, "faults": []})
    (directory / "queues.toml").write_text('[[queue]]\nid = "support"\nwrap_up = 5\n')
    faults = api.post("/api/v1/configuration/check", headers=bearer("admin")).json()["faults"]
    assert [fault["file"] for fault in faults] == ["queues.toml:3"]
    (directory / "queues.toml").unlink()


def test_a_day_is_simulated(api: Api, directory: Path) -> None:
    (directory / "queues.toml").write_text('[[queue]]\nid = "support"\n')
    order = {"calls": 50, "hours": 1, "queues": ["support"], "agents": "3"}
    done = api.post("/api/v1/simulations", json=order, headers=bearer("admin"))
    assert done.status_code == 200, done.text
    assert done.json()["result"]
    refused = api.post("/api/v1/simulations", json={**order, "queues": ["none"]}, headers=bearer("admin"))
    assert (refused.status_code, refused.json()["field"]) == (422, "body")
    nowhere = api.post("/api/v1/simulations", json={}, headers=bearer("admin"))
    assert (nowhere.status_code, nowhere.json()["field"]) == (422, "calls")
    (directory / "queues.toml").unlink()
