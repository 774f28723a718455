"""What the caller hears and types."""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import Digits, MenuChoice
from softswitch.dialplan import spoken
from softswitch.dialplan.asking import Question, Step
from softswitch.dialplan.verb_group import VerbGroup
from softswitch.prompts.spoken import Said

ANY_DIGIT = "0123456789*#"


class Speaking(VerbGroup):
    """Prompts, texts, questions, menus."""

    async def play(self, *said: Said | Sequence[Said], stop_digits: str = "", answer: bool = True) -> str:
        """Play prompts, numbers and values (`spoken`) without a gap; returns the digit of `stop_digits` that cut them
        short, or "". A list is the same as its elements one after another.

        With `answer=False` a caller who is not connected hears it before the call begins, and pays nothing for it. A
        few phones and networks cannot play that: for them nothing is played, and it returns at once.
        """
        return await self._verbs.play(await self._files(said), stop_digits=stop_digits, answer=answer)

    async def say(self, text: str, *, stop_digits: str = "", answer: bool = True) -> str:
        """Speak a text in the call's language; otherwise as `play`. The same text is made once and then remembered."""
        return await self.play(spoken.text(text), stop_digits=stop_digits, answer=answer)

    async def pause(self, seconds: float) -> None:
        """Wait. Use it in place of `asyncio.sleep`: it ends at once when the caller hangs up."""
        await self._verbs.pause(seconds)

    async def wait_for_fax(self, seconds: float) -> bool:
        """Whether the caller is a fax machine, by the tone that it sends every three and a half seconds; returns when
        it has come once, or after `seconds`. It answers the call, and a machine that is called then hears it as it is.
        """
        return await self._verbs.wait_for_fax(seconds)

    async def gather(
        self,
        *said: Said | Sequence[Said],
        maximum: int,
        timeout_s: float = 5.0,
        between_s: float = 3.0,
        end_digits: str = "#",
    ) -> Digits:
        """Play a question, which the first digit cuts short, and collect the digits typed.

        `timeout_s` is how long the caller may think before the first digit, `between_s` before each further one.
        """
        if maximum < 1:
            raise LocalError(f"gather: maximum is {maximum}, and at least one digit must be wanted")
        first = await self.play(*said, stop_digits=ANY_DIGIT) if said else ""
        if first and first in end_digits:
            return Digits("", is_complete=True)
        if first and maximum == 1:
            return Digits(first, is_complete=True)
        rest = await self._verbs.digits(
            maximum=maximum - len(first),
            first_s=between_s if first else timeout_s,
            between_s=between_s,
            end_digits=end_digits,
        )
        return Digits(first + rest.digits, rest.is_complete)

    async def menu(
        self,
        *said: Said | Sequence[Said],
        digits: str = "",
        choices: Sequence[str] = (),
        timeout_s: float = 5.0,
        between_s: float = 2.0,
        tries: int = 2,
        silences: int | None = None,
        default: str | None = None,
        repeat: str = "",
        invalid: Said | None = "menu/invalid-choice",
        no_choice: Said | None = None,
    ) -> MenuChoice:
        """Ask for one of `digits`, or of `choices` of several keys, again after a wrong key or none; then `default`.

        What is typed before the question or during it counts, and cuts it short; what was typed after a wrong key is
        dropped. `tries` is how often it is asked in all; if `silences` is given, `tries` counts wrong keys only, and
        `silences` how often nothing may be typed. `default` is the first entry by default. The key `repeat` asks again.
        """
        question = Question(digits, choices, tries=tries, silences=silences, default=default, repeat=repeat)
        step = Step.DONE if question.is_over else Step.ASK
        while step is not Step.DONE:
            key = ""
            if step is Step.ASK:
                key = await self.play(*said, stop_digits=ANY_DIGIT) if said else ""
                following = Step.MORE
            elif step is Step.MORE:
                first_s = between_s if question.has_begun else timeout_s
                key = (await self._verbs.digits(maximum=1, first_s=first_s, between_s=between_s, end_digits="")).digits
                following = Step.MORE if key else question.pause()
            else:
                key = await self._tell(invalid if step is Step.WRONG else no_choice, step, is_over=question.is_over)
                following = Step.DONE if question.is_over else Step.ASK
            step = question.key(key) if key else following
        return question.choice

    async def _tell(self, words: Said | None, step: Step, *, is_over: bool) -> str:
        """Say that a choice was wrong or missing; returns the key of who knows better before it is all said."""
        if step is Step.WRONG:
            self._verbs.drop_digits()
        return "" if words is None else await self.play(words, stop_digits="" if is_over else ANY_DIGIT)
