"""A configuration for people to look at: every value in force, no password, and what a reload changes."""

from typing import cast

import msgspec

from softswitch.config.configuration import Configuration

MASK = "***"
_LISTED = frozenset({"numbers", "notes"})
"""What lists of callers hold, which may be millions: only that it has changed is said."""


def effective(configuration: Configuration) -> dict[str, object]:
    """The whole configuration with its defaults as plain values, passwords masked."""
    return cast(dict[str, object], _masked(_plain(configuration)))


def chosen(configuration: Configuration) -> dict[str, object]:
    """The same without what is as it would be anyway; rows keep what they are called by."""
    return cast(dict[str, object], _masked(_without_defaults(configuration)))


def differences(before: Configuration, after: Configuration) -> list[str]:
    """What changes from one to the other, a line each: "queues.support.wrap_up_s: 10.0 -> 20.0"."""
    old, new = _plain(before), _plain(after)
    lines: list[str] = []
    for kind, values in new.items():
        if kind != "directory":
            lines += _differences(kind, _by_name(old[kind]), _by_name(values))
    return lines


def _without_defaults(value: object) -> object:
    """Plain values, of Structs the fields that are not at their default."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _without_defaults(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, dict):
        return {str(key): _without_defaults(each) for key, each in cast(dict[object, object], value).items()}
    if isinstance(value, list | tuple):
        return [_without_defaults(each) for each in cast(list[object], value)]
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default


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


def _by_name(values: object) -> dict[str, object]:
    """A table as it is; rows by what people call them, so that one that moved in its file is the same."""
    if isinstance(values, dict):
        return _table(cast(object, values))
    named: dict[str, object] = {}
    for row in cast(list[dict[str, object]], values):
        named[_name_of(row)] = row
    return named


def _name_of(row: dict[str, object]) -> str:
    """A tariff has no name: it is a project's from a day on."""
    if "since" in row:
        return f"{row['project'] or 'all'} {row['since']}"
    return str(row.get("id") or row.get("name") or row["number"])


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
        elif _is_secret(key) or (path.startswith("lists.") and key in _LISTED):
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
    """Headers of lookups and programs are, for they carry keys."""
    return key in ("pin", "secret", "headers", "hash", "dsn") or key.endswith(("password", "_pin"))
