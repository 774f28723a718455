"""One voice message played to one agent: his phone rings, he hears it, calls back with a key, and is done.

The call begins with nobody and is the contact of the router; the agent is its caller from his answer on. He has heard
the message when it was played to its end, or he has said so by a key, or hung up after `HEARD_S` of it.

If the switch dies meanwhile he hears it again, or talks on to whom he has called back.
"""

from collections.abc import Awaitable, Callable

from softswitch.acd.inputs import ContactFinished, ContactWithdrawn
from softswitch.acd.outputs import AgentReserved
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import talk_on
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.first_party import reach_agent
from softswitch.calls.runtime.sounds import names_of_digits, or_silence
from softswitch.store.voicemail_schema import StoredVoiceMessage

log = get_logger("voicemail")

HEARD_S = 5.0
AGAIN, CALL_BACK, DONE = "1", "5", "9"
KEY_S = 8.0
"""How long he may think; then he is done."""
ROUNDS_MAX = 20


class VoiceContactCall:
    """`report` is told once whether the agent has heard the message."""

    def __init__(self, call: ActiveCall, message: StoredVoiceMessage, report: Callable[[bool], None]) -> None:
        self._call = call
        self._around = call.around
        self._message = message
        self._report = report
        self._contact = ContactId(call.call_id)
        self._agent = ""
        self._is_heard = False
        box = self._around.voicemail.box_for(message.box)
        call.record.flow = "voicemail"
        call.record.queue = "" if box is None else box.queue
        call.record.tags["voicemail"] = f"{message.box} {message.message_id}"

    async def run(self, reserved: AgentReserved) -> None:
        await self._until_over(self._begin(reserved))

    async def go_on(self) -> None:
        """With the agent who was the caller in the switch before."""
        self._agent = self._call.record.agent
        await self._until_over(self._play_to_agent() if self._call.conversation is None else self._talk_on())

    async def _begin(self, reserved: AgentReserved) -> None:
        if await self._reach_agent(reserved):
            await self._play_to_agent()

    async def _talk_on(self) -> None:
        self._is_heard = True
        await talk_on(self._call)

    async def _until_over(self, what: Awaitable[None]) -> None:
        try:
            await what
        except CallEnded:
            pass
        except SoftswitchError as error:
            self._call.record.fault = str(error)
            log.error("voice message not played", message=self._message.message_id, fault=str(error))
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._agent:
            self._around.acd.apply(ContactFinished(self._contact))
        else:
            self._around.acd.apply(ContactWithdrawn(self._contact, "not heard"))
        self._call.flow_over()
        if self._is_heard:
            self._around.voicemail.heard(self._message.message_id, self._agent)
        log.info("voice message", message=self._message.message_id, agent=self._agent, is_heard=self._is_heard)
        self._report(self._is_heard)

    async def _reach_agent(self, reserved: AgentReserved) -> bool:
        """Whether he answered and the router has connected him."""
        connected = await reach_agent(
            self._call, reserved, f"voicemail: {self._message.calling_name or self._message.calling_number}"
        )
        if connected is None:
            return False
        self._agent = connected.agent_id
        self._call.permissions = self._call.caller.extension
        return True

    async def _play_to_agent(self) -> None:
        verbs = CallerVerbs(self._call)
        key = await verbs.play(self._sounds(verbs, "voicemail/from-number"), stop_digits=AGAIN + CALL_BACK + DONE)
        for _ in range(ROUNDS_MAX):
            if key in ("", AGAIN):
                key = await self._play_message(verbs)
            if not key:
                menu = self._sounds(verbs, "voicemail/agent-menu", number=False)
                key = await verbs.play(menu, stop_digits=AGAIN + CALL_BACK + DONE)
            if not key:
                typed = await verbs.digits(maximum=1, first_s=KEY_S, between_s=KEY_S, end_digits="")
                key = typed.digits or DONE
            if key == CALL_BACK:
                self._is_heard = True
                await self._call_back()
                return
            if key != AGAIN:
                break
        self._is_heard = True
        await verbs.play(self._sounds(verbs, "voicemail/done", number=False))

    async def _play_message(self, verbs: CallerVerbs) -> str:
        began_at = self._around.clock.now()
        try:
            played = await verbs.play_file(self._message.path, skip_s=0.0, stop_digits=AGAIN + CALL_BACK + DONE)
        except CallEnded:
            heard_s = self._around.clock.now() - began_at
            self._is_heard = self._is_heard or heard_s >= min(HEARD_S, self._message.duration_s)
            raise
        if not played.digit:
            self._is_heard = True
        return played.digit

    async def _call_back(self) -> None:
        number = self._message.calling_number
        if not number:
            return
        plan = RingPlan([number])
        await Dialling(self._call, plan, record=None, ring_s=self._around.settings().ring_s).run()

    def _sounds(self, verbs: CallerVerbs, name: str, *, number: bool = True) -> list[str]:
        digits = names_of_digits(self._message.calling_number) if number else []
        return or_silence(lambda: [verbs.sounds.resolve(each, verbs.language) for each in (name, *digits)])
