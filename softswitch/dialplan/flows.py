"""What makes a function a flow, and everything that decides which flow a call runs: one frozen `Dialplan`.

A reload makes a new `Dialplan`; calls in progress keep the one they began with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from softswitch.base.errors import LocalError
from softswitch.calls.projects import may_use, own_name
from softswitch.calls.settings import RecordingPolicy
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.schedule import Schedule, is_open
from softswitch.dialplan.surveys import AfterQueue, Survey

Flow = Callable[..., Awaitable[Any]]
"""Of the call, and of named arguments that have defaults. What it returns is for whoever runs it within another."""
F = TypeVar("F", bound=Flow)

_MARK = "__softswitch_flow__"
_SOURCE = "__softswitch_source__"


def flow(function: F) -> F:
    """Mark an `async def` whose one parameter is the call as a flow; its name is what numbers.toml calls it.

    Further parameters are named (after `*`) and have defaults: `Call.run` may give them.
    """
    setattr(function, _MARK, True)
    return function


def note_source(namespace: dict[str, Any], source: bytes) -> None:
    """Of a file of flows, before it is executed in this namespace: what `source_of` tells apart."""
    namespace[_SOURCE] = hashlib.sha256(source).hexdigest()


def changed_flows(before: Mapping[str, Flow], after: Mapping[str, Flow]) -> list[str]:
    """A line for each that is new, gone, or whose file is not what it was: "flows.hotline: changed"."""
    lines: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            lines.append(f"flows.{name}: {'added' if name in after else 'removed'}")
        elif _source_of(before[name]) != _source_of(after[name]):
            lines.append(f"flows.{name}: changed")
    return lines


def _source_of(function: Flow) -> object:
    """None: it was written in no file, but in menus.toml, say."""
    return getattr(function, "__globals__", {}).get(_SOURCE)


def is_flow(value: object) -> bool:
    return callable(value) and getattr(value, _MARK, False) is True


class UnknownName(LocalError):
    """A flow named a schedule, a survey or a flow that does not exist; the message lists those that do."""


class Dialplan(msgspec.Struct, frozen=True):
    """Numbers, flows and schedules as they were loaded together."""

    numbers: NumberPlan
    flows: Mapping[str, Flow]
    schedules: Mapping[str, Schedule]
    surveys: Mapping[str, Survey] = {}
    after_queues: Mapping[str, AfterQueue] = {}
    """What callers are asked after a queue, by its id."""

    def flow_for(self, number: str, at_wall: float) -> str | None:
        """The name of the flow a call to `number` runs at this time; None if the number is not ours."""
        route = self.numbers.find(number)
        if route is None:
            return None
        hours, otherwise = route.hours, route.otherwise
        is_closed = hours is not None and otherwise is not None and not self.is_open(hours, at_wall, route.project)
        name = otherwise if is_closed and otherwise is not None else route.flow
        return own_name(route.project, name, self.flows)

    def fax_flow_for(self, number: str) -> str | None:
        """The flow a caller of `number` goes on with if he is a fax machine; None: the number has none."""
        route = self.numbers.find(number)
        return None if route is None or route.fax_flow is None else own_name(route.project, route.fax_flow, self.flows)

    def project_of(self, number: str) -> str:
        """Whose number it is; "": nobody's, or not ours."""
        route = self.numbers.find(number)
        return "" if route is None else route.project

    def recording_of(self, number: str) -> RecordingPolicy | None:
        """Whether conversations of calls to `number` are recorded; None if that is left to queues and flows."""
        route = self.numbers.find(number)
        return None if route is None or route.record is None else RecordingPolicy(route.record)

    def is_open(self, schedule: str, at_wall: float, project: str = "") -> bool:
        """Whether a schedule is open, as a call of the project names it. Raises `UnknownName`."""
        schedule = own_name(project, schedule, self.schedules)
        if schedule not in self.schedules:
            raise UnknownName(f'there is no schedule "{schedule}"; known: {_names(self.schedules)}')
        return is_open(self.schedules[schedule], at_wall)

    def flow_named(self, name: str, project: str = "") -> Flow:
        """A flow as a call of the project names it. Raises `UnknownName`."""
        name = own_name(project, name, self.flows)
        if name not in self.flows:
            raise UnknownName(f'there is no flow "{name}"; known: {_names(self.flows)}')
        return self.flows[name]

    def survey_named(self, name: str, project: str = "") -> Survey:
        """A survey as a call of the project names it. Raises `UnknownName`."""
        name = own_name(project, name, self.surveys)
        if name not in self.surveys or not may_use(project, self.surveys[name].project):
            known = _names({each.id: each for each in self.surveys.values() if may_use(project, each.project)})
            raise UnknownName(f'there is no survey "{name}"; known: {known}')
        return self.surveys[name]


def _names(known: Mapping[str, object]) -> str:
    return ", ".join(sorted(known)) or "none"
