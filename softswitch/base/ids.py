"""Identifiers, one type each, so that a leg is never taken for a call.

All are made by the switch (base/entropy.py or a counter) and mean nothing to a peer.
"""

from typing import NewType

CallId = NewType("CallId", str)
"""A whole call: everything between the first INVITE and the last BYE. Not SIP's Call-ID."""

LegId = NewType("LegId", str)
"""One party's INVITE dialog inside a call; names the INVITE session in the SIP endpoint as well."""

ReferId = NewType("ReferId", str)
"""One REFER, ours or a peer's, from its arrival to its last NOTIFY."""

ContactId = NewType("ContactId", str)
"""Something that waits for an agent. For a voice call it equals the call's id."""

AgentId = NewType("AgentId", str)
QueueId = NewType("QueueId", str)
SiteId = NewType("SiteId", str)
ReservationId = NewType("ReservationId", int)

StreamId = NewType("StreamId", int)
"""One RTP stream in a media worker; unique for the life of the switch process."""

RecordingId = NewType("RecordingId", str)

RoomId = NewType("RoomId", str)
"""A conference in a media worker."""

FeedId = NewType("FeedId", int)
"""A call's sound for another program, in a media worker; unique for the life of the switch process."""
