"""What callers from phones of ours do for themselves and their work: forwards, logging in, breaks, supervising."""

from softswitch.acd.inputs import AcdInput, AgentPaused, AgentResumed, DispositionSet, WrapUpEnded
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId
from softswitch.base.log import get_logger
from softswitch.calls.forwarding import refusal_of
from softswitch.calls.kept.kept_verbs import KeptWatch
from softswitch.calls.runtime.listening_in import watch
from softswitch.calls.runtime.resumable_verbs import ResumableVerbs
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.store.schema import StoredPhone

log = get_logger("calls")


class OwnPhoneVerbs(ResumableVerbs):
    """The part of `CallerVerbs` for those who have an extension; for all others the answer is None or False."""

    @property
    def phone(self) -> StoredPhone | None:
        """What the caller has chosen for his extension; None if he has none of ours, or somebody else sent him here."""
        extension = self._own_extension
        return None if extension is None else self._call.around.phones.of(extension.username)

    def log_in(self, who: str, pin: str) -> bool:
        """The agent of the caller's phone, or `who` with his PIN, works there from now on."""
        extension = self._own_extension
        return extension is not None and self._call.around.desks.log_in(extension, who, pin)

    def log_out(self) -> bool:
        """Whoever works at the caller's phone goes."""
        extension = self._own_extension
        return extension is not None and self._call.around.desks.log_out(extension)

    async def set_phone(self, chosen: StoredPhone) -> bool:
        """Keep what the caller has chosen for his extension; True once it is on the disk."""
        return await self._call.around.phones.keep(chosen)

    def forward_refusal(self, target: str) -> str:
        """Why the caller's extension may not forward there; "" if it may."""
        extension = self._own_extension
        return (
            "it is no extension" if extension is None else refusal_of(extension, target, self._call.around.settings())
        )

    @property
    def break_reasons(self) -> tuple[str, ...]:
        """The reasons there are to be not ready; none: any will do."""
        return self._call.around.settings().not_ready_reasons

    @property
    def last_caller(self) -> str:
        """Who has called the caller's extension last, and shown a number."""
        extension = self._own_extension
        return "" if extension is None else self._call.around.phones.last_caller(extension.username)

    @property
    def last_called(self) -> str:
        """Whom the caller's extension has called last."""
        extension = self._own_extension
        return "" if extension is None else self._call.around.phones.last_called(extension.username)

    def call_when_free(self, whom: str) -> bool:
        """Ring the caller as soon as he and `whom` are free, and connect them."""
        extension, target = self._own_extension, self._call.around.settings().extension_for(whom)
        if extension is None or target is None:
            return False
        return self._call.exchange.completion.request(extension, target)

    def cancel_calls_when_free(self) -> bool:
        """He wants nobody any more."""
        extension = self._own_extension
        return extension is not None and self._call.exchange.completion.cancel(extension)

    def pause_work(self, reason: str) -> bool:
        """The agent of the caller's phone gets no contacts until `resume_work`."""
        agent = self._agent_at_work
        return agent is not None and self._tell_acd(AgentPaused(agent, reason, agent))

    def resume_work(self) -> bool:
        """He is ready again."""
        agent = self._agent_at_work
        return agent is not None and self._tell_acd(AgentResumed(agent, agent))

    def finish_wrap_up(self, disposition: str) -> bool:
        """He is done with what follows his last contact, of which he may say what came of it."""
        agent = self._agent_at_work
        if agent is None:
            return False
        if disposition and not self._tell_acd(DispositionSet(agent, disposition, None, agent)):
            return False
        return self._tell_acd(WrapUpEnded(agent, agent))

    async def is_stored(self) -> bool:
        """True once all of this is on the disk; False if the disk refuses."""
        around = self._call.around
        return await around.records.is_on_disk() and around.acd.is_kept

    async def supervise(self, whom: str, mode: SupervisionMode, *, follow: bool) -> bool:
        """Take part in what somebody talks, and, to `follow` him, in every conversation of his until either leaves."""
        await self._call.mailbox.check()
        extension, kept = self._own_extension, self._resumption(KeptWatch)
        if extension is None:
            return False
        watching = watch(self._call, extension, whom, mode, is_following=follow, kept=kept)
        if watching is None:
            return False
        with self._in_progress(watching.keep):
            return await watching.run()

    # Private

    @property
    def _own_extension(self) -> Extension | None:
        """Of a caller who is here because he wants to be: else whoever talks to a phone could set it as he likes, by
        transferring it to a star code."""
        extension, permissions = self._call.caller.extension, self._call.permissions
        if extension is None or permissions is None or permissions.username != extension.username:
            return None
        return extension

    @property
    def _agent_at_work(self) -> AgentId | None:
        extension = self._own_extension
        agent_id = None if extension is None else extension.agent_id
        return agent_id if agent_id is not None and self._call.around.acd.is_logged_in(agent_id) else None

    def _tell_acd(self, fact: AcdInput) -> bool:
        try:
            self._call.around.acd.apply(fact)
        except LocalError as error:
            log.info("not possible for an agent", call_id=self._call.call_id, reason=str(error))
            return False
        return True
