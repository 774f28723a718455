"""Phones, trunks and who is kept out as the control socket sees them, with fixed contents."""

import msgspec

from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import BanSet, BansLifted, Done, PhoneSet, Refused
from softswitch.control.protocol.requests import SetPhone
from softswitch.control.protocol.rows import (
    BanRow,
    LimitRow,
    MailboxRow,
    PhoneRow,
    RegistrationRow,
    SubscriptionRow,
    TrunkRow,
)
from softswitch.testing.fixed_switch import STARTED_AT, FixedSwitch


class FixedPeerOperations(FixedSwitch):
    """The part of `FixedOperations` that is about phones, trunks and who is kept out."""

    def __init__(self) -> None:
        super().__init__()
        self.phone_rows = [
            PhoneRow(
                username="anna",
                name="Anna Petrova",
                number="101",
                agent_id=AgentId("anna"),
                contacts=1,
                calls=1,
                forwards={"busy": "102", "no_answer": "+442071838750"},
                no_answer_s=20.0,
            ),
            PhoneRow(username="hall", number="110", do_not_disturb=True, call_waiting=False),
        ]
        self.limit_rows = [
            LimitRow(
                subject="phone:anna",
                day="2023-11-14",
                calls_now=1,
                calls=4,
                minutes=37.4,
                refused=1,
                last_refusal="this number is not permitted (+1900)",
                calls_per_day=50,
            )
        ]
        self.ban_rows = [
            BanRow(network="192.0.2.66", since_at=STARTED_AT + 30, ends_in_s=245.0, times=2, reason="authentication"),
        ]
        self.registration_rows = [
            RegistrationRow(
                aor="sip:anna@example.test",
                contact="sip:anna@192.0.2.9:5062",
                transport="UDP",
                remote="192.0.2.9:5062",
                expires_in_s=245.0,
                user_agent="baresip v3.2.0",
            ),
        ]
        self.subscription_rows = [
            SubscriptionRow(
                watcher="boris",
                event="dialog",
                resource="anna",
                transport="UDP",
                remote="192.0.2.8:5060",
                expires_in_s=610.0,
            ),
        ]
        self.mailbox_rows = [MailboxRow(mailbox="anna", new=2, old=5, urgent_new=1)]
        self.trunk_rows = [
            TrunkRow(
                name="provider",
                health="up",
                registration="registered",
                expires_in_s=420.0,
                round_trip_ms=18.5,
                used_in=2,
                used_out=5,
                channels=30,
                calls_in=80,
                calls_out=112,
                refused=1,
                last_failure="503 Service Unavailable to INVITE",
                last_failure_ago_s=3600.0,
            ),
            TrunkRow(
                name="backup",
                health="down",
                registration="refused",
                registration_reason="403 Forbidden: the provider refuses this account",
                last_failure="408 Request Timeout to OPTIONS",
                last_failure_ago_s=12.0,
            ),
        ]

    def registrations(self) -> list[RegistrationRow]:
        return self.registration_rows

    def phones(self) -> list[PhoneRow]:
        return self.phone_rows

    async def set_phone(self, order: SetPhone) -> PhoneSet | Refused:
        self.orders.append(("set_phone", order.phone))
        for row in self.phone_rows:
            if order.phone in (row.username, row.number):
                forwards = {reason: number for reason, number in (row.forwards | order.forwards).items() if number}
                is_disturbed = row.do_not_disturb if order.do_not_disturb is None else order.do_not_disturb
                return PhoneSet(msgspec.structs.replace(row, forwards=forwards, do_not_disturb=is_disturbed))
        return Refused("not_found", f'there is no phone "{order.phone}": see `softswitch phones`')

    async def remove_registration(self, aor: str, contact: str) -> Done | Refused:
        self.orders.append(("remove_registration", aor, contact))
        if any(row.aor.removeprefix("sip:") == aor for row in self.registration_rows):
            return Done()
        return Refused("not_found", f"{aor} is not registered; `softswitch registrations` lists them all")

    def subscriptions(self) -> list[SubscriptionRow]:
        return self.subscription_rows

    def mailboxes(self) -> list[MailboxRow]:
        return self.mailbox_rows

    async def set_mailbox(self, row: MailboxRow) -> Done | Refused:
        self.orders.append(
            ("set_mailbox", row.mailbox, str(row.new), str(row.old), str(row.urgent_new), str(row.urgent_old))
        )
        return Done()

    def trunks(self) -> list[TrunkRow]:
        return self.trunk_rows

    def bans(self) -> list[BanRow]:
        return self.ban_rows

    def limits(self) -> list[LimitRow]:
        return self.limit_rows

    async def add_ban(self, network: str, seconds: float, reason: str) -> BanSet | Refused:
        self.orders.append(("add_ban", network, str(seconds), reason))
        return BanSet(BanRow(network=network, since_at=STARTED_AT, ends_in_s=seconds, reason=reason, by="operator"))

    async def lift_ban(self, network: str) -> BansLifted | Refused:
        self.orders.append(("lift_ban", network))
        if any(row.network == network for row in self.ban_rows):
            return BansLifted([network])
        return Refused("not_found", f"nobody bans {network}: see `softswitch bans`")
