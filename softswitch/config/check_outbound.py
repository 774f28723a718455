"""What must hold for [[outbound]] of trunks.toml: patterns that can be read, trunks that can be called."""

import re

from softswitch.config.check_settings import check_distinct
from softswitch.config.conversion import did_you_mean
from softswitch.config.draft import Draft
from softswitch.dialplan.patterns import BadPattern, parse_pattern
from softswitch.sip.trunks.selection import NEVER_FAILOVER, compact_pattern

_DIGITS = re.compile(r"\+?[0-9*#xn]*!?")


def check_outbound(draft: Draft) -> None:
    faults = draft.fault_lists["trunks.toml"]
    names = draft.names("trunks.toml", "trunk", "name") or set()
    without_host = {row.name for _, row in draft.trunks if not row.host}
    for index, row in draft.outbound:
        pattern = parse_pattern(row.number)
        if isinstance(pattern, BadPattern):
            faults.add(("outbound", index, "number"), pattern.reason, pattern.remedy)
        elif not _DIGITS.fullmatch(compact_pattern(row.number)):
            reason = f'"{row.number}" is a name, and trunks carry numbers'
            faults.add(("outbound", index, "number"), reason, 'Write "+7!", or "!" for every number')
        check_distinct(row.trunks, ("outbound", index, "trunks"), faults)
        for position, name in enumerate(row.trunks):
            path = ("outbound", index, "trunks", position)
            if name not in names:
                faults.add(path, f'there is no trunk "{name}"', did_you_mean(name, names, "Name a [[trunk]]"))
            elif name in without_host:
                faults.add(path, f'trunk "{name}" has no host to call', "Write its host = ..., or leave it out here")
        for name in row.weights:
            if name not in row.trunks:
                remedy = did_you_mean(name, row.trunks, "Name trunks of this route")
                faults.add(("outbound", index, "weights", name), f'"{name}" is none of its trunks', remedy)
        for position, status in enumerate(row.failover_on):
            if status in NEVER_FAILOVER:
                reason = f"{status} is the answer of the called person, whom another trunk would ring again"
                faults.add(("outbound", index, "failover_on", position), reason, "Leave it out")
