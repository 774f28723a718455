"""How a room is configured, and the words its other files share."""

from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from softswitch.calls.conferences.times import ConferenceTime

PARTIES = 15
"""How many take part at most, where a room does not say otherwise."""

Announces: TypeAlias = Literal["names", "tones", "nothing"]
Records: TypeAlias = Literal["always", "on_demand", "never"]


class Role(Enum):
    HOST = "host"
    """Runs the conference with keys."""
    GUEST = "guest"


class LeaveReason(Enum):
    """Why somebody is no longer in a conference."""

    HUNG_UP = "hung up"
    LEFT = "left"
    """With a key, and his flow goes on."""
    REMOVED = "removed"
    REPLACED = "gave his place"
    """He has transferred somebody else to the conference."""
    ENDED = "ended"
    """Whoever runs it has ended it for all."""
    HOST_LEFT = "host left"
    """It ends when the host does, and he has not come back."""


class JoinRefusal(Enum):
    """Why somebody may not come in."""

    FULL = "full"
    LOCKED = "locked"


class RoomTerms(msgspec.Struct, frozen=True, kw_only=True):
    """One room of conferences.toml, or a whole range of rooms."""

    room_id: str
    name: str = ""
    project: str = ""
    number: str = ""
    """Who calls it is in this room; a pattern ("88xx") is a room for each number. Empty: other numbers ask for a PIN,
    which tells the room."""
    host_pin: str = ""
    guest_pin: str = ""
    hosts: frozenset[str] = frozenset()
    """Accounts whose phones are hosts without a PIN."""
    maximum: int = PARTIES
    waits_for_host: bool = True
    ends_with_host: bool = False
    host_grace_s: float = 60.0
    """Within which a host who has left may come back before it ends."""
    is_lecture: bool = False
    records: Records = "on_demand"
    announces: Announces = "tones"
    rejoin_s: float = 300.0
    """Within which somebody who was cut off comes back without a PIN, and the minutes go on."""
    music: str = "default"
    language: str = ""
    """Of what is said in it; empty: that of each caller."""
    participants: tuple[str, ...] = ()
    """Numbers and extensions that a host calls in with one key."""
    through: str = ""
    """The account whose trunks and limits are used to call; empty: that of the host who calls."""
    ring_s: float = 30.0
    attempts: int = 2
    retry_s: float = 60.0
    times: tuple[ConferenceTime, ...] = ()
    """When the participants are called by themselves."""

    @property
    def has_hosts(self) -> bool:
        """Somebody is its host, by PIN or by account; where nobody is, everybody is."""
        return bool(self.host_pin or self.hosts)

    @property
    def asks_pin(self) -> bool:
        return bool(self.host_pin or self.guest_pin)

    def role_of(self, account: str) -> Role | None:
        """Of somebody who need not say a PIN; None: he must."""
        if account and account in self.hosts:
            return Role.HOST
        if not self.has_hosts and not self.guest_pin:
            return Role.HOST
        return None if self.asks_pin else Role.GUEST

    def role_by_pin(self, pin: str) -> Role | None:
        """None: it is wrong. Without a guests' PIN guests press nothing, or "#"."""
        if self.host_pin and pin == self.host_pin:
            return Role.HOST
        if pin != self.guest_pin:
            return None
        return self.ordinary_role

    @property
    def ordinary_role(self) -> Role:
        """Of who is nothing else: where nobody is host, everybody is."""
        return Role.GUEST if self.has_hosts else Role.HOST
