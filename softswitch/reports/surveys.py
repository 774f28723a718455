"""Report 8, surveys: what callers answered, question by question, and how many answered at all."""

from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.report import Now
from softswitch.reports.sums import NamedSums, chosen
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms

TOP_TWO = 4
FIVE = 5
QUESTION = (
    Column(name="survey", title="Survey", kind="text", formula="the survey"),
    Column(name="question", title="Question", kind="text", formula="its question"),
)
ANSWERS = Column(name="answers", title="Answers", formula="answers callers gave")
AVERAGE = Column(
    name="average", title="Average", kind="number", formula="sum of the scores / answers; yes is 1 and no is 0"
)


class Surveys:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._scores = NamedSums("survey", "question", "score")
        self._queues = NamedSums("queue", "survey", "question")
        self._handled = NamedSums("queue")

    def add(self, facts: EventFacts) -> None:
        ratings = chosen(facts, "ratings", self._terms)
        self._scores.add(ratings, facts.names)
        self._queues.add(ratings, facts.names, ratings["score"])
        self._handled.add(chosen(facts, "conversations", self._terms), facts.names)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return self._questions(), self._score_table(), self._queue_table()

    def _questions(self) -> Table:
        by_question: dict[tuple[str, str], dict[int, int]] = {}
        for survey, question, score in self._scores.found:
            by_question.setdefault((survey, question), {})[score] = self._scores.count(survey, question, score)
        handled = sum(self._handled.count(*key) for key in self._handled.found)
        rows: list[tuple[Value, ...]] = []
        for key, counts in sorted(by_question.items()):
            answers = sum(counts.values())
            satisfied = sum(count for score, count in counts.items() if score >= TOP_TWO)
            is_five = 1 < max(counts) <= FIVE
            rows.append(
                (
                    *key,
                    answers,
                    answers / handled if handled else None,
                    sum(score * count for score, count in counts.items()) / answers,
                    satisfied / answers if is_five else None,
                    min(counts),
                    max(counts),
                )
            )
        return Table(
            name="questions",
            title="By question",
            columns=(
                *QUESTION,
                ANSWERS,
                Column(
                    name="answer_rate", title="Answered", kind="ratio", formula="answers / conversations that ended"
                ),
                AVERAGE,
                Column(
                    name="satisfied",
                    title="CSAT",
                    kind="ratio",
                    formula="answers of 4 or 5 / answers, where no score is above 5 and one above 1",
                ),
                Column(name="lowest", title="Lowest", formula="the lowest score"),
                Column(name="highest", title="Highest", formula="the highest score"),
            ),
            rows=rows,
            empty="No caller has answered a survey.",
            chart=Chart(kind="column", title="Average score", category="question", series=("average",)),
        )

    def _score_table(self) -> Table:
        whole: dict[tuple[str, str], int] = {}
        for survey, question, score in self._scores.found:
            whole[survey, question] = whole.get((survey, question), 0) + self._scores.count(survey, question, score)
        return Table(
            name="scores",
            title="By score",
            columns=(
                *QUESTION,
                Column(name="score", title="Score", formula="the key pressed; yes is 1 and no is 0"),
                ANSWERS,
                Column(name="share", title="Share", kind="ratio", formula="answers / answers to the question"),
            ),
            rows=[
                (*key, self._scores.count(*key), self._scores.count(*key) / whole[key[0], key[1]])
                for key in sorted(self._scores.found)
            ],
            empty="No caller has answered a survey.",
        )

    def _queue_table(self) -> Table:
        return Table(
            name="queues",
            title="By queue",
            columns=(
                Column(name="queue", title="Queue", kind="text", formula="the queue the caller had been served by"),
                *QUESTION,
                ANSWERS,
                Column(
                    name="answer_rate",
                    title="Answered",
                    kind="ratio",
                    formula="answers / conversations of the queue that ended",
                ),
                AVERAGE,
            ),
            rows=[
                (
                    *key,
                    self._queues.count(*key),
                    self._queues.count(*key) / self._handled.count(key[0]) if self._handled.count(key[0]) else None,
                    sums[1] / sums[0],
                )
                for key, sums in sorted(self._queues.found.items())
            ],
            empty="No caller has answered a survey.",
        )
