"""Phones and trunks for the control socket: what their owners have chosen, registrations, watchers, mailboxes."""

from collections.abc import Iterable

from msgspec.structs import replace

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId
from softswitch.calls.forwarding import REASONS, refusal_of, with_forward
from softswitch.calls.settings import Extension
from softswitch.control.protocol.replies import Done, PhoneSet, Refused
from softswitch.control.protocol.requests import SetPhone
from softswitch.control.protocol.rows import MailboxRow, PhoneRow, RegistrationRow, SubscriptionRow, TrunkRow
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.trunks.trunk_settings import TrunkSummary

_CALL_WAITING = {"on": True, "off": False, "default": None}


class PeerOperations:
    """The part of `SwitchOperations` that is about phones and trunks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def phones(self) -> Iterable[PhoneRow]:
        for extension in list(self._parts.settings.extensions.values()):
            yield _phone_row(self._parts, extension)

    async def set_phone(self, order: SetPhone) -> PhoneSet | Refused:
        """All of the order, or nothing."""
        extension = self._parts.settings.extension_for(order.phone)
        if extension is None:
            return Refused("not_found", f'there is no phone "{order.phone}": see `softswitch phones`')
        chosen = self._parts.phones.of(extension.username)
        for reason in REASONS:
            target = order.forwards.get(reason)
            refusal = refusal_of(extension, target, self._parts.settings) if target else ""
            if refusal:
                return Refused("not_possible", f"calls cannot be forwarded to {target}: {refusal}")
            if target is not None:
                chosen = with_forward(chosen, reason, target)
        try:
            if order.no_answer_s is not None:
                chosen = with_forward(chosen, "no_answer", chosen.forwards.get("no_answer", ""), order.no_answer_s)
        except LocalError as error:
            return Refused("not_possible", str(error))
        if order.do_not_disturb is not None:
            chosen = replace(chosen, do_not_disturb=order.do_not_disturb)
        if order.call_waiting:
            chosen = replace(chosen, call_waiting=_CALL_WAITING[order.call_waiting])
        if not await self._parts.phones.keep(chosen):
            return Refused("failed", f"the store refuses it: {self._parts.store_fault or 'see the log'}")
        return PhoneSet(_phone_row(self._parts, extension))

    def registrations(self) -> Iterable[RegistrationRow]:
        now = self._parts.clock.now()
        for binding in self._parts.endpoint.all_bindings():
            yield RegistrationRow(
                aor=binding.aor,
                contact=binding.contact_uri,
                transport=binding.flow.kind.value,
                remote=str(binding.flow.remote),
                expires_in_s=max(0.0, binding.expires_at - now),
                user_agent=binding.user_agent,
            )

    async def remove_registration(self, aor: str, contact: str) -> Done | Refused:
        parts = self._parts
        full = aor if "@" in aor else f"{aor}@{parts.configuration.settings.sip.domain}"
        known = parts.endpoint.bindings(full.removeprefix("sip:"))
        if not any(contact in ("", binding.contact_uri) for binding in known):
            where = f" at {contact}" if contact else ""
            return Refused("not_found", f"{full} is not registered{where}: see `softswitch registrations`")
        parts.endpoint.unregister(full.removeprefix("sip:"), contact or None)
        parts.driver.flush()
        return Done()

    def subscriptions(self) -> Iterable[SubscriptionRow]:
        now = self._parts.clock.now()
        for each in self._parts.endpoint.subscriptions():
            yield SubscriptionRow(
                watcher=each.watcher,
                event=each.event,
                resource=each.resource,
                transport=each.remote.kind.value,
                remote=str(each.remote.remote),
                expires_in_s=max(0.0, each.expires_at - now),
            )

    def mailboxes(self) -> Iterable[MailboxRow]:
        for mailbox, counts in self._parts.messages_waiting.all().items():
            yield MailboxRow(
                mailbox=mailbox,
                new=counts.new,
                old=counts.old,
                urgent_new=counts.urgent_new,
                urgent_old=counts.urgent_old,
            )

    async def set_mailbox(self, row: MailboxRow) -> Done | Refused:
        parts = self._parts
        extension = parts.settings.extension_for(row.mailbox)
        if extension is None:
            return Refused("not_found", f'there is no extension "{row.mailbox}": see agents.toml for those there are')
        if min(row.new, row.old, row.urgent_new, row.urgent_old) < 0:
            return Refused("malformed", "a number of messages is 0 or more")
        counts = MessageSummary(new=row.new, old=row.old, urgent_new=row.urgent_new, urgent_old=row.urgent_old)
        if parts.messages_waiting.is_own(extension.username):
            reason = f"{extension.username} has a box of the switch, which counts itself: see `softswitch voicemail`"
            return Refused("not_possible", reason)
        parts.messages_waiting.set(extension.username, counts)
        return Done()

    def trunks(self) -> Iterable[TrunkRow]:
        for summary in self._parts.endpoint.trunks.summaries(self._parts.clock.now()):
            yield _trunk_row(summary)


def _phone_row(parts: Parts, extension: Extension) -> PhoneRow:
    chosen = parts.phones.of(extension.username)
    return PhoneRow(
        username=extension.username,
        name=extension.name,
        number=extension.number,
        agent_id=AgentId("") if extension.agent_id is None else extension.agent_id,
        contacts=len(parts.endpoint.bindings(f"{extension.username}@{parts.settings.domain}")),
        calls=parts.legs.calls_of(extension.username, but=CallId("")),
        forwards=chosen.forwards,
        no_answer_s=chosen.no_answer_s,
        do_not_disturb=chosen.do_not_disturb,
        call_waiting=extension.call_waiting if chosen.call_waiting is None else chosen.call_waiting,
        intercom=extension.intercom,
        pickup_groups=sorted(extension.pickup_groups),
        projects=list(extension.projects),
    )


def _trunk_row(summary: TrunkSummary) -> TrunkRow:
    limits = summary.capacity
    return TrunkRow(
        name=summary.name,
        health=summary.health,
        registration=summary.registration,
        registration_reason=summary.registration_reason,
        expires_in_s=summary.expires_in_s,
        round_trip_ms=summary.round_trip_ms,
        used_in=summary.used_in,
        used_out=summary.used_out,
        channels=limits.both_max,
        channels_in=limits.in_max,
        channels_out=limits.out_max,
        calls_per_s=limits.out_per_s,
        calls_in=summary.calls_in,
        calls_out=summary.calls_out,
        refused=summary.refused,
        last_failure=summary.last_failure,
        last_failure_ago_s=summary.last_failure_ago_s,
    )
