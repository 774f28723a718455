"""Makes sounds beside the event loop: speaking a sentence takes 10 to 50 ms, in which nobody else would be served."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from softswitch.base.log import get_logger
from softswitch.calls.limits import SPEAKING_S_MAX
from softswitch.calls.verbs import SoundFiles
from softswitch.prompts.spoken import Said

log = get_logger("calls")


class SpeechThread:
    """One thread for all calls, because the speech synthesis is one machine; it is started when it is first needed.

    Whoever waits too long goes on without, so the calls of one moment are all that can wait.
    """

    __slots__ = ("_executor",)

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None

    async def files(self, sounds: SoundFiles, said: Sequence[Said], language: str) -> list[str]:
        """What `said` sounds like in a language; nothing, with a line in the log, if it cannot be made in time."""
        found = sounds.ready(said, language)
        if found is not None:
            return found
        self._executor = self._executor or ThreadPoolExecutor(1, thread_name_prefix="speech")
        making = asyncio.get_running_loop().run_in_executor(self._executor, sounds.files, said, language)
        try:
            return await asyncio.wait_for(making, SPEAKING_S_MAX)
        except TimeoutError:
            log.warning("not spoken in time", said=[str(each)[:80] for each in said], after_s=SPEAKING_S_MAX)
            return []
