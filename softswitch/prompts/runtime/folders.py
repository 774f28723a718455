"""Directories of recordings: which sounds an operator has put where."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from softswitch.prompts.catalogue import base_language
from softswitch.prompts.limits import FILES_MAX
from softswitch.prompts.runtime.conversion import SUFFIXES


def index_folder(folder: Path) -> dict[str, Path]:
    """Every sound below a directory by its name: "queue/please-hold" for queue/please-hold.wav.

    Of several files with one name the best format is taken (`SUFFIXES`). Nothing for a directory that is not there.
    """
    found: dict[str, Path] = {}
    for path in islice(_files(folder), FILES_MAX):
        name = path.relative_to(folder).with_suffix("").as_posix()
        rank = SUFFIXES.index(path.suffix.lower())
        if name not in found or rank < SUFFIXES.index(found[name].suffix.lower()):
            found[name] = path
    return found


def asterisk_folder(root: Path, language: str) -> Path | None:
    """Where a language's core sounds are below `root`.

    Debian has /usr/share/asterisk/sounds/en_US_f_Allison; Asterisk itself installs sounds/en; `root` may also be such
    a directory itself.
    """
    base = base_language(language)
    if _speaks(root, base) and (root / "digits").is_dir():
        return root
    try:
        candidates = [path for path in sorted(root.iterdir()) if _speaks(path, base) and path.is_dir()]
    except OSError:
        return None
    return candidates[0] if candidates else None


def _speaks(path: Path, base: str) -> bool:
    return base_language(path.name) == base


def _files(folder: Path) -> Iterator[Path]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if path.suffix.lower() in SUFFIXES:
                yield path
