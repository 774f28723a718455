"""How a supervisor takes part in a conversation, and what is noted of it."""

from enum import Enum


class SupervisionMode(Enum):
    LISTEN = "listen"
    """He hears both; nobody hears him."""
    WHISPER = "whisper"
    """The agent hears him, and nobody else."""
    BARGE = "barge"
    """All hear all."""


MODE_OF_KEY = {"4": SupervisionMode.LISTEN, "5": SupervisionMode.WHISPER, "6": SupervisionMode.BARGE}
"""What a supervisor presses on his own phone."""

SUPERVISORS_MAX = 4
"""Of one call; a fifth has something else in mind."""
