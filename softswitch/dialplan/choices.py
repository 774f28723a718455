"""What a menu can be answered with: single keys and patterns of several ("1xx", an extension within a menu).

Keys are taken one by one, and each leads to one of three places: nothing begins like this, so it is wrong; something
is complete and nothing longer begins like it, so it is chosen at once; or more may come, and a pause or "#" decides.
Of several entries that are complete the one with the most literal keys is meant ("101" before "1xx").
"""

from collections.abc import Sequence

from softswitch.base.errors import LocalError
from softswitch.dialplan.patterns import BadPattern, Pattern, parse_pattern


class Choices:
    """Compiled entries. Raises `LocalError` for one that no caller could type."""

    __slots__ = ("_patterns",)

    def __init__(self, digits: str, choices: Sequence[str] = ()) -> None:
        self._patterns = [compiled(each) for each in (*digits, *choices)]
        if not self._patterns:
            raise LocalError("menu: digits is empty, so there is nothing to choose")

    @property
    def first(self) -> str:
        """The first entry if it is plain keys; else nothing can stand for it."""
        pattern = self._patterns[0]
        return pattern.text if len(pattern.literal_prefix) == len(pattern.characters) else ""

    def find(self, typed: str) -> Pattern | None:
        """The entry that these keys are, or None."""
        matching = [pattern for pattern in self._patterns if typed and pattern.matches(typed)]
        return max(matching, key=lambda pattern: len(pattern.literal_prefix), default=None)

    def may_go_on(self, typed: str) -> bool:
        """Whether some entry begins with these keys and is longer."""
        return any(_begins(pattern, typed) for pattern in self._patterns)


def compiled(choice: str) -> Pattern:
    """Raises `LocalError` with what is wrong with an entry of a menu."""
    pattern = parse_pattern(choice)
    if isinstance(pattern, BadPattern):
        raise LocalError(f"menu: {pattern.reason}. {pattern.remedy}")
    if pattern.has_plus or not set("".join(pattern.characters)) <= set("0123456789*#"):
        raise LocalError(f'menu: nobody can type "{choice}": write keys 0-9, * and #, x for any digit, n for 2 to 9')
    return pattern


def _begins(pattern: Pattern, typed: str) -> bool:
    if len(typed) >= len(pattern.characters):
        return pattern.is_open and pattern.matches(typed)
    return all(key in allowed for key, allowed in zip(typed, pattern.characters, strict=False))
