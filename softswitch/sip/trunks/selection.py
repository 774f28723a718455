"""Which trunks carry a number, and in which order they are tried.

A route names a pattern of numbers and its trunks. Of the routes that match, the one with the most literal places wins;
among equals the first. Trunks are tried in the order of the route, but neighbours that have weights share the calls:
one of them is drawn by weight, then another of those that are left. Trunks known to be down come last: they are tried
when nothing else is left, for their health may be wrong.

Another trunk is tried only when the first has not begun to work: its status says that the trunk failed and not the
person (RFC 3261 section 21), or it was silent for too long; and never after the far phone has rung.
"""

from collections.abc import Callable, Collection, Sequence

import msgspec

from softswitch.base.entropy import Entropy

FAILOVER_STATUSES = frozenset({401, 407, 408, 500, 502, 503, 504})
"""401 and 407: our password is wrong there. 480 and 403 often mean the person, or his number, so they are not here."""

NEVER_FAILOVER = frozenset({404, 484, 486, 487, 600, 603, 604, 606, 607})
"""The called person or his network has decided, or there is no such number: another trunk would ring him again."""


_SEPARATORS = str.maketrans("", "", " ()-./\t")


class FailoverRule(msgspec.Struct, frozen=True, kw_only=True):
    """When the next trunk is tried. Times in seconds; `no_progress_s` 0: as long as the call may ring."""

    statuses: frozenset[int] = FAILOVER_STATUSES
    no_response_s: float = 5.0
    """Not even 100 has come."""
    no_progress_s: float = 0.0
    """100 has come, but neither 180 nor 183."""

    def continues_after(self, status: int) -> bool:
        return status in self.statuses and status not in NEVER_FAILOVER


class OutboundRoute(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is a pattern: digits, `x` any digit, `n` 2 to 9, "+" in front, and a last "!" for any rest."""

    number: str
    trunks: tuple[str, ...]
    weights: dict[str, int] = {}
    failover: FailoverRule = FailoverRule()


def route_for(routes: Sequence[OutboundRoute], forms: Collection[str]) -> OutboundRoute | None:
    """The route of a number that may be written in several `forms` (as dialled, E.164)."""
    matching = [route for route in routes if any(matches(route.number, form) for form in forms)]
    return max(matching, key=lambda route: _literal_places(route.number), default=None)


def compact_pattern(text: str) -> str:
    """A pattern as people write it, as it is kept here: without what only groups digits, and in lower case."""
    return text.translate(_SEPARATORS).lower()


def matches(pattern: str, number: str) -> bool:
    """Whether the whole number fits the pattern."""
    is_open = pattern.endswith("!")
    places = pattern.removesuffix("!")
    if len(number) < len(places) or (len(number) > len(places) and not is_open):
        return False
    return all(_fits(place, character) for place, character in zip(places, number, strict=False))


def ordered(route: OutboundRoute, is_down: Callable[[str], bool], entropy: Entropy) -> list[str]:
    """The route's trunks in the order in which one call tries them."""
    names: list[str] = []
    group: list[str] = []
    for name in route.trunks:
        if name in route.weights:
            group.append(name)
            continue
        names += _drawn(group, route.weights, entropy)
        group = []
        names.append(name)
    names += _drawn(group, route.weights, entropy)
    return sorted(names, key=is_down)


def _drawn(group: list[str], weights: dict[str, int], entropy: Entropy) -> list[str]:
    """One by one, each in proportion to its weight."""
    left, order = list(group), list[str]()
    while left:
        point = entropy.uniform(0.0, float(sum(weights[name] for name in left)))
        chosen = left[-1]
        for name in left:
            point -= weights[name]
            if point < 0:
                chosen = name
                break
        left.remove(chosen)
        order.append(chosen)
    return order


def _fits(place: str, character: str) -> bool:
    if place == "x":
        return character in "0123456789"
    if place == "n":
        return character in "23456789"
    return place == character


def _literal_places(pattern: str) -> tuple[int, bool]:
    return sum(place not in "xn!" for place in pattern), not pattern.endswith("!")
