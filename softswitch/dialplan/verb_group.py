"""What the groups of verbs of a call share: the call beneath, the dialplan, and flows that are run in passing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from softswitch.base.errors import LocalError
from softswitch.calls.verbs import CallVerbs
from softswitch.dialplan.flows import Dialplan
from softswitch.prompts.spoken import Said


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
        found = self._dialplan.flow_named(flow, self._verbs.project_id)
        try:
            running = found(self, **arguments)
        except TypeError as error:
            raise LocalError(f"run: {error}") from error
        return await running

    async def _files(self, said: Sequence[Said | Sequence[Said]]) -> list[str]:
        flat: list[Said] = []
        for each in said:
            if isinstance(each, str) or not isinstance(each, Sequence):
                flat.append(each)
            else:
                flat += each
        return await self._verbs.files(flat)
