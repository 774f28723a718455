"""How many calls the sites of a simulated day carried, and how long they could carry no more."""

from collections.abc import Iterable, Mapping

import msgspec

from softswitch.acd.events import AcdEvent, AgentStateChanged
from softswitch.acd.model import Agent, AgentState, Site
from softswitch.base.ids import AgentId, SiteId

_ON_CALLS = (AgentState.RESERVED, AgentState.BUSY)
"""Here all contacts are calls, and nobody makes any of his own."""


class SiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """One site, from beginning to end: the most calls at once, and for how long there was room for no further one."""

    site_id: SiteId
    max_calls: int | None
    most_calls: int
    full_s: float


class SiteLoad:
    """Follows the states of agents, in the order of time."""

    def __init__(self, sites: Iterable[Site], agents: Iterable[Agent]) -> None:
        self._sites = {site.site_id: site for site in sites}
        self._site_of: Mapping[AgentId, SiteId] = {
            agent.agent_id: agent.site for agent in agents if agent.site is not None and agent.site in self._sites
        }
        self._calls = dict.fromkeys(self._sites, 0)
        self._most = dict.fromkeys(self._sites, 0)
        self._full_s = dict.fromkeys(self._sites, 0.0)
        self._full_since: dict[SiteId, float] = {}

    def happened(self, event: AcdEvent) -> None:
        if not isinstance(event, AgentStateChanged):
            return
        site_id = self._site_of.get(event.agent_id)
        change = (event.new in _ON_CALLS) - (event.old in _ON_CALLS)
        if site_id is None or not change:
            return
        calls = self._calls[site_id] = self._calls[site_id] + change
        self._most[site_id] = max(self._most[site_id], calls)
        limit = self._sites[site_id].max_calls
        if limit is not None and calls >= limit:
            self._full_since.setdefault(site_id, event.at)
        elif site_id in self._full_since:
            self._full_s[site_id] += event.at - self._full_since.pop(site_id)

    def reports(self) -> list[SiteReport]:
        """At the end of the day, when nobody talks any more."""
        return [
            SiteReport(
                site_id=site.site_id,
                max_calls=site.max_calls,
                most_calls=self._most[site.site_id],
                full_s=self._full_s[site.site_id],
            )
            for site in self._sites.values()
        ]
