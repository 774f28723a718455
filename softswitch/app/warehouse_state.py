"""How the copy of call records does: a file of the run directory, written by the process, read for `status`."""

import os
from contextlib import suppress

import msgspec

STATE_FILE = "warehouse.json"


class WarehouseState(msgspec.Struct, frozen=True, kw_only=True):
    """Instants are epoch seconds."""

    is_connected: bool
    complete_at: float | None = None
    """Everything that was there then is copied."""
    copied: int = 0
    """Since the process began."""
    refused: int = 0
    """Records the database would not take."""
    reason: str = ""
    """Why it is away."""


def write_state(directory: str, state: WarehouseState) -> None:
    """Whole or not at all; a full disk costs just that."""
    path = os.path.join(directory, STATE_FILE)
    with suppress(OSError):
        with open(f"{path}.part", "wb") as file:
            file.write(msgspec.json.encode(state))
        os.replace(f"{path}.part", path)


def remove_state(directory: str) -> None:
    with suppress(OSError):
        os.unlink(os.path.join(directory, STATE_FILE))


def read_state(directory: str) -> WarehouseState | None:
    """None if no process runs, or it has said nothing yet."""
    try:
        with open(os.path.join(directory, STATE_FILE), "rb") as file:
            return msgspec.json.decode(file.read(), type=WarehouseState)
    except (OSError, msgspec.MsgspecError):
        return None
