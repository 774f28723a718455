"""The recipes of docs/cookbook.md, and a centre to which each can be added."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cookbook.md"

CENTRE = """
# softswitch.toml
[sip]
domain = "centre.example"

# agents.toml
[[agent]]
id = "anna"
password = "a-long-password-1"
number = "101"
skills = {sales = 5, support = 3, billing = 9, english = 5}
voicemail = {enabled = true}
pickup_groups = ["office"]

[[agent]]
id = "boris"
password = "a-long-password-2"
number = "102"
skills = {sales = 2, support = 8, german = 5}

[[phone]]
id = "reception"
password = "a-long-password-3"
number = "100"

# queues.toml
[[queue]]
id = "sales"

[[queue]]
id = "support"

# schedules.toml
[[schedule]]
id = "office"
hours = {"mon-fri" = ["09:00-18:00"]}

# numbers.toml
[[route]]
number = "1xx"
flow = "extension"

# trunks.toml
[[trunk]]
name = "provider"
host = "192.0.2.9"
permitted_callers = ["*"]
"""
"""What a small centre has already. A row that a recipe gives as well is the recipe's."""

_FILE = re.compile(r"^# (\w+\.toml)\n", re.MULTILINE)
_TABLE = re.compile(r"^(?=\[)", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Recipe(msgspec.Struct, frozen=True):
    """`files` are those its TOML belongs into, `python` is what goes into a file of the dialplans."""

    name: str
    files: dict[str, str]
    python: str


def recipes(page: str) -> Iterator[Recipe]:
    """Raises ValueError for a block that belongs nowhere."""
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
        files: dict[str, str] = {}
        python = ""
        for language, block in _BLOCK.findall(text):
            if language == "toml":
                files |= files_of(block)
            elif language == "python":
                python += block
            else:
                raise ValueError(f"{name}: a block is in {language or 'no language'}")
        yield Recipe(name, files, python)


def files_of(block: str) -> dict[str, str]:
    """Each file's text begins with its name in a comment. Raises ValueError for text before the first."""
    before, *rest = _FILE.split(block)
    if before.strip() or not rest:
        raise ValueError(f"no file is named before: {block[:60]}")
    return dict(zip(rest[::2], rest[1::2], strict=True))


def write_centre(directory: Path, recipe: Recipe) -> None:
    """The centre with the recipe added to it."""
    for name in files_of(CENTRE).keys() | recipe.files.keys():
        own = recipe.files.get(name, "")
        (directory / name).write_text(own + _without(files_of(CENTRE).get(name, ""), own))
    (directory / "dialplans").mkdir()
    if recipe.python:
        (directory / "dialplans" / "recipe.py").write_text(recipe.python)


def _without(text: str, own: str) -> str:
    """The tables of a file of the centre that the recipe does not give itself."""
    given = _identities(tomllib.loads(own))
    return "".join("\n" + table for table in _TABLE.split(text) if not _identities(tomllib.loads(table)) & given)


def _identities(tables: dict[str, Any]) -> set[str]:
    """ "queue sales" of a row, "sip" of a table."""
    found: set[str] = set()
    for kind, value in tables.items():
        rows = cast(list[dict[str, Any]], value) if isinstance(value, list) else []
        found |= {f"{kind} {row.get('id') or row.get('name') or row.get('number')}" for row in rows}
        found |= set() if rows else {kind}
    return found
