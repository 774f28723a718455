"""What must hold for lists of callers, regions and lookups: numbers that are some, files that can be read, URLs."""

import csv
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from softswitch.base.errors import SoftswitchError
from softswitch.calls.lookups import names_in
from softswitch.config.caller_rows import CallerListRow
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.limits import LIST_FILE_BYTES_MAX, NOTE_CHARACTERS_MAX
from softswitch.config.toml_lines import KeyPath
from softswitch.sip.trunks.selection import compact_pattern

_NUMBERS = re.compile(r"\+?[0-9*#xn]*!?")
_NUMBER = re.compile(r"\+?[0-9]{2,32}")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


class _BadFile(SoftswitchError):
    """A file of numbers that is none, in words for people."""


def check_callers(draft: Draft) -> None:
    """Lists get the numbers of their files by this."""
    faults = draft.fault_lists["callers.toml"]
    seen: set[str] = set()
    for position, (index, row) in enumerate(draft.lists):
        path: KeyPath = ("list", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a list "{row.id}" already', "Give every list its own id")
        seen.add(row.id)
        for key, texts in (("numbers", row.numbers), ("notes", tuple(row.notes))):
            _check_numbers((*path, key), texts, faults, are_patterns=key == "numbers")
        draft.lists[position] = index, _with_file(draft, path, row, faults)
    _check_regions(draft, faults)
    _check_boosts(draft)


def check_lookups(draft: Draft) -> None:
    faults = draft.fault_lists["lookups.toml"]
    seen: set[str] = set()
    for index, row in draft.lookups:
        path: KeyPath = ("lookup", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a lookup "{row.id}" already', "Give every lookup its own id")
        seen.add(row.id)
        _check_url(row.url, path, faults)
        for name, value in row.headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not value.isprintable() or not value.isascii():
                faults.add((*path, "headers", name), "this is no header of HTTP", 'Write headers = {X-Key = "..."}')
        if row.secret and row.method != "POST":
            faults.add((*path, "secret"), "only what POST sends is signed", 'Write method = "POST", or remove it')


def _check_url(text: str, path: KeyPath, faults: FaultList) -> None:
    try:
        names_in(text)
    except ValueError as error:
        faults.add((*path, "url"), f"its braces are wrong: {error}", "Write {calling_number} or another name")
        return
    try:
        url = urlsplit(text)
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        url, is_address = urlsplit(""), False
    if not is_address or not text.isascii() or any(character.isspace() for character in text):
        faults.add((*path, "url"), f'"{text}" is no URL', 'Write "https://crm.example.com/who?number={calling_number}"')
    elif "{" in url.netloc:
        faults.add((*path, "url"), "the host must not depend on the call", "Use braces after the host only")


def _check_numbers(path: KeyPath, texts: tuple[str, ...], faults: FaultList, *, are_patterns: bool) -> None:
    for position, text in enumerate(texts):
        expected = _NUMBERS if are_patterns else _NUMBER
        compact = compact_pattern(text)
        if not compact.removeprefix("+") or not expected.fullmatch(compact):
            reason = f'"{text}" is no number' + (" and no pattern of numbers" if are_patterns else "")
            place = (*path, position) if are_patterns else (*path, text)
            faults.add(
                place, reason, 'Write "+74951234567"' + (', or "+7495!" for all of these' if are_patterns else "")
            )


def _with_file(draft: Draft, path: KeyPath, row: CallerListRow, faults: FaultList) -> CallerListRow:
    if not row.file:
        return row
    try:
        found = read_numbers(Path(draft.directory, row.file).expanduser())
    except _BadFile as error:
        faults.add((*path, "file"), str(error), "Write one number a line, and perhaps a note after a comma")
        return row
    notes = {number: note for number, note in found.items() if note}
    return msgspec.structs.replace(row, numbers=(*row.numbers, *found), notes={**notes, **row.notes})


def read_numbers(path: Path) -> dict[str, str]:
    """Number to note, of a file as spreadsheets export it; a first line without digits is its heading."""
    try:
        if path.stat().st_size > LIST_FILE_BYTES_MAX:
            raise _BadFile(f"{path.name} is larger than {LIST_FILE_BYTES_MAX >> 20} MB")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _BadFile(f"{path.name} is no UTF-8 text") from error
    except OSError as error:
        raise _BadFile(f"{path.name} cannot be read: {error.strerror}") from error
    first = text.partition("\n")[0]
    delimiter = next((each for each in ";\t," if each in first), ",")
    numbers: dict[str, str] = {}
    try:
        for line, cells in enumerate(csv.reader(text.splitlines(), delimiter=delimiter), 1):
            number = compact_pattern(cells[0]) if cells else ""
            is_heading = line == 1 and not any(character.isdecimal() for character in number)
            if not number or number.startswith("#") or is_heading:
                continue
            if not _NUMBER.fullmatch(number):
                raise _BadFile(f'{path.name}:{line}: "{cells[0]}" is no number')
            numbers[number] = " ".join(cells[1].split())[:NOTE_CHARACTERS_MAX] if len(cells) > 1 else ""
    except csv.Error as error:
        raise _BadFile(f"{path.name} cannot be read: {error}") from error
    return numbers


def _check_regions(draft: Draft, faults: FaultList) -> None:
    seen: set[str] = set()
    taken: dict[str, str] = {}
    for index, row in draft.regions:
        if row.id in seen:
            faults.add(("region", index, "id"), f'there is a region "{row.id}" already', "Give every region its own id")
        seen.add(row.id)
        for position, prefix in enumerate(row.prefixes):
            path: KeyPath = ("region", index, "prefixes", position)
            if not _PREFIX.fullmatch(compact_pattern(prefix)):
                reason = f'"{prefix}" is no beginning of an international number'
                faults.add(path, reason, 'Write the country code as well: "+7495"')
            elif taken.setdefault(prefix, row.id) != row.id:
                faults.add(path, f'"{prefix}" belongs to the region "{taken[prefix]}" already', "Remove one of them")


def _check_boosts(draft: Draft) -> None:
    faults = draft.fault_lists["queues.toml"]
    for kind, key in (("list", "lists"), ("region", "regions")):
        known = draft.names("callers.toml", kind)
        for index, row in draft.boosts:
            for position, name in enumerate(row.lists if kind == "list" else row.regions):
                if known is not None and name not in known:
                    remedy = did_you_mean(name, known, "Add it to callers.toml, or remove it here")
                    faults.add(("boost", index, key, position), f'there is no {kind} "{name}"', remedy)
