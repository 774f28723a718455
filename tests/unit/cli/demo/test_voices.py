"""Two people speak in turn."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from softswitch.cli.demo.script import Dialogue, Lines
from softswitch.cli.demo.voices import Voices
from softswitch.media.sounds.wav import WavFault, read_sound
from softswitch.prompts.runtime.library import SoundLibrary

DIALOGUE = Dialogue("sales", "en", ("One red hat, please.", "Yes."), ("Is that all?", "Goodbye."))
LINES = Lines(greeting={"en": "{name} here."}, names={}, dialogue=(DIALOGUE,))


def samples(paths: list[str]) -> np.ndarray:
    pieces: list[np.ndarray] = []
    for path in paths:
        piece = read_sound(path)
        assert not isinstance(piece, WavFault)
        pieces.append(piece)
    return np.concatenate(pieces)


def test_one_listens_while_the_other_speaks(tmp_path: Path) -> None:
    voices = Voices(SoundLibrary(cache=tmp_path / "cache"), tmp_path / "people", LINES)
    assert voices.prepare({"anna": "Anna Petrova"}) == 5
    conversation = voices.converse(DIALOGUE, agent_id="anna", agent_name="Anna Petrova", agent_voice=1, caller_voice=2)
    agent, caller = samples(conversation.agent), samples(conversation.caller)
    assert len(agent) == len(caller) == round(conversation.duration_s * 8000)
    assert not np.any((agent != 0) & (caller != 0))
    assert not caller[: round(conversation.caller_begins_s * 8000)].any()
    loud = np.abs(np.stack((agent, caller)).astype(int)).reshape(2, -1, len(agent)).max(axis=1) > 500
    speakers = [0 if is_agent else 1 for is_agent, is_caller in loud.T if is_agent or is_caller]
    assert sum(before != after for before, after in pairwise(speakers)) == 4
