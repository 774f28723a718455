"""Reports 7 and 8: what agents said came of it, and what callers said."""

from softswitch.acd.inputs import ContactRated, DispositionSet
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd
from tests.unit.reports.centre import acd, report, rows, stamped, stored

ANN = AgentId("ann")


def served(centre: ScriptedAcd, contact: str, *dispositions: str, during: bool = False) -> None:
    """Ann talks for 30 s; what she says came of it, during that or in her wrap-up of 10 s."""
    centre.call(contact)
    centre.answer(contact)
    centre.advance(30)
    for word in dispositions if during else ():
        centre.tell(DispositionSet(ANN, word, ContactId(contact)))
    centre.finish(contact)
    for word in dispositions if not during else ():
        centre.tell(DispositionSet(ANN, word, ContactId(contact)))
    centre.advance(10)


def test_the_last_disposition_of_a_contact_counts() -> None:
    centre = acd(dispositions=("sold", "later", "no"))
    centre.ready("ann")
    served(centre, "c1", "sold")
    served(centre, "c2", "later", "sold")
    served(centre, "c3", "no", during=True)
    served(centre, "c4")
    made = report(stored(stamped(centre.diary)), "dispositions")
    assert [(row["disposition"], row["contacts"], row["share"]) for row in rows(made.table("queues"))] == [
        ("(not given)", 1, 0.25),
        ("no", 1, 0.25),
        ("sold", 2, 0.5),
    ]
    assert made.table("agents").column("agent") == ["ann"] * 3


def test_one_that_was_required_and_not_given_is_told() -> None:
    centre = acd(dispositions=("sold",), is_disposition_required=True, wrap_up_max_s=10.0)
    centre.ready("ann")
    served(centre, "c1")
    (row,) = rows(report(stored(stamped(centre.diary)), "dispositions").table("queues"))
    assert (row["disposition"], row["contacts"]) == ("(required, not given)", 1)


def test_scores_by_question_and_queue() -> None:
    centre = acd()
    centre.ready("ann")
    for number, score in enumerate((5, 4, 2)):
        served(centre, f"c{number}")
        centre.tell(ContactRated(ContactId(f"c{number}"), QueueId("sales"), ANN, "csat", "agent", score))
    served(centre, "c9")
    centre.tell(ContactRated(ContactId("c9"), QueueId("sales"), ANN, "csat", "solved", 1))
    made = report(stored(stamped(centre.diary)), "surveys")
    first, second = rows(made.table("questions"))
    assert (first["question"], first["answers"], first["answer_rate"]) == ("agent", 3, 0.75)
    assert (first["average"], first["satisfied"], first["lowest"], first["highest"]) == (11 / 3, 2 / 3, 2, 5)
    assert (second["question"], second["satisfied"], second["average"]) == ("solved", None, 1.0)
    assert [(row["score"], row["share"]) for row in rows(made.table("scores"))][:3] == [
        (2, 1 / 3),
        (4, 1 / 3),
        (5, 1 / 3),
    ]
    assert made.table("queues").column("queue") == ["sales", "sales"]


def test_without_answers_it_says_so() -> None:
    made = report(stored(stamped(acd().diary)), "surveys")
    assert [table.rows for table in made.tables] == [[], [], []]
    assert made.table("questions").empty == "No caller has answered a survey."
