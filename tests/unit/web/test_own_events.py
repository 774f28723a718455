"""Which events a reader gets: those of his role, and of those what he asked for."""

import pytest

from softswitch.acd.centre_events import AgentLoggedIn, QueueOpened
from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.calls.told.call_events import (
    CallAnswered,
    CallBegan,
    CallBridged,
    CallEnded,
    CallSupervised,
    RecordingStarted,
)
from softswitch.calls.told.events import Numbered, PhoneRegistered, SwitchEvent, TrunkUp
from softswitch.config.user_rows import Role
from softswitch.web.callers import Caller
from softswitch.web.own_events import EventQuery, OwnEvents
from softswitch.web.own_switch import Everybodys, Projects
from softswitch.web.problem import ProblemError

ANNA, SALES = AgentId("anna"), QueueId("sales")


class Team:
    """Anna's, and the queue she serves."""

    def sees(self, *, agent: str | None, queue: str | None, project: str) -> bool:
        return agent == "anna" or queue == "sales"


def own(role: Role, **query: object) -> OwnEvents:
    owner = {"admin": Everybodys(), "project": Projects("acme")}.get(role, Team())
    return OwnEvents(Caller(name="x", role=role), owner, EventQuery(**query))  # pyright: ignore[reportArgumentType]


STORY: list[tuple[SwitchEvent, str]] = [
    (CallBegan(1.0, CallId("c1"), "+1", "100"), ""),
    (CallAnswered(1.0, CallId("c1")), "acme"),
    (CallBridged(1.0, CallId("c1"), "anna", ANNA, SALES), "acme"),
    (CallBridged(1.0, CallId("c2"), "boris", AgentId("boris"), QueueId("repairs")), "bolt"),
    (AgentLoggedIn(1.0, ANNA), ""),
    (QueueOpened(1.0, SALES), "acme"),
    (PhoneRegistered(1.0, "anna", agent_id=ANNA), ""),
    (TrunkUp(1.0, "provider", "health"), ""),
    (RecordingStarted(1.0, RecordingId("r1"), CallId("c1"), "/var/r1.wav"), "acme"),
    (CallEnded(1.0, CallId("c1"), 1.0, "completed", "caller", recordings=("/var/r1.wav",)), "acme"),
]
ROWS = [Numbered(number, 1.0, event, project) for number, (event, project) in enumerate(STORY)]


def numbers(chosen: OwnEvents) -> list[int]:
    return [each.number for each in chosen.of(ROWS)]


def test_each_role_gets_its_own() -> None:
    assert numbers(own("admin")) == list(range(10))
    assert numbers(own("project")) == [1, 2, 5, 8, 9]
    assert numbers(own("supervisor")) == [2, 4, 5, 6, 8, 9], "what follows of a call that was hers is hers as well"
    assert numbers(own("agent")) == [2, 4, 5, 6, 8, 9]


def test_of_it_what_was_asked_for() -> None:
    assert numbers(own("admin", kinds="call.ended, trunk")) == [7, 9]
    assert numbers(own("admin", contact="c1", kinds="call")) == [0, 1, 2, 9]
    assert numbers(own("project", queue="sales")) == [2, 5]
    assert numbers(own("supervisor", agent="boris")) == []
    with pytest.raises(ProblemError, match="no kind of event"):
        own("admin", kinds="call,calls")


def test_agents_and_client_companies_are_not_told_who_listens() -> None:
    rows = [ROWS[2], Numbered(20, 1.0, CallSupervised(1.0, CallId("c1"), "carl", "listen"), "acme")]
    assert [len(own(role).of(rows)) for role in ("admin", "supervisor", "agent", "project")] == [2, 2, 1, 1]


def test_where_files_lie_admins_alone_are_told() -> None:
    assert [each.event for each in own("admin").of(ROWS[8:])] == [ROWS[8].event, ROWS[9].event]
    started, ended = (each.event for each in own("project").of(ROWS[8:]))
    assert isinstance(started, RecordingStarted)
    assert isinstance(ended, CallEnded)
    assert (started.path, ended.recordings) == ("", ())
