"""The key that recordings are encrypted with, as an operator keeps it in a file."""

import os
import stat

from softswitch.base.errors import SoftswitchError

KEY_BYTES = 32
_FILE_BYTES_MAX = 1024


class KeyFault(SoftswitchError):
    """Why a key file cannot be used, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
        self.remedy = remedy


def read_key(path: str) -> bytes:
    """The KEY_BYTES of an AES-256 key. Raises `KeyFault`."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_FILE_BYTES_MAX)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        remedy = f"Name the right file, or make a key: umask 077; openssl rand -hex {KEY_BYTES} > FILE"
        raise KeyFault(f"the key {path} cannot be read ({reason})", remedy) from None
    if mode & stat.S_IROTH:
        raise KeyFault(f"everybody on this machine can read the key {path}", f"chmod 600 {path}")
    key = _parse(content)
    if key is None:
        remedy = f"Write {KEY_BYTES} bytes, or {2 * KEY_BYTES} digits: openssl rand -hex {KEY_BYTES}"
        raise KeyFault(f"{path} does not hold a key", remedy)
    return key


def _parse(content: bytes) -> bytes | None:
    if len(content) == KEY_BYTES:
        return content
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
