"""Amounts into the parts that are read out, before any language has a say."""

from decimal import ROUND_HALF_UP, Decimal

from softswitch.prompts.limits import DECIMALS_MAX
from softswitch.prompts.spoken import Noun

_UNITS = ((86_400, Noun.DAY), (3_600, Noun.HOUR), (60, Noun.MINUTE), (1, Noun.SECOND))


def whole_and_decimals(value: Decimal) -> tuple[int, str]:
    """2.50 is 2 and "5"; at most `DECIMALS_MAX` digits, rounded. The sign is left to the caller."""
    rounded = abs(value).quantize(Decimal(1).scaleb(-DECIMALS_MAX), ROUND_HALF_UP)
    whole = int(rounded)
    return whole, f"{rounded - whole:f}"[2:].rstrip("0")


def whole_and_hundredths(amount: Decimal) -> tuple[int, int]:
    """12.505 is 12 and 51. The sign is left to the caller."""
    hundredths = int((abs(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return divmod(hundredths, 100)


def largest_units(seconds: int) -> list[tuple[int, Noun]]:
    """The two largest units: an hour and two minutes, of which nobody wants to hear the seconds. 0 is no seconds."""
    for place, (size, noun) in enumerate(_UNITS):
        if seconds >= size:
            following = seconds % size // _UNITS[place + 1][0] if size > 1 else 0
            return [(seconds // size, noun), *([(following, _UNITS[place + 1][1])] if following else [])]
    return [(0, Noun.SECOND)]
