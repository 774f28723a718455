"""The switch dies while a fake call's flow is in a verb, and the next one does the flow again: it must end the same.

```python
check_restarts(call, flow, dialplan)   # at each of its verbs once, and again and again in one life
```

A process that is killed runs no `finally` of a flow. Here they do run, on a call that is thrown away: the one that goes
on is as it was in the moment of death.
"""

import copy
from collections.abc import Sequence
from typing import Any

import msgspec

from softswitch.calls.kept.verb_journal import KeptJournal, VerbJournal
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.runtime.journaled.verbs import JournaledVerbs
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.testing.call import FakeCall, finish

DEATHS_MAX = 30
"""Moments at which the switch dies in one check: of a flow with more steps not each is tried."""


class SwitchDied(BaseException):
    """In the midst of a verb."""


class Restarts:
    """One call whose switch dies at its steps `dies_at`, each counted from the restart before."""

    def __init__(self, call: FakeCall, dies_at: Sequence[int]) -> None:
        self.call = call
        self.deaths = 0
        self._dies_at = list(dies_at)
        self.steps = 0
        self._kept = KeptJournal()
        self._journal = VerbJournal()
        self._state: dict[str, Any] = {}

    def run(self, flow: Flow, dialplan: Dialplan) -> str:
        """To the end; returns what the flow ended with, if that was an error. Fails if it could not be resumed."""
        call = self.call
        while True:
            self._journal, self.steps = VerbJournal(self._kept), 0
            verbs = JournaledVerbs(call, self._journal)
            call.on_step = self._step
            try:
                finish(flow(Call(verbs, dialplan)))
            except SwitchDied:
                self.deaths += 1
                call.__dict__.clear()
                call.__dict__.update(self._state)
                continue
            except CallEnded:
                call.is_over = True
            except Exception as error:
                return repr(error)
            assert not verbs.left, verbs.left
            assert not self._journal.unreached, self._journal.unreached
            return ""

    def _step(self) -> None:
        self.steps += 1
        if not self._dies_at or self.steps != self._dies_at[0]:
            return
        del self._dies_at[0]
        self._kept = msgspec.msgpack.decode(msgspec.msgpack.encode(self._journal.keep()), type=KeptJournal)
        self._state = copy.deepcopy(self.call.__dict__, {id(self.call): self.call})
        raise SwitchDied


def check_restarts(call: FakeCall, flow: Flow, dialplan: Dialplan) -> None:
    """`call`, which has not begun, is left as it is. One that hangs up after a number of verbs is not disturbed: a verb
    that is done again counts twice."""
    if call.hangs_up:
        return
    undisturbed = Restarts(copy.deepcopy(call), ())
    fault = undisturbed.run(flow, dialplan)
    wanted = (*_end_of(undisturbed.call), fault)
    steps = undisturbed.steps
    apart = 1 + steps // DEATHS_MAX
    for at in range(1, steps + 1, apart):
        disturbed = Restarts(copy.deepcopy(call), (at,))
        ended = disturbed.run(flow, dialplan)
        assert (*_end_of(disturbed.call), ended) == wanted, f"the switch died at step {at}"
    often = Restarts(copy.deepcopy(call), [apart + 1] * min(steps, DEATHS_MAX))
    ended = often.run(flow, dialplan)
    assert (*_end_of(often.call), ended) == wanted, "the switch died again and again"


def _end_of(call: FakeCall) -> tuple[object, ...]:
    """All that a flow can have done."""
    return (
        call.transcript,
        call.queue_wishes,
        call.dial_terms,
        call.variables,
        call.language,
        call.is_caller_hidden,
        call.is_answered,
        call.is_over,
        call.record.tags,
        call.record.scores,
        call.lists,
        call.phone,
        call.script_left,
        call.clock.now(),
        call.voicemail.dropped,
        {box: call.voicemail.book.of(box) for box in call.voicemail.boxes},
        {box: call.voicemail.book.chosen(box) for box in call.voicemail.boxes},
    )
