"""An agent who is reserved for a contact, for as long as that lasts. What becomes of it: `reservations`."""

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.decisions import Decision
from softswitch.acd.waiting import Contact
from softswitch.base.ids import ReservationId


class Reservation:
    """An agent alerted for a contact, or about to be: while a routing hook is asked whether he is right for it."""

    __slots__ = ("agent", "answered_at", "asked_about", "contact", "made_at", "reservation_id")

    def __init__(self, reservation_id: ReservationId, agent: AgentMachine, contact: Contact, made_at: float) -> None:
        self.reservation_id = reservation_id
        self.agent = agent
        self.contact = contact
        self.made_at = made_at
        """When he was alerted; while the hook is asked, when that began."""
        self.asked_about: Decision | None = None
        """The decision the hook is asked about; None: he is alerted."""
        self.answered_at: float | None = None
        """When he answered, if he is told of the contact before he hears it."""
