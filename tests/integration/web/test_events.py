"""Events over the API: in parts, and over a WebSocket; from a cursor on, of one's own, at one's own pace."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient, WebSocketTestSession

from softswitch.base.clock import SystemClock
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.told.call_events import CallAnswered, CallBridged
from softswitch.calls.told.events import TrunkUp
from softswitch.config import load_settings
from softswitch.web.limits import RECENT_EVENTS
from softswitch.web.runtime.building import WebParts
from tests.integration.web.conftest import Api, bearer, make_directory
from tests.integration.web.telling import TellingSwitch, share_store, wait_until

pytestmark = pytest.mark.network

ON_DISK_S = 0.3


class Place:
    def __init__(self, api: Api, switch: TellingSwitch, directory: Path) -> None:
        self.api = api
        self.switch = switch
        self.directory = directory

    def follow(self, query: str = "", role: str = "admin") -> WebSocketTestSession:
        return self.api.websocket_connect(f"/api/v1/events{query}", headers=bearer(role))


@pytest.fixture
def recent() -> int:
    """How many events are kept in memory."""
    return RECENT_EVENTS


@pytest.fixture
def place(tmp_path: Path, recent: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("softswitch.web.runtime.event_hub.RECENT_EVENTS", recent)
    directory = make_directory(tmp_path)
    switch = TellingSwitch()
    switch.run_in(directory)
    share_store(switch, monkeypatch)
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    with TestClient(parts.application) as api:
        yield Place(api, switch, directory)
    switch.end()


def numbers(socket: WebSocketTestSession, until: int) -> list[int]:
    """Of all events up to this cursor."""
    found: list[int] = []
    while True:
        frame: dict[str, Any] = socket.receive_json(timeout=10)
        found += [each["number"] for each in frame["events"]]
        if frame["cursor"] >= until:
            return found


def test_what_happens_comes_at_once_and_from_a_cursor_on(place: Place) -> None:
    place.switch.tell_calls(3)
    with place.follow() as live:
        assert live.receive_json(timeout=10) == {"events": [], "cursor": 3}
        place.switch.tell_calls(2)
        assert numbers(live, 5) == [4, 5]
        with place.follow("?after=1") as back:
            assert numbers(back, 5) == [2, 3, 4, 5]
            place.switch.tell_calls(1)
            assert (numbers(back, 6), numbers(live, 6)) == ([6], [6])
    with place.follow("?after=0") as again:
        assert numbers(again, 6) == [1, 2, 3, 4, 5, 6]


def test_a_long_way_back_is_read_from_the_store(place: Place) -> None:
    place.switch.tell_calls(3000)
    with place.follow("?after=0") as socket:
        place.switch.tell_calls(500)
        assert numbers(socket, 3500) == list(range(1, 3501))


def test_each_role_is_told_of_its_own_and_what_it_asked_for(place: Place) -> None:
    anna, support = AgentId("anna"), QueueId("support")
    with (
        place.follow(role="project") as project,
        place.follow("?kinds=call.bridged,trunk", "admin") as admin,
        place.follow("?agent=anna", "supervisor") as supervisor,
    ):
        for socket in (project, admin, supervisor):
            assert socket.receive_json(timeout=10)["events"] == []
        place.switch.tell(
            (CallAnswered(1.0, CallId("x1")), "acme"),
            (CallAnswered(1.0, CallId("x2")), "bolt"),
            (CallBridged(1.0, CallId("x1"), "anna", anna, support), "acme"),
            (TrunkUp(1.0, "provider", "health"), ""),
        )
        assert numbers(project, 3) == [1, 3]
        assert numbers(admin, 4) == [3, 4]
        assert numbers(supervisor, 3) == [3]


@pytest.mark.parametrize(
    ("query", "headers", "code", "said"),
    [
        ("", {}, 4401, "nobody is named"),
        ("", {"Authorization": "Bearer ssw_nobody"}, 4401, "none of ours"),
        ("?kinds=calls", bearer("admin"), 4400, "no kind of event"),
        ("?after=x", bearer("admin"), 4400, "int"),
        ("?after=-1", bearer("admin"), 4400, "0"),
        (f"?after={10**30}", bearer("admin"), 4400, "int"),
        ("?colour=red", bearer("admin"), 4400, "colour"),
    ],
)
def test_who_may_not_or_asks_wrongly_is_told_so(
    place: Place, query: str, headers: dict[str, str], code: int, said: str
) -> None:
    with (
        place.api.websocket_connect(f"/api/v1/events{query}", headers=headers) as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_json(timeout=10)
    assert closed.value.code == code
    assert said in closed.value.detail


def test_a_sign_of_life_and_a_cursor_come_when_nothing_of_his_happens(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softswitch.web.runtime.event_socket.HEARTBEAT_S", 0.2)
    with place.follow("?kinds=trunk") as socket:
        socket.receive_json(timeout=10)
        place.switch.tell_calls(7)
        assert numbers(socket, 7) == []
        assert socket.receive_json(timeout=10) == {"events": [], "cursor": 7}


@pytest.mark.parametrize("recent", [10])
def test_who_is_too_slow_is_told_where_to_go_on_and_has_lost_nothing(place: Place) -> None:
    with place.follow() as socket:
        assert socket.receive_json(timeout=10)["cursor"] == 0
        place.switch.tell_calls(2)
        assert numbers(socket, 2) == [1, 2]
        place.switch.tell_calls(400)  # more than is kept, before he looks again
        with pytest.raises(WebSocketDisconnect) as closed:
            numbers(socket, 402)
    assert closed.value.code == 4408
    cursor = int(closed.value.detail.rpartition(" ")[2])
    with place.follow(f"?after={cursor}") as socket:
        assert numbers(socket, 402) == list(range(cursor + 1, 403))


def test_so_many_readers_and_no_more_and_who_goes_makes_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.web.runtime.event_socket.EVENT_READERS_OF_ONE_MAX", 2)
    with place.follow() as first, place.follow() as second:
        for socket in (first, second):
            socket.receive_json(timeout=10)
        with place.follow() as third, pytest.raises(WebSocketDisconnect) as closed:
            third.receive_json(timeout=10)
        assert closed.value.code == 1013

    def is_let_in() -> bool:
        with place.follow() as again:
            try:
                return again.receive_json(timeout=10)["events"] == []
            except WebSocketDisconnect:
                return False

    wait_until(is_let_in)


def test_in_parts_with_a_cursor(place: Place) -> None:
    place.switch.tell_calls(250)
    place.switch.tell_calls(5, "bolt")
    time.sleep(ON_DISK_S)

    def page(query: str, role: str = "admin") -> dict[str, Any]:
        answer = place.api.get(f"/api/v1/events{query}", headers=bearer(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = page("?limit=200")
    assert [each["number"] for each in first["events"]] == list(range(1, 201))
    rest = page(f"?after={first['cursor']}")
    assert [each["number"] for each in rest["events"]] == list(range(201, 256))
    assert page("?after=250", "project") == {"events": [], "cursor": 255}
    assert page("?after=255") == {"events": [], "cursor": 255}
    assert page("?after=240&kinds=trunk") == {"events": [], "cursor": 255}
    wrong = place.api.get("/api/v1/events?kinds=calls", headers=bearer("admin"))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "kinds")


def test_it_goes_on_when_the_switch_has_come_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.web.runtime.event_hub.AGAIN_S", 0.1)
    switch = place.switch
    with place.follow() as socket:
        socket.receive_json(timeout=10)
        switch.tell_calls(2)
        assert numbers(socket, 2) == [1, 2]
        switch.end()
        switch.run_in(place.directory)
        switch.tell_calls(2)
        found = numbers(socket, switch.switch_events.newest)
    assert len(found) == 2
    assert found[0] > 1_000_000, "it was no orderly stop"
