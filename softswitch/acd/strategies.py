"""Which of several free agents get the contact: one pure function per strategy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from softswitch.acd.limits import RING_ALL_MAX
from softswitch.acd.model import Channel, StrategyName
from softswitch.acd.skills import Roster, Rows


class Strategy(Protocol):
    """Chooses of `rows`, the available agents that come first for the contact, at least one, whom to alert.

    One, or several at once: then the first to answer gets the contact.
    """

    def __call__(self, roster: Roster, rows: Rows, channel: Channel) -> list[int]: ...


def longest_idle(roster: Roster, rows: Rows, channel: Channel) -> list[int]:
    """The agent free for the longest time; of several equally long, the first in the configuration."""
    return [int(rows[roster.available_since[channel.row][rows].argmin()])]


def ring_all(roster: Roster, rows: Rows, channel: Channel) -> list[int]:
    """Everybody who is free, the longest idle first, within `RING_ALL_MAX`."""
    since = roster.available_since[channel.row][rows]
    chosen: list[int] = rows[since.argsort(kind="stable")[:RING_ALL_MAX]].tolist()
    return chosen


STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType({"longest_idle": longest_idle, "ring_all": ring_all})
