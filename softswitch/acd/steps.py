"""The routing steps of a queue, opened exactly on time: who may serve a contact now, and who comes before whom.

A contact enters the first step and goes through the others as its time passes; a step that has opened stays open. So
the agents form a list in order of preference, the agents of the first step first, and a step is a beginning of that
list. Two things open the next one: the clock, and `skip_if` when nobody is there.

```
  step 0: billing >= 8, 20 s     step 1: billing >= 5, 20 s      step 2: anybody
  |----- eight, nine ------------|----- eight, nine, five -------|----- eight, nine, five, two ----- ...
  0 s                            20 s                            40 s
```

Crosswise to the steps, an agent's profile may make him wait for the contacts of one of his queues: the different
delays of a queue's agents divide the time once more. Step and delay together are the contact's stage. It only ever
goes on to later stages while it is in one queue.
"""

from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.doing import ABSENT, OFF_DUTY, is_anybody_without
from softswitch.acd.limits import DELAYS_MAX, PREFERRED_SKILLS_MAX, STEPS_MAX
from softswitch.acd.model import SITE_SKILL, Queue, RoutingStep, Skills, SkipIf
from softswitch.acd.requirements import asked_skills, parse, skill_names
from softswitch.acd.skills import Roster, Rows

Wishes: TypeAlias = tuple[frozenset[tuple[str, int]], str, str]
"""What a contact requires beyond its queue, skills with their levels and an expression; and the site whose agents it
prefers."""

NO_WISHES: Wishes = (frozenset(), "", "")


def wishes_for(skills: Skills, requirement: str, site: str) -> Wishes:
    """The wishes of a contact that says so."""
    return (frozenset(skills.items()), requirement, site) if skills or requirement or site else NO_WISHES


Ranks: TypeAlias = NDArray[np.uint8]
"""Who comes before whom, the lowest first; ascending along the rows."""


def is_flat(ranks: Ranks) -> bool:
    """Nobody comes before anybody."""
    return not ranks.size or ranks.item(0) == ranks.item(-1)


_RANKS_PER_STEP = PREFERRED_SKILLS_MAX + 2
"""Who has all the preferred skills, who lacks one, and so on; the site a contact prefers counts as one more."""
_NOBODY = STEPS_MAX * _RANKS_PER_STEP
_ONE_STEP = (RoutingStep(),)
_EXCLUDED: dict[SkipIf, int] = {"nobody_logged_in": ABSENT, "nobody_ready": OFF_DUTY}


class Plan(msgspec.Struct, eq=False):
    """Who may serve the contacts of one queue with the same wishes, in order of preference, and from when on.

    `rows` are the agents of all steps, `ranks` their order, `delays_s` the different delays of the queue's agents,
    ascending. `waiting` counts the contacts that follow the plan.
    """

    steps: tuple[RoutingStep, ...]
    last_step: int
    wishes: Wishes
    rows: Rows
    ranks: Ranks
    is_flat: bool
    """Nobody comes before anybody, in no step."""
    delays_s: tuple[float, ...]
    delay_of: NDArray[np.uint8] | None
    """How many of the delays must have passed, for each of `rows`; None when nobody has one."""
    waiting: int = 0

    def narrowed(self, roster: Roster, wishes: Wishes) -> "Plan":
        """The plan for contacts that wish for more than the queue itself."""
        skills, requirement, site = wishes
        # An array is read by places in less time than by a mask.
        met = roster.narrowed(self.rows, skills, requirement).nonzero()[0]
        rows = self.rows[met]
        ranks = self.ranks[: rows.size] if self.is_flat else self.ranks[met]
        delay_of = None if self.delay_of is None else self.delay_of[met]
        if site:
            ranks = ranks + (roster.level(SITE_SKILL + site)[rows] == 0)
            order = np.lexsort((rows, ranks))
            rows, ranks = rows[order], ranks[order]
            delay_of = None if delay_of is None else delay_of[order]
        is_plain = (self.is_flat and not site) or is_flat(ranks)
        return Plan(self.steps, self.last_step, wishes, rows, ranks, is_plain, self.delays_s, delay_of)

    def opened(self, step: int, delays_passed: int) -> tuple[Rows, Ranks]:
        """Who may serve a contact in this stage, and their ranks."""
        rows, ranks, end = self.rows, self.ranks, len(self.rows)
        if step < self.last_step:
            end = self._end(step)
            rows, ranks = rows[:end], ranks[:end]
        if self.delay_of is None:
            return rows, ranks
        passed = self.delay_of[:end] <= delays_passed
        return rows[passed], ranks[passed]

    def _end(self, step: int) -> int:
        """How many have joined in when this step, not the last one, is open."""
        return bisect_left(self.ranks.tobytes(), (step + 1) * _RANKS_PER_STEP)

    @property
    def joins_in(self) -> NDArray[np.uint8]:
        """In which step, from 0, each of `rows` joins."""
        return self.ranks // np.uint8(_RANKS_PER_STEP)

    def delays_passed(self, entered_at: float, now: float) -> int:
        """How many delays are over for a contact that came into the queue at `entered_at`."""
        return bisect_right([entered_at + delay_s for delay_s in self.delays_s], now)

    def is_void(self, roster: Roster, step: int) -> bool:
        """Whether the step is to be skipped because nobody is there."""
        skip_if = self.steps[step].skip_if
        if skip_if is None or step == self.last_step:
            return False
        return not is_anybody_without(roster.doing[self.rows[: self._end(step)]], _EXCLUDED[skip_if])


