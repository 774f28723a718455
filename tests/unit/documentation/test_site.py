"""The documentation as a site: every page is in its menu, and every link leads somewhere."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]


def pages(entries: Any) -> set[str]:
    """Of the menu, at any depth."""
    match entries:
        case str():
            return {entries}
        case list():
            return {page for each in entries for page in pages(each)}  # pyright: ignore[reportUnknownVariableType]
        case dict():
            return {page for each in entries.values() for page in pages(each)}  # pyright: ignore[reportUnknownVariableType]
        case _:
            return set()


def test_every_page_is_in_the_menu() -> None:
    menu = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    there = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert pages(menu) == there


@pytest.mark.timeout(120)
def test_every_link_and_anchor_leads_somewhere(tmp_path: Path) -> None:
    """Built from a copy, as the builder leaves its cache beside the configuration."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    zensical = Path(sys.executable).with_name("zensical")
    built = subprocess.run([zensical, "build", "--strict"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "site" / "index.html").is_file()
