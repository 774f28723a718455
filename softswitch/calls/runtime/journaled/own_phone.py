"""The verbs of callers from phones of ours, noted."""

from typing import NoReturn

from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.journaled import kinds
from softswitch.calls.runtime.journaled.steps import JournaledSteps
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.verbs import CallVerbs
from softswitch.store.schema import StoredPhone


class JournaledOwnPhone:
    """The part of `JournaledVerbs` for those who have an extension."""

    _steps: JournaledSteps
    _verbs: CallVerbs

    # What they read

    @property
    def phone(self) -> StoredPhone | None:
        return self._steps.read("phone", None, lambda: self._verbs.phone, kinds.PHONE)

    @property
    def break_reasons(self) -> tuple[str, ...]:
        return self._steps.read("break_reasons", None, lambda: self._verbs.break_reasons, kinds.NAMES)

    @property
    def last_caller(self) -> str:
        return self._steps.read("last_caller", None, lambda: self._verbs.last_caller, kinds.TEXT)

    @property
    def last_called(self) -> str:
        return self._steps.read("last_called", None, lambda: self._verbs.last_called, kinds.TEXT)

    def forward_refusal(self, target: str) -> str:
        return self._steps.read("forward_refusal", target, lambda: self._verbs.forward_refusal(target), kinds.TEXT)

    # What they do

    async def set_phone(self, chosen: StoredPhone) -> bool:
        return await self._steps.wait_elsewhere("set_phone", chosen, lambda: self._verbs.set_phone(chosen), kinds.BOOL)

    def log_in(self, who: str, pin: str) -> bool:
        return self._steps.now("log_in", (who, pin), lambda: self._verbs.log_in(who, pin), kinds.BOOL)

    def log_out(self) -> bool:
        return self._steps.now("log_out", None, self._verbs.log_out, kinds.BOOL)

    def call_when_free(self, whom: str) -> bool:
        return self._steps.now("call_when_free", whom, lambda: self._verbs.call_when_free(whom), kinds.BOOL)

    def cancel_calls_when_free(self) -> bool:
        return self._steps.now("cancel_calls_when_free", None, self._verbs.cancel_calls_when_free, kinds.BOOL)

    def pause_work(self, reason: str) -> bool:
        return self._steps.now("pause_work", reason, lambda: self._verbs.pause_work(reason), kinds.BOOL)

    def resume_work(self) -> bool:
        return self._steps.now("resume_work", None, self._verbs.resume_work, kinds.BOOL)

    def finish_wrap_up(self, disposition: str) -> bool:
        return self._steps.now(
            "finish_wrap_up", disposition, lambda: self._verbs.finish_wrap_up(disposition), kinds.BOOL
        )

    async def is_stored(self) -> bool:
        return await self._steps.learn("is_stored", None, self._verbs.is_stored, kinds.BOOL)

    async def supervise(self, whom: str, mode: SupervisionMode, *, follow: bool) -> bool:
        return await self._steps.wait(
            "supervise", (whom, mode, follow), lambda: self._verbs.supervise(whom, mode, follow=follow), kinds.BOOL
        )

    async def agent_line(self) -> NoReturn:
        await self._steps.wait("agent_line", None, self._verbs.agent_line, kinds.NOTHING)
        raise CallEnded("the line is no longer open")
