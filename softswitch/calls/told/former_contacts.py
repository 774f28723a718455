"""Who has called before: the last calls of each customer, for the screen of whoever is about to talk to him."""

from softswitch.calls.limits import CUSTOMERS_REMEMBERED_MAX, FORMER_CONTACTS_MAX
from softswitch.calls.told.call_events import FormerContact


class FormerContacts:
    """By customer, as `boosts.customer_of` compares numbers; of very many those who called last."""

    __slots__ = ("_by_customer",)

    def __init__(self) -> None:
        self._by_customer: dict[str, tuple[FormerContact, ...]] = {}

    def of(self, customer: str) -> tuple[FormerContact, ...]:
        """The newest first; nobody without a number is anybody's customer."""
        return self._by_customer.get(customer, ()) if customer else ()

    def note(self, customer: str, contact: FormerContact) -> None:
        """One more, which may be older than what is known, or known already."""
        if not customer:
            return
        known = self._by_customer.pop(customer, ())
        others = [each for each in known if each.call_id != contact.call_id]
        newest_first = sorted([*others, contact], key=lambda each: -each.started_at)
        if len(self._by_customer) >= CUSTOMERS_REMEMBERED_MAX:
            del self._by_customer[next(iter(self._by_customer))]
        self._by_customer[customer] = tuple(newest_first[:FORMER_CONTACTS_MAX])
