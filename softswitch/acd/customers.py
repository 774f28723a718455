"""Who has called lately: the place of a caller who was cut off is kept, who calls again may come earlier, and to the
agent he talked to.

A customer is whoever a contact says is behind it (for a call, the caller's number); who says nothing is nobody. What is
remembered is the last contact of each: when it ended and, if it gave up or was cut off while it waited, since when it
had waited; and the last agent. The memory is bounded in number and in time, and empty where no queue wants it.

A kept place is a credit in the contact's key and not a longer wait: reported waits are what was really waited. So the
contact stands where it stood, among those who came meanwhile, and who was served in between was served.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from softswitch.acd.limits import BOOST_S_MAX, CUSTOMER_REMEMBERED_S, CUSTOMERS_MAX
from softswitch.acd.model import Queue
from softswitch.base.ids import AgentId, ContactId


class Credit(msgspec.Struct, frozen=True, gc=False):
    """How much older a contact counts for what its customer went through before. Seconds."""

    kept_s: float = 0.0
    """For having been cut off while it waited."""
    repeat_s: float = 0.0
    """For having called lately."""


NO_CREDIT = Credit()


class Customer(msgspec.Struct, frozen=True, gc=False):
    """The last contact of a customer. Times are monotonic seconds."""

    contact_id: ContactId
    ended_at: float
    credit: Credit
    dropped_since: float | None = None
    """Since when it had waited when it gave up; None: it did not, or its place was taken up again."""
    agent_id: AgentId | None = None
    """The last it talked to, be it in an earlier contact."""


class Customers:
    """Customers by what tells them apart, the one whose contact ended first comes first."""

    __slots__ = ("_known", "is_wanted")

    def __init__(self) -> None:
        self._known: dict[str, Customer] = {}
        self.is_wanted = False
        """Some queue keeps places, boosts repeated calls or asks for the last agent."""

    def __len__(self) -> int:
        return len(self._known)

    def ended(
        self,
        customer: str,
        contact_id: ContactId,
        now: float,
        *,
        credit: Credit = NO_CREDIT,
        dropped_since: float | None = None,
        agent_id: AgentId | None = None,
    ) -> None:
        """A contact of this customer is over; `agent_id` is with whom it talked."""
        if not customer or not self.is_wanted:
            return
        former = self._known.pop(customer, None)
        if agent_id is None and former is not None:
            agent_id = former.agent_id
        self._known[customer] = Customer(contact_id, now, credit, dropped_since, agent_id)
        self._forget_the_oldest(now)

    def last_agent(self, customer: str) -> AgentId | None:
        """With whom the customer talked last, as far as is remembered."""
        last = self._known.get(customer)
        return None if last is None else last.agent_id

    def credit(self, customer: str, contact_id: ContactId, queue: Queue, now: float) -> Credit:
        """What a new contact is credited with. A place is given back once.

        A contact that comes again itself (from another queue, or because its phone could not be rung) has what it had.
        """
        last = self._known.get(customer)
        if last is None:
            return NO_CREDIT
        if last.contact_id == contact_id:
            return last.credit
        ago_s, since, kept_s = now - last.ended_at, last.dropped_since, 0.0
        if since is not None and ago_s <= queue.keep_place_s:
            self._known[customer] = replace(last, dropped_since=None)
            kept_s = min(now - since, BOOST_S_MAX)
        return Credit(kept_s, queue.repeat_boost_s if ago_s <= queue.repeat_within_s else 0.0)

    def entries(self) -> list[tuple[str, Customer]]:
        """Everything that is remembered, the one whose contact ended first comes first."""
        return list(self._known.items())

    def remember(self, entries: Iterable[tuple[str, Customer]]) -> None:
        """Remember these, as they were given out by `entries`."""
        self._known.update(entries)

    def _forget_the_oldest(self, now: float) -> None:
        while self._known:
            first = next(iter(self._known))
            is_old = now - self._known[first].ended_at > CUSTOMER_REMEMBERED_S
            if not is_old and len(self._known) <= CUSTOMERS_MAX:
                return
            del self._known[first]
