"""Webhooks: how they do, and what they could not be given."""

import msgspec

from softswitch.web.asked import Asked
from softswitch.web.own_events import After
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, Routes
from softswitch.web.services import DeadRow, WebhookState

routes = Routes("webhooks")


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The event with this number; without it all that were set aside."""

    number: After | None = None


class DeadQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same."""

    number: After | None = None


class Counted(msgspec.Struct, frozen=True):
    """So many events."""

    events: int


@routes.get("/webhooks", answer=Listing[WebhookState])
async def list_webhooks(asked: Asked[None, NoQuery]) -> Listing[WebhookState]:
    """Webhooks and how they do."""
    return Listing(await asked.services.webhooks.states())


@routes.get("/webhooks/{webhook}/dead", answer=Listing[DeadRow])
async def list_dead(asked: Asked[None, NoQuery]) -> Listing[DeadRow]:
    """Events that could not be delivered.

    The oldest first; they are kept until they are delivered after all, or discarded.
    """
    return Listing(await asked.services.webhooks.dead(await _known(asked.path["webhook"], asked)))


@routes.post("/webhooks/{webhook}/replay", answer=Counted, body=Replay)
async def replay(asked: Asked[Replay, NoQuery]) -> Counted:
    """Send events again that could not be delivered."""
    name = await _known(asked.path["webhook"], asked)
    return Counted(await asked.services.webhooks.send_again(name, asked.body.number))


@routes.delete("/webhooks/{webhook}/dead", answer=Counted, query=DeadQuery)
async def discard(asked: Asked[None, DeadQuery]) -> Counted:
    """Forget events that could not be delivered."""
    name = await _known(asked.path["webhook"], asked)
    return Counted(await asked.services.webhooks.discard(name, asked.query.number))


async def _known(name: str, asked: Asked[Replay, NoQuery] | Asked[None, NoQuery] | Asked[None, DeadQuery]) -> str:
    """Raises `ProblemError`."""
    services = asked.services
    if all(state.webhook != name for state in await services.webhooks.states()):
        reason = "there is no such webhook"
        raise ProblemError("not_found", reason, "GET /api/v1/webhooks lists them", field="webhook")
    return name
