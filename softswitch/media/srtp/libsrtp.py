"""libsrtp: the ciphers of SRTP and SRTCP (RFC 3711, RFC 7714) in C, from pylibsrtp's wheel.

pylibsrtp's own `Session` copies every packet in and out and tells of a refused one by an exception. Here its functions
are called on packets where they lie, which halves the cost (1.6 us instead of 3.2 us for 20 ms of G.711), and what a
flood of forged packets costs. They are in a module that pylibsrtp calls private, so its next major version is excluded
in pyproject.toml, and nothing but this file knows them.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pylibsrtp import Policy, Session

from softswitch.media.limits import SRTP_PACKET_BYTES_MAX

_binding: Any = import_module("pylibsrtp._binding")
_lib, _ffi = _binding.lib, _binding.ffi

TRAILER_BYTES_MAX = 4 + 16
"""The longest there is: the index of SRTCP and the tag of AES-GCM."""

Pointer = Any
"""A byte in memory. `pointer + n` is the n-th after it."""

PROFILES: Mapping[str, int] = {
    "AES_CM_128_HMAC_SHA1_80": _lib.srtp_profile_aes128_cm_sha1_80,
    "AES_CM_128_HMAC_SHA1_32": _lib.srtp_profile_aes128_cm_sha1_32,
    "AEAD_AES_128_GCM": _lib.srtp_profile_aead_aes_128_gcm,
    "AEAD_AES_256_GCM": _lib.srtp_profile_aead_aes_256_gcm,
}
"""The crypto suites by their names in SDP."""

KEY_BYTES: Mapping[str, int] = {
    name: _lib.srtp_profile_get_master_key_length(profile) + _lib.srtp_profile_get_master_salt_length(profile)
    for name, profile in PROFILES.items()
}
"""Length of master key and master salt together."""


class SrtpSession:
    """The state of one direction of one stream: packets of any SSRC under one key.

    One for each, because libsrtp looks for an SSRC one by one: 7 us with 2,000 of them.
    """

    __slots__ = ("_buffer", "_handle", "_length", "_packet", "_session")

    def __init__(self, profile: str, key: bytes, *, sends: bool) -> None:
        """`key` is master key and salt, KEY_BYTES long."""
        ssrc_type = _lib.ssrc_any_outbound if sends else _lib.ssrc_any_inbound
        session: Any = Session(Policy(key=key, ssrc_type=ssrc_type, srtp_profile=PROFILES[profile]))
        self._session = session
        self._handle = session._srtp[0]
        self._length = _ffi.new("int *")
        self._packet = _ffi.new("char[]", SRTP_PACKET_BYTES_MAX + TRAILER_BYTES_MAX)
        self._buffer = _ffi.buffer(self._packet)

    def protect(self, packet: bytes) -> bytes:
        """b"" if it may not be sent: this sequence number was used before."""
        return self._copy(_lib.srtp_protect, packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        return self._copy(_lib.srtp_protect_rtcp, packet)

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """b"" if it is refused: forged, or a repetition."""
        return self._copy(_lib.srtp_unprotect_rtcp, packet)

    def unprotect(self, packet: Pointer, length: int) -> int:
        """In place; the new length, or 0 if the packet is refused. Then its content may be destroyed (AES-GCM)."""
        self._length[0] = length
        return self._length[0] if _lib.srtp_unprotect(self._handle, packet, self._length) == 0 else 0

    def _copy(self, function: Any, packet: bytes) -> bytes:
        length = len(packet)
        if length > SRTP_PACKET_BYTES_MAX:
            return b""
        self._buffer[0:length] = packet
        self._length[0] = length
        return self._buffer[0 : self._length[0]] if function(self._handle, self._packet, self._length) == 0 else b""


def pointer_to(content: NDArray[np.uint8]) -> Pointer:
    """The array's first byte; valid as long as the array is."""
    return _ffi.cast("char *", content.ctypes.data)


def read(packet: Pointer, length: int) -> bytes:
    return _ffi.buffer(packet, length)[:]


def write(packet: Pointer, content: bytes) -> None:
    _ffi.memmove(packet, content, len(content))
