"""Conference rooms and who is in them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.control.protocol.replies import Conferences, ConferenceSet
from softswitch.control.protocol.requests import ConferenceAction, ListConferences, OrderConference
from softswitch.control.protocol.rows import ConferenceRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Word
from softswitch.web.route import Listing, NoQuery, Routes

routes = Routes("conferences")


class RoomOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seat` is a number of the roll call, 0 for all; `number` whom to call (none: everybody of the room's list)."""

    action: ConferenceAction
    seat: Annotated[int, Meta(ge=0, le=10_000)] = 0
    number: Word = ""


class RoomAnswer(msgspec.Struct, frozen=True):
    """The conference as it is now; none: it is over."""

    conference: ConferenceRow | None


@routes.get("/conferences", answer=Listing[ConferenceRow])
async def list_conferences(asked: Asked[None, NoQuery]) -> Listing[ConferenceRow]:
    """Conference rooms and who is in them.

    All rooms of the configuration, and those of ranges that are in use.
    """
    return Listing([row for frame in await asked.switch.frames(ListConferences(), Conferences) for row in frame.rows])


@routes.post("/conferences/{room}/order", answer=RoomAnswer, body=RoomOrder)
async def order_conference(asked: Asked[RoomOrder, NoQuery]) -> RoomAnswer:
    """Do what a host could do with keys.

    Mute, lock, lecture, record, call somebody in, remove, end.
    """
    order = asked.body
    request = OrderConference(asked.path["room"], order.action, order.seat, order.number, asked.caller.name)
    return RoomAnswer((await asked.switch.ask(request, ConferenceSet)).conference)
