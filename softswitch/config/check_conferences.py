"""What must hold for conference rooms: numbers and PINs tell them apart, what they name exists, times can be read."""

import re

from softswitch.calls.conferences.times import is_timezone, read_time
from softswitch.config.conference_rows import RoomRow
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.patterns import BadPattern, parse_pattern
from softswitch.prompts.catalogue import LANGUAGES

FILE = "conferences.toml"
_NUMBER = re.compile(r"\+?[0-9]{1,32}")


def check_conferences(draft: Draft) -> None:
    faults = draft.fault_lists[FILE]
    seen: dict[str, int] = {}
    numbers: dict[str, int] = {}
    pins: dict[str, int] = {}
    compiled = NumberPlan.compile([row for _, row in draft.routes])
    plan = compiled if isinstance(compiled, NumberPlan) and "numbers.toml" in draft.tables else None
    for index, row in draft.rooms:
        path = ("room", index)
        _unique(seen, row.id, index, (*path, "id"), f'there is a room "{row.id}" already', faults)
        if row.number:
            reason = f'the room "{_id_of(draft, numbers, row.number)}" has this number already'
            _unique(numbers, row.number, index, (*path, "number"), reason, faults)
            if isinstance(parse_pattern(row.number), BadPattern):
                remedy = 'Write the number that is called, such as "8800", or "88xx" for a room each'
                faults.add((*path, "number"), f'"{row.number}" is no number', remedy)
            elif row.number.isdecimal() and plan is not None and plan.find(row.number) is None:
                remedy = f'Write in numbers.toml: [[route]] number = "{row.number}" flow = "conference"'
                faults.add((*path, "number"), f"no route leads {row.number} to a flow", remedy)
        else:
            _check_found_by_pin(row, index, path, pins, faults)
        if row.host_pin and row.host_pin == row.guest_pin:
            faults.add((*path, "guest_pin"), "it is the PIN of the hosts as well", "Give guests another one")
        _check_names(row, path, draft, faults)
        _check_times(row, path, draft, faults)


def _unique(taken: dict[str, int], name: str, index: int, path: KeyPath, reason: str, faults: FaultList) -> None:
    if taken.setdefault(name, index) != index:
        faults.add(path, reason, "Give it one of its own")


def _id_of(draft: Draft, taken: dict[str, int], name: str) -> str:
    return next((row.id for index, row in draft.rooms if index == taken.get(name)), "")


def _check_found_by_pin(row: RoomRow, index: int, path: KeyPath, pins: dict[str, int], faults: FaultList) -> None:
    """Of rooms without a number the PIN tells which one is meant."""
    if not (row.host_pin or row.guest_pin):
        faults.add((*path, "number"), "nobody can find this room: it has no number and no PIN", "Give it one of them")
    for key, pin in (("host_pin", row.host_pin), ("guest_pin", row.guest_pin)):
        if pin and pins.setdefault(pin, index) != index:
            reason = "another room without a number has this PIN, and only the PIN tells which is meant"
            faults.add((*path, key), reason, "Give it another one, or a number to the room")


def _check_names(row: RoomRow, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    agents, phones = draft.names("agents.toml", "agent"), draft.names("agents.toml", "phone")
    accounts = (agents or set()) | (phones or set())
    for position, name in enumerate(row.hosts):
        if accounts and name not in accounts:
            remedy = did_you_mean(name, accounts, "Write the id of an agent or a phone of agents.toml")
            faults.add((*path, "hosts", position), f'there is no agent and no phone "{name}"', remedy)
    if row.through and accounts and row.through not in accounts:
        remedy = did_you_mean(row.through, accounts, "Write the id of an agent or a phone of agents.toml")
        faults.add((*path, "through"), f'there is no agent and no phone "{row.through}"', remedy)
    for position, name in enumerate(row.participants):
        if accounts and name not in accounts and not _NUMBER.fullmatch(name):
            remedy = did_you_mean(name, accounts, "Write ids of agents and phones, or outside numbers")
            faults.add((*path, "participants", position), f'nobody has the id "{name}"', remedy)
    if row.language and row.language not in LANGUAGES:
        remedy = f"Write one of {', '.join(sorted(LANGUAGES))}"
        faults.add((*path, "language"), f'nothing is spoken in "{row.language}"', remedy)


def _check_times(row: RoomRow, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    if row.timezone and not is_timezone(row.timezone):
        remedy = 'Write one such as "Europe/Moscow" or "UTC"'
        faults.add((*path, "timezone"), f'there is no time zone "{row.timezone}"', remedy)
    for position, text in enumerate(row.times):
        if read_time(text, "UTC") is None:
            remedy = 'Write days and a time, "mon-fri 09:30" or "daily 18:00", or a date, "2026-12-24 10:00"'
            faults.add((*path, "times", position), f'"{text}" is no time', remedy)
    if row.times and not row.participants:
        faults.add((*path, "times"), "nobody would be called", "Write `participants`, or take `times` away")
    if row.times and not row.through and any(_NUMBER.fullmatch(name) for name in row.participants):
        numbers = {str(each.get("number", "")) for kind in ("agent", "phone") for each in _people(draft, kind)}
        if any(name not in numbers for name in row.participants if _NUMBER.fullmatch(name)):
            reason = "there is no host yet whose trunks could be used when it is time"
            faults.add((*path, "through"), reason, "Write the id of an agent or phone that may call out")


def _people(draft: Draft, kind: str) -> list[dict[str, object]]:
    return draft.raw_rows("agents.toml", kind)
