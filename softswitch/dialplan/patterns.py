"""The pattern language of number routes: literal digits, `x` any digit, `n` 2 to 9, and a last `!` for the rest.

`+` may only stand first. Spaces, brackets, dots and dashes between digits are how people write numbers (the visual
separators of RFC 3966 section 5.1.1) and mean nothing, neither in a pattern nor in a number that was dialled. A text
that begins with a letter and is not made of pattern characters alone ("reception") is a name and matches only itself.

The international `+` is compared loosely, because one provider sends "+74951234567" and the next "74951234567" for
the same number: it never decides whether a number matches, only which of two equal patterns is the better one.
"""

import re

import msgspec

PATTERN_CHARACTERS_MAX = 64
"""Longer than any telephone number (E.164: 15 digits) and than any name a person would type for an extension."""

DIGITS = "0123456789"
_WILDCARDS = {"x": DIGITS, "n": "23456789"}
_SEPARATORS = str.maketrans("", "", " ()-./\t")
_NUMBER = re.compile(r"\+?[0-9*#]*")
_PATTERN = re.compile(r"\+?[0-9*#xn]*!?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._~-]*")


class Pattern(msgspec.Struct, frozen=True):
    """A compiled pattern.

    `characters` holds one allowed set per place, `is_open` says that anything may follow ("!"), `literal_prefix` is
    what stands before the first wildcard, and `has_plus` whether it was written with an international prefix.
    """

    text: str
    literal_prefix: str
    characters: tuple[str, ...]
    is_open: bool
    has_plus: bool

    def matches(self, number: str) -> bool:
        """Whether a number matches, both without "+" and separators (`comparable`)."""
        if len(number) < len(self.characters) or (len(number) > len(self.characters) and not self.is_open):
            return False
        return all(character in allowed for character, allowed in zip(number, self.characters, strict=False))

    def overlaps(self, other: "Pattern") -> bool:
        """Whether some number matches both."""
        shorter, longer = sorted((self, other), key=lambda pattern: len(pattern.characters))
        if len(shorter.characters) < len(longer.characters) and not shorter.is_open:
            return False
        return all(set(a) & set(b) for a, b in zip(shorter.characters, longer.characters, strict=False))


class BadPattern(msgspec.Struct, frozen=True):
    """Why a text is no pattern, and what to write instead."""

    reason: str
    remedy: str


def parse_pattern(text: str) -> Pattern | BadPattern:
    """Read what an operator wrote as the number of a route."""
    if len(text) > PATTERN_CHARACTERS_MAX:
        return BadPattern(f"the number is {len(text)} characters long", f"Use at most {PATTERN_CHARACTERS_MAX}")
    compact = text.translate(_SEPARATORS).lower()
    if not compact.removeprefix("+"):
        return BadPattern("the number is empty", 'Write a number such as "100", or "!" for every number')
    if _PATTERN.fullmatch(compact):
        return _compile_digits(text, compact)
    if _NAME.fullmatch(text):
        return Pattern(text=text, literal_prefix=text, characters=tuple(text), is_open=False, has_plus=False)
    if "!" in compact[:-1]:
        return BadPattern(f'"!" stands inside "{text}"', 'Put "!" last: it means any rest')
    return BadPattern(
        f'"{text}" is neither a number nor a name',
        "Use digits, * and #, with + only in front, x for any digit, n for 2 to 9, a last ! for the rest",
    )


def _compile_digits(text: str, compact: str) -> Pattern:
    body = compact.removeprefix("+")
    places = body.removesuffix("!")
    prefix = re.split("[xn]", places, maxsplit=1)[0]
    return Pattern(
        text=text,
        literal_prefix=prefix,
        characters=tuple(_WILDCARDS.get(place, place) for place in places),
        is_open=body.endswith("!"),
        has_plus=compact.startswith("+"),
    )


def comparable(number: str) -> tuple[str, bool]:
    """A dialled number as patterns see it: without separators and "+", and whether it had the "+".

    Names come back unchanged.
    """
    compact = number.translate(_SEPARATORS)
    if not _NUMBER.fullmatch(compact):
        return number, False
    return compact.removeprefix("+"), compact.startswith("+")
