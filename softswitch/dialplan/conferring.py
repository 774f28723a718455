"""Telephone conferences."""

from __future__ import annotations

from softswitch.calls.outcomes import ConferenceOutcome
from softswitch.dialplan.verb_group import VerbGroup


class Conferring(VerbGroup):
    """Rooms of conferences.toml."""

    async def conference(self, room: str = "") -> ConferenceOutcome:
        """Let the caller take part in a conference, until he leaves, it ends, or he is sent out.

        `room` is an id of conferences.toml; "" is the room whose `number` was called, or else the one whose PIN he
        types. He is asked for the PIN, and for his name where the room announces names, and told why if he may not come
        in. It answers the call.
        """
        return await self._verbs.conference(room)
