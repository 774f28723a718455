"""Passwords of users, as argon2 hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from softswitch.web.limits import PASSWORD_CHARACTERS_MAX

PASSWORD_CHARACTERS_MIN = 10

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""What OWASP asks for at least: some 20 ms, and 19 MB while one is checked."""
_NOBODY_S = "$argon2id$v=19$m=19456,t=2,p=1$c29mdHN3aXRjaHNvZnRzdw$3z8QkOTCy0Pi2ydMnRBz5P2xJ6cTYcSIPHJYTAq2yFU"
"""Checked for users that are not there, so that the time of an answer does not tell who is."""


def hash_password(password: str) -> str:
    """What users.toml has of it. Takes as long as a check."""
    return _hasher.hash(password)


def is_password(password: str, known_hash: str) -> bool:
    """Takes as long for a user who is not there (an empty hash)."""
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return False
    try:
        return _hasher.verify(known_hash or _NOBODY_S, password) and bool(known_hash)
    except (Argon2Error, InvalidHashError):
        return False
