"""What must hold for programs that are given calls' sound: an id of its own, a URL, headers, a file that is there."""

import re
from pathlib import Path

from softswitch.calls.programs import url_fault
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath


def check_programs(draft: Draft) -> None:
    faults = draft.fault_lists["programs.toml"]
    seen: set[str] = set()
    for index, row in draft.programs:
        path: KeyPath = ("program", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a program "{row.id}" already', "Give every program its own id")
        seen.add(row.id)
        fault = url_fault(row.url)
        if fault:
            faults.add((*path, "url"), fault, 'Write "wss://bot.example.com/calls"')
        for name, value in row.headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not value.isprintable() or not value.isascii():
                faults.add((*path, "headers", name), "this is no header of HTTP", 'Write headers = {X-Key = "..."}')
        if row.ca and not row.url.startswith("wss:"):
            faults.add((*path, "ca"), "only wss:// has a certificate to be checked", "Use wss://, or remove it")
        elif row.ca and not Path(draft.directory, row.ca).expanduser().is_file():
            faults.add((*path, "ca"), f"{row.ca} is no file", "Write the path of a PEM file")
