"""Which of several free agents get the contact: one pure function per strategy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from softswitch.acd.limits import RING_ALL_MAX
from softswitch.acd.model import Channel, StrategyName
from softswitch.acd.skills import Roster, Rows


class Strategy(Protocol):
    """Chooses of the agents in `rows` (those able to serve the contact) whom to alert, of those who are available.

    None of them, one, or several at once: then the first to answer gets the contact.
    """

    def __call__(self, roster: Roster, rows: Rows, channel: Channel) -> list[int]: ...


def longest_idle(roster: Roster, rows: Rows, channel: Channel) -> list[int]:
    """The agent free for the longest time; of several equally long, the first in the configuration."""
    if not rows.size:
        return []
    since = roster.available_since[channel.row][rows]
    first = since.argmin()
    return [int(rows[first])] if since[first] < np.inf else []


def ring_all(roster: Roster, rows: Rows, channel: Channel) -> list[int]:
    """Everybody who is free, the longest idle first, within `RING_ALL_MAX`."""
    since = roster.available_since[channel.row][rows]
    order = since.argsort(kind="stable")[:RING_ALL_MAX]
    chosen: list[int] = rows[order[since[order] < np.inf]].tolist()
    return chosen


STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType({"longest_idle": longest_idle, "ring_all": ring_all})
