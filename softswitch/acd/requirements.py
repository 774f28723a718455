"""What an agent must be able to do, as a boolean expression over skills.

    billing >= 8 and (english or german >= 3) and not trainee

```
  either   = all { "or" all }                         binds loosest
  all      = term { "and" term }
  term     = "not" term | "(" either ")" | skill [ operator level ]
  operator = ">=" | ">" | "<=" | "<" | "=" | "!="
  skill    = a word that begins with a letter, or anything in "double quotes"; "site:" and the id of a site is what
             those who sit there have
```

A level is 1 to 10; a skill without one means "at least 1". Who does not have a skill has it at level 0, so
`german < 3` holds for him as well. A parsed requirement is plain data; it is asked for one agent here, for all at once
in requirement_columns.py. This is read by commands that have no use for numpy, whose import takes a tenth of a second.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from softswitch.acd.limits import REQUIREMENT_LENGTH_MAX, REQUIREMENT_NESTING_MAX, REQUIREMENT_TERMS_MAX
from softswitch.acd.model import LEVEL_MAX, LEVEL_MIN, Skills
from softswitch.base.errors import LocalError

Operator: TypeAlias = Literal[">=", ">", "<=", "<", "=", "!="]

COMPARE: Mapping[Operator, Callable[[Any, Any], Any]] = MappingProxyType({
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "=": operator.eq, "!=": operator.ne,
})  # fmt: skip
_OPERATORS: Mapping[str, Operator] = MappingProxyType({
    ">=": ">=", ">": ">", "<=": "<=", "<": "<", "=": "=", "==": "=", "!=": "!=",
})  # fmt: skip
_TOKEN = re.compile(
    r'\s*(?:(?P<operator>>=|<=|!=|==|=|>|<)|(?P<bracket>[()])|"(?P<quoted>[^"]+)"'
    r"|(?P<word>[^\W\d][\w.+:-]*)|(?P<number>\d+))"
)


class HasLevel(msgspec.Struct, frozen=True, tag=True):
    """A skill, compared with a level."""

    skill: str
    operator: Operator = ">="
    level: int = LEVEL_MIN


class Not(msgspec.Struct, frozen=True, tag=True):
    term: "Requirement"


class AllOf(msgspec.Struct, frozen=True, tag=True):
    """Holds when each does; of none it does."""

    terms: "tuple[Requirement, ...]"


class AnyOf(msgspec.Struct, frozen=True, tag=True):
    terms: "tuple[Requirement, ...]"


Requirement: TypeAlias = HasLevel | Not | AllOf | AnyOf


@lru_cache(maxsize=1024)
def parse(text: str) -> Requirement:
    """The requirement that is written. Nothing written requires nothing.

    Raises LocalError with one line that says where it went wrong and what would do.
    """
    if len(text) > REQUIREMENT_LENGTH_MAX:
        raise LocalError(f"the expression has {len(text)} characters: {REQUIREMENT_LENGTH_MAX} at most")
    if not text.strip():
        return AllOf(())
    return _Reader(text).read()


def from_skills(skills: Skills) -> Requirement:
    """The short form: each skill at its level or above."""
    return AllOf(tuple(HasLevel(skill, ">=", level) for skill, level in skills.items()))


def holds(requirement: Requirement, skills: Mapping[str, int]) -> bool:
    """Whether somebody with these skills meets it."""
    match requirement:
        case HasLevel():
            return bool(COMPARE[requirement.operator](skills.get(requirement.skill, 0), requirement.level))
        case Not():
            return not holds(requirement.term, skills)
        case AllOf():
            return all(holds(term, skills) for term in requirement.terms)
        case AnyOf():
            return any(holds(term, skills) for term in requirement.terms)


def skill_names(requirement: Requirement) -> Iterator[str]:
    """Every skill it asks for, as often as it does."""
    match requirement:
        case HasLevel():
            yield requirement.skill
        case Not():
            yield from skill_names(requirement.term)
        case AllOf() | AnyOf():
            for term in requirement.terms:
                yield from skill_names(term)


def asked_skills(requirement: Requirement) -> Iterator[str]:
    """The skills of which it wants somebody to have more rather than less."""
    match requirement:
        case HasLevel():
            if requirement.operator in (">=", ">", "="):
                yield requirement.skill
        case AllOf() | AnyOf():
            for term in requirement.terms:
                yield from asked_skills(term)
        case Not():
            pass


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0
        self._depth = 0
        self._terms = 0

    def read(self) -> Requirement:
        requirement = self._either()
        if self._peek()[1]:
            raise self._fault('expected "and", "or" or the end')
        return requirement

    def _split(self) -> Iterator[tuple[str, str, int]]:
        """(kind, text, position) of each word, then one of kind "end"."""
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                start = at + len(self._text[at:]) - len(self._text[at:].lstrip())
                raise LocalError(f'"{self._text[start]}" at character {start + 1} has no meaning here')
            yield found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)
            at = found.end()
        yield "end", "", end

    def _either(self) -> Requirement:
        terms = [self._all()]
        while self._take_word("or"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all(self) -> Requirement:
        terms = [self._term()]
        while self._take_word("and"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _term(self) -> Requirement:
        self._depth += 1
        if self._depth > REQUIREMENT_NESTING_MAX:
            raise LocalError(f"the expression is nested more than {REQUIREMENT_NESTING_MAX} deep")
        term = self._one()
        self._depth -= 1
        return term

    def _one(self) -> Requirement:
        if self._take_word("not"):
            return Not(self._term())
        kind, text, _ = self._peek()
        if (kind, text) == ("bracket", "("):
            self._next += 1
            inner = self._either()
            if self._peek()[:2] != ("bracket", ")"):
                raise self._fault('expected ")"')
            self._next += 1
            return inner
        if kind not in ("word", "quoted") or (kind == "word" and text in ("and", "or")):
            raise self._fault("expected a skill")
        self._next += 1
        self._terms += 1
        if self._terms > REQUIREMENT_TERMS_MAX:
            raise LocalError(f"the expression compares more than {REQUIREMENT_TERMS_MAX} skills")
        return self._compared(text)

    def _compared(self, skill: str) -> Requirement:
        kind, text, _ = self._peek()
        if kind != "operator":
            return HasLevel(skill)
        self._next += 1
        kind, number, _ = self._peek()
        if kind != "number" or not LEVEL_MIN <= int(number) <= LEVEL_MAX:
            raise self._fault(f"expected a level from {LEVEL_MIN} to {LEVEL_MAX}")
        self._next += 1
        return HasLevel(skill, _OPERATORS[text], int(number))

    def _peek(self) -> tuple[str, str, int]:
        return self._tokens[self._next]

    def _take_word(self, word: str) -> bool:
        if self._peek()[:2] == ("word", word):
            self._next += 1
            return True
        return False

    def _fault(self, wanted: str) -> LocalError:
        _, text, at = self._peek()
        found = f'"{text}" at character {at + 1}' if text else "the end"
        return LocalError(f"{wanted}, found {found}")
