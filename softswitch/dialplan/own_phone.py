"""What the owner of a phone of ours sets by calling: work as an agent, forwards, do not disturb."""

from __future__ import annotations

from typing import NoReturn

from msgspec.structs import replace

from softswitch.base.errors import LocalError
from softswitch.calls.forwarding import ForwardReason, with_forward
from softswitch.dialplan.verb_group import VerbGroup
from softswitch.store.schema import StoredPhone


class OwnPhone(VerbGroup):
    """Of use to callers from phones of ours; for all others the answer is False or None."""

    async def log_in(self, who: str = "", pin: str = "") -> bool:
        """The agent of the caller's phone works from now on, or `who` (number or id) at this phone, with his PIN.

        False if that is not possible: no agent, no or another PIN, or too many wrong ones.
        """
        return self._verbs.log_in(who, pin)

    async def log_out(self) -> bool:
        """Whoever works at the caller's phone goes home, and from a phone that is not his own. False if nobody does."""
        return self._verbs.log_out()

    async def agent_line(self) -> NoReturn:
        """The caller, an agent, keeps this line open: queues' calls come to him here, without ringing, after a tone.

        He is logged in by it, and logged out when he hangs up. Raises `LocalError` for who is no agent.
        """
        await self._verbs.agent_line()

    @property
    def phone(self) -> StoredPhone | None:
        """What the caller has chosen for his extension (`forwards`, `no_answer_s`, `do_not_disturb`, `call_waiting`);
        None if he calls from no phone of ours."""
        return self._verbs.phone

    async def set_forwarding(self, reason: ForwardReason, target: str, *, after_s: float | None = None) -> bool:
        """Have calls to the caller's extension go to `target` ("": no longer), `after_s` of ringing for "no_answer".

        False if that is not possible: it has no extension, or may not call there.
        """
        phone = self._verbs.phone
        if phone is None or (target and self._verbs.forward_refusal(target)):
            return False
        try:
            chosen = with_forward(phone, reason, target, after_s)
        except LocalError:
            return False
        return await self._verbs.set_phone(chosen)

    async def set_do_not_disturb(self, is_on: bool) -> bool:
        """Whether callers of the caller's extension are told that it is busy. False if he has none."""
        phone = self._verbs.phone
        return phone is not None and await self._verbs.set_phone(replace(phone, do_not_disturb=is_on))

    async def set_call_waiting(self, is_on: bool) -> bool:
        """Whether phones of the caller's extension ring for another call during one. False if he has none."""
        phone = self._verbs.phone
        return phone is not None and await self._verbs.set_phone(replace(phone, call_waiting=is_on))
