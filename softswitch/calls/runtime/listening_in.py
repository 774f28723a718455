"""A supervisor who calls: he listens to somebody of his teams, whispers to him, barges in, or takes the call over.

```
  supervise() ──► whom he named talks ──► LISTEN ⇄ WHISPER ⇄ BARGE ──the two part──► is_following: until he talks again
                    └─ nobody does, and he does not follow: False                  └─ not: True
  7 while they talk: he takes the agent's place; 0: he is done; hanging up ends it at any time
```

His leg stays in his own call, whose flow has the verb; only what he hears and who hears him is of the other. So his own
call may be anywhere, and is moved to the media worker on which they talk (taking_over.py).
"""

from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent, ConversationBegan, SupervisionOver
from softswitch.calls.kept.kept_verbs import KeptWatch
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.supervision import Supervisor, check_supervision
from softswitch.calls.runtime.taking_over import bring_caller_near, take_place
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import LEAVE_KEY, MODE_OF_KEY, TAKE_OVER_KEY, SupervisionMode, may_supervise
from softswitch.media.errors import MediaUnavailable

log = get_logger("calls")


class ListeningIn(Supervisor):
    """The caller of `own` supervises `call`, from `begin` to `end`."""

    __slots__ = ("_is_over", "_own")

    def __init__(self, own: ActiveCall, call: ActiveCall, extension: Extension, mode: SupervisionMode) -> None:
        super().__init__(call, extension, mode)
        self._own = own
        self._is_over = False

    async def begin(self) -> None:
        """Let him take part. Raises `LocalError` when that is not possible, `MediaUnavailable`, and `CallEnded`."""
        check_supervision(self._call, self.extension)
        if self._own.caller.stream is None:
            self._own.near = self._call.caller.stream
        await self._own.answer()
        if self._call.caller.stream is not None:
            await bring_caller_near(self._own, self._call.caller.stream)
        check_supervision(self._call, self.extension)
        self._call.supervisions.append(self)
        self.joined(self._own.caller)
        self.mask_changed()

    def end(self) -> None:
        """Once more is fine."""
        if self._is_over:
            return
        self._is_over = True
        self._call.supervisions.remove(self)
        self.left()
        if not self._own.mailbox.is_closed:
            self._own.mailbox.put(SupervisionOver())

    def receive(self, event: CallEvent) -> bool:
        """Nothing of the other call is for him: his leg is in his own."""
        return False

    async def take_over(self) -> None:
        """He talks to the caller in the agent's place; his own call is over.

        Raises `LocalError` and `MediaUnavailable`: then it goes on as it was, without him.
        """
        conversation = self._call.conversation
        if conversation is None:
            raise LocalError("they have parted")
        place, call, by = conversation.agent, self._call, self.extension.username
        self.note("take over")
        self.end()
        await take_place(self._own, self._own.caller, place, of=call, by=by, ended_by="switch")
        call.part(place)


def watch(
    own: ActiveCall,
    extension: Extension,
    whom: str,
    mode: SupervisionMode,
    *,
    is_following: bool,
    kept: KeptWatch | None = None,
) -> "Watch | None":
    """What the verb does, see the module; None if he may not, or there is nothing to supervise. `kept` is of one who
    did so in the switch before."""
    target = own.around.settings().extension_for(whom)
    if target is None or not may_supervise(extension, target):
        log.warning("supervision refused", call_id=own.call_id, by=extension.username, of=whom[:40])
        return None
    is_there = conversation_of(target, own.around, own.exchange, but=own) is not None
    if not is_there and not is_following and kept is None:
        return None
    watch = Watch(own, extension, target, mode if kept is None else kept.mode, is_following=is_following)
    watch.has_listened = kept is not None and kept.has_listened
    return watch


class Watch:
    """One supervisor, and whom he supervises, in one conversation or in all of them."""

    def __init__(
        self, own: ActiveCall, extension: Extension, target: Extension, mode: SupervisionMode, *, is_following: bool
    ) -> None:
        self._own = own
        self._extension = extension
        self._target = target
        self._mode = mode
        self._is_following = is_following
        self._listening: ListeningIn | None = None
        self.has_listened = False
        """To somebody, at some time."""

    def keep(self) -> KeptWatch:
        return KeptWatch(mode=self._mode, has_listened=self.has_listened, is_following=self._is_following)

    async def run(self) -> bool:
        own, watchers = self._own, self._own.around.conversations
        await own.answer()
        own.digits_typed.clear()
        own.set_state(CallState.SUPERVISING)
        stop = watchers.watch(self._target.username, lambda: own.mailbox.put(ConversationBegan()))
        try:
            while True:
                if self._listening is None:
                    await self._join()
                if self._listening is None and not self._is_following:
                    return self.has_listened
                self.has_listened = self.has_listened or self._listening is not None
                event = await own.mailbox.next()
                if isinstance(event, SupervisionOver):
                    self._listening = None
                if await self._is_done():
                    return True
        finally:
            stop()
            if self._listening is not None:
                self._listening.end()
            own.end_wait()

    async def _join(self) -> None:
        call = conversation_of(self._target, self._own.around, self._own.exchange, but=self._own)
        if call is None:
            return
        listening = ListeningIn(self._own, call, self._extension, self._mode)
        try:
            await listening.begin()
        except (LocalError, MediaUnavailable) as error:
            log.info("not supervised", call_id=call.call_id, by=self._extension.username, reason=str(error))
        else:
            self._listening = listening

    async def _is_done(self) -> bool:
        """After an event: he may have pressed a key."""
        while digit := self._own.digits_typed.take():
            if digit == LEAVE_KEY:
                return True
            if digit == TAKE_OVER_KEY and self._listening is not None:
                await self._take_over(self._listening)
            elif digit in MODE_OF_KEY:
                self._mode = MODE_OF_KEY[digit]
                self._own.changed()
                if self._listening is not None:
                    self._listening.switch_to(self._mode)
        return False

    async def _take_over(self, listening: ListeningIn) -> None:
        try:
            await listening.take_over()
        except (LocalError, MediaUnavailable) as error:
            log.info("not taken over", call_id=self._own.call_id, reason=str(error))
        await self._own.mailbox.check()


def conversation_of(
    target: Extension, around: Surroundings, exchange: Exchange, *, but: ActiveCall | None = None
) -> ActiveCall | None:
    """The call in which somebody talks now."""
    for leg_id in around.legs.of(target.username):
        call = exchange.call_of(leg_id)
        if call is None or call is but or call.conversation is None:
            continue
        if call.party(leg_id) in (call.conversation.near, call.conversation.far):
            return call
    return None
