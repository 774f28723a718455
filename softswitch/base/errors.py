"""Errors we raise on purpose.

SoftswitchError
├── ConfigurationError    one or more faults in configuration files; lists them all
├── StartError            a port in use, a directory that cannot be written, a store written by a newer version
├── SimulationError       a simulation cannot be run as it was asked for
└── LocalError            our own caller broke the rules of an interface (a bug here, never a peer's doing)

What a peer does wrong is a value inside the parsers and never an exception past them. Every message says what is
wrong and what to do about it, on one line, because it is printed as it is.
"""

import msgspec


class SoftswitchError(Exception):
    """Base of all errors raised on purpose."""


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong in a configuration file."""

    file: str
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}. {self.remedy}"


class ConfigurationError(SoftswitchError):
    """Faults in configuration files, all of them at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class StartError(SoftswitchError):
    """The switch, or one of its processes, cannot start here."""


class SimulationError(SoftswitchError):
    """A simulation cannot be run as it was asked for."""


class LocalError(SoftswitchError):
    """A caller inside the switch broke the rules of an interface."""
