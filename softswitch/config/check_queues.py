"""What must hold for queues: agents and overflows name queues that exist, and somebody can answer each."""

import re
from collections.abc import Collection
from typing import cast
from urllib.parse import urlsplit

from softswitch.calls.projects import own_name
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.rows import SKILL_LEVEL_MAX, QueueRow
from softswitch.sip.trunks.selection import compact_pattern

_NUMBERS = re.compile(r"\+?[0-9xn]+!?")
DIGITS = "0123456789*#"
OVERFLOW_KEYS = ("overflow", "overflow_full", "overflow_empty", "overflow_closed", "overflow_predicted")


def check_queues(draft: Draft) -> None:
    faults = draft.fault_lists["queues.toml"]
    ids = draft.names("queues.toml", "queue")
    rows: dict[str, QueueRow] = {}
    for index, row in draft.queues:
        if row.id in rows:
            faults.add(("queue", index, "id"), f'there is a queue "{row.id}" already', "Give every queue its own id")
        rows.setdefault(row.id, row)
    levels = _best_levels(draft)
    for index, row in draft.queues:
        for key in OVERFLOW_KEYS:
            _check_overflow(index, row, key, ids or set(), rows, faults)
            _check_overflow_flow(index, row, key, draft.flows, faults)
        _check_rescue(index, row, draft.names("agents.toml", "agent"), faults)
        _check_hook(index, row, faults)
        _check_exit_keys(index, row, ids or set(), draft.flows, faults)
        _check_hours(index, row, draft.names("schedules.toml", "schedule"), faults)
        if levels is not None:
            _check_skills(index, row, levels, faults)
    if ids is not None:
        _check_agents(draft, ids)
    _check_boosts(draft, ids or set())


def _check_agents(draft: Draft, ids: set[str]) -> None:
    faults = draft.fault_lists["agents.toml"]
    for index, agent in draft.agents:
        for position, name in enumerate(agent.queues or ()):
            if name not in ids:
                remedy = did_you_mean(name, ids, "Add it to queues.toml, or remove it here")
                faults.add(("agent", index, "queues", position), f'there is no queue "{name}"', remedy)


def _check_overflow(
    index: int, row: QueueRow, key: str, ids: set[str], rows: dict[str, QueueRow], faults: FaultList
) -> None:
    path, written = ("queue", index, key), _way_out(row, key)
    kind, _, target = written.partition(":")
    if (key != "overflow" and not getattr(row, key)) or written == "hangup" or (kind == "flow" and target):
        return
    if kind != "queue" or not target:
        remedy = did_you_mean(written, ["hangup"], 'Write "queue:ID", "flow:NAME" or "hangup"')
        faults.add(path, f'"{written}" is no place to overflow to', remedy)
    elif target not in ids:
        remedy = did_you_mean(target, ids, "Add it, or write another overflow")
        faults.add(path, f'there is no queue "{target}"', remedy)
    elif row.id in _overflow_chain(row, key, rows):
        reason = "callers would overflow from queue to queue in a circle and never be let go"
        faults.add(path, reason, 'End the circle with "flow:NAME" or "hangup" in one of the queues')


def _check_overflow_flow(index: int, row: QueueRow, key: str, flows: Collection[str] | None, faults: FaultList) -> None:
    kind, _, name = str(getattr(row, key)).partition(":")
    if kind == "flow" and flows is not None and own_name(row.project, name, flows) not in flows:
        remedy = did_you_mean(name, flows, "Write it in a file of the dialplans directory, or name another")
        faults.add(("queue", index, key), f'there is no flow "{name}"', remedy)


def _way_out(row: QueueRow, key: str) -> str:
    """Where a caller goes for the reason of this key."""
    return str(getattr(row, key)) or row.overflow


def _overflow_chain(row: QueueRow, key: str, rows: dict[str, QueueRow]) -> list[str]:
    """Ids of the queues a caller of `row` can overflow to, one after another, up to the first that repeats."""
    chain: list[str] = []
    current: QueueRow | None = row
    while current is not None:
        kind, _, target = _way_out(current, key).partition(":")
        if kind != "queue" or target in chain:
            break
        chain.append(target)
        current = rows.get(target)
    return chain


def _check_rescue(index: int, row: QueueRow, agents: set[str] | None, faults: FaultList) -> None:
    rescue = row.rescue
    if rescue is None:
        return
    path = ("queue", index, "rescue")
    if rescue.until < rescue.below:
        reason = f"it would begin below {rescue.below:g} % and be over at {rescue.until:g} %"
        faults.add((*path, "until"), reason, "Write at least as much as below; five more keeps it from flickering")
    if not rescue.agents and not rescue.older_s:
        faults.add(path, "it would do nothing", "Write agents, or older_s, or both")
    for position, name in enumerate(rescue.agents):
        if agents is not None and name not in agents:
            remedy = did_you_mean(name, agents, "Add him to agents.toml, or remove him here")
            faults.add((*path, "agents", position), f'there is no agent "{name}"', remedy)


