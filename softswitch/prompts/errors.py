"""The one error of this domain."""

from softswitch.base.errors import Fault, SoftswitchError


class PromptError(SoftswitchError):
    """A sound does not exist, or cannot be read, spoken or stored; one line says which, why, and what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
