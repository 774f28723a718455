"""Which of the switch's events one reader gets: what he asked for, of what is his.

An admin's are all. A client company's are those of its project. A supervisor's and an agent's are those that name an
agent or a queue of theirs; and, because most events of a call name neither, all of a call or contact after such a one.
"""

from collections import OrderedDict
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from softswitch.base.errors import LocalError
from softswitch.calls.told.call_events import CallEnded, CallSupervised, RecordingEnded, RecordingStarted
from softswitch.calls.told.events import NUMBER_MAX, Numbered, SwitchEvent, events_of
from softswitch.web.asked import Owner
from softswitch.web.callers import Caller
from softswitch.web.fields import Limit, Word
from softswitch.web.limits import STORIES_REMEMBERED_MAX
from softswitch.web.problem import ProblemError

After = Annotated[
    int,
    Meta(ge=0, le=NUMBER_MAX, description="The number of the last event that is known; 0: from the oldest on."),
]
Kinds = Annotated[
    str, Meta(max_length=1000, description='Kinds or groups of them, with commas: "call,screen.pop". None: all.')
]


class EventQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to hear of; each that is given must fit."""

    after: After | None = None
    kinds: Kinds = ""
    contact: Word = ""
    """A contact's or call's id."""
    queue: Word = ""
    agent: Word = ""


class EventPageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same, of which at most `limit`."""

    after: After = 0
    kinds: Kinds = ""
    contact: Word = ""
    queue: Word = ""
    agent: Word = ""
    limit: Limit = 100


class OwnEvents:
    """One reader's choice. Raises `ProblemError` for a kind that does not exist."""

    __slots__ = ("_fields", "_is_everybodys", "_is_leader", "_kinds", "_stories", "owner")

    def __init__(self, caller: Caller, owner: Owner, query: EventQuery | EventPageQuery) -> None:
        try:
            self._kinds = events_of([kind.strip() for kind in query.kinds.split(",") if kind.strip()])
        except LocalError as error:
            raise ProblemError("invalid", str(error), "See docs/events.md", field="kinds") from error
        self._is_everybodys = caller.role == "admin"
        self._is_leader = caller.role == "supervisor"
        self._fields = [
            (names, value)
            for names, value in (
                (("contact_id", "call_id"), query.contact),
                (("queue_id",), query.queue),
                (("agent_id",), query.agent),
            )
            if value
        ]
        self.owner = owner
        """What is his; it changes while he reads."""
        self._stories: OrderedDict[str, None] = OrderedDict()
        """Calls and contacts that have named what is his, those of late last."""

    def of(self, events: list[Numbered]) -> list[Numbered]:
        """Those he gets, as he gets them."""
        if self._is_everybodys:
            return [each for each in events if self._is_wanted(each.event)]
        return [without_paths(each) for each in events if self._is_his(each) and self._is_wanted(each.event)]

    def _is_wanted(self, event: SwitchEvent) -> bool:
        return type(event) in self._kinds and all(
            any(getattr(event, name, None) == value for name in names) for names, value in self._fields
        )

    def _is_his(self, row: Numbered) -> bool:
        event = row.event
        if isinstance(event, CallSupervised) and not self._is_leader:
            return False
        story: str | None = getattr(event, "contact_id", None) or getattr(event, "call_id", None)
        agent: str | None = getattr(event, "agent_id", None)
        queue: str | None = getattr(event, "queue_id", None)
        if not self.owner.sees(agent=agent, queue=queue, project=row.project):
            return story is not None and story in self._stories
        if story is not None:
            self._stories.pop(story, None)
            self._stories[story] = None
            if len(self._stories) > STORIES_REMEMBERED_MAX:
                self._stories.popitem(last=False)
        return True


def without_paths(row: Numbered) -> Numbered:
    """Where files lie is nobody's business outside; recordings are under their ids."""
    match row.event:
        case RecordingStarted() | RecordingEnded():
            return replace(row, event=replace(row.event, path=""))
        case CallEnded() if row.event.recordings:
            return replace(row, event=replace(row.event, recordings=()))
        case _:
            return row
