"""An agent who is reserved for a contact, for as long as that lasts. What becomes of it: `reservations`."""

import msgspec

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.decisions import Decision
from softswitch.acd.waiting import Contact
from softswitch.base.ids import ReservationId


class Reservation(msgspec.Struct, eq=False):
    """An agent alerted for a contact, or about to be: while a routing hook is asked whether he is right for it."""

    reservation_id: ReservationId
    agent: AgentMachine
    contact: Contact
    made_at: float
    """When he was alerted; while the hook is asked, when that began."""
    asked_about: Decision | None = None
    """The decision the hook is asked about; None: he is alerted."""
    answered_at: float | None = None
    """When he answered, if he is told of the contact before he hears it."""
