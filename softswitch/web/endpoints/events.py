"""What happens in the switch, asked for in parts; as it happens it comes over the WebSocket of the same path."""

import msgspec

from softswitch.calls.told.events import Numbered
from softswitch.calls.told.stored import events_in, stored_records
from softswitch.store import StoreReader
from softswitch.web.asked import Asked
from softswitch.web.event_frames import EventFrame
from softswitch.web.limits import STORED_RECORDS_LOOKED_AT
from softswitch.web.own_events import EventPageQuery, OwnEvents
from softswitch.web.route import Routes

routes = Routes("events")


class _Found(msgspec.Struct, frozen=True):
    rows: list[Numbered]
    cursor: int
    is_incomplete: bool


@routes.get("/events", answer=EventFrame, query=EventPageQuery)
async def list_events(asked: Asked[None, EventPageQuery]) -> EventFrame:
    """Events after a number.

    The oldest first. `cursor` is the number to ask for the next ones after; it moves on also when nothing of the
    caller's was among those looked at. What happens is there a tenth of a second later. The WebSocket of the same path,
    with the same parameters but `limit`, says it at once, in frames like this answer.
    """
    own = OwnEvents(asked.caller, await asked.switch.owner(), asked.query)
    found = await asked.services.history.read(lambda store: _page(store, asked.query, own))
    return EventFrame(found.rows, found.cursor, found.is_incomplete)


def _page(store: StoreReader, query: EventPageQuery, own: OwnEvents) -> _Found:
    """In a thread; of very many that are others' only so many are looked at."""
    rows: list[Numbered] = []
    cursor = query.after
    oldest = store.switch_events.oldest(1)
    is_incomplete = bool(oldest) and 0 < query.after < oldest[0].number - 1
    for count, record in enumerate(stored_records(store, query.after), 1):
        for event in events_in(record, query.after):
            cursor = event.number
            rows += own.of([event])
            if len(rows) == query.limit:
                return _Found(rows, cursor, is_incomplete)
        cursor = record.last
        if count == STORED_RECORDS_LOOKED_AT:
            break
    return _Found(rows, cursor, is_incomplete)
