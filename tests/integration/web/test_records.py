"""Records and recordings over the API: pages, filters, whose is what, parts of files, links."""

import time
from pathlib import Path

import pytest

from tests.integration.web.conftest import SOUND, STARTED_AT, Api, bearer

pytestmark = pytest.mark.network

FILE = "/api/v1/recordings/r1/file"
TARIFFS = """
[[tariff]]
project = "acme"
since = 2020-01-01
currency = "RUB"
prices = [{item = "platform", price = "0.10"}]
"""


def ids(api: Api, query: str = "", role: str = "admin") -> list[str]:
    answer = api.get(f"/api/v1/cdrs{query}", headers=bearer(role))
    assert answer.status_code == 200, answer.text
    return [row["call_id"] for row in answer.json()["rows"]]


def test_records_come_newest_first_in_pages_that_miss_none(api: Api) -> None:
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = api.get(f"/api/v1/cdrs?limit=2&cursor={cursor}", headers=bearer("admin")).json()
        seen += [row["call_id"] for row in page["rows"]]
        cursor = page["cursor"]
    assert seen == ["old4", "old3", "old2", "old1", "old0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?number=%2B493013", ["old3"]),
        ("?number=100&agent=anna", ["old4", "old2", "old0"]),
        ("?queue=sales", ["old3", "old1"]),
        ("?project=acme&limit=1", ["old4"]),
        ("?outcome=abandoned", ["old0"]),
        ("?outcome=unanswered", ["old0"]),
        ("?number=49301*", ["old4", "old3", "old2", "old1", "old0"]),
        ("?answered=false", ["old0"]),
        (f"?since={STARTED_AT + 60}&until={STARTED_AT + 180}", ["old2", "old1"]),
        ("?trunk=none", []),
    ],
)
def test_filters(api: Api, query: str, expected: list[str]) -> None:
    assert ids(api, query) == expected


@pytest.mark.parametrize(
    "query", ["?since=nan", "?since=inf", "?limit=0", "?limit=501", "?cursor=xyz", "?colour=red", "?outcome=busy"]
)
def test_a_query_that_is_wrong_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/api/v1/cdrs{query}", headers=bearer("admin"))
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == query[1:].partition("=")[0]


def test_everybody_sees_the_records_that_are_his(api: Api) -> None:
    own = ["old4", "old2", "old0"]
    assert ids(api, role="supervisor") == own
    assert ids(api, role="agent") == own
    assert ids(api, role="project") == own
    for role in ("supervisor", "agent", "project"):
        assert api.get("/api/v1/cdrs/old1", headers=bearer(role)).status_code == 404
        assert api.get("/api/v1/cdrs/old0", headers=bearer(role)).status_code == 200


def test_what_went_wrong_inside_is_the_operators(api: Api) -> None:
    assert api.get("/api/v1/cdrs/old4", headers=bearer("admin")).json()["fault"] == "a traceback"
    assert api.get("/api/v1/cdrs/old4", headers=bearer("agent")).json()["fault"] == ""


def test_a_recording_says_nothing_of_its_file(api: Api, directory: Path) -> None:
    answer = api.get("/api/v1/recordings", headers=bearer("supervisor"))
    assert [row["recording_id"] for row in answer.json()["rows"]] == ["r1"]
    assert str(directory) not in answer.text
    assert api.get("/api/v1/recordings/r2", headers=bearer("admin")).status_code == 404


