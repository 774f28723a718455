"""Frames of the control socket: a 4-byte big-endian length, then so many bytes of msgpack."""

import struct

import msgspec

_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size

_encoder = msgspec.msgpack.Encoder()


def encode_frame(message: msgspec.Struct) -> bytes:
    """A request or reply as it goes over the socket."""
    payload = _encoder.encode(message)
    return _LENGTH.pack(len(payload)) + payload


def payload_length(header: bytes) -> int:
    """How many bytes follow these `HEADER_BYTES` bytes."""
    length: int = _LENGTH.unpack(header)[0]
    return length
