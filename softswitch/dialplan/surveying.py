"""What callers think of the call: one question, or a survey of surveys.toml.

Each answer is noted as it is given, in the call's record and, after a queue, with the contact and its agent; so who
hangs up keeps what he has given.
"""

from __future__ import annotations

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import RecordedMessage, SurveyOutcome
from softswitch.dialplan.recording import Recording
from softswitch.dialplan.speaking import Speaking
from softswitch.dialplan.surveys import Survey, SurveyQuestion
from softswitch.prompts.spoken import Said

COMMENT_TAG = "survey_comment"
"""Of the call's record: the file of what the caller had to say."""


class Surveying(Speaking, Recording):
    """Questions about the call, by key, and a comment by voice."""

    _asked_by_queue: SurveyOutcome | None = None
    """What came of the survey of the queue the caller comes from, until he waits in one again."""

    async def survey(
        self,
        name: str,
        question: Said = "survey/question",
        *,
        scale: int = 5,
        tries: int = 2,
        thanks: Said | None = "survey/thanks",
    ) -> int | None:
        """Ask for a rating from 1 to `scale` (at most 9) and note it in the call's record, and with the agent the
        caller has talked to; None if none was given, or the queue he comes from has asked him already."""
        if not 2 <= scale <= 9:
            raise LocalError(f"survey: scale is {scale}, and must be from 2 to 9, because one key is pressed")
        if self._asked_by_queue is not None:
            return None
        self._verbs.drop_digits()
        allowed = "".join(str(score) for score in range(1, scale + 1))
        choice = await self.menu(question, digits=allowed, tries=tries, default="")
        if not choice.digit:
            return None
        self._verbs.rate(name, "", int(choice.digit))
        if thanks is not None:
            await self.play(thanks)
        return int(choice.digit)

    async def run_survey(self, survey: str) -> SurveyOutcome:
        """Ask the questions of a survey of surveys.toml, and for a comment where it wants one.

        What was typed before the first question does not count. An optional question is asked once, and may be passed
        over; who does not answer another one is asked nothing more. Who hangs up keeps what he has given: it is noted
        by then, and this raises `CallEnded`. Raises `UnknownName` for a survey that is not there for the call. Whom the
        queue he comes from has asked already is asked nothing: what came of that is returned.
        """
        found = self._dialplan.survey_named(survey, self._verbs.project_id)
        if self._asked_by_queue is not None:
            return self._asked_by_queue
        if found.invitation:
            await self.play(found.invitation)
        self._verbs.drop_digits()
        scores: dict[str, int] = {}
        for question in found.questions:
            score = await self._ask(found, question)
            if score is not None:
                scores[question.id] = score
            elif not question.is_optional:
                break
        is_complete = all(question.is_optional or question.id in scores for question in found.questions)
        comment = await self._comment(found) if is_complete else None
        if found.thanks and (scores or comment):
            await self.play(found.thanks)
        return SurveyOutcome(survey=survey, scores=scores, comment=comment, is_complete=is_complete)

    async def _ask(self, survey: Survey, question: SurveyQuestion) -> int | None:
        choice = await self.menu(
            question.prompt,
            digits="".join(question.scores),
            tries=1 if question.is_optional else survey.tries,
            timeout_s=survey.timeout_s,
            default="",
            invalid=None if question.is_optional else "menu/invalid-choice",
        )
        if not choice.digit:
            return None
        score = question.scores[choice.digit]
        self._verbs.rate(survey.id, question.id, score)
        return score

    async def _comment(self, survey: Survey) -> RecordedMessage | None:
        if survey.comment_prompt is None:
            return None
        if survey.comment_prompt:
            await self.play(survey.comment_prompt)
        comment = await self.record(limit_s=survey.comment_max_s)
        self._verbs.tag(COMMENT_TAG, comment.path)
        return comment

    async def _ask_after_queue(self, queue: str) -> None:
        """The survey of the queue whose agent has just hung up, if it asks this caller."""
        after = self._dialplan.after_queues.get(queue)
        if after is not None and after.asks(self._verbs.call_id):
            self._asked_by_queue = await self.run_survey(after.survey)