def test_a_recording_is_sent_whole_in_parts_or_not_again(api: Api) -> None:
    whole = api.get(FILE, headers=bearer("project"))
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, SOUND, "audio/wav")
    part = api.get(FILE, headers={**bearer("project"), "Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, SOUND[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(SOUND)}"
    last = api.get(FILE, headers={**bearer("project"), "Range": "bytes=-4"})
    assert last.content == SOUND[-4:]
    beyond = api.get(FILE, headers={**bearer("project"), "Range": "bytes=5000-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")
    again = api.get(FILE, headers={**bearer("project"), "If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = api.get(FILE, headers={**bearer("project"), "Range": "bytes=0-3", "If-Range": '"other"'})
    assert changed.status_code == 200


def test_a_file_that_is_gone_is_not_found(api: Api, directory: Path) -> None:
    file = directory / "recordings" / "r1.wav"
    file.unlink()
    assert api.get(FILE, headers=bearer("admin")).status_code == 404
    file.write_bytes(SOUND)


def test_a_link_needs_nobody_and_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = api.post("/api/v1/recordings/r1/link", json={"seconds": 60}, headers=bearer("supervisor")).json()
    path = made["url"].partition("8080")[2]
    assert api.get(path).content == SOUND
    start, token = path.rsplit("/", 1)
    assert api.get(f"{start}/{'B' if token[0] == 'A' else 'A'}{token[1:]}").status_code == 403
    assert api.get("/api/v1/links/AAAA").status_code == 403
    monkeypatch.setattr("softswitch.base.clock.SystemClock.wall", staticmethod(lambda: made["expires_at"]))
    assert api.get(path).status_code == 403


def test_who_has_heard_it_is_in_the_audit_log(api: Api) -> None:
    api.get(FILE, headers=bearer("supervisor"))
    made = api.post("/api/v1/recordings/r1/link", json={}, headers=bearer("supervisor")).json()
    api.get(made["url"].partition("8080")[2])
    rows = api.get("/api/v1/audit", headers=bearer("admin")).json()["rows"]
    assert [(row["caller"], row["path"], row["what"]) for row in rows] == [
        ("", "/api/v1/links/{token}", "recording r1, by the link of key:supervisor"),
        ("key:supervisor", "/api/v1/recordings/r1/link", '{"seconds":3600.0}'),
        ("key:supervisor", FILE, ""),
    ]


def test_a_bill_is_made_for_those_whose_it_is(api: Api, directory: Path) -> None:
    path = f"/api/v1/bills/acme?month={time.strftime('%Y-%m', time.gmtime(STARTED_AT))}"
    untold = api.get(path, headers=bearer("admin"))
    assert (untold.status_code, untold.json()["field"]) == (409, "project")
    assert "has no tariff" in untold.json()["reason"]
    (directory / "tariffs.toml").write_text(TARIFFS)
    try:
        for role in ("admin", "project"):
            made = api.get(f"{path}&calls=true", headers=bearer(role)).json()
            assert (made["project"], made["calls"], len(made["rated_calls"])) == ("acme", 3, 2)
        workbook = api.get(f"{path}&format=xlsx", headers=bearer("project"))
        assert (workbook.status_code, workbook.content[:2]) == (200, b"PK")
        assert workbook.headers["content-disposition"].endswith(".xlsx")
        for role, project in (("admin", "none"), ("project", "bolt")):
            assert api.get(f"/api/v1/bills/{project}", headers=bearer(role)).status_code == 404
        assert api.get("/api/v1/bills/acme?month=2026-13", headers=bearer("admin")).status_code == 409
    finally:
        (directory / "tariffs.toml").unlink()


def test_head_answers_as_get_does_without_a_body(api: Api) -> None:
    for path in ("/api/v1/cdrs", "/api/v1/cdrs/old1", "/api/v1/cdrs/none", FILE):
        got, head = (api.request(method, path, headers=bearer("admin")) for method in ("GET", "HEAD"))
        assert head.status_code == got.status_code
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == got.headers.get(name)
    assert api.request("HEAD", "/api/v1/calls/c1/hangup", headers=bearer("admin")).status_code == 405


def test_a_report_is_made_for_those_whose_it_is(api: Api) -> None:
    names = {row["name"] for row in api.get("/api/v1/reports", headers=bearer("supervisor")).json()["rows"]}
    assert "service_level" in names
    path = "/api/v1/reports/service_level"
    assert api.get(f"{path}?queue=sales", headers=bearer("supervisor")).status_code == 404
    assert api.get(path, headers=bearer("supervisor")).status_code == 422
    assert api.get(f"{path}?project=bolt", headers=bearer("project")).status_code == 404
    wrong = api.get(f"{path}?agent=anna", headers=bearer("admin"))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "query")
    made = api.get(f"{path}?last_days=1&format=csv", headers=bearer("admin"))
    assert (made.status_code, made.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert "service_level" in made.text
