"""Calls, forecasts and shifts as people write them down: CSV with a line of titles.

| list     | columns                                                    | a line says                              |
|----------|------------------------------------------------------------|------------------------------------------|
| calls    | `at`, `queue`; `talk_s`, `patience_s`, `boost_s`, `skills` | one call                                 |
| forecast | `from`, `queue`, `calls`; `until`                          | so many calls, in the mean, in that time |
| shifts   | `agent`, `from`, `until`                                   | he is logged in from one to the other    |

Columns after the semicolon may be missing, or empty in a line: what callers do is then drawn like that of all others,
and a line of a forecast lasts one interval. Times are "HH:MM", "HH:MM:SS", seconds from the beginning, or
"YYYY-MM-DD HH:MM" counted from the midnight before the first. Skills are "english:5 billing:8".
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from math import isfinite

import numpy as np

from softswitch.acd.model import LEVEL_MAX, LEVEL_MIN
from softswitch.acd.simulation.arrivals import Arrival, Demand, Habits
from softswitch.acd.simulation.simulator import Shift
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, QueueId

Line = Mapping[str, str]


def read_calls(name: str, text: Iterable[str], *, habits: Habits, seed: int) -> list[Arrival]:
    """The calls of a list, in time. Raises SimulationError with file, line and column of what cannot be read."""
    lines = list(_lines(name, text, needed=("at", "queue")))
    random = np.random.Generator(np.random.PCG64(seed))
    drawn_talk_s: list[float] = habits.talk.draw(random, len(lines)).tolist()
    drawn_patience_s: list[float] = habits.patience.draw(random, len(lines)).tolist()
    times_s = _times_s([(where, line["at"]) for where, line in lines])
    arrivals = [
        Arrival(
            at_s=at_s,
            queue_id=QueueId(line["queue"]),
            talk_s=_number(where, line, "talk_s", talk_s),
            patience_s=_number(where, line, "patience_s", patience_s),
            boost_s=_number(where, line, "boost_s", 0.0, least=-86_400.0),
            skills=_skills(where, line.get("skills") or ""),
        )
        for (where, line), at_s, talk_s, patience_s in zip(lines, times_s, drawn_talk_s, drawn_patience_s, strict=True)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.at_s)


def read_forecast(name: str, text: Iterable[str], *, interval_s: float) -> list[Demand]:
    """The lines of a forecast. Raises SimulationError with file, line and column of what cannot be read."""
    lines = list(_lines(name, text, needed=("from", "queue", "calls")))
    times_s = _times_s([(where, line["from"]) for where, line in lines])
    demands: list[Demand] = []
    for (where, line), from_s in zip(lines, times_s, strict=True):
        until = line.get("until") or ""
        until_s = _times_s([(where, line["from"]), (where, until)])[1] if until else from_s + interval_s
        if until_s <= from_s:
            raise SimulationError(f"{where}: the line ends before it begins. Write an `until` after `from`")
        calls = _number(where, line, "calls", 0.0)
        demands.append(Demand(queue_id=QueueId(line["queue"]), from_s=from_s, until_s=until_s, calls=calls))
    return demands


def read_shifts(name: str, text: Iterable[str]) -> list[Shift]:
    """The lines of a rota. Raises SimulationError with file, line and column of what cannot be read."""
    lines = list(_lines(name, text, needed=("agent", "from", "until")))
    begins_s = _times_s([(where, line["from"]) for where, line in lines])
    ends_s = _times_s([(where, line["until"]) for where, line in lines])
    shifts = [
        Shift(agent_id=AgentId(line["agent"]), from_s=from_s, until_s=until_s)
        for (_, line), from_s, until_s in zip(lines, begins_s, ends_s, strict=True)
    ]
    for (where, _), shift in zip(lines, shifts, strict=True):
        if shift.until_s <= shift.from_s:
            raise SimulationError(
                f"{where}: the shift ends before it begins. A shift past midnight ends at 24:00 or later"
            )
    return shifts


def _lines(name: str, text: Iterable[str], *, needed: Sequence[str]) -> Iterator[tuple[str, Line]]:
    """Each line by its titles, with the place to name in an error."""
    reader = csv.DictReader(text, skipinitialspace=True, restval="")
    titles = [title.strip() for title in reader.fieldnames or ()]
    for title in needed:
        if title not in titles:
            raise SimulationError(
                f"{name}: there is no column {title!r}. The first line names the columns: {_titles(needed)}"
            )
    for row in reader:
        where = f"{name}, line {reader.line_num}"
        line = {title.strip(): (value or "").strip() for title, value in row.items() if title}
        for title in needed:
            if not line[title]:
                raise SimulationError(f"{where}: {title!r} is empty")
        yield where, line


def _titles(needed: Sequence[str]) -> str:
    return ",".join(needed)


def _times_s(written: Sequence[tuple[str, str]]) -> list[float]:
    """Seconds from the beginning; of dates, from the midnight before the earliest."""
    read = [_time(where, text) for where, text in written]
    dates = [each for each in read if isinstance(each, datetime)]
    if not dates:
        return [each for each in read if isinstance(each, float)]
    if len(dates) < len(read):
        raise SimulationError(f"{written[0][0]}: some times have a date and some have none. Write all of them alike")
    midnight = datetime.combine(min(dates).date(), time())
    return [(each - midnight).total_seconds() for each in dates]


def _time(where: str, text: str) -> float | datetime:
    try:
        return float(text) if isfinite(float(text)) and float(text) >= 0 else _not_a_time(where, text)
    except ValueError:
        pass
    if "-" in text:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            return _not_a_time(where, text)
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        return _not_a_time(where, text)
    hours, minutes, *seconds = (int(part) for part in parts)
    return 3600.0 * hours + 60.0 * minutes + sum(seconds)


def _not_a_time(where: str, text: str) -> float:
    raise SimulationError(f'{where}: {text!r} is no time. Write "09:30", "09:30:15", "2026-11-30 09:30" or seconds')


def _number(where: str, line: Line, column: str, otherwise: float, *, least: float = 0.0) -> float:
    text = line.get(column) or ""
    if not text:
        return otherwise
    try:
        value = float(text)
    except ValueError:
        value = -np.inf
    if not isfinite(value) or value < least:
        raise SimulationError(f"{where}: {column} is {text!r}. Write a number, {least:g} or greater")
    return value


def _skills(where: str, text: str) -> dict[str, int]:
    skills: dict[str, int] = {}
    for word in text.split():
        name, colon, level = word.partition(":")
        if not name or (colon and not level.isdecimal()) or not LEVEL_MIN <= int(level or LEVEL_MIN) <= LEVEL_MAX:
            raise SimulationError(f'{where}: {word!r} is no skill. Write "english:5", with a level of 1 to 10')
        skills[name] = int(level or LEVEL_MIN)
    return skills
