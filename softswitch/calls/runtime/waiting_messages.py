"""How many voice messages wait for whom; and phones that want to hear of it unasked.

Of extensions that have a box of ours, or share one, the switch counts itself (voicemail.py). For any other a voicemail
system elsewhere says how many there are (`softswitch mailboxes set`); those counts survive a restart. Phones that
subscribe are told (RFC 3842); with `is_mwi_unsolicited` every registered one is, also when it registers, as phones
expect that never subscribe.
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
    """The mailbox of an extension has its user name. `own` counts those of the switch; None of whom it has none."""

    __slots__ = ("_counts", "_own", "_settings", "_sip", "_store", "_told", "_when_changed")

    def __init__(
        self,
        sip: "Sip",
        settings: Callable[[], CallSettings],
        store: Store,
        own: Callable[[str], MessageSummary | None],
    ) -> None:
        self._sip = sip
        self._own = own
        self._when_changed: Callable[[str], None] | None = None
        self._settings = settings
        self._store = store
        self._counts = {each.mailbox: _summary(each) for each in store.mailboxes.ascending()}
        self._told: dict[str, set[str]] = {}
        """The bindings that were told unasked, by user name."""

    def of(self, username: str) -> MessageSummary:
        own = self._own(username)
        return self._counts.get(username, NOTHING) if own is None else own

    def is_own(self, username: str) -> bool:
        """The switch counts itself."""
        return self._own(username) is not None

    def all(self) -> dict[str, MessageSummary]:
        """Every mailbox with something in it."""
        counts = {username: self.of(username) for username in (*self._counts, *self._settings().extensions)}
        return dict(sorted((username, each) for username, each in counts.items() if each != NOTHING))

    def when_changed(self, callback: Callable[[str], None]) -> None:
        """Who wants to know, by user name, that there are more or fewer."""
        self._when_changed = callback

    def set(self, username: str, counts: MessageSummary) -> None:
        """So many there are elsewhere now; a mailbox with none is forgotten."""
        if counts == NOTHING:
            self._counts.pop(username, None)
            self._store.mailboxes.delete(username)
        else:
            self._counts[username] = counts
            self._store.mailboxes.put(username, _stored(username, counts))
        self.changed(username)

    def changed(self, username: str) -> None:
        """There are more or fewer: tell whoever watches, or is told unasked."""
        if self._when_changed is not None:
            self._when_changed(username)
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
