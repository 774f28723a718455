"""What must hold for numbers and schedules. Their own compilers say; here their faults get lines."""

import re

from softswitch.base.errors import Fault
from softswitch.config.conversion import FaultList
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.schedule import compile_schedule

_KEY_PART = re.compile(r'"([^"]*)"|\[(\d+)\]|([^.\[\]"]+)')


def check_schedules(draft: Draft) -> None:
    faults = draft.fault_lists["schedules.toml"]
    seen: set[str] = set()
    for index, row in draft.schedules:
        if row.id in seen:
            faults.add(("schedule", index, "id"), f'there is a schedule "{row.id}" already', "Give it an id of its own")
        seen.add(row.id)
        compiled = compile_schedule(row, key=f"schedule[{index}]")
        if isinstance(compiled, list):
            add_compiled(compiled, faults)


def check_routes(draft: Draft) -> None:
    """Routes, and the flows and schedules they name."""
    faults = draft.fault_lists["numbers.toml"]
    rows = [row for _, row in draft.routes]
    compiled = NumberPlan.compile(rows, flows=draft.flows, schedules=draft.names("schedules.toml", "schedule"))
    if isinstance(compiled, list):
        add_compiled(compiled, faults, [index for index, _ in draft.routes])


def add_compiled(compiled: list[Fault], faults: FaultList, indexes: list[int] | None = None) -> None:
    """`indexes` are the rows' places in the file, where the compiler has counted only those that could be read."""
    for fault in compiled:
        kind, index, *rest = _key_path(fault.key)
        if indexes is not None and isinstance(index, int):
            index = indexes[index]
        faults.add((kind, index, *rest), fault.reason, fault.remedy)


def _key_path(key: str) -> KeyPath:
    """'schedule[0].hours."mon-fri"' -> ("schedule", 0, "hours", "mon-fri")."""
    return tuple(int(index) if index else quoted or plain for quoted, index, plain in _KEY_PART.findall(key))
