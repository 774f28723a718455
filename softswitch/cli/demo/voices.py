"""The voices of callers and agents: espeak-ng, higher or lower for each, and silence while the other speaks."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import Fault
from softswitch.cli.demo.script import VOICES, Dialogue, Lines
from softswitch.media.sounds.wav import WavFault, read_sound
from softswitch.prompts.errors import PromptError
from softswitch.prompts.resampling import SAMPLE_RATE_HZ, resample
from softswitch.prompts.runtime.library import SoundLibrary
from softswitch.prompts.runtime.wav_files import write_wav

_PRETENDED_RATES_HZ = (8000, 8800, 7200)
"""Per voice. Samples taken for faster ones than they are sound higher (and quicker), as with a tape."""
assert len(_PRETENDED_RATES_HZ) == VOICES

_PAUSE_S = 0.4
"""Before anybody speaks; after each sentence the prompts have a pause of their own."""


class Utterance(msgspec.Struct, frozen=True):
    """One sentence as a file to be played."""

    path: str
    samples: int


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What each side plays, both beginning at the same moment, so that they speak in turn. Durations in seconds."""

    agent: list[str]
    caller: list[str]
    duration_s: float
    caller_begins_s: float
    """Nothing is heard of the caller before this."""


class Voices:
    """Makes what is not in `folder` yet. Every method raises PromptError: espeak-ng missing, a full disk."""

    def __init__(self, library: SoundLibrary, folder: Path, lines: Lines) -> None:
        self._library = library
        self._folder = folder
        self._lines = lines
        self._utterances: dict[tuple[str, str, int], Utterance] = {}

    def prepare(self, agent_names: dict[str, str]) -> int:
        """Speak everything that may be said, and return how many sentences that is."""
        for dialogue in self._lines.dialogue:
            for text in (*dialogue.caller, *dialogue.agent):
                for voice in range(VOICES):
                    self._utterance(text, dialogue.language, voice)
        for agent_id, name in agent_names.items():
            for language in self._lines.greeting:
                for voice in range(VOICES):
                    self._utterance(self._greeting(agent_id, name, language), language, voice)
        for utterance in list(self._utterances.values()):
            self._silence(utterance.samples)
        return len({text for text, _, _ in self._utterances})

    def converse(
        self, dialogue: Dialogue, *, agent_id: str, agent_name: str, agent_voice: int, caller_voice: int
    ) -> Conversation:
        language = dialogue.language
        pause = self._silence(round(_PAUSE_S * SAMPLE_RATE_HZ))
        greeting = self._utterance(self._greeting(agent_id, agent_name, language), language, agent_voice)
        turns = [(True, greeting)]
        for question, answer in zip(dialogue.caller, dialogue.agent, strict=True):
            turns.append((False, self._utterance(question, language, caller_voice)))
            turns.append((True, self._utterance(answer, language, agent_voice)))
        sides = {True: [pause], False: [pause]}
        for is_agents, utterance in turns:
            sides[is_agents].append(utterance.path)
            sides[not is_agents].append(self._silence(utterance.samples))
        return Conversation(
            agent=sides[True],
            caller=sides[False],
            duration_s=_PAUSE_S + sum(utterance.samples for _, utterance in turns) / SAMPLE_RATE_HZ,
            caller_begins_s=_PAUSE_S + greeting.samples / SAMPLE_RATE_HZ,
        )

    def _greeting(self, agent_id: str, name: str, language: str) -> str:
        spoken = self._lines.names.get(language, {}).get(agent_id, name.split()[0])
        return self._lines.greeting[language].format(name=spoken)

    def _utterance(self, text: str, language: str, voice: int) -> Utterance:
        key = (text, language, voice)
        if key not in self._utterances:
            self._utterances[key] = self._speak(text, language, voice)
        return self._utterances[key]

    def _speak(self, text: str, language: str, voice: int) -> Utterance:
        neutral = Path(self._library.say(text, language))
        path = self._folder / f"{neutral.stem}-{_PRETENDED_RATES_HZ[voice]}.wav"
        if not path.exists():
            samples = _read(neutral).astype(np.float32) * np.float32(1 / 32768)
            write_wav(path, resample(samples, _PRETENDED_RATES_HZ[voice]))
        return Utterance(str(path), len(_read(path)))

    def _silence(self, samples: int) -> str:
        path = self._folder / f"silence-{samples}.wav"
        if not path.exists():
            write_wav(path, np.zeros(samples, dtype=np.float32))
        return str(path)


def _read(path: Path) -> NDArray[np.int16]:
    sound = read_sound(str(path))
    if isinstance(sound, WavFault):
        raise PromptError(Fault(str(path), "sound", sound.reason, "Delete the file: it is made again"))
    return sound
