"""What must hold for groups of phones that ring together: names and numbers of their own, members that exist."""

import re

from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath

_NUMBER = re.compile(r"\+?[0-9]{1,32}")


def check_groups(draft: Draft) -> None:
    faults = draft.fault_lists["agents.toml"]
    people = [
        *((("agent", index), row) for index, row in draft.agents),
        *((("phone", index), row) for index, row in draft.phones),
    ]
    ids = {row.id for _, row in people}
    taken: dict[str, KeyPath] = {}
    for path, row in people:
        taken.update(dict.fromkeys([name for name in (row.id, row.username, row.number) if name], path))
    for index, row in draft.groups:
        path = ("group", index)
        for key, name in (("id", row.id), ("number", row.number)):
            if name and name in taken:
                reason = f'"{name}" is already a name or number of {faults.place(taken[name])}'
                faults.add((*path, key), reason, "Change one of the two")
            elif name:
                taken[name] = path
        if row.number and not _NUMBER.fullmatch(row.number):
            faults.add((*path, "number"), f'"{row.number}" is no extension', 'Write digits, such as "600"')
        _check_members(path, row.members, ids, faults)


def _check_members(path: KeyPath, members: tuple[str, ...], ids: set[str], faults: FaultList) -> None:
    if not members:
        faults.add((*path, "members"), "nobody is in it", "Write ids of agents and phones, or outside numbers")
    for position, member in enumerate(members):
        if member not in ids and not _NUMBER.fullmatch(member):
            remedy = did_you_mean(member, ids, "Write ids of agents and phones, or outside numbers")
            faults.add((*path, "members", position), f'nobody has the id "{member}"', remedy)
        elif member in members[:position]:
            faults.add((*path, "members", position), f'"{member}" is in it twice', "Remove one")
