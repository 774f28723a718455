"""Who calls when, what he wants and how patient he is; how agents are. All of it follows from the seed.

The same seed gives the same script. The performance differs a little from one to the next, because it is real time and
real processes that play it.
"""

import math
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import TypeVar

import msgspec

from softswitch.base.entropy import Entropy, SeededEntropy

ARRIVALS_PER_S = 1.875
"""More than sixteen agents can serve: queues build up."""
LAST_CALL_S = 28.0
"""Nobody calls so shortly before the end, because waiting, talking and a survey take their time."""
ARRIVALS_PART_MIN = 0.3
"""Of a performance that is shorter than all that; it lasts a little longer."""

HOTLINE, RUSSIAN_HOTLINE, BILLING_LINE = "+18005550100", "+78005550100", "+18005550111"

RUSSIAN_PART = 0.22
IMPATIENT_PART = 0.2
RUSH_CALLERS = 8
"""So many call the billing line at nearly the same time, more than its queue takes."""
RUSH_S = 2.5
HANGS_UP_FIRST_PART = 0.25
RATES_PART = 0.85
VOICES = 3

T = TypeVar("T")


class Dialogue(msgspec.Struct, frozen=True):
    """After the agent's greeting `caller` and `agent` speak in turn, the caller first."""

    topic: str
    language: str
    caller: tuple[str, ...]
    agent: tuple[str, ...]


class Lines(msgspec.Struct, frozen=True):
    """Everything that is said: dialogues.toml."""

    greeting: dict[str, str]
    names: dict[str, dict[str, str]]
    dialogue: tuple[Dialogue, ...]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One caller, from the moment he dials. Durations in seconds.

    He presses `digit` (if there is a menu) after having listened for `listens_s`, often before the greeting is over,
    and gives up `patience_s` later if no agent has answered. When his business is done the agent hangs up, and the
    caller presses `score`, if any, after `ponders_s`; or he `hangs_up_first`.
    """

    calling_number: str
    number: str
    arrives_at_s: float
    listens_s: float
    digit: str
    patience_s: float
    dialogue: Dialogue
    voice: int
    hangs_up_first: bool
    score: str
    ponders_s: float


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `picks_up_s` is how long the phone rings, call by call (then from the beginning again).

    Call number `ignores` (from 0; -1 none) is not heard; the agent is back at the desk after `away_s`.
    """

    picks_up_s: tuple[float, ...]
    voice: int
    ignores: int = -1
    away_s: float = 0.0


class Break(msgspec.Struct, frozen=True):
    """A pause an agent takes."""

    agent_id: str
    at_s: float
    length_s: float
    reason: str


class Script(msgspec.Struct, frozen=True):
    """`visits` in the order of arrival; `habits` by agent."""

    visits: tuple[Visit, ...]
    habits: dict[str, Habits]
    breaks: tuple[Break, ...]


def read_lines() -> Lines:
    text = files("softswitch.cli.demo").joinpath("dialogues.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Lines)


def write_script(seconds: float, seed: int, agents: Sequence[str], lines: Lines) -> Script:
    """A performance of about so many seconds for these agents."""
    chance = SeededEntropy(seed)
    habits = {agent_id: _habits(chance, position) for position, agent_id in enumerate(agents)}
    breaks = [Break(agents[-1], 0.35 * seconds, 0.2 * seconds, "coffee")] if agents else []
    return Script(tuple(_visits(seconds, chance, lines)), habits, tuple(breaks))


def _habits(chance: Entropy, position: int) -> Habits:
    """Every seventh agent does not hear one call, and one in two of those before the other."""
    is_absent_minded = position % 7 == 3
    return Habits(
        picks_up_s=tuple(chance.uniform(0.5, 2.0) for _ in range(8)),
        voice=position % VOICES,
        ignores=1 + position // 7 if is_absent_minded else -1,
        away_s=chance.uniform(4.0, 7.0) if is_absent_minded else 0.0,
    )


def _visits(seconds: float, chance: Entropy, lines: Lines) -> list[Visit]:
    """A Poisson process, given its count, is a set of uniform instants; the rush to the billing line comes on top."""
    arrivals_s = max(seconds - LAST_CALL_S, ARRIVALS_PART_MIN * seconds)
    count = max(4, round(ARRIVALS_PER_S * arrivals_s))
    rush = min(RUSH_CALLERS, count // 4)
    rush_at_s = 0.4 * arrivals_s
    instants = [(chance.uniform(0.5, arrivals_s), False) for _ in range(count - rush)]
    instants += [(rush_at_s + chance.uniform(0.0, RUSH_S), True) for _ in range(rush)]
    return [_visit(chance, number, at_s, is_rush, lines) for number, (at_s, is_rush) in enumerate(sorted(instants))]


def _visit(chance: Entropy, number: int, at_s: float, is_rush: bool, lines: Lines) -> Visit:
    is_russian = not is_rush and chance.uniform(0, 1) < RUSSIAN_PART
    topic = "billing" if is_rush else _choose(chance, ("sales", "support"))
    language = "ru" if is_russian else "en"
    fitting = [dialogue for dialogue in lines.dialogue if (dialogue.topic, dialogue.language) == (topic, language)]
    is_impatient = chance.uniform(0, 1) < IMPATIENT_PART
    return Visit(
        calling_number=f"+{'7495' if is_russian else '4420'}{number + 5550100}",
        number=BILLING_LINE if is_rush else RUSSIAN_HOTLINE if is_russian else HOTLINE,
        arrives_at_s=at_s,
        listens_s=chance.uniform(3.0, 6.0),
        digit={"sales": "1", "support": "2"}.get(topic, ""),
        patience_s=chance.uniform(6.0, 9.0) if is_impatient else chance.uniform(18.0, 28.0),
        dialogue=_choose(chance, fitting),
        voice=math.floor(chance.uniform(0, VOICES)),
        hangs_up_first=chance.uniform(0, 1) < HANGS_UP_FIRST_PART,
        score=_score(chance) if chance.uniform(0, 1) < RATES_PART else "",
        ponders_s=chance.uniform(1.5, 4.0),
    )


def _score(chance: Entropy) -> str:
    return _choose(chance, "5555444332")


def _choose(chance: Entropy, options: Sequence[T]) -> T:
    return options[math.floor(chance.uniform(0, len(options)))]
