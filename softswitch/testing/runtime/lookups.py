"""A service outside, for calls in virtual time: it answers what the test says, after the time the test says."""

import asyncio
from collections.abc import Mapping

from softswitch.calls.lookups import Lookup, LookupField
from softswitch.calls.outcomes import LookupAnswer


class FakeLookups:
    """`answers` by lookup; `questions` are what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, LookupAnswer] = {}
        self.takes_s = 0.0
        self.questions: list[tuple[str, dict[str, LookupField]]] = []

    @property
    def configured(self) -> Mapping[str, Lookup]:
        return {name: Lookup(url="https://crm.example") for name in self.answers}

    async def ask(self, name: str, fields: Mapping[str, LookupField]) -> LookupAnswer:
        """What the test has put there, or nothing found."""
        self.questions.append((name, dict(fields)))
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        return self.answers.get(name, LookupAnswer())
