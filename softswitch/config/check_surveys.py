"""What must hold for surveys: each question is asked in one way and every language; queues name surveys there are."""

from softswitch.calls.projects import may_use
from softswitch.config.check_prompts import check_texts
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.limits import SURVEY_QUESTIONS_MAX
from softswitch.config.survey_rows import QuestionRow
from softswitch.config.toml_lines import KeyPath

FILE = "surveys.toml"


def check_surveys(draft: Draft) -> None:
    faults = draft.fault_lists[FILE]
    seen: set[str] = set()
    for index, row in draft.surveys:
        path: KeyPath = ("survey", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a survey "{row.id}" already', "Give every survey its own id")
        seen.add(row.id)
        if not 1 <= len(row.questions) <= SURVEY_QUESTIONS_MAX:
            reason = f"there are {len(row.questions)} questions"
            faults.add((*path, "questions"), reason, f"Write one to {SURVEY_QUESTIONS_MAX}")
        asked: set[str] = set()
        for position, question in enumerate(row.questions):
            place = (*path, "questions", position)
            if question.id in asked:
                reason = f'there is a question "{question.id}" already, and their answers would be one figure'
                faults.add((*place, "id"), reason, "Give every question of a survey its own id")
            asked.add(question.id)
            _check_question(question, place, draft, faults)
    _check_queues(draft)


def _check_question(row: QuestionRow, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    if not row.text and not row.prompt:
        faults.add((*path, "text"), "nothing is asked", 'Write text = "How ...? Press ...", or prompt = "NAME"')
    if row.text and row.prompt:
        faults.add((*path, "prompt"), "a text is given as well", "Remove one of the two")
    if row.text and not isinstance(row.text, str):
        check_texts(row.text, (*path, "text"), draft, faults)


def _check_queues(draft: Draft) -> None:
    faults = draft.fault_lists["queues.toml"]
    known = draft.names(FILE, "survey")
    owners = {str(row.get("id")): str(row.get("project", "")) for row in draft.raw_rows(FILE, "survey")}
    for index, row in draft.queues:
        path: KeyPath = ("queue", index, "survey")
        if not row.survey or known is None:
            continue
        if row.survey not in known:
            remedy = did_you_mean(row.survey, known, "Write the id of a survey of surveys.toml")
            faults.add(path, f'there is no survey "{row.survey}"', remedy)
        elif not may_use(row.project, owners[row.survey]):
            reason = f'the survey "{row.survey}" belongs to project {owners[row.survey]}'
            faults.add(path, reason, "Write one of the queue's own project, or take `project` away from the survey")
