"""Phones, registrations, trunks, and who is not listened to."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.control.protocol.replies import (
    Bans,
    BanSet,
    BansLifted,
    Limits,
    Mailboxes,
    Phones,
    PhoneSet,
    Registrations,
    Subscriptions,
    Trunks,
)
from softswitch.control.protocol.replies import Done as Carried
from softswitch.control.protocol.requests import (
    AddBan,
    LiftBan,
    ListBans,
    ListLimits,
    ListMailboxes,
    ListPhones,
    ListRegistrations,
    ListSubscriptions,
    ListTrunks,
    RemoveRegistration,
    SetMailbox,
    SetPhone,
)
from softswitch.control.protocol.rows import (
    BanRow,
    LimitRow,
    MailboxRow,
    PhoneRow,
    RegistrationRow,
    SubscriptionRow,
    TrunkRow,
)
from softswitch.web.asked import Asked
from softswitch.web.fields import Text
from softswitch.web.route import Done, Listing, NoQuery, Routes

routes = Routes("phones and trunks")

Forward = Literal["always", "busy", "no_answer", "unregistered"]
Count = Annotated[int, Meta(ge=0, le=100_000)]


class PhoneChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of an extension could choose by dialling; what is left out stays as it is. `forwards` are numbers
    by the reason; the number "" ends that one."""

    forwards: dict[Forward, Annotated[str, Meta(max_length=100)]] = {}
    no_answer_s: Annotated[float, Meta(ge=1, le=600)] | None = None
    do_not_disturb: bool | None = None
    call_waiting: Literal["", "on", "off", "default"] = ""


class MailboxCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many voice messages wait, as another voicemail system counts them."""

    new: Count
    old: Count = 0
    urgent_new: Count = 0
    urgent_old: Count = 0


class NewBan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing from this address or network is listened to for so long."""

    network: Annotated[str, Meta(max_length=60)]
    seconds: Annotated[float, Meta(gt=0, le=31_536_000)]
    reason: Text = ""


class ContactQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the phones registered; without it all of them."""

    contact: Annotated[str, Meta(max_length=500)] = ""


class NetworkQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every ban that holds this address, or is of exactly this network."""

    network: Annotated[str, Meta(min_length=1, max_length=60)]


class Lifted(msgspec.Struct, frozen=True):
    """The networks that are listened to again."""

    networks: list[str]


@routes.get("/registrations", answer=Listing[RegistrationRow])
async def list_registrations(asked: Asked[None, NoQuery]) -> Listing[RegistrationRow]:
    """Phones that are registered."""
    frames = await asked.switch.frames(ListRegistrations(), Registrations)
    return Listing([row for frame in frames for row in frame.rows])


@routes.delete("/registrations/{aor}", answer=Done, query=ContactQuery)
async def remove_registration(asked: Asked[None, ContactQuery]) -> Done:
    """Forget where an address of record is registered.

    At one contact, or at all. A phone that is there registers again by itself.
    """
    await asked.switch.ask(RemoveRegistration(asked.path["aor"], asked.query.contact), Carried)
    return Done()


@routes.get("/phones", answer=Listing[PhoneRow])
async def list_phones(asked: Asked[None, NoQuery]) -> Listing[PhoneRow]:
    """Extensions and what their owners have chosen."""
    return Listing([row for frame in await asked.switch.frames(ListPhones(), Phones) for row in frame.rows])


@routes.patch("/phones/{phone}", answer=PhoneRow, body=PhoneChange)
async def set_phone(asked: Asked[PhoneChange, NoQuery]) -> PhoneRow:
    """Change what the owner of an extension has chosen.

    Forwards, do not disturb, call waiting. `phone` is its account or number.
    """
    change = asked.body
    request = SetPhone(
        asked.path["phone"],
        {**change.forwards},
        change.no_answer_s,
        change.do_not_disturb,
        change.call_waiting,
    )
    return (await asked.switch.ask(request, PhoneSet)).phone


@routes.get("/subscriptions", answer=Listing[SubscriptionRow])
async def list_subscriptions(asked: Asked[None, NoQuery]) -> Listing[SubscriptionRow]:
    """Who watches whom: lamps, presence, waiting messages."""
    frames = await asked.switch.frames(ListSubscriptions(), Subscriptions)
    return Listing([row for frame in frames for row in frame.rows])


@routes.get("/mailboxes", answer=Listing[MailboxRow])
async def list_mailboxes(asked: Asked[None, NoQuery]) -> Listing[MailboxRow]:
    """Voice messages that wait, as phones' lamps show them."""
    return Listing([row for frame in await asked.switch.frames(ListMailboxes(), Mailboxes) for row in frame.rows])


@routes.put("/mailboxes/{mailbox}", answer=Done, body=MailboxCount)
async def set_mailbox(asked: Asked[MailboxCount, NoQuery]) -> Done:
    """Say how many voice messages wait for an extension.

    For a voicemail system that is not ours; lamps of phones follow.
    """
    count = asked.body
    request = SetMailbox(asked.path["mailbox"], count.new, count.old, count.urgent_new, count.urgent_old)
    await asked.switch.ask(request, Carried)
    return Done()


@routes.get("/trunks", answer=Listing[TrunkRow])
async def list_trunks(asked: Asked[None, NoQuery]) -> Listing[TrunkRow]:
    """Providers: alive, registered, how full."""
    return Listing([row for frame in await asked.switch.frames(ListTrunks(), Trunks) for row in frame.rows])


@routes.get("/limits", answer=Listing[LimitRow])
async def list_limits(asked: Asked[None, NoQuery]) -> Listing[LimitRow]:
    """What calls to the outside have used of their limits today."""
    return Listing([row for frame in await asked.switch.frames(ListLimits(), Limits) for row in frame.rows])


@routes.get("/bans", answer=Listing[BanRow])
async def list_bans(asked: Asked[None, NoQuery]) -> Listing[BanRow]:
    """Addresses that are not listened to."""
    return Listing([row for frame in await asked.switch.frames(ListBans(), Bans) for row in frame.rows])


@routes.post("/bans", answer=BanRow, body=NewBan)
async def add_ban(asked: Asked[NewBan, NoQuery]) -> BanRow:
    """Listen to nothing from an address or network for a time."""
    ban = asked.body
    return (await asked.switch.ask(AddBan(ban.network, ban.seconds, ban.reason), BanSet)).ban


@routes.delete("/bans", answer=Lifted, query=NetworkQuery)
async def lift_ban(asked: Asked[None, NetworkQuery]) -> Lifted:
    """Listen to an address or network again."""
    return Lifted((await asked.switch.ask(LiftBan(asked.query.network), BansLifted)).networks)
