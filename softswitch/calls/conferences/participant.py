"""One who is in a conference, and where in it."""

import msgspec

from softswitch.base.ids import CallId
from softswitch.calls.conferences.outputs import Placed
from softswitch.calls.conferences.terms import LeaveReason, Role
from softswitch.calls.kept.kept_conference import KeptFormer, KeptNewcomer, KeptParticipant
from softswitch.store.conference_schema import StoredStay

WAITING = -1
MAIN = 0
"""Places; those above are private talks."""


_KEPT_AS_THEY_ARE = (
    "seat", "place", "joined_at", "is_muted", "is_silenced", "has_word", "gain_db", "hearing_gain_db", "talk_s",
    "talking_since", "placed",
)  # fmt: skip
"""What `KeptParticipant` has of a participant by the same names."""


class Newcomer:
    """Who wants to come in. `account` is that of his phone, if it is one of ours."""

    __slots__ = ("account", "call_id", "is_called", "name", "name_sound", "number", "role")

    def __init__(
        self,
        call_id: CallId,
        role: Role,
        *,
        number: str,
        name: str = "",
        account: str = "",
        name_sound: str = "",
        is_called: bool = False,
    ) -> None:
        self.call_id = call_id
        self.role = role
        self.number = number
        self.name = name
        self.account = account
        self.name_sound = name_sound
        """The path of what he said when he was asked for his name."""
        self.is_called = is_called
        """We have called him."""

    def keep(self) -> KeptNewcomer:
        return KeptNewcomer(**{name: getattr(self, name) for name in Newcomer.__slots__})

    @staticmethod
    def adopted(kept: KeptNewcomer) -> "Newcomer":
        """As he was in the switch before."""
        return Newcomer(**msgspec.structs.asdict(kept))

    @property
    def identity(self) -> str:
        """By which he is known when he calls again; "": he is not."""
        return f"account:{self.account}" if self.account else self.number


class Participant:
    __slots__ = (
        "gain_db",
        "has_word",
        "hearing_gain_db",
        "is_muted",
        "is_silenced",
        "joined_at",
        "place",
        "placed",
        "seat",
        "talk_s",
        "talking_since",
        "who",
    )

    def __init__(self, who: Newcomer, seat: int, place: int, now: float) -> None:
        self.who = who
        self.seat = seat
        """His number in the roll call."""
        self.place = place
        self.joined_at = now
        self.is_muted = False
        """By himself;"""
        self.is_silenced = False
        """by a host."""
        self.has_word = False
        """In a lecture, or while all are muted, a host has let him speak."""
        self.gain_db = 0.0
        self.hearing_gain_db = 0.0
        self.talk_s = 0.0
        self.talking_since: float | None = None
        self.placed: Placed | None = None
        """What was said of him last."""

    def keep(self) -> KeptParticipant:
        return KeptParticipant(who=self.who.keep(), **{name: getattr(self, name) for name in _KEPT_AS_THEY_ARE})

    @classmethod
    def adopted(cls, kept: KeptParticipant) -> "Participant":
        """As he was in the switch before."""
        one = cls(Newcomer.adopted(kept.who), kept.seat, kept.place, kept.joined_at)
        for name in _KEPT_AS_THEY_ARE:
            setattr(one, name, getattr(kept, name))
        return one

    @property
    def call_id(self) -> CallId:
        return self.who.call_id

    @property
    def role(self) -> Role:
        return self.who.role

    @property
    def is_host(self) -> bool:
        return self.who.role is Role.HOST

    def talks(self, is_talking: bool, now: float) -> None:
        if is_talking and self.talking_since is None:
            self.talking_since = now
        elif not is_talking and self.talking_since is not None:
            self.talk_s += now - self.talking_since
            self.talking_since = None

    def talked_s(self, now: float) -> float:
        return self.talk_s + (0.0 if self.talking_since is None else now - self.talking_since)

    def stay(self, now: float, wall_offset: float, reason: LeaveReason | None) -> StoredStay:
        """For the minutes; None: he is still there."""
        return StoredStay(
            seat=self.seat,
            number=self.who.number,
            name=self.who.name,
            account=self.who.account,
            role=self.who.role.value,
            call_id=self.who.call_id,
            is_called=self.who.is_called,
            joined_at=self.joined_at + wall_offset,
            left_at=0.0 if reason is None else now + wall_offset,
            talk_s=self.talked_s(now),
            reason="" if reason is None else reason.value,
        )


class Former(Newcomer):
    """Who has left, and may come back until `until` without a PIN."""

    __slots__ = ("seat", "until")

    def __init__(self, who: Newcomer, seat: int, until: float) -> None:
        super().__init__(
            who.call_id,
            who.role,
            number=who.number,
            name=who.name,
            account=who.account,
            name_sound=who.name_sound,
        )
        self.seat = seat
        self.until = until

    def keep_former(self) -> KeptFormer:
        return KeptFormer(who=self.keep(), seat=self.seat, until=self.until)

    @classmethod
    def of_before(cls, kept: KeptFormer) -> "Former":
        """As he was in the switch before."""
        return cls(Newcomer.adopted(kept.who), kept.seat, kept.until)
