"""A configuration for people to look at: every value in force, no password, and what a reload changes."""

from typing import cast

import msgspec

from softswitch.config.configuration import Configuration

MASK = "***"
_ROWS = (
    "projects",
    "agents",
    "phones",
    "groups",
    "sites",
    "queues",
    "boosts",
    "routes",
    "schedules",
    "rooms",
    "menus",
    "trunks",
    "outbound",
)
_SETTINGS = "settings"


def effective(configuration: Configuration) -> dict[str, object]:
    """The whole configuration with its defaults as plain values, passwords masked."""
    return cast(dict[str, object], _masked(_plain(configuration)))


def differences(before: Configuration, after: Configuration) -> list[str]:
    """What changes from one to the other, a line each: "queues.support.wrap_up_s: 10.0 -> 20.0"."""
    old, new = _plain(before), _plain(after)
    lines = _differences(_SETTINGS, _table(old[_SETTINGS]), _table(new[_SETTINGS]))
    for kind in _ROWS:
        lines += _differences(kind, _by_name(old[kind]), _by_name(new[kind]))
    return lines + _differences("prompts", _table(old["prompts"]), _table(new["prompts"]))


def _plain(configuration: Configuration) -> dict[str, object]:
    return cast(dict[str, object], msgspec.to_builtins(configuration))


def _masked(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: MASK if _is_secret(key) and each else _masked(each)
            for key, each in cast(dict[str, object], value).items()
        }
    return [_masked(each) for each in cast(list[object], value)] if isinstance(value, list | tuple) else value


def _table(value: object) -> dict[str, object]:
    return cast(dict[str, object], value)


def _by_name(rows: object) -> dict[str, object]:
    """Rows by what people call them, so that one that moved in its file is the same."""
    named: dict[str, object] = {}
    for row in cast(list[dict[str, object]], rows):
        named[str(row.get("id") or row.get("name") or row["number"])] = row
    return named


def _differences(path: str, old: dict[str, object], new: dict[str, object]) -> list[str]:
    lines: list[str] = []
    for key in [*old, *(key for key in new if key not in old)]:
        place = f"{path}.{key}"
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key not in new:
            lines.append(f"{place}: removed")
        elif key not in old:
            lines.append(f"{place}: added")
        elif _is_secret(key):
            lines.append(f"{place}: changed")
        elif isinstance(before, dict) and isinstance(after, dict):
            lines += _differences(place, _table(cast(object, before)), _table(cast(object, after)))
        else:
            lines.append(f"{place}: {_shown(cast(object, before))} -> {_shown(cast(object, after))}")
    return lines


def _shown(value: object) -> str:
    """As in the file, without the secrets of a table that is there as a whole or not at all."""
    return repr(_masked(value))


def _is_secret(key: str) -> bool:
    return key in ("pin", "secret") or key.endswith(("password", "_pin"))
