"""What can be ordered in a conference, by the keys of a phone (keys.py) or from outside (`softswitch conferences`).

Where `is_on` is None the order turns it round: what is on goes off.
"""

from typing import TypeAlias

import msgspec


class MuteSelf(msgspec.Struct, frozen=True):
    """Nobody is to hear who orders it."""

    is_on: bool | None = None


class MuteAll(msgspec.Struct, frozen=True):
    """Guests are not to be heard, those who come later neither."""

    is_on: bool | None = None


class MuteOne(msgspec.Struct, frozen=True):
    """The one with this number of the roll call; in a lecture, turned round, he has the word."""

    seat: int
    is_on: bool | None = None


class Lock(msgspec.Struct, frozen=True):
    """Nobody comes in any more but hosts, and who was here before."""

    is_on: bool | None = None


class Lecture(msgspec.Struct, frozen=True):
    """Only hosts are heard."""

    is_on: bool | None = None


class Record(msgspec.Struct, frozen=True):
    is_on: bool | None = None


class TakeAside(msgspec.Struct, frozen=True):
    """Talk in private with this one; once more adds another."""

    seat: int


class Return(msgspec.Struct, frozen=True):
    """All who talk in private with who orders it come back."""


class Remove(msgspec.Struct, frozen=True):
    """None: whoever came last."""

    seat: int | None = None


class End(msgspec.Struct, frozen=True):
    """For all."""


class Louder(msgspec.Struct, frozen=True):
    """The voice of who orders it, for all others; less than 0: softer."""

    db: float


class HearLouder(msgspec.Struct, frozen=True):
    """What who orders it hears of all others; less than 0: softer."""

    db: float


class RollCall(msgspec.Struct, frozen=True):
    pass


class Count(msgspec.Struct, frozen=True):
    pass


class Help(msgspec.Struct, frozen=True):
    pass


class Leave(msgspec.Struct, frozen=True):
    """His flow goes on."""


class CallIn(msgspec.Struct, frozen=True):
    """This number is called, and joins if whoever answers wants to."""

    number: str


class CallList(msgspec.Struct, frozen=True):
    """All participants of the room's list who are not here."""


class Fetch(msgspec.Struct, frozen=True):
    """This number is called, and talks in private with who orders it first."""

    number: str


Order: TypeAlias = (
    MuteSelf
    | MuteAll
    | MuteOne
    | Lock
    | Lecture
    | Record
    | TakeAside
    | Return
    | Remove
    | End
    | Louder
    | HearLouder
    | RollCall
    | Count
    | Help
    | Leave
    | CallIn
    | CallList
    | Fetch
)

FOR_ALL = (MuteSelf, Louder, HearLouder, Count, Help, Leave)
"""What guests may order too."""
FOR_MEMBERS = (MuteSelf, Louder, HearLouder, TakeAside, Return, Fetch, RollCall, Count, Help, Leave)
"""What only somebody who is in the conference can order."""
