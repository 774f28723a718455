"""What a call is to be that a program makes: whom to ring first, and what he is connected to when he has answered."""

import msgspec

from softswitch.base.errors import LocalError


class Origination(msgspec.Struct, frozen=True, kw_only=True):
    """`first` is an account, an extension's number, an agent, or an outside number. One of `to`, `flow` and `slot` says
    what comes then: a number that is called as if he had dialled it, a flow, or who is parked in a slot."""

    first: str
    to: str = ""
    flow: str = ""
    slot: str = ""
    caller_id: str = ""
    """Number that whoever is called then is shown; empty: the number of who was rung first."""
    caller_name: str = ""
    display: str = ""
    """Shown by the phone that is rung first; empty: the other side's number."""
    through: str = ""
    """The extension whose right to call through trunks is used; empty: that of who is rung first."""
    project: str = ""
    ring_s: float | None = None
    answers_itself: bool = False
    """The first phone is asked to answer by itself, through its loudspeaker."""
    variables: dict[str, str] = {}
    tags: dict[str, str] = {}
    by: str = ""

    def check(self) -> None:
        """Raises `LocalError`, in words for people, for what cannot be meant."""
        goals = [name for name in ("to", "flow", "slot") if getattr(self, name)]
        if not self.first:
            raise LocalError("nobody to ring first: give an account, an agent or a number")
        if len(goals) != 1:
            raise LocalError(
                "say what comes after the answer: a number to call, a flow, or a parking slot; one of them"
            )
        if self.first == self.to:
            raise LocalError(f"{self.first} cannot be connected to himself")
