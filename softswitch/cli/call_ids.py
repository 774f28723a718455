"""Which call somebody means by the beginning of its id."""

from collections.abc import Sequence

from softswitch.base.ids import CallId
from softswitch.cli.failure import Failure
from softswitch.control.protocol.rows import CallRow


def complete_call_id(beginning: str, rows: Sequence[CallRow]) -> CallId:
    """The id that begins so. What begins none is left to the switch to refuse. Raises `Failure` if several do."""
    found = [row.call_id for row in rows if row.call_id.startswith(beginning)]
    if len(found) > 1 and beginning not in found:
        raise Failure(f"{len(found)} calls begin with {beginning}: {', '.join(found[:5])}; give more of the id")
    return found[0] if len(found) == 1 else CallId(beginning)
