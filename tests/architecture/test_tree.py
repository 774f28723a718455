"""What the tree promises to a reader, held by a machine."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("softswitch", "codecs", "dialplans", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
BANNED_NAMES = ("util", "utils", "helper", "helpers", "manager", "misc", "common")


def test_codecs_folder_holds_no_modules() -> None:
    """A package called codecs would collide with the standard library's."""
    assert not list((ROOT / "codecs").glob("*.py"))


def test_interpreter_starts_with_the_repository_on_its_path() -> None:
    code = "import codecs; assert codecs.lookup('utf-8').name == 'utf-8'"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-X", "frozen_modules=off", "-c", code], env=environment, check=True)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} has no docstring"
    assert path.stem not in BANNED_NAMES, f"{path.stem} is no subject"


def test_only_known_things_are_at_the_root() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.partition("/")[0] for line in listed.splitlines()} <= {
        ".ci",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Makefile",
        "README.md",
        "benchmarks",
        "codecs",
        "deploy",
        "dialplans",
        "docs",
        "examples",
        "mkdocs.yml",
        "pyproject.toml",
        "softswitch",
        "tests",
    }
