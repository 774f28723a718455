"""docs/acd.md promises what cannot happen; each promise is held by a test that exists, or explained."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPLAINTS = 25


def rows() -> list[list[str]]:
    """The table of complaints: number, complaint, why not, held by."""
    text = (ROOT / "docs" / "acd.md").read_text("utf-8").split("## What cannot happen here")[1]
    lines = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names_of_tests() -> set[str]:
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return {name for source in sources for name in re.findall(r"(?:def|class) (\w+)", source)}


KNOWN = names_of_tests()


def test_every_complaint_has_a_row() -> None:
    assert [row[0] for row in rows()] == [str(number) for number in range(1, COMPLAINTS + 1)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_holds_a_promise_exists(row: list[str]) -> None:
    assert row[2], "why it cannot happen is said in words, always"
    for name in re.findall(r"`([^`]+)`", row[3]):
        assert name in KNOWN or (ROOT / name).exists(), f"complaint {row[0]}: there is no {name}"
