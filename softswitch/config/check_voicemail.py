"""What must hold for voicemail boxes: names and numbers of their own, members, queues and languages that exist."""

import os
import re

from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath
from softswitch.config.voicemail_rows import PhoneBoxRow
from softswitch.dialplan.patterns import Pattern, parse_pattern

_NUMBER = re.compile(r"[0-9]{1,32}")
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def check_voicemail(draft: Draft) -> None:
    faults = draft.fault_lists["voicemail.toml"]
    _check_directory(draft)
    operator, mail = draft.settings.voicemail.operator, draft.settings.mail
    if operator:
        _check_operator(draft, operator, ("voicemail", "operator"), draft.fault_lists["softswitch.toml"])
    if mail.server and not _ADDRESS.fullmatch(mail.sender):
        reason = f'"{mail.sender}" is no mail address, and servers want to know whom mail is from'
        draft.fault_lists["softswitch.toml"].add(("mail", "sender"), reason, 'Write one: "switch@example.com"')
    phones = [
        *((("agent", index), row) for index, row in draft.agents),
        *((("phone", index), row) for index, row in draft.phones),
    ]
    for path, row in phones:
        _check_terms(draft, row.voicemail, (*path, "voicemail"), draft.fault_lists["agents.toml"])
    ids = {row.id for _, row in phones}
    taken = {name: row.id for _, row in phones for name in (row.id, row.username, row.number) if name}
    for index, row in draft.boxes:
        path = ("box", index)
        for key, name in (("id", row.id), ("number", row.number)):
            if name and name in taken:
                faults.add((*path, key), f'"{name}" is a name or number of {taken[name]}', "Change one of the two")
            elif name:
                taken[name] = f"box {row.id}"
        if row.number and not _NUMBER.fullmatch(row.number):
            faults.add((*path, "number"), f'"{row.number}" cannot be typed', 'Write digits, such as "200"')
        for position, member in enumerate(row.members):
            if member not in ids:
                remedy = did_you_mean(member, ids, "Write ids of agents and phones")
                faults.add((*path, "members", position), f'nobody has the id "{member}"', remedy)
        _check_terms(draft, row, path, faults)


def _check_operator(draft: Draft, operator: str, path: KeyPath, faults: FaultList) -> None:
    """He is called as a transferred caller calls: an extension, or a number that a route leads somewhere."""
    if not {"agents.toml", "numbers.toml"} <= draft.tables.keys():
        return
    rows = [row for kind in ("agent", "phone") for row in draft.raw_rows("agents.toml", kind)]
    known = {str(name) for row in rows for name in (row.get("username") or row.get("id"), row.get("number")) if name}
    routes = [parse_pattern(row.number) for _, row in draft.routes]
    if operator not in known and not any(isinstance(each, Pattern) and each.matches(operator) for each in routes):
        remedy = did_you_mean(operator, known, "Write a number of agents.toml, or one of a route in numbers.toml")
        faults.add(path, f'no extension and no route has the number "{operator}"', remedy)


def box_names(draft: Draft) -> set[str]:
    """What a flow may call the boxes there are."""
    names: set[str] = set()
    for row in [*(row for _, row in draft.agents), *(row for _, row in draft.phones)]:
        is_wanted = row.voicemail.enabled
        if draft.settings.voicemail.extensions if is_wanted is None else is_wanted:
            names |= {row.username or row.id, row.number}
    for _, row in draft.boxes:
        if row.enabled is not False:
            names |= {row.id, row.number}
    return names - {""}


def _check_directory(draft: Draft) -> None:
    """What the switch looks after in one of them it must not find in the other."""
    settings = draft.settings
    voicemail, recordings = (
        os.path.abspath(os.path.join(draft.directory, os.path.expanduser(each)))
        for each in (settings.voicemail.directory, settings.recordings.directory)
    )
    if os.path.commonpath((voicemail, recordings)) in (voicemail, recordings):
        reason = f"it is inside of [recordings] directory ({recordings}), or the other way round"
        draft.fault_lists["softswitch.toml"].add(("voicemail", "directory"), reason, "Give voicemail its own directory")


def _check_terms(draft: Draft, row: PhoneBoxRow, path: KeyPath, faults: FaultList) -> None:
    known = draft.settings.sounds.languages
    if row.language and row.language not in known:
        remedy = did_you_mean(row.language, known, f"Add it to [sounds] languages, or write one of: {', '.join(known)}")
        faults.add((*path, "language"), f'"{row.language}" is not among the languages of softswitch.toml', remedy)
    if row.operator:
        _check_operator(draft, row.operator, (*path, "operator"), faults)
    queues = draft.names("queues.toml", "queue")
    if row.queue and queues is not None and row.queue not in queues:
        remedy = did_you_mean(row.queue, queues, "Write the id of a queue of queues.toml")
        faults.add((*path, "queue"), f'there is no queue "{row.queue}"', remedy)
    if row.email and not draft.settings.mail.server:
        reason = "no mail can be sent: [mail] of softswitch.toml names no server"
        faults.add((*path, "email"), reason, 'Write [mail] server = "..." and sender = "..."')
    for position, address in enumerate(row.email):
        if not _ADDRESS.fullmatch(address):
            reason = f'"{address}" is no mail address'
            faults.add((*path, "email", position), reason, 'Write addresses alone: "sales@example.com"')
