"""What is known of callers: lists of numbers, and services outside that are asked."""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.control.protocol.replies import CallerLists, ListedNumbers, Lookups, LookupTried
from softswitch.control.protocol.replies import Done as Carried
from softswitch.control.protocol.requests import (
    ListCallerLists,
    ListListedNumbers,
    ListLookups,
    SetListedNumber,
    TryLookup,
)
from softswitch.control.protocol.rows import CallerListRow, ListedNumberRow, LookupRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Text
from softswitch.web.route import Done, Listing, NoQuery, Routes

routes = Routes("callers")


class ListedNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is noted of the number, and for how long it is on the list; without `seconds` for good."""

    note: Text = ""
    seconds: Annotated[float, Meta(gt=0, le=315_360_000)] | None = None


class LookupFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, as a flow would."""

    fields: Annotated[
        dict[Annotated[str, Meta(max_length=80)], Annotated[str, Meta(max_length=500)]], Meta(max_length=30)
    ]


class LookupAnswer(msgspec.Struct, frozen=True):
    """What the service has said, as JSON in text, or why there is no answer."""

    answer: str
    fault: str
    took_s: float


@routes.get("/lists", answer=Listing[CallerListRow])
async def list_caller_lists(asked: Asked[None, NoQuery]) -> Listing[CallerListRow]:
    """Lists of callers, and how many numbers are in them."""
    return Listing([row for frame in await asked.switch.frames(ListCallerLists(), CallerLists) for row in frame.rows])


@routes.get("/lists/{list_id}/numbers", answer=Listing[ListedNumberRow])
async def list_listed_numbers(asked: Asked[None, NoQuery]) -> Listing[ListedNumberRow]:
    """Numbers that were added to a list.

    Those of the configuration are in its files.
    """
    frames = await asked.switch.frames(ListListedNumbers(asked.path["list_id"]), ListedNumbers)
    return Listing([row for frame in frames for row in frame.rows])


@routes.put("/lists/{list_id}/numbers/{number}", answer=Done, body=ListedNumber)
async def add_listed_number(asked: Asked[ListedNumber, NoQuery]) -> Done:
    """Put a number on a list.

    For a time, or for good.
    """
    path, entry = asked.path, asked.body
    request = SetListedNumber(path["list_id"], path["number"], True, entry.note, entry.seconds, asked.caller.name)
    await asked.switch.ask(request, Carried)
    return Done()


@routes.delete("/lists/{list_id}/numbers/{number}", answer=Done)
async def remove_listed_number(asked: Asked[None, NoQuery]) -> Done:
    """Take a number off a list."""
    path = asked.path
    request = SetListedNumber(path["list_id"], path["number"], False, by=asked.caller.name)
    await asked.switch.ask(request, Carried)
    return Done()


@routes.get("/lookups", answer=Listing[LookupRow])
async def list_lookups(asked: Asked[None, NoQuery]) -> Listing[LookupRow]:
    """Services outside that flows ask, and how they do."""
    return Listing([row for frame in await asked.switch.frames(ListLookups(), Lookups) for row in frame.rows])


@routes.post("/lookups/{lookup_id}/try", answer=LookupAnswer, body=LookupFields)
async def try_lookup(asked: Asked[LookupFields, NoQuery]) -> LookupAnswer:
    """Ask a service outside as a flow would."""
    done = await asked.switch.ask(TryLookup(asked.path["lookup_id"], dict(asked.body.fields)), LookupTried)
    return LookupAnswer(done.answer, done.fault, done.took_s)
