"""What is known of the caller beyond his call: lists, his region, services outside, what flows keep for each other."""

from __future__ import annotations

from softswitch.calls.caller_lists import Listed
from softswitch.calls.lookups import LookupField
from softswitch.calls.outcomes import LookupAnswer
from softswitch.dialplan.verb_group import VerbGroup


class Knowing(VerbGroup):
    """Who is that? `number` is the caller's own unless another is given."""

    @property
    def variables(self) -> dict[str, str]:
        """What this call's flows note for each other. It lasts as long as the call, and goes with a caller who is
        transferred; what is to be found afterwards is a `tag`."""
        return self._verbs.variables

    @property
    def region(self) -> str:
        """The region (callers.toml) the caller's number belongs to; "" if none is known."""
        return self._verbs.region_of(self._verbs.record.calling_number)

    def region_of(self, number: str) -> str:
        """The region any number belongs to; "" if none is known."""
        return self._verbs.region_of(number)

    def listed(self, list_name: str, number: str = "") -> Listed | None:
        """How the number is in the list (callers.toml), with its `note`; None if it is not. Raises `LocalError`."""
        return self._verbs.listed(list_name, number or self._verbs.record.calling_number)

    async def enlist(self, list_name: str, number: str = "", *, note: str = "", for_s: float | None = None) -> bool:
        """Put the number on the list, for some seconds or for good; True once that is on the disk.

        False if it cannot be: the caller shows no number, or there is no room.
        """
        return await self._verbs.enlist(list_name, number or self._verbs.record.calling_number, note=note, for_s=for_s)

    async def delist(self, list_name: str, number: str = "") -> bool:
        """Take the number off the list. False if it was not added, or stands in the configuration."""
        return await self._verbs.delist(list_name, number or self._verbs.record.calling_number)

    async def look_up(self, lookup: str, **fields: LookupField) -> LookupAnswer:
        """Ask a service outside (lookups.toml), which knows the call's numbers and what is added here.

        It takes the lookup's deadline at the most. Whatever goes wrong is an answer in which nothing is found.
        """
        return await self._verbs.look_up(lookup, fields)
