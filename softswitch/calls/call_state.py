"""Where a call is in its life, for people who look at the list of calls."""

from enum import Enum


class CallState(Enum):
    ARRIVED = "arrived"
    ANSWERED = "answered"
    WAITING = "waiting"
    """In a queue, whether or not an agent's phone rings just now."""
    ALERTING = "alerting"
    """Whoever was dialled is being rung."""
    PARKED = "parked"
    """In a parking slot, until somebody retrieves him."""
    TALKING = "talking"
    SUPERVISING = "supervising"
    """Taking part in what others say to each other, in another call."""
    ENDED = "ended"
