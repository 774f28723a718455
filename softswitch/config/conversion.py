"""TOML values into Structs, key by key, so that every fault comes out at once.

msgspec stops at the first thing wrong in a Struct. Here each key is converted on its own: an unknown key, a missing
one and a wrong value are a fault each, and a row with faults in optional keys is still made, with their defaults, so
that what refers to it is not called wrong as well.
"""

from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec.inspect import (
    BoolType,
    DateType,
    DecimalType,
    DictType,
    FloatType,
    IntType,
    LiteralType,
    StrType,
    Type,
    type_info,
)
from msgspec.inspect import UnionType as UnionTypes
from msgspec.structs import FieldInfo

from softswitch.base.errors import Fault
from softswitch.config.limits import FAULT_CHARACTERS_MAX
from softswitch.config.toml_lines import KeyPath, find_lines, line_of

S = TypeVar("S", bound=msgspec.Struct)


class FaultList:
    """The faults of one file. `text` is what is in it, to find the lines; they are looked up at the first fault."""

    __slots__ = ("_faults", "_lines", "file", "text")

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = ""
        self._lines: dict[KeyPath, int] | None = None
        self._faults: list[tuple[int, Fault]] = []

    def add(self, path: KeyPath, reason: str, remedy: str) -> None:
        """Note a fault at the line of its key, or of the nearest thing around it."""
        self._add(self._line_of(path), path, reason, remedy)

    def add_at_line(self, line: int, reason: str, remedy: str) -> None:
        """Note a fault of the text itself."""
        self._add(line, (), reason, remedy)

    def place(self, path: KeyPath) -> str:
        """How another fault refers to a key: "agent[3] (line 27)"."""
        line = self._line_of(path)
        return key_text(path) if line is None else f"{key_text(path)} (line {line})"

    def in_order(self) -> list[Fault]:
        """All faults by line."""
        return [fault for _, fault in sorted(self._faults, key=lambda found: found[0])]

    def _line_of(self, path: KeyPath) -> int | None:
        if self._lines is None:
            self._lines = find_lines(self.text)
        return line_of(path, self._lines)

    def _add(self, line: int | None, path: KeyPath, reason: str, remedy: str) -> None:
        file = self.file if line is None else f"{self.file}:{line}"
        fault = Fault(file, one_line(key_text(path)), one_line(reason), one_line(remedy))
        self._faults.append((line or 0, fault))


def one_line(text: str) -> str:
    """What was read from a file, fit to be part of one line: nothing unprintable, and not without end."""
    if len(text) > FAULT_CHARACTERS_MAX:
        text = text[:FAULT_CHARACTERS_MAX] + " ..."
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def key_text(path: KeyPath) -> str:
    """("queue", 2, "skills", "billing") -> "queue[2].skills.billing"."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "file"


def did_you_mean(word: str, known: Collection[str], otherwise: str) -> str:
    """A remedy for a name that is not known."""
    close = get_close_matches(word, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else otherwise


def convert_struct(value: object, struct: type[S], path: KeyPath, faults: FaultList) -> S | None:
    """A table as a Struct. None if a required key is missing or wrong; every fault is noted."""
    if not isinstance(value, dict):
        faults.add(path, f"this is {_kind(value)}, not a table", f"Write [{key_text(path)}]")
        return None
    table = cast(dict[str, object], value)
    fields = _fields(struct)
    for key in table.keys() - fields.keys():
        known = ", ".join(fields)
        faults.add((*path, key), "there is no such key", did_you_mean(key, fields, f"There are: {known}"))
    converted: dict[str, object] = {}
    is_complete = True
    for name, field in fields.items():
        if name not in table:
            if field.required:
                faults.add((*path, name), "it is missing", f"Add a line: {name} = ...")
                is_complete = False
            continue
        result = _convert(table[name], field.type, (*path, name), faults)
        if result is not _WRONG:
            converted[name] = result
        elif field.required:
            is_complete = False
    return struct(**converted) if is_complete else None


def convert_rows(value: object, struct: type[S], path: KeyPath, faults: FaultList) -> list[tuple[int, S]]:
    """An array of tables as Structs with their indexes; rows that could not be made are left out."""
    if not isinstance(value, list):
        faults.add(path, f"this is {_kind(value)}, not rows", f"Write [[{key_text(path)}]] above each row")
        return []
    rows: list[tuple[int, S]] = []
    for index, row in enumerate(cast(list[object], value)):
        converted = convert_struct(row, struct, (*path, index), faults)
        if converted is not None:
            rows.append((index, converted))
    return rows


@cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Kept, because finding the annotations costs more than converting a row."""
    return {field.name: field for field in msgspec.structs.fields(struct)}


