"""Which of several free agents gets the contact: one pure function per strategy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from softswitch.acd.model import StrategyName
from softswitch.acd.skills import Roster, Rows


class Strategy(Protocol):
    """Chooses one of the agents in `rows` (those able to serve the contact) who is available, or None."""

    def __call__(self, roster: Roster, rows: Rows) -> int | None: ...


def longest_idle(roster: Roster, rows: Rows) -> int | None:
    """The agent free for the longest time; of several equally long, the first in the configuration."""
    if not rows.size:
        return None
    since = roster.available_since[rows]
    first = since.argmin()
    return int(rows[first]) if since[first] < np.inf else None


STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType({"longest_idle": longest_idle})
