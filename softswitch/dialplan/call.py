"""The call as the author of a flow sees it, composed of groups of verbs, one file a subject.

A verb is awaited and returns what came of it. Ordinary outcomes are values (softswitch/calls/outcomes.py). If the
caller hangs up, the verb in progress and every later one raise `CallEnded`, which a flow may leave to its runner.
Verbs that need to be heard answer the call first.

What is played is named by prompts ("greeting/welcome", in the call's language) or given as numbers, which are read out:
`await call.play("order/number", 4711)`. A name with a slash or a ".wav" ending is looked up in the operator's sounds.

| file | verbs |
|---|---|
| caller_facts.py | who calls, what is known and noted |
| knowing.py | what is known of him elsewhere |
| speaking.py | what he hears and types |
| recording.py | what he says, and what is kept |
| surveying.py | what he thinks of it |
| reaching.py | whom he reaches |
| streaming.py | programs that hear him or talk to him |
| conferring.py | telephone conferences |
| own_phone.py | what the owner of a phone sets |
| voicemail.py | messages he leaves, and boxes he opens |
| verb_group.py | what they share |
"""

from __future__ import annotations

from typing import NoReturn

from softswitch.dialplan.caller_facts import CallerFacts
from softswitch.dialplan.conferring import Conferring
from softswitch.dialplan.knowing import Knowing
from softswitch.dialplan.own_phone import OwnPhone
from softswitch.dialplan.reaching import Reaching
from softswitch.dialplan.streaming import Streaming
from softswitch.dialplan.voicemail import Voicemail


class Call(CallerFacts, Knowing, Reaching, Conferring, OwnPhone, Streaming, Voicemail):
    """One caller. Made by the switch for each call; kept by nobody after the flow has returned.

    `Reaching` brings `Surveying` along, and that `Speaking` and `Recording`.
    """

    async def answer(self) -> None:
        """Connect the caller."""
        await self._verbs.answer()

    async def ring(self) -> None:
        """Let the caller hear that somebody is rung; if he is connected, until something else is played to him."""
        await self._verbs.ring()

    async def reject(self, status: int = 603, reason: str | None = None) -> NoReturn:
        """Refuse the call with a SIP status (486 busy, 603 declined …); an answered call is hung up.

        Nothing after it is run: it raises `CallEnded`.
        """
        await self._verbs.reject(status, reason)

    async def hang_up(self) -> NoReturn:
        """End the call, as returning from the flow does. Nothing after it is run: it raises `CallEnded`."""
        await self._verbs.hang_up()
