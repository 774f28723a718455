"""How a supervisor takes part in a conversation, and what is noted of it."""

from enum import Enum

from softswitch.calls.settings import Extension


class SupervisionMode(Enum):
    LISTEN = "listen"
    """He hears both; nobody hears him."""
    WHISPER = "whisper"
    """The agent hears him, and nobody else."""
    BARGE = "barge"
    """All hear all."""


MODE_OF_KEY = {"4": SupervisionMode.LISTEN, "5": SupervisionMode.WHISPER, "6": SupervisionMode.BARGE}
"""What a supervisor presses on his own phone."""

TAKE_OVER_KEY = "7"
"""He who has called to supervise talks to the caller in the agent's place."""
LEAVE_KEY = "0"
"""He is done."""
SUPERVISED_TONE = "beep"
"""What the agent hears when somebody begins to supervise him, where the centre wants him to know."""
EVERYBODY = "*"
"""Among the teams somebody supervises: all of them, and those who have none."""

SUPERVISORS_MAX = 4
"""Of one call; a fifth has something else in mind."""


def may_supervise(who: Extension, whom: Extension) -> bool:
    """Whether somebody may supervise somebody else by calling: by the teams of one and what the other is set over."""
    if who.username == whom.username:
        return False
    return EVERYBODY in who.supervises or not who.supervises.isdisjoint(whom.teams)
