"""From the schema an older switch has written to ours: a step for each version, all in one transaction.

A step rewrites what the next version would misread; fields that were only added need none (schema.py). The switch takes
them when it opens its store; `softswitch migrate` says beforehand what they are, and takes them without starting.
"""

from collections.abc import Callable, Mapping

import msgspec

Rewrite = Callable[[bytes], bytes | None]
"""From a value to what it is in the next version; None: the row is no more."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From one version to the next: `what` it is about, for people, and how the rows of tables are rewritten."""

    what: str
    tables: Mapping[str, Rewrite]


STEPS: Mapping[int, Step] = {}
"""By the version that it begins with. Schema 1 is the first."""


def steps_from(version: int, newest: int, steps: Mapping[int, Step] = STEPS) -> list[Step]:
    """In order; empty for a store that is new or of our own version. Raises `KeyError` for a version without a way."""
    return [steps[each] for each in range(version, newest)] if version else []
