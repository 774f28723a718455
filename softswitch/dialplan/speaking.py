"""What the caller hears and types."""

from __future__ import annotations

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import Digits, MenuChoice
from softswitch.dialplan.verb_group import Said, VerbGroup

ANY_DIGIT = "0123456789*#"


class Speaking(VerbGroup):
    """Prompts, questions, menus."""

    async def play(self, *said: Said, stop_digits: str = "", answer: bool = True) -> str:
        """Play prompts and numbers without a gap; returns the digit of `stop_digits` that cut them short, or "".

        With `answer=False` a caller who is not connected hears it before the call begins, and pays nothing for it. A
        few phones and networks cannot play that: for them nothing is played, and it returns at once.
        """
        return await self._verbs.play(self._files(said), stop_digits=stop_digits, answer=answer)

    async def pause(self, seconds: float) -> None:
        """Wait. Use it in place of `asyncio.sleep`: it ends at once when the caller hangs up."""
        await self._verbs.pause(seconds)

    async def gather(
        self,
        *said: Said,
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
        first = await self._verbs.play(self._files(said), stop_digits=ANY_DIGIT) if said else ""
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
        self, *said: Said, digits: str, timeout_s: float = 5.0, tries: int = 2, default: str | None = None
    ) -> MenuChoice:
        """Ask for one of `digits`, again after a wrong digit or none; then take `default`, the first by default."""
        if not digits:
            raise LocalError("menu: digits is empty, so there is nothing to choose")
        for _ in range(tries):
            typed = await self.gather(*said, maximum=1, timeout_s=timeout_s, end_digits="")
            if typed.digits and typed.digits in digits:
                return MenuChoice(typed.digits)
            if typed.digits:
                await self.play("menu/invalid-choice")
        return MenuChoice(digits[0] if default is None else default, is_default=True)

    async def survey(
        self, name: str, question: str = "survey/question", *, scale: int = 5, tries: int = 2
    ) -> int | None:
        """Ask for a rating from 1 to `scale` (at most 9) and note it in the call's record; None if none was given."""
        if not 2 <= scale <= 9:
            raise LocalError(f"survey: scale is {scale}, and must be from 2 to 9, because one key is pressed")
        self._verbs.drop_digits()
        allowed = "".join(str(score) for score in range(1, scale + 1))
        choice = await self.menu(question, digits=allowed, tries=tries, default="")
        if not choice.digit:
            return None
        self._verbs.record.scores[name] = int(choice.digit)
        await self.play("survey/thanks")
        return int(choice.digit)