_WRONG = object()


def _convert(value: object, wanted: Any, path: KeyPath, faults: FaultList) -> object:
    """A value as the type of a field, or `_WRONG` with the faults noted."""
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        result = convert_struct(value, wanted, path, faults)
        return _WRONG if result is None else result
    if get_origin(wanted) in (Union, UnionType) and len(kinds := _kinds_of(wanted)) == 1:
        wanted = kinds[0]
    if get_origin(wanted) is dict and isinstance(value, dict):
        table = cast(dict[str, object], value)
        items = {key: _convert(each, get_args(wanted)[1], (*path, key), faults) for key, each in table.items()}
        return _WRONG if _WRONG in items.values() else items
    if get_origin(wanted) is tuple and isinstance(value, list):
        elements = enumerate(cast(list[object], value))
        converted = [_convert(each, get_args(wanted)[0], (*path, index), faults) for index, each in elements]
        return _WRONG if _WRONG in converted else tuple(converted)
    return _convert_value(value, wanted, path, faults)


def _kinds_of(union: Any) -> list[Any]:
    """What a value may be; TOML has no None."""
    return [kind for kind in get_args(union) if kind is not NoneType]


def _convert_value(value: object, wanted: Any, path: KeyPath, faults: FaultList) -> object:
    try:
        return cast(object, msgspec.convert(value, wanted))
    except msgspec.ValidationError:
        shown = _kind(value) if str(path[-1]).endswith("password") else _shown(value)
        faults.add(path, f"{shown} is not possible here", _remedy(value, type_info(wanted)))
        return _WRONG


def _remedy(value: object, wanted: Type) -> str:
    """What to write instead of a value."""
    if isinstance(wanted, LiteralType):
        choices = [str(choice) for choice in wanted.values]
        listed = "Write " + " or ".join(f'"{choice}"' for choice in choices)
        return did_you_mean(value, choices, listed) if isinstance(value, str) else listed
    return f"Write {_describe(wanted)}"


def _describe(wanted: Type) -> str:
    match wanted:
        case UnionTypes():
            return ", ".join(_describe(kind) for kind in wanted.types)
        case LiteralType():
            return " or ".join(f'"{choice}"' for choice in wanted.values)
        case IntType():
            return f"a whole number{_bounds(wanted.ge, wanted.le)}"
        case FloatType():
            return f"a number{_bounds(wanted.ge if wanted.gt is None else wanted.gt, wanted.le)}{_excluded(wanted.gt)}"
        case BoolType():
            return "true or false"
        case DecimalType():
            return 'an amount: "6.50"'
        case DateType():
            return "a date: 2026-11-01"
        case StrType(pattern=pattern) if "A-Z" in (pattern or "") and "a-z" not in (pattern or ""):
            return 'three capital letters: "EUR"'
        case StrType(pattern=None):
            return 'a text in quotes: "..."'
        case StrType(pattern=pattern) if "[0-9]{4,12}" in (pattern or ""):
            return '4 to 12 digits in quotes: "4711"'
        case StrType():
            return "a word of at most 64 letters, digits and any of _ . + -"
        case DictType():
            return "a table: {name = ...}"
        case _:
            return 'a list: ["...", "..."]'


def _bounds(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" from {low:g} to {high:g}"


def _excluded(low: float | None) -> str:
    return "" if low is None else f", but not {low:g}"


def _shown(value: object) -> str:
    """A wrong value as it stands in the file, or what it is if that would be long."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value[:40]}"'
        case int() | float():
            return str(value)
        case _:
            return _kind(value)


def _kind(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "a list"
        case str():
            return "a text"
        case bool() | int() | float():
            return "a single value"
        case _:
            return "a date or time"
