"""Where a call is in its life, for people who look at the list of calls."""

from enum import Enum


class CallState(Enum):
    ARRIVED = "arrived"
    ANSWERED = "answered"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"
