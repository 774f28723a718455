"""Sounds that a call can do without: music and announcements to somebody who waits for more than to hear them."""

from collections.abc import Callable

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger

log = get_logger("calls")


def or_silence(find: Callable[[], list[str]]) -> list[str]:
    """The files that `find` looks up, or none if they are missing or cannot be read, which is logged."""
    try:
        return find()
    except SoftswitchError as error:
        log.warning("sound", fault=str(error))
        return []


def names_of_digits(number: str) -> list[str]:
    """The prompts that say a number digit by digit; what is no digit is left out."""
    return [f"digit/{digit}" for digit in number if digit.isdecimal()]
