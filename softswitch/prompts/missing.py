"""Prompts that were asked for and are not there: what was said in their place, and how often.

A caller hears the words of the name (or of the text in another language), so that no call is silent or lost for it; who
runs the switch finds out here what to record or to write.
"""

import re

import msgspec

from softswitch.prompts.limits import MISSING_MAX, NAME_CHARACTERS_MAX

_NO_WORD = re.compile(r"[\W_]+")


class MissingPrompt(msgspec.Struct, frozen=True):
    """How often a name was asked for, since the start or the last reload."""

    name: str
    language: str
    times: int


class MissingPrompts:
    """Counts. Names beyond `MISSING_MAX` are counted together under the name "…"."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], int] = {}

    @property
    def total(self) -> int:
        """How often something was missing in all."""
        return sum(self._times.values())

    def note(self, name: str, language: str) -> bool:
        """Count one more; whether the name is new, so that it is worth a line in the log."""
        key = (name[:NAME_CHARACTERS_MAX], language)
        if key not in self._times and len(self._times) >= MISSING_MAX:
            key = ("…", "")
        self._times[key] = self._times.get(key, 0) + 1
        return self._times[key] == 1

    def rows(self) -> list[MissingPrompt]:
        """The most wanted first."""
        rows = [MissingPrompt(name, language, times) for (name, language), times in list(self._times.items())]
        return sorted(rows, key=lambda row: (-row.times, row.name, row.language))

    def clear(self) -> None:
        """A reload may have brought what was missing."""
        self._times.clear()


def words_of(name: str) -> str:
    """What is said for a name nobody knows words for: "shop/winter-sale" is "shop winter sale"."""
    return _NO_WORD.sub(" ", name.removesuffix(".wav")[:NAME_CHARACTERS_MAX]).strip()
