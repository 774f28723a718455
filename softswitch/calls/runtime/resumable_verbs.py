"""Verbs that go on after a restart of the switch where they were: what each says of itself, and what it is told."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from softswitch.calls.kept.kept_verbs import KeptVerb
from softswitch.calls.runtime.active_call import ActiveCall

KeptT = TypeVar("KeptT", bound=KeptVerb)


class ResumableVerbs:
    """What all verbs of `CallerVerbs` stand on."""

    def __init__(self, call: ActiveCall, resumption: KeptVerb | None = None) -> None:
        """`resumption` is how far the first verb that is carried out was, in the switch before."""
        self._call = call
        self._kept: KeptVerb | None = resumption
        self._talk = call.conversation
        """In which it was, if it was: a flow that takes its time may come back to it when it is over."""
        self._keep: Callable[[], KeptVerb] | None = None

    def keep(self) -> KeptVerb | None:
        """How far the verb in progress is; None if it is to begin again, or there is none."""
        return self._kept if self._keep is None else self._keep()

    @property
    def is_left_over(self) -> bool:
        """What was kept of a verb has not been taken up."""
        return self._kept is not None

    def _resumption(self, kind: type[KeptT]) -> KeptT | None:
        """How far this verb was; None: it begins now."""
        return self._kept if isinstance(self._kept, kind) else None

    @contextmanager
    def _in_progress(self, keep: Callable[[], KeptVerb]) -> Generator[None]:
        """While this verb goes on it says by `keep` how far it is."""
        self._kept, self._keep = None, keep
        try:
            yield
        finally:
            self._keep = None
