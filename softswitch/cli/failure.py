"""How a command ends: its exit code, and the line on standard error when it failed."""

from softswitch.base.errors import ConfigurationError, SimulationError, SoftswitchError, StartError

OK = 0
FAILED = 1
CONFIGURATION = 2
"""A fault in the configuration or the command line, or a machine on which the switch cannot start."""
NO_SWITCH_RUNNING = 3


class Failure(SoftswitchError):
    """Ends the command; the message is printed as it is."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(error: SoftswitchError) -> int:
    from softswitch.control.runtime.client import NoSwitchRunning

    match error:
        case Failure():
            return error.exit_code
        case ConfigurationError() | StartError() | SimulationError():
            return CONFIGURATION
        case NoSwitchRunning():
            return NO_SWITCH_RUNNING
        case _:
            return FAILED
