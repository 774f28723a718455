"""The rows of surveys.toml, every key with its default; docs/configuration.md says the same for operators."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier


class QuestionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of `questions` of a survey."""

    id: Identifier
    prompt: str = ""
    """A prompt or a recording in place of the text."""
    text: str | dict[str, str] = ""
    """What is asked, spoken; by language ({en = "...", ru = "..."}), or in the default language."""
    scale: Annotated[int, Meta(ge=2, le=9)] | Literal["yes_no"] = 5
    """Answered with a key from 1 to this one; or with 1 for yes and 2 for no."""
    optional: bool = False
    """Asked once, and no matter if it is not answered."""


class SurveyRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[survey]]: what callers are asked about a call. Compiled by dialplan/surveys.py."""

    id: Identifier
    project: str = ""
    """For whom it is; empty: for all."""
    questions: tuple[QuestionRow, ...]
    invitation: str = "survey/invitation"
    """Said first; empty: nothing."""
    tries: Annotated[int, Meta(ge=1, le=5)] = 2
    """How often a question is asked that is not optional."""
    timeout_s: Annotated[float, Meta(ge=1, le=60)] = 5
    """How long the caller may think."""
    comment: bool = False
    """After the questions he may say what he wants, and it is recorded."""
    comment_prompt: str = "survey/comment"
    """Asks him to."""
    comment_max_s: Annotated[float, Meta(ge=5, le=600)] = 60
    thanks: str = "survey/thanks"
    """Said at the end to who has answered something; empty: nothing."""
