"""Numbers and instants in words for people: their own time zone, m:ss."""

import os
import shutil
import sys
from datetime import datetime

DAY_S = 24 * 3600


def duration(seconds: float | None) -> str:
    """ "0:07", "12:05", "1:02:05", "3 d 1:02:05"; "" for None."""
    if seconds is None:
        return ""
    days, rest = divmod(max(0, int(seconds)), DAY_S)
    minutes, second = divmod(rest, 60)
    hours, minute = divmod(minutes, 60)
    clock = f"{hours}:{minute:02}:{second:02}" if hours or days else f"{minute}:{second:02}"
    return f"{days} d {clock}" if days else clock


def instant(wall: float, now: datetime | None = None) -> str:
    """Local time: today's with seconds ("14:03:22"), this year's "08-30 14:03", older the date alone."""
    moment, now = datetime.fromtimestamp(wall).astimezone(), now or datetime.now().astimezone()
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%m-%d %H:%M}" if moment.year == now.year else f"{moment:%Y-%m-%d}"


def size(size_bytes: int) -> str:
    """ "950 B", "12 KB", "3.4 MB", "1.2 GB" (binary)."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    amount = size_bytes / 1024
    for unit in ("KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"


def percentage(fraction: float | None) -> str:
    return "" if fraction is None else f"{fraction * 100:.0f} %"


def count(number: int, noun: str) -> str:
    """ "1 agent", "12 agents"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def spoken_state(word: str) -> str:
    """A state's name without its underscores."""
    return word.replace("_", " ")


def program() -> str:
    """What to type for `softswitch`: its path, if it was called by one and the shell would not find it."""
    called = sys.argv[0]
    is_found = os.path.basename(called) != "softswitch" or shutil.which("softswitch") is not None
    return "softswitch" if is_found else os.path.relpath(called)


def printable(text: str) -> str:
    """What a peer may have written, without the characters that would command the terminal."""
    return "".join(character if character.isprintable() else "·" for character in text)
