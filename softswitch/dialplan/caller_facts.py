"""Who calls, and what is known of the call."""

from __future__ import annotations

from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.calls.settings import Project
from softswitch.dialplan.verb_group import VerbGroup
from softswitch.sip.trunks.identity import Diversion, read_diversions


class CallerFacts(VerbGroup):
    """What a flow may look at, and note."""

    @property
    def clock(self) -> Clock:
        """`clock.wall()` is the time of day in epoch seconds; a flow that asks it can be tested at any hour."""
        return self._verbs.clock

    @property
    def is_answered(self) -> bool:
        return self._verbs.is_answered

    @property
    def id(self) -> str:
        """The call's id in records, recordings and logs."""
        return self._verbs.call_id

    @property
    def calling_number(self) -> str:
        """An account's own number, whatever its phone claims; of callers from outside what the trunk says."""
        return self._verbs.record.calling_number

    @property
    def calling_name(self) -> str:
        return self._verbs.record.calling_name

    @property
    def called_number(self) -> str:
        return self._verbs.record.called_number

    @property
    def is_caller_hidden(self) -> bool:
        """The caller's name and number are shown to nobody whom this call rings: because he wishes it (Privacy), or
        because the flow says so."""
        return self._verbs.is_caller_hidden

    @is_caller_hidden.setter
    def is_caller_hidden(self, is_caller_hidden: bool) -> None:
        self._verbs.is_caller_hidden = is_caller_hidden

    @property
    def diversions(self) -> tuple[Diversion, ...]:
        """Who passed the call on before it came here (Diversion, History-Info), the one called first comes first.

        What phones of ours say of it is not believed.
        """
        return read_diversions(self._verbs.headers)

    def header(self, name: str) -> str | None:
        """A header of the caller's INVITE: the well-known ones and every X- header."""
        return self._verbs.headers.get(name.lower())

    @property
    def project(self) -> Project:
        """The client company the call is for: `id`, `name`, `language`, `timezone`, `contact` and what else
        projects.toml says; one whose `id` is "" if it is for nobody in particular."""
        return self._verbs.project

    def is_open(self, schedule: str = "") -> bool:
        """Whether the schedule (schedules.toml) is open now: the project's own of that name goes first, and "" is that
        of the project itself. Raises `UnknownName`."""
        name = schedule or self.project.hours
        if not name:
            raise LocalError("is_open: no schedule is named, and the call is for no project that has `hours`")
        return self._dialplan.is_open(name, self._verbs.clock.wall(), self._verbs.project_id)

    def tag(self, name: str, value: str) -> None:
        """Note something about the call in its record."""
        self._verbs.tag(name, value)
