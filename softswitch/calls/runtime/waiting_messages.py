"""How many voice messages wait for whom, as a voicemail system tells us; and phones that want to hear of it unasked.

There is no voicemail in the switch. Whatever holds the messages says how many there are (`softswitch mailboxes set`);
the counts survive a restart. Phones that subscribe are told (RFC 3842); with `is_mwi_unsolicited` every registered one
is, also when it registers, as phones expect that never subscribe.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from softswitch.calls.settings import CallSettings
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.outputs import Binding
from softswitch.sip.settings import Target
from softswitch.store.schema import StoredMailbox
from softswitch.store.store import Store

if TYPE_CHECKING:
    from softswitch.calls.runtime.ports import Sip

NOTHING = MessageSummary()


class WaitingMessages:
    """The mailbox of an extension has its user name."""

    __slots__ = ("_counts", "_settings", "_sip", "_store", "_told")

    def __init__(self, sip: "Sip", settings: Callable[[], CallSettings], store: Store) -> None:
        self._sip = sip
        self._settings = settings
        self._store = store
        self._counts = {each.mailbox: _summary(each) for each in store.mailboxes.ascending()}
        self._told: dict[str, set[str]] = {}
        """The bindings that were told unasked, by user name."""

    def of(self, username: str) -> MessageSummary:
        return self._counts.get(username, NOTHING)

    def all(self) -> dict[str, MessageSummary]:
        """Every mailbox with something in it, or that ever had."""
        return dict(sorted(self._counts.items()))

    def set(self, username: str, counts: MessageSummary) -> None:
        """So many there are now; a mailbox with none is forgotten."""
        if counts == NOTHING:
            self._counts.pop(username, None)
            self._store.mailboxes.delete(username)
        else:
            self._counts[username] = counts
            self._store.mailboxes.put(username, _stored(username, counts))
        if self._settings().is_mwi_unsolicited:
            for binding in self._sip.bindings(f"{username}@{self._settings().domain}"):
                self._tell(username, binding)

    def bindings_changed(self, username: str, bindings: list[Binding]) -> None:
        """A phone that has just registered is told, if there is anything to tell; one that refreshes is not."""
        if not self._settings().is_mwi_unsolicited:
            return
        known = self._told.pop(username, set())
        if bindings:
            self._told[username] = {binding.key for binding in bindings}
        if self.of(username) != NOTHING:
            for binding in bindings:
                if binding.key not in known:
                    self._tell(username, binding)

    def _tell(self, username: str, binding: Binding) -> None:
        """A NOTIFY outside any dialog and subscription. Nobody hears what became of it."""
        uri = f"sip:{username}@{self._settings().domain}"
        counts = self.of(username)
        self._sip.request(
            "NOTIFY",
            Target(uri=binding.contact_uri, flow=binding.flow, route=binding.path),
            from_uri=uri,
            to_uri=uri,
            headers=[
                ("event", MessageSummary.event),
                ("subscription-state", "terminated"),
                ("content-type", MessageSummary.content_type),
            ],
            body=counts.render(uri, 0),
        )


def _summary(stored: StoredMailbox) -> MessageSummary:
    return MessageSummary(new=stored.new, old=stored.old, urgent_new=stored.urgent_new, urgent_old=stored.urgent_old)


def _stored(mailbox: str, counts: MessageSummary) -> StoredMailbox:
    return StoredMailbox(
        mailbox=mailbox, new=counts.new, old=counts.old, urgent_new=counts.urgent_new, urgent_old=counts.urgent_old
    )
