"""English numbers as phrase names: "one hundred twenty-three", "twenty-first", "two minutes"."""

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX

_SCALES = (
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
    (100, "hundred"),
)


def cardinal(number: int) -> list[str]:
    """0 to `NUMBER_MAX`."""
    if not 0 <= number <= NUMBER_MAX:
        raise LocalError(f"{number} has no words: 0 to {NUMBER_MAX} have")
    phrases: list[str] = []
    rest = number
    for scale, name in _SCALES:
        if rest >= scale:
            phrases += [*cardinal(rest // scale), f"number/{name}"]
            rest %= scale
    if rest or not phrases:
        phrases += _below_hundred(rest, "number")
    return phrases


def ordinal(number: int) -> list[str]:
    """1 to `ORDINAL_MAX`: all but the last word are cardinal."""
    if not 1 <= number <= ORDINAL_MAX:
        raise LocalError(f"{number} has no ordinal: 1 to {ORDINAL_MAX} have")
    hundreds, rest = number // 100 * 100, number % 100
    if rest:
        return [*(cardinal(hundreds) if hundreds else []), *_below_hundred(rest, "ordinal")]
    *before, scale = cardinal(number)
    return [*before, scale.replace("number/", "ordinal/")]


def counted(number: int, noun: str) -> list[str]:
    """A number and its noun (the key of a `[noun.*]` table) in the form it asks for."""
    return [*cardinal(number), f"noun/{noun}/{'one' if number == 1 else 'many'}"]


def _below_hundred(number: int, last: str) -> list[str]:
    if number < 20 or number % 10 == 0:
        return [f"{last}/{number}"]
    return [f"number/{number // 10 * 10}", f"{last}/{number % 10}"]
