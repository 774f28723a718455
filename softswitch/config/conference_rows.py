"""The rows of conferences.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.calls.conferences.limits import INVITATIONS_MAX
from softswitch.config.rows import Identifier, RecordingPolicy
from softswitch.media.limits import ROOM_MEMBERS_MAX

Pin = Annotated[str, Meta(pattern=r"^([0-9]{4,12})?$")]


class RoomRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[room]]: where people meet by telephone."""

    id: Identifier
    name: str = ""
    """Phones that are called for it show it; empty: the id."""
    project: str = ""
    """For whom it is; empty: for all."""
    number: str = ""
    """Who calls it is in this room; with "x" it is a room for each number. Empty: the PIN tells the room."""
    host_pin: Pin = ""
    guest_pin: Pin = ""
    hosts: tuple[str, ...] = ()
    """Agents and phones that are hosts without a PIN; without these and `host_pin` everybody is a host."""
    maximum: Annotated[int, Meta(ge=2, le=ROOM_MEMBERS_MAX)] = 15
    wait_for_host: bool = True
    """Guests hear music until a host comes."""
    end_with_host: bool = False
    """It ends when the last host has gone for `host_grace_s`."""
    host_grace_s: Annotated[float, Meta(ge=0, le=86400)] = 60
    lecture: bool = False
    """Only hosts are heard, until a host switches that off."""
    record: RecordingPolicy = "on_demand"
    announce: Literal["names", "tones", "nothing"] = "tones"
    """Who comes and goes: by the name he has said at the door, or by a tone."""
    rejoin_s: Annotated[float, Meta(ge=0, le=86400)] = 300
    """Who was cut off comes back within this time without a PIN."""
    language: str = ""
    """Empty: that of each caller."""
    music: str = ""
    """Empty: that of [sounds]."""
    participants: Annotated[tuple[str, ...], Meta(max_length=INVITATIONS_MAX)] = ()
    """Outside numbers and extensions that are called with one key, by command, or at `times`."""
    through: str = ""
    """Id of the agent or phone whose trunks and limits are used to call; empty: those of the host who does."""
    ring_s: Annotated[float, Meta(ge=5, le=120)] = 30
    attempts: Annotated[int, Meta(ge=1, le=20)] = 2
    """So often somebody is called who does not answer ..."""
    retry_s: Annotated[float, Meta(ge=10, le=3600)] = 60
    """... after so long each time."""
    times: tuple[str, ...] = ()
    """When the participants are called: "mon-fri 09:30", "2026-12-24 10:00"."""
    timezone: str = ""
    """Of `times`; empty: that of its project, or UTC."""
