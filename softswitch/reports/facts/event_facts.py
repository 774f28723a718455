"""The facts of the ACD's events over a few hours: tallies of every quarter of an hour, and a row for what is counted
one by one.

| rows            | one for each                                                                                      |
|-----------------|---------------------------------------------------------------------------------------------------|
| queue_tallies   | quarter of an hour, project and queue: the sums of `acd.reporting.tallies.QueueTally`             |
| agent_tallies   | hour, project, queue and agent: those of `AgentTally` that are of contacts                        |
| presence        | quarter of an hour and agent: those that are of his time                                          |
| visits          | contact that left a queue, or never got into it                                                   |
| conversations   | conversation that ended                                                                           |
| wrap_ups        | contact that was wrapped up                                                                       |
| dispositions    | disposition: +1, and -1 for one that another took the place of                                    |
| ratings         | answer to a question of a survey                                                                  |
| pauses          | time in which an agent was not ready, when it ended, from its beginning, whenever that was        |
| sessions        | agent who logged out, from his login                                                              |

Names are numbers (`names.py`). Sums are made by the same folds as the live figures, so there is one meaning of each.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.reporting.spans import Span
from softswitch.acd.reporting.tallies import AGENT_SUMS
from softswitch.base.ids import ContactId
from softswitch.reports.facts.names import Names

OUTCOMES = ("answered", "abandoned", "overflowed", "withdrawn", "moved", "refused")
ANSWERED, ABANDONED, OVERFLOWED, WITHDRAWN, MOVED, REFUSED = range(6)
PRESENCE_SUMS = (
    "logins",
    "ready_s",
    "reserved_s",
    "contact_s",
    "wrap_up_s",
    "other_calls_s",
    "not_ready_s",
)
"""Of an agent's sums those that are of no contact."""
WORK_SUMS = tuple(name for name in AGENT_SUMS if name not in PRESENCE_SUMS)

QUEUE_TALLY = np.dtype(
    [("quarter", "i8"), ("project", "u2"), ("queue", "u2"), ("level_s", "f8"), ("longest_wait_s", "f8")]
)
AGENT_TALLY = np.dtype([("quarter", "i8"), ("project", "u2"), ("queue", "u2"), ("agent", "u2")])
PRESENCE = np.dtype([("quarter", "i8"), ("agent", "u2")])
VISIT = np.dtype(
    [
        ("at", "f8"),
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("outcome", "u1"),
        ("reason", "u2"),
        ("is_within", "?"),
        ("is_short", "?"),
        ("in_queue_s", "f8"),
        ("entered_position", "i4"),
        ("position", "i4"),
    ]
)
CONVERSATION = np.dtype(
    [
        ("at", "f8"),
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("talk_s", "f8"),
        ("hold_s", "f8"),
        ("ended_by", "u2"),
    ]
)
WRAP_UP = np.dtype(
    [("at", "f8"), ("project", "u2"), ("queue", "u2"), ("agent", "u2"), ("lasted_s", "f8"), ("is_missing", "?")]
)
DISPOSITION = np.dtype(
    [("at", "f8"), ("project", "u2"), ("queue", "u2"), ("agent", "u2"), ("disposition", "u2"), ("count", "i1")]
)
RATING = np.dtype(
    [
        ("at", "f8"),
        ("project", "u2"),
        ("queue", "u2"),
        ("agent", "u2"),
        ("survey", "u2"),
        ("question", "u2"),
        ("score", "i4"),
    ]
)
PAUSE = np.dtype([("agent", "u2"), ("reason", "u2"), ("from", "f8"), ("until", "f8")])
SESSION = np.dtype([("agent", "u2"), ("from", "f8"), ("until", "f8")])

ROWS = {
    "queue_tallies": QUEUE_TALLY,
    "agent_tallies": AGENT_TALLY,
    "presence": PRESENCE,
    "visits": VISIT,
    "conversations": CONVERSATION,
    "wrap_ups": WRAP_UP,
    "dispositions": DISPOSITION,
    "ratings": RATING,
    "pauses": PAUSE,
    "sessions": SESSION,
}
"""What is stored of each, by its name."""


class WaitingContact(msgspec.Struct, frozen=True, kw_only=True):
    """It waits in a queue at the end of a block."""

    contact_id: str
    queue: str
    project: str
    since: float
    position: int


class Disposed(msgspec.Struct, frozen=True, kw_only=True):
    """A contact's last disposition, which another may take the place of."""

    contact_id: str
    at: float
    project: str
    queue: str
    agent: str
    disposition: str


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What the next block must know of what was before it."""

    spans: tuple[Span, ...] = ()
    """States that go on."""
    last_wall: float = 0.0
    logged_in: dict[str, float] = {}
    """Agents, and since when; 0: from before the first event."""
    waiting: tuple[WaitingContact, ...] = ()
    disposed: tuple[Disposed, ...] = ()
    promises: dict[ContactId, tuple[float, float]] = {}
    queue_names: dict[str, str] = {}
    levels_s: dict[str, float] = {}


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the events from `since` until before `until`."""

    since: float
    until: float
    names: Names
    rows: dict[str, NDArray[Any]]
    """By the names of `ROWS`."""
    queue_sums: NDArray[np.float64]
    """A row for each of `queue_tallies`, in the order of `QUEUE_SUMS`."""
    agent_sums: NDArray[np.float64]
    """A row for each of `agent_tallies`, in the order of `WORK_SUMS`."""
    presence_sums: NDArray[np.float64]
    """A row for each of `presence`, in the order of `PRESENCE_SUMS`."""
    carried: Carried
    """What goes on at the end."""
