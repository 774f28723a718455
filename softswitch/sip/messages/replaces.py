"""Which dialog another one is to replace (RFC 3891), as the header Replaces says it.

The tags are named as whoever receives the INVITE sees them: `to_tag` is his own, `from_tag` that of his peer. Beside
the two, only `early-only` has a meaning; other parameters are left out.
"""

from typing import NamedTuple

from softswitch.sip.messages.grammar import Malformed, parse_parameters


class Replaces(NamedTuple):
    """`is_early_only`: the dialog is to be replaced only while nobody has answered."""

    call_id: str
    to_tag: str
    from_tag: str
    is_early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> "Replaces":
        """Raises Malformed."""
        call_id, _, tail = text.partition(";")
        params = parse_parameters(f";{tail}") if tail else {}
        to_tag, from_tag = params.get("to-tag"), params.get("from-tag")
        call_id = call_id.strip(" \t")
        if not call_id or not to_tag or not from_tag:
            raise Malformed(400, "Malformed Replaces")
        return cls(call_id, to_tag, from_tag, "early-only" in params)

    def __str__(self) -> str:
        early_only = ";early-only" if self.is_early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early_only}"
