"""What an agent hears before the caller: a tone, the name of the queue or of the client company.

An agent who serves several companies must know in whose name to answer, and one whose phone answers by itself must know
that somebody is there. The caller hears his music meanwhile, and has lost nothing if the agent hangs up. The greeting
is over when its sounds are, or after `GREETING_S_MAX` should their end never be told (a media worker that has died).
"""

from collections.abc import Sequence

from softswitch.base.clock import Clock
from softswitch.base.ids import AgentId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_line import ZIP_TONE
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.settings import QueueTreatment

GREETING_S_MAX = 10.0
"""A caller who was told nothing for longer than this thinks that the line is dead."""


class AgentGreeting:
    """Sounds that play to one agent, from now on."""

    __slots__ = ("_agent", "_clock", "_play_id", "agent_id", "began_at")

    def __init__(self, agent_id: AgentId, agent: Party, sounds: Sequence[str], clock: Clock) -> None:
        assert agent.stream is not None, "he has answered"
        self.agent_id = agent_id
        self.began_at = clock.now()
        self._agent = agent
        self._clock = clock
        self._play_id = agent.stream.play(sounds)

    @property
    def left_s(self) -> float:
        """Seconds until it is over at the latest."""
        return max(0.0, self.began_at + GREETING_S_MAX - self._clock.now())

    def ends_with(self, play_id: int) -> bool:
        """Whether the end of this playback is its own."""
        return play_id == self._play_id

    def stop(self) -> None:
        """Nothing of it is to be heard any more."""
        if self._agent.stream is not None:
            self._agent.stream.stop_play(self._play_id)


def words_for(call: ActiveCall, treatment: QueueTreatment, agent_id: AgentId, agent: Party) -> list[str]:
    """What the agent is to hear before this caller, in his own language; nothing, if the queue says nothing."""
    extension = call.around.settings().extension_of_agent(agent_id)
    language = call.language if extension is None or not extension.language else extension.language
    zip_tone = (ZIP_TONE,) if agent.open_line else ()  # else he would not know that somebody is there
    library, sounds = sounds_of(call), list[str]()
    for name in treatment.agent_hears or zip_tone:
        sounds += or_silence(lambda name=name: [library.resolve(name, language)])
    return sounds
