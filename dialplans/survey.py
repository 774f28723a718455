"""Several questions with answers by key, and a comment in the caller's own words.

After a call: a flow runs it when `call.queue` has returned, or an agent transfers the caller to its number. From
outside: people call it, as they were asked to by mail. In numbers.toml:

    [[route]]
    number = "+18005550111"
    flow = "survey"

    [[route]]
    number = "770"                  # agents transfer callers here
    flow = "after_call_survey"

or in a flow of yours:

    outcome = await call.queue("support")
    if outcome.is_answered:
        await call.run("after_call_survey")

Answers are scores in the call's record (`softswitch cdr`), under the names in QUESTIONS, also of those who hang up
before the end. The comment is in the index of recordings, under the call's id, and named by the tag "comment".
"""

from typing import NamedTuple

from softswitch.dialplan import Call, flow


class Question(NamedTuple):
    """It is answered with a key from 1 to `scale`, at most 9."""

    name: str
    prompt: str
    scale: int


QUESTIONS = (
    Question("solved", "survey/solved", 2),
    Question("satisfaction", "survey/satisfaction", 5),
    Question("recommend", "survey/recommend", 9),
)
COMMENT_S = 60.0
"""How long the comment may be; 0: none is asked for."""
SHORTEST_S = 2.0
"""Who says less has nothing to say."""


@flow
async def survey(call: Call) -> None:
    """For those who have called for it."""
    await call.play("greeting/welcome", "survey/some-questions")
    await ask(call)


@flow
async def after_call_survey(call: Call) -> None:
    """For those who have just talked to somebody; who hangs up then is not asked."""
    await call.play("survey/invitation", "survey/some-questions")
    await ask(call)


async def ask(call: Call) -> None:
    answers = [await call.survey(each.name, each.prompt, scale=each.scale, thanks=None) for each in QUESTIONS]
    if COMMENT_S and any(answer is not None for answer in answers):
        await call.play("survey/comment")
        message = await call.record(limit_s=COMMENT_S)
        if message.duration_s >= SHORTEST_S:
            call.tag("comment", message.path)
    await call.play("survey/thank-you")
