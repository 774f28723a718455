"""Which contacts an agent may have at once, by their channels.

* Voice and call-backs share one slot and are exclusive: who talks is given nothing else.
* Each other channel has as many slots as the agent's capacity says. Of chats he gets a further one only when he has
  sent the first reply in all he has: a new one is not kept waiting by another new one.
* Beside contacts of one channel he gets those of another only where `interrupted_by` of the first names the second.
  Then the first are put aside when the second is answered (`ContactInterrupted`), and taken up again when it is over
  and wrapped up (`ContactContinued`). A contact that is put aside keeps its slot.
* Whoever has something in hand comes after all who have nothing, and with more of it later still: his place among those
  who are free is counted from `PER_CONTACT_S` later for each.
"""

from collections.abc import Mapping
from typing import TypeAlias

from softswitch.acd.model import Channel

InterruptedBy: TypeAlias = Mapping[Channel, tuple[Channel, ...]]
"""By what contacts of a channel may be interrupted."""

ON_THE_PHONE = (Channel.VOICE, Channel.CALLBACK)
"""These need the agent's phone."""

PER_CONTACT_S = 1e9
"""Longer than any switch runs, and small enough for a float to keep microseconds beside it."""

FreeFor: TypeAlias = tuple[int, ...]
"""The channels an agent may be given a contact of, by their `row`."""


def slot_of(channel: Channel) -> Channel:
    """Whose slots a contact of the channel takes."""
    return Channel.VOICE if channel is Channel.CALLBACK else channel


def open_channels(capacity: Mapping[Channel, int], *, has_phone: bool) -> FreeFor:
    """What an agent with nothing in hand may be given."""
    return tuple(
        channel.row
        for channel in Channel
        if capacity.get(slot_of(channel), 0) and (has_phone or channel not in ON_THE_PHONE)
    )
