"""Surveys that were written as tables (surveys.toml), compiled, and which queue asks which."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

YES_OR_NO = {"1": 1, "2": 0}
"""The keys of a question that is answered with yes or no, and what they count."""


class QuestionTable(Protocol):
    """An entry of `questions` as it was read."""

    @property
    def id(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def scale(self) -> int | Literal["yes_no"]: ...
    @property
    def optional(self) -> bool: ...


class SurveyTable(Protocol):
    """A `[[survey]]` table as it was read."""

    @property
    def id(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def invitation(self) -> str: ...
    @property
    def questions(self) -> Sequence[QuestionTable]: ...
    @property
    def tries(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def comment(self) -> bool: ...
    @property
    def comment_prompt(self) -> str: ...
    @property
    def comment_max_s(self) -> float: ...
    @property
    def thanks(self) -> str: ...


class SurveyQuestion(msgspec.Struct, frozen=True):
    """One question; `scores` is what each key counts."""

    id: str
    prompt: str
    scores: Mapping[str, int]
    is_optional: bool = False


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """Questions that are asked one after another, and a comment, unless `comment_prompt` is None."""

    id: str
    project: str = ""
    invitation: str = ""
    questions: tuple[SurveyQuestion, ...]
    tries: int = 2
    timeout_s: float = 5.0
    comment_prompt: str | None = None
    comment_max_s: float = 60.0
    thanks: str = ""


class AfterQueue(msgspec.Struct, frozen=True):
    """What a queue's callers are asked when their agent has hung up, and how many of a hundred of them."""

    survey: str
    percent: float = 100.0

    def asks(self, call_id: str) -> bool:
        """Whether the caller is among them: by chance, but for the same call always the same."""
        return zlib.crc32(call_id.encode()) % 10_000 < self.percent * 100


def compile_survey(table: SurveyTable) -> Survey:
    """`config/check_surveys.py` has looked at it before."""
    return Survey(
        id=table.id,
        project=table.project,
        invitation=table.invitation,
        questions=tuple(
            SurveyQuestion(
                question.id,
                question.prompt or text_name(table.id, question.id),
                scores_of(question.scale),
                question.optional,
            )
            for question in table.questions
        ),
        tries=table.tries,
        timeout_s=table.timeout_s,
        comment_prompt=table.comment_prompt if table.comment else None,
        comment_max_s=table.comment_max_s,
        thanks=table.thanks,
    )


def scores_of(scale: int | Literal["yes_no"]) -> Mapping[str, int]:
    """What each key counts."""
    return YES_OR_NO if scale == "yes_no" else {str(score): score for score in range(1, scale + 1)}


def text_name(survey_id: str, question_id: str) -> str:
    """The prompt that a question's own text is; a recording of that name takes its place."""
    return f"surveys/{survey_id}/{question_id}"
