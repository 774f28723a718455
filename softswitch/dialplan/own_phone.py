"""What the owner of a phone of ours sets by calling: work as an agent, forwards, do not disturb."""

from __future__ import annotations

from typing import Literal, NoReturn

from msgspec.structs import replace

from softswitch.base.errors import LocalError
from softswitch.calls.forwarding import ForwardReason, with_forward
from softswitch.calls.supervision import SupervisionMode
from softswitch.dialplan.verb_group import VerbGroup
from softswitch.store.schema import StoredPhone

SupervisionModeName = Literal["listen", "whisper", "barge"]


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

    @property
    def break_reasons(self) -> tuple[str, ...]:
        """The reasons there are to be not ready ([agents] not_ready_reasons); none: any will do."""
        return self._verbs.break_reasons

    async def pause_work(self, reason: str = "") -> bool:
        """The agent of the caller's phone gets no contacts until `resume_work`; if he has one, when it is over.

        False if he is not logged in, or the reason is none of those there are.
        """
        return self._verbs.pause_work(reason)

    async def resume_work(self) -> bool:
        """He is ready again. False if he is not logged in."""
        return self._verbs.resume_work()

    async def finish_wrap_up(self, disposition: str = "") -> bool:
        """He is done with what follows his last contact, of which `disposition` says what came of it.

        False if there is nothing to finish, the queue does not know the disposition, or needs one; and if the disk
        refuses the disposition.
        """
        is_done = self._verbs.finish_wrap_up(disposition)
        return is_done and (not disposition or await self._verbs.is_stored())

    async def supervise(self, whom: str, mode: SupervisionModeName = "listen", *, follow: bool = False) -> bool:
        """Let the caller take part in what somebody of his teams talks, `follow` him from one conversation to the next.

        False if he may not, or nobody talks there. Otherwise it returns when it is over, or he has pressed 0.
        """
        return await self._verbs.supervise(whom, SupervisionMode(mode), follow=follow)

    @property
    def last_caller(self) -> str:
        """Who has called the caller's extension last, and shown a number; "" if nobody has since the start."""
        return self._verbs.last_caller

    @property
    def last_called(self) -> str:
        """The extension the caller has called last; "" if none since the start."""
        return self._verbs.last_called

    async def call_when_free(self, whom: str) -> bool:
        """Ring the caller as soon as he and the extension `whom` are both free, and then that one; for 45 minutes.

        False if there is no such extension, the caller has none, or wants too many already.
        """
        return self._verbs.call_when_free(whom)

    async def cancel_calls_when_free(self) -> bool:
        """Forget whom the caller wanted to talk to. False if nobody."""
        return self._verbs.cancel_calls_when_free()

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
