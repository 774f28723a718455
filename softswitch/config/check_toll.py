"""What must hold for limits of calls to the outside: prefixes that are some, a schedule and a time zone that exist."""

import re
from zoneinfo import ZoneInfo

from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.rows import TollRow
from softswitch.config.settings import TollSection
from softswitch.config.toml_lines import KeyPath

_PREFIX = re.compile(r"\+?[0-9]+|\+")


def check_toll(draft: Draft) -> None:
    section = draft.settings.toll
    faults = draft.fault_lists["softswitch.toml"]
    try:
        ZoneInfo(section.timezone)
    except (ValueError, OSError, KeyError):
        reason = f'there is no time zone "{section.timezone}"'
        faults.add(("toll", "timezone"), reason, 'Write for example "Europe/Moscow" or "UTC"')
    _check(section, ("toll",), draft, faults)
    for file, kind, rows in (
        ("agents.toml", "agent", draft.agents),
        ("agents.toml", "phone", draft.phones),
        ("trunks.toml", "trunk", draft.trunks),
    ):
        for index, row in rows:
            if row.toll is not None:
                _check(row.toll, (kind, index, "toll"), draft, draft.fault_lists[file])


def _check(rules: TollRow | TollSection, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    for key, prefixes in (("allow", rules.allow), ("deny", rules.deny), ("night_allow", rules.night_allow)):
        for index, prefix in enumerate(prefixes):
            if not _PREFIX.fullmatch(prefix):
                faults.add((*path, key, index), f'"{prefix}" is no beginning of a number', 'Write digits: "+7"')
    if rules.night_allow and not rules.hours:
        faults.add((*path, "night_allow"), "there are no hours outside of which it would count", "Write hours as well")
    schedules = draft.names("schedules.toml", "schedule")
    if rules.hours and schedules is not None and rules.hours not in schedules:
        remedy = did_you_mean(rules.hours, schedules, "Write an id of schedules.toml")
        faults.add((*path, "hours"), f'there is no schedule "{rules.hours}"', remedy)
