"""How the rows of a table lie in the store: under which key, as what."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

import msgspec

from softswitch.base.errors import LocalError

KEY_BYTES_MAX = 511
"""LMDB's own limit on the length of a key."""

K = TypeVar("K")
V = TypeVar("V", bound=msgspec.Struct)
N = TypeVar("N", bound=msgspec.Struct)


class TableLayout(Generic[K, V]):
    """Name, key layout and value type of one table."""

    __slots__ = ("_encode_key", "files", "is_compact", "name", "value_type")

    def __init__(
        self,
        name: str,
        value_type: type[V],
        encode_key: Callable[[K], bytes],
        *,
        is_compact: bool = False,
        files: tuple[str, ...] = (),
    ) -> None:
        """`is_compact`: fields with their defaults are not stored (compact.py); `files`: those with paths of files."""
        self.files = files
        self.name = name
        self.is_compact = is_compact
        self.value_type = value_type
        self._encode_key = encode_key

    def narrow(self, value_type: type[N]) -> "TableLayout[K, N]":
        """The same table, read as a type with fewer fields."""
        fields = value_type.__struct_fields__
        files = tuple(field for field in self.files if field in fields)
        return TableLayout(self.name, value_type, self._encode_key, files=files)

    def key(self, key: K) -> bytes:
        """The key as LMDB sorts it. Raises `LocalError` for one that is empty or longer than LMDB takes."""
        encoded = self._encode_key(key)
        if not 0 < len(encoded) <= KEY_BYTES_MAX:
            raise LocalError(f"a key of table {self.name} is {len(encoded)} bytes long; 1 to {KEY_BYTES_MAX} can be")
        return encoded


BindingKey = tuple[str, str]
"""(aor, contact URI, or whatever else tells the aor's bindings apart)"""

ListedKey = tuple[str, str]
"""(list, number)"""

TimedKey = tuple[float, str]
"""(when it began, id): sorts by time, and the id tells apart what began in the same microsecond."""


TIME_BYTES = 8
"""Of a timed key; the id follows."""


def text_key(text: str) -> bytes:
    return text.encode()


def binding_key(key: BindingKey) -> bytes:
    """The AOR is ours and short; the contact is the phone's and may be of any length, so its hash stands for it."""
    aor, contact_uri = key
    return aor.encode() + b"\0" + blake2b(contact_uri.encode(errors="surrogateescape"), digest_size=16).digest()


def number_key(number: int) -> bytes:
    return number.to_bytes(8, "big")


def timed_key(key: TimedKey) -> bytes:
    at_wall, identifier = key
    return round(at_wall * 1_000_000).to_bytes(TIME_BYTES, "big") + identifier.encode()
