"""Wrap-up: the time after a contact in which its agent does what belongs to it, and gets no other contact.

```
  contact over ──► until `wrap_up_s` ──────────────────────────► over ("time")
                     │ extended ──► later, `wrap_up_max_s` at most
                     │ ended by the agent ─────────────────────► over ("ended"); refused while a disposition is missing
                     └ a disposition is required and missing ──► waits for it ──► over ("disposed")
                                                                      └ at the maximum ──► over ("maximum"), none given
```

There is one wrap-up for each contact, and one `WrapUpOver` for each wrap-up. Dispositions may be given from the answer
on; the last one given counts. Without wrap-up time, and with no disposition missing, there is no wrap-up at all.
"""

from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import Queue
from softswitch.base.ids import ContactId


class WrapUp:
    """One contact that is being wrapped up. Times are monotonic seconds."""

    __slots__ = ("contact_id", "disposition", "from_at", "latest", "queue", "until")

    def __init__(self, contact_id: ContactId, queue: Queue, disposition: str, now: float) -> None:
        self.contact_id = contact_id
        self.queue = queue
        """As it was when the contact ended."""
        self.disposition = disposition
        """Empty until one is given."""
        self.from_at = now
        self.latest = now + min(max(queue.wrap_up_s, queue.wrap_up_max_s), WRAP_UP_S_MAX)
        self.until = min(now + queue.wrap_up_s, self.latest)

    @property
    def is_disposition_missing(self) -> bool:
        return self.queue.is_disposition_required and not self.disposition

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to wait for."""
        return self.until > self.from_at or self.is_disposition_missing

    @property
    def due_at(self) -> float:
        """When it is over unless something is done."""
        return self.latest if self.is_disposition_missing else self.until

    def extend(self, by_s: float) -> None:
        self.until = min(self.until + by_s, self.latest)
