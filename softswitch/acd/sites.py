"""How many calls a site carries: for its agents there is no further one while it carries as many as it can.

A site is where agents sit, and `max_calls` is what its line can carry of the ACD's calls at once. An agent takes one of
these places from when he is alerted for a call or a call-back (or a routing hook is asked about him) until the end of
the conversation. Chats, e-mails and his calls of his own take none.

Decisions look at one place to see who is free, the roster, and so it is there that a full site is shown: its agents are
not free for what comes by telephone, and remain so for everything else. When they would be is kept beside (`_since`).

```
  OPEN ──the last place is taken──► SHUT ──a place becomes free──► SHUT, `has_opening` ──`open`──► OPEN
```

A place that has become free is not for whoever asks next: callers may have waited for it longer. So the site stays shut
until the floor shares its places out, to the oldest first (`Floor.share_places`); that is done before any other
decision, and before the fact that freed the place is dealt with.
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.channels import ON_THE_PHONE, FreeFor
from softswitch.acd.model import Agent, Channel, Site
from softswitch.base.ids import AgentId, SiteId

Since: TypeAlias = NDArray[np.float64]
"""float64[agents]"""

_PHONE = tuple(channel.row for channel in ON_THE_PHONE)


class LimitedSite:
    """A site that cannot carry any number of calls. `rows` are its agents' in the roster."""

    __slots__ = ("is_shut", "max_calls", "on_calls", "rows")

    def __init__(self, max_calls: int, rows: NDArray[np.intp]) -> None:
        self.max_calls = max_calls
        self.rows = rows
        self.on_calls: set[AgentId] = set()
        """Who has one of its places; agents who are not configured any more keep theirs to the end of the call."""
        self.is_shut = False

    @property
    def has_room(self) -> bool:
        return len(self.on_calls) < self.max_calls


class Sites:
    """The limited sites of one roster, whose `available_since` they keep."""

    __slots__ = ("_available", "_limited", "_numbered", "_opened", "_since", "_site_of", "has_opening")

    def __init__(self, sites: Iterable[Site], agents: Sequence[Agent], available_since: Sequence[Since]) -> None:
        self._available = {channel: available_since[channel] for channel in _PHONE}
        self._since = {channel: available_since[channel].copy() for channel in _PHONE}
        """Since when each agent would be free for a channel of the phone, were it not for his site."""
        self._limited: dict[SiteId, LimitedSite] = {}
        self._site_of: NDArray[np.int32] = np.full(len(agents), -1, np.int32)
        """Which of the limited sites each agent belongs to, by number; -1: none."""
        self.has_opening = False
        """A site that is shut has room again."""
        rows: dict[SiteId, list[int]] = {}
        for row, agent in enumerate(agents):
            if agent.site is not None:
                rows.setdefault(agent.site, []).append(row)
        for site in sites:
            if site.max_calls is not None:
                of_site = np.array(rows.get(site.site_id, []), np.intp)
                self._site_of[of_site] = len(self._limited)
                self._limited[site.site_id] = LimitedSite(site.max_calls, of_site)
        self._numbered = list(self._limited.values())
        self._opened: list[LimitedSite] = []
        """Those that `open` has opened last."""

    def show(self, agent: Agent, row: int | None, *, is_on_a_call: bool) -> None:
        """A fact about the agent changed, and if he has a row the roster shows since when he would be free."""
        site = self._limited.get(agent.site) if agent.site is not None else None
        if site is None:
            return
        if is_on_a_call:
            site.on_calls.add(agent.agent_id)
        else:
            site.on_calls.discard(agent.agent_id)
        if row is not None:
            for channel, column in self._available.items():
                self._since[channel][row] = column[row]
                if site.is_shut:
                    column[row] = inf
        if site.is_shut:
            self.has_opening |= site.has_room
        elif not site.has_room:
            site.is_shut = True
            for column in self._available.values():
                column[site.rows] = inf

    def open(self) -> NDArray[np.intp]:
        """Let the agents of all sites that have room be free; returns the rows of those whose site was shut."""
        self.has_opening = False
        self._opened = [site for site in self._numbered if site.is_shut and site.has_room]
        for site in self._opened:
            site.is_shut = False
            for channel, column in self._available.items():
                column[site.rows] = self._since[channel][site.rows]
        return np.concatenate([site.rows for site in self._opened]) if self._opened else np.zeros(0, np.intp)

    @property
    def are_shut_again(self) -> bool:
        """Whether the last place is taken of all that were opened."""
        return all(site.is_shut for site in self._opened)

    def open_to(self, row: int | None, free_for: FreeFor) -> FreeFor:
        """Which of the channels this agent is free for his site lets through."""
        number = -1 if row is None else self._site_of.item(row)
        if number < 0 or not self._numbered[number].is_shut:
            return free_for
        return tuple(channel for channel in free_for if channel not in _PHONE)

    def with_room(self, rows: NDArray[np.intp], since: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of these may be alerted all at once: of a site no more than it has room for, the longest idle."""
        may: NDArray[np.bool_] = since < inf
        for number, site in enumerate(self._numbered):
            of_site = ((self._site_of[rows] == number) & may).nonzero()[0]
            room = max(0, site.max_calls - len(site.on_calls))
            if of_site.size > room:
                may[of_site[since[of_site].argsort(kind="stable")[room:]]] = False
        return may

    def held_back(self, rows: NDArray[np.intp], channel: Channel) -> NDArray[np.bool_]:
        """Which of these would be free for a contact of the channel if their site could carry one more call."""
        if channel not in ON_THE_PHONE:
            return np.zeros(len(rows), np.bool_)
        held: NDArray[np.bool_] = (self._since[channel.row][rows] < inf) & (self._available[channel.row][rows] == inf)
        return held

    def holds_back(self, row: int | None, channel: Channel) -> bool:
        """The same of one agent; None: of one who is not in the roster."""
        return row is not None and bool(self.held_back(np.array([row]), channel)[0])

    def is_overloaded(self, site_id: SiteId | None) -> bool:
        """Whether the site carries more calls than it may, as after a reload that gives it fewer."""
        site = None if site_id is None else self._limited.get(site_id)
        return site is not None and len(site.on_calls) > site.max_calls

    def can_take_over(self, row: int, other: int, channel: Channel) -> bool:
        """Whether he could have the place that the other one of his site has."""
        number = self._site_of.item(row)
        if number < 0 or number != self._site_of.item(other):
            return False
        site = self._numbered[number]
        return len(site.on_calls) <= site.max_calls and self.holds_back(row, channel)


def limited(sites: Iterable[Site], agents: Sequence[Agent], available_since: Sequence[Since]) -> Sites | None:
    """None where no site of these agents has a limit: then nothing of this is needed."""
    with_limit = {site.site_id for site in sites if site.max_calls is not None}
    if not any(agent.site in with_limit for agent in agents):
        return None
    return Sites(sites, agents, available_since)
