"""A page for fax machines: its pixels, as a TIFF file to be sent, and read again from one that came."""

import ctypes
import struct
from ctypes.util import find_library
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.peers.program import left_out

WIDTH = 1728
"""Of A4 at 204 pixels an inch (ITU-T T.4)."""

Pixels = NDArray[np.bool_]
"""[rows, WIDTH]; True is black."""

_WIDTH_TAG, _LENGTH_TAG = 256, 257


def page(rows: int = 90) -> Pixels:
    """Bars, diagonals, and a number in every row, so that none is mistaken for another."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(rows))
    drawn = ((x // 64 + y // 12) % 4 == 0) & (x > 600) | ((x - 3 * y) % 191 < 5) & (x > 600)
    return drawn | (((y + 1) >> (x // 40)) & 1 == 1) & (x < 400)


def write_tiff(path: Path, pixels: Pixels) -> None:
    """An uncompressed file of one strip, fine resolution (204 by 196 pixels an inch)."""
    content = np.packbits(pixels, axis=1).tobytes()
    short, long, rational = 3, 4, 5
    entries = [
        (_WIDTH_TAG, long, WIDTH), (_LENGTH_TAG, long, len(pixels)), (258, short, 1), (259, short, 1), (262, short, 0),
        (266, short, 1), (273, long, 8), (277, short, 1), (278, long, len(pixels)), (279, long, len(content)),
        (282, rational, 0), (283, rational, 8), (296, short, 2),
    ]  # fmt: skip
    directory = 8 + len(content)
    numbers = directory + 2 + 12 * len(entries) + 4
    table = b"".join(
        struct.pack("<HHII", tag, kind, 1, value + numbers if kind == rational else value)
        for tag, kind, value in entries
    )
    head = struct.pack("<2sHI", b"II", 42, directory)
    resolution = struct.pack("<4I", 204, 1, 196, 1)
    path.write_bytes(head + content + struct.pack("<H", len(entries)) + table + bytes(4) + resolution)


def read_tiff(path: Path) -> Pixels:
    """The first page of a file that a fax machine has written, whatever its compression."""
    library = find_library("tiff")
    if library is None:
        left_out("libtiff, which libspandsp2 brings, is not installed")
    tiff = ctypes.CDLL(library)
    tiff.TIFFOpen.restype = ctypes.c_void_p
    tiff.TIFFOpen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    opened = tiff.TIFFOpen(str(path).encode(), b"r")
    assert opened, f"{path} is no TIFF file"
    file = ctypes.c_void_p(opened)
    size = {tag: ctypes.c_uint32() for tag in (_WIDTH_TAG, _LENGTH_TAG)}
    for tag, value in size.items():
        assert tiff.TIFFGetField(file, ctypes.c_uint32(tag), ctypes.byref(value)) == 1
    assert size[_WIDTH_TAG].value == WIDTH
    rows: list[bytes] = []
    for number in range(size[_LENGTH_TAG].value):
        row = ctypes.create_string_buffer(WIDTH // 8)
        assert tiff.TIFFReadScanline(file, row, ctypes.c_uint32(number), ctypes.c_uint16(0)) == 1
        rows.append(row.raw)
    tiff.TIFFClose(file)
    packed = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, WIDTH // 8)
    return np.unpackbits(packed, axis=1).astype(bool)
