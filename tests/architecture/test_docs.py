"""The documents say what is there."""

import re
from pathlib import Path

import click
import pytest

from softswitch.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / target).exists(), f"{page} links to {target}"


def files_on_the_map() -> list[str]:
    """A path is given from softswitch/, a bare name stands for one in the folder named before it in its paragraph."""
    paths: set[str] = set()
    for paragraph in re.split(r"\n\n|\n\|", (ROOT / "ARCHITECTURE.md").read_text("utf-8")):
        folder = ""
        for name in re.findall(r"`([a-z_0-9/]+\.py)`", paragraph):
            folder = str(Path(name).parent) if "/" in name else folder
            paths.add(f"{folder}/{Path(name).name}")
    return sorted(paths)


@pytest.mark.parametrize("path", files_on_the_map())
def test_files_on_the_map_exist(path: str) -> None:
    assert (ROOT / "softswitch" / path).exists()


def test_every_package_is_in_the_readme_or_below_the_others() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for package in sorted(path.parent.name for path in (ROOT / "softswitch").glob("*/__init__.py")):
        assert f"`{package}`" in readme or package in ("base", "testing"), f"{package} is missing in the table"


def test_the_readme_names_real_commands_only() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    known = main.list_commands(click.Context(main))
    for command in re.findall(r"[`/]softswitch ([a-z]+)\b", readme):
        assert command in known, f"README names `softswitch {command}`"
