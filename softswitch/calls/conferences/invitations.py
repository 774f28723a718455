"""Numbers that are called for a conference: which are being called, which again and when. A pure state machine.

| what came of a call                             | what follows                                               |
|-------------------------------------------------|------------------------------------------------------------|
| he has joined, or refused                       | nothing                                                    |
| busy, no answer, nobody pressed a key (machine) | called again after `retry_s`, `attempts` times in all      |
| the number leads nowhere, or is not permitted   | nothing: it would be the same again                        |
| he was fetched for a private talk, and not got  | nothing: who wants him is told, and may try again          |

A number is called once at a time.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.base.ids import CallId
from softswitch.calls.conferences.limits import INVITATIONS_MAX

CallResult: TypeAlias = Literal["joined", "refused", "not_reached", "not_possible"]


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """One number, called for one conference. `by` is the host for whom; None: an operator, or the time."""

    number: str
    by: CallId | None
    aside: int | None = None
    attempt: int = 1


class Invitations:
    """Those of one conference. Times are monotonic seconds."""

    __slots__ = ("_attempts", "_resting", "_retry_s", "calling")

    def __init__(self, *, attempts: int, retry_s: float) -> None:
        self._attempts = attempts
        self._retry_s = retry_s
        self.calling: dict[str, Invitation] = {}
        """By number."""
        self._resting: dict[str, tuple[float, Invitation]] = {}
        """When they are called again."""

    def invite(self, invitation: Invitation) -> bool:
        """Whether it is to be called now; not if it is being called, or too many are."""
        if invitation.number in self.calling or len(self.calling) + len(self._resting) >= INVITATIONS_MAX:
            return False
        self._resting.pop(invitation.number, None)
        self.calling[invitation.number] = invitation
        return True

    def ended(self, number: str, result: CallResult, now: float) -> None:
        """What came of the call to this number."""
        invitation = self.calling.pop(number, None)
        if invitation is None or result != "not_reached" or invitation.aside is not None:
            return
        if invitation.attempt < self._attempts:
            again = msgspec.structs.replace(invitation, attempt=invitation.attempt + 1)
            self._resting[number] = (now + self._retry_s, again)

    def fetched_for(self, aside: int) -> Invitation | None:
        return next((each for each in self.calling.values() if each.aside == aside), None)

    def give_up(self) -> None:
        """Nobody is called again: the conference is over."""
        self._resting.clear()

    @property
    def waiting(self) -> list[str]:
        """Numbers that are being called, or will be again."""
        return [*self.calling, *self._resting]

    def next_timeout(self) -> float | None:
        return min((at for at, _ in self._resting.values()), default=None)

    def take_due(self, now: float) -> list[Invitation]:
        """Those to be called now."""
        due = [invitation for at, invitation in self._resting.values() if at <= now]
        for invitation in due:
            del self._resting[invitation.number]
            self.calling[invitation.number] = invitation
        return due
