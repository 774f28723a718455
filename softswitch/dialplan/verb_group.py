"""What the groups of verbs of a call share: the call beneath, the dialplan, and flows that are run in passing."""

from __future__ import annotations

from typing import Any

from softswitch.base.errors import LocalError
from softswitch.calls.verbs import CallVerbs
from softswitch.dialplan.flows import Dialplan

Said = str | int
"""A prompt's name, or a number to be read out."""


class VerbGroup:
    """One subject's verbs; `Call` is composed of such groups, and nothing else is."""

    def __init__(self, verbs: CallVerbs, dialplan: Dialplan) -> None:
        self._verbs = verbs
        self._dialplan = dialplan

    @property
    def language(self) -> str:
        """Prompts and announcements are spoken in it; set it to change it ("en", "ru")."""
        return self._verbs.language

    @language.setter
    def language(self, language: str) -> None:
        self._verbs.language = language

    async def run(self, flow: str, **arguments: Any) -> Any:
        """Go on with another flow, the project's own first, and come back with what it returns.

        Raises `UnknownName`, and `LocalError` for arguments that it does not take.
        """
        found = self._dialplan.flow_named(flow, self._verbs.record.project)
        try:
            running = found(self, **arguments)
        except TypeError as error:
            raise LocalError(f"run: {error}") from error
        return await running

    def _files(self, said: tuple[Said, ...]) -> list[str]:
        sounds = self._verbs.sounds
        files: list[str] = []
        for each in said:
            if isinstance(each, int):
                files += sounds.speak_number(each, self.language)
            else:
                files.append(sounds.resolve(each, self.language))
        return files