def plan(roster: Roster, queue: Queue, *, with_reserve: bool = False) -> Plan:
    """The plan for contacts that wish for nothing beyond the queue, with its reserve agents or without."""
    steps = queue.steps[:STEPS_MAX] or _ONE_STEP
    able = roster.able(queue, with_reserve=with_reserve)
    ranks: Ranks = np.full(len(roster), _NOBODY, np.uint8)
    for number, step in enumerate(steps):
        joins = able & (ranks == _NOBODY) & roster.meets(step.skills, step.requirement)
        missing = _missing(roster, {**queue.preferred, **step.preferred})
        ranks[joins] = number * _RANKS_PER_STEP + (missing[joins] if isinstance(missing, np.ndarray) else missing)
    rows = (ranks < _NOBODY).nonzero()[0]
    rows = rows[ranks[rows].argsort(kind="stable")]
    delays_s, delay_of = _delays(roster, queue, rows)
    ranks = ranks[rows]
    return Plan(steps, len(steps) - 1, NO_WISHES, rows, ranks, is_flat(ranks), delays_s, delay_of)


def concerns(queue: Queue, wishes: Wishes) -> set[str]:
    """Every skill that decides who may serve a contact with these wishes, or who comes first."""
    names = {skill for skill, _ in wishes[0]} | set(skill_names(parse(wishes[1])))
    for part in (queue, *queue.steps):
        names |= {*part.skills, *part.preferred, *skill_names(parse(part.requirement))}
    return names


def asked_for(queue: Queue, step: int) -> frozenset[str]:
    """The skills the queue requires or prefers in this step."""
    parts = (queue, *queue.steps[step : step + 1])
    names = [(*part.skills, *part.preferred, *asked_skills(parse(part.requirement))) for part in parts]
    return frozenset(chain.from_iterable(names))


def wished_for(wishes: Wishes) -> frozenset[str]:
    """The skills a contact requires beyond its queue."""
    skills, requirement, _ = wishes
    own = frozenset([skill for skill, _ in skills])
    return own.union(asked_skills(parse(requirement))) if requirement else own


def _missing(roster: Roster, preferred: Skills) -> NDArray[np.uint8] | int:
    """How many of the preferred skills each agent lacks."""
    missing: NDArray[np.uint8] | int = 0
    for skill, level in list(preferred.items())[:PREFERRED_SKILLS_MAX]:
        missing = missing + (roster.level(skill) < level).astype(np.uint8)
    return missing


def _delays(roster: Roster, queue: Queue, rows: Rows) -> tuple[tuple[float, ...], NDArray[np.uint8] | None]:
    """The different delays, and how many of them must have passed for each of `rows`.

    Of more than there may be the longest are kept; a shorter one then counts as the shortest of those.
    """
    column = roster.delays(queue.queue_id)
    if column is None:
        return (), None
    different = np.unique(column[rows])
    delays_s = different[different > 0][-DELAYS_MAX:]
    if not delays_s.size:
        return (), None
    delay_of = np.where(column[rows] > 0, np.searchsorted(delays_s, column[rows]) + 1, 0)
    return tuple(delays_s.tolist()), delay_of.astype(np.uint8)


def next_opening(plan_: Plan, *, step: int, step_since: float, entered_at: float, now: float) -> float | None:
    """When the stage of a contact changes by itself; None when it has come to the last."""
    opens_at: float | None = None
    if plan_.delays_s:
        opens_at = next((entered_at + delay_s for delay_s in plan_.delays_s if entered_at + delay_s > now), None)
    for_s = plan_.steps[step].for_s
    if for_s is not None and step < plan_.last_step:
        is_over_at = step_since + for_s
        opens_at = is_over_at if opens_at is None or is_over_at < opens_at else opens_at
    return opens_at
