"""The thread in which texts are made: beside the loop, one at a time, and not waited for without end."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from softswitch.calls.runtime import speech
from softswitch.calls.runtime.speech import SpeechThread
from softswitch.dialplan import Said, spoken
from softswitch.testing.call import FakeSounds


class SlowSounds(FakeSounds):
    """Nothing is ready, and a text waits until the test lets it go on."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.made: list[str] = []
        self.go_on = threading.Event()

    def ready(self, said: Sequence[Said], language: str) -> list[str] | None:
        return None if any(isinstance(each, spoken.Text) for each in said) else super().ready(said, language)

    def files(self, said: Sequence[Said], language: str) -> list[str]:
        self.threads.add(threading.get_ident())
        assert self.go_on.wait(10.0)
        self.made.append(f"{language} {said[0]}")
        return [str(each) for each in said]


def test_a_text_is_made_in_a_thread_while_others_are_served() -> None:
    async def scenario() -> None:
        sounds, thread = SlowSounds(), SpeechThread()
        waiting = [asyncio.create_task(thread.files(sounds, [spoken.text(word)], "en")) for word in ("one", "two")]
        assert await thread.files(sounds, ["greeting/welcome", 5], "en") == ["greeting/welcome", "number 5"]
        sounds.go_on.set()
        assert await asyncio.gather(*waiting) == [["text one"], ["text two"]]
        assert sounds.made == ["en text one", "en text two"]
        assert len(sounds.threads) == 1
        assert threading.get_ident() not in sounds.threads

    asyncio.run(scenario())


def test_who_waits_too_long_goes_on_without_and_what_has_not_begun_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speech, "SPEAKING_S_MAX", 0.05)

    async def scenario() -> None:
        sounds, thread = SlowSounds(), SpeechThread()
        waiting = [asyncio.create_task(thread.files(sounds, [spoken.text(word)], "en")) for word in ("one", "two")]
        assert await asyncio.gather(*waiting) == [[], []]
        sounds.go_on.set()
        assert await thread.files(sounds, [spoken.text("three")], "en") == ["text three"]
        assert sounds.made == ["en text one", "en text three"]

    asyncio.run(scenario())