def _check_hook(index: int, row: QueueRow, faults: FaultList) -> None:
    if row.hook is None:
        return
    path = ("queue", index, "hook")
    try:
        url = urlsplit(row.hook.url)
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_address = False
    if not is_address or not row.hook.url.isascii() or any(character.isspace() for character in row.hook.url):
        faults.add((*path, "url"), f'"{row.hook.url}" is no URL', 'Write "https://routing.example.com/decide"')


def _check_exit_keys(
    index: int, row: QueueRow, ids: set[str], flows: Collection[str] | None, faults: FaultList
) -> None:
    for key, target in row.exit_keys.items():
        path = ("queue", index, "exit_keys", key)
        kind, _, name = target.partition(":")
        if len(key) != 1 or key not in DIGITS:
            faults.add(path, f'"{key}" is no key of a telephone', "Write one of 0 to 9, * and #")
        if target == "return":
            continue
        if kind not in ("queue", "flow") or not name:
            remedy = did_you_mean(target, ["return"], 'Write "queue:ID", "flow:NAME" or "return"')
            faults.add(path, f'"{target}" is no place that a key can lead to', remedy)
        elif kind == "queue" and (name not in ids or name == row.id):
            remedy = did_you_mean(name, ids - {row.id}, "Add it, or write another target")
            faults.add(path, f'there is no other queue "{name}"', remedy)
        elif kind == "flow" and flows is not None and own_name(row.project, name, flows) not in flows:
            remedy = did_you_mean(name, flows, "Write it in a file of the dialplans directory, or name another")
            faults.add(path, f'there is no flow "{name}"', remedy)


def _check_boosts(draft: Draft, ids: set[str]) -> None:
    faults = draft.fault_lists["queues.toml"]
    projects = draft.names("projects.toml", "project")
    seen: set[str] = set()
    for index, row in draft.boosts:
        if row.id in seen:
            faults.add(("boost", index, "id"), f'there is a boost "{row.id}" already', "Give every boost its own id")
        seen.add(row.id)
        if not (row.queues or row.projects or row.callers or row.called or row.lists or row.regions):
            reason = "it would boost everybody alike, and so nobody"
            faults.add(("boost", index), reason, "Write queues, projects, callers, called, lists or regions")
        for position, name in enumerate(row.projects):
            if projects is not None and name not in projects:
                remedy = did_you_mean(name, projects, "Write an id of projects.toml")
                faults.add(("boost", index, "projects", position), f'there is no project "{name}"', remedy)
        for position, name in enumerate(row.queues):
            if name not in ids:
                remedy = did_you_mean(name, ids, "Add it, or remove it here")
                faults.add(("boost", index, "queues", position), f'there is no queue "{name}"', remedy)
        for key, texts in (("callers", row.callers), ("called", row.called)):
            for position, text in enumerate(texts):
                if not _NUMBERS.fullmatch(compact_pattern(text)):
                    reason = f'"{text}" is no number and no pattern of numbers'
                    faults.add(
                        ("boost", index, key, position), reason, 'Write "+74951234567", or "+7495!" for all of these'
                    )


def _check_hours(index: int, row: QueueRow, schedules: set[str] | None, faults: FaultList) -> None:
    if row.hours and schedules is not None and row.hours not in schedules:
        remedy = did_you_mean(row.hours, schedules, "Write an id of schedules.toml")
        faults.add(("queue", index, "hours"), f'there is no schedule "{row.hours}"', remedy)


def _best_levels(draft: Draft) -> dict[str, int] | None:
    """The best level of each skill among the agents; None while there are no agents, or none that can be read."""
    agents = draft.raw_rows("agents.toml", "agent")
    levels: dict[str, int] = {}
    for agent in agents:
        skills = agent.get("skills")
        if isinstance(skills, dict):
            for skill, level in cast(dict[str, object], skills).items():
                # A level that is wrong is reported where it stands; here it is taken for the best.
                levels[skill] = max(levels.get(skill, 0), level if isinstance(level, int) else SKILL_LEVEL_MAX)
    return levels if agents else None


def _check_skills(index: int, row: QueueRow, levels: dict[str, int], faults: FaultList) -> None:
    for skill, level in row.skills.items():
        path = ("queue", index, "skills", skill)
        best = levels.get(skill, 0)
        if best == 0:
            remedy = did_you_mean(skill, levels, "Give it to an agent in agents.toml")
            faults.add(path, f'no agent has the skill "{skill}", so nobody could answer', remedy)
        elif best < level:
            reason = f"no agent has {skill} at level {level} or above, so nobody could answer"
            faults.add(path, reason, f"The best has {best}")
