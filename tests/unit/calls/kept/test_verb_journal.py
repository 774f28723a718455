"""What flows have asked and got: noted, kept, and given again in the same order; anything else is another way."""

from decimal import Decimal

import msgspec
import pytest

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.calls.kept.verb_journal import LEFT_OUT, KeptJournal, Kind, VerbJournal, digest_of
from softswitch.calls.limits import JOURNAL_BYTES_MAX, JOURNAL_ENTRIES_MAX
from softswitch.calls.outcomes import Digits, FlowLeft, LookupAnswer, QueueOutcome, QueueReason
from softswitch.calls.pace import FlowSpins
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.runtime.journaled import kinds
from softswitch.media.errors import MediaUnavailable
from softswitch.store.writer import NotStored

NUMBER: Kind[int] = Kind(int)


def again(journal: VerbJournal) -> VerbJournal:
    """The same in the next switch."""
    return VerbJournal(msgspec.msgpack.decode(msgspec.msgpack.encode(journal.keep()), type=KeptJournal))


def verb(journal: VerbJournal, name: str, arguments: object = None, result: str = "") -> None:
    journal.returned(journal.begin(name, arguments), result, kinds.TEXT)


def test_a_verb_that_is_over_returns_what_it_returned_and_the_next_is_new() -> None:
    journal = VerbJournal()
    place = journal.begin("digits", (4, "#"))
    assert not journal.is_over(place)
    journal.returned(place, Digits("4711", is_complete=True), kinds.DIGITS)
    journal = again(journal)
    assert journal.is_replaying
    place = journal.begin("digits", (4, "#"))
    assert journal.is_over(place)
    assert journal.result(place, kinds.DIGITS) == Digits("4711", is_complete=True)
    assert not journal.is_replaying
    assert not journal.is_over(journal.begin("play", "goodbye"))


def test_the_verb_in_progress_is_carried_out_and_what_comes_of_it_is_noted() -> None:
    journal = VerbJournal()
    verb(journal, "play", "welcome")
    journal.begin("queue", ("sales", QueueWishes(boost_s=5.0)))
    journal = again(journal)
    verb(journal, "play", "welcome")
    assert journal.is_replaying, "what is set before it was set then"
    place = journal.begin("queue", ("sales", QueueWishes(boost_s=5.0)))
    assert not journal.is_over(place)
    assert not journal.is_replaying
    outcome = QueueOutcome(reason=QueueReason.ANSWERED, queue="sales", agent="ann", talk_s=61.5)
    journal.returned(place, outcome, kinds.QUEUE)
    journal = again(journal)
    journal.begin("play", "welcome")
    assert journal.result(journal.begin("queue", ("sales", QueueWishes(boost_s=5.0))), kinds.QUEUE) == outcome


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [("say", "welcome", 'it uses the verb "say" where it had used "play"'), ("play", "hello", "with other arguments")],
)
def test_another_way_than_it_went_is_no_way(name: str, arguments: str, why: str) -> None:
    journal = VerbJournal()
    verb(journal, "play", "welcome")
    journal = again(journal)
    with pytest.raises(FlowLeft, match=why):
        journal.begin(name, arguments)
    assert journal.unreached == "play"


@pytest.mark.parametrize(
    ("error", "is_raised_as"),
    [
        (LocalError("no such queue"), LocalError),
        (MediaUnavailable("no worker"), MediaUnavailable),
        (FlowSpins("loops"), FlowSpins),
        (NotStored("the disk is full"), SoftswitchError),
        (ValueError("a bug"), ValueError),
        (KeyError("another"), Exception),
    ],
)
def test_a_verb_that_raised_raises_again(error: BaseException, is_raised_as: type[BaseException]) -> None:
    journal = VerbJournal()
    journal.raised(journal.begin("queue", "sales"), error)
    journal = again(journal)
    place = journal.begin("queue", "sales")
    with pytest.raises(is_raised_as) as raised:
        journal.result(place, kinds.QUEUE)
    assert type(raised.value) is is_raised_as
    assert str(raised.value) == str(error)


def test_a_verb_that_its_flow_has_cancelled_is_known_as_that() -> None:
    journal = VerbJournal()
    journal.cancelled(journal.begin("queue", "sales"))
    journal = again(journal)
    assert journal.is_cancelled(journal.begin("queue", "sales"))


def test_verbs_that_go_on_beside_each_other_stand_as_they_began() -> None:
    journal = VerbJournal()
    queue = journal.begin("queue", "sales")
    verb(journal, "rate", 5)
    journal = again(journal)
    assert not journal.is_over(journal.begin("queue", "sales"))
    assert journal.is_over(journal.begin("rate", 5))
    journal.returned(queue, "done", kinds.TEXT)
    assert again(journal).keep().verbs[0].is_over


def test_what_was_read_is_read_again_value_by_value_and_then_as_it_is() -> None:
    clock = iter(range(100))
    journal = VerbJournal()
    for _ in range(3):
        journal.read("clock.now", None, lambda: next(clock), NUMBER)
        journal.read("is_answered", None, lambda: True, kinds.BOOL)
    (times, answered) = journal.keep().reads
    assert (len(times.values), len(answered.values)) == (3, 1), "what does not change is counted"
    journal = again(journal)
    read = [
        (
            journal.read("clock.now", None, lambda: next(clock), NUMBER),
            journal.read("is_answered", None, lambda: False, kinds.BOOL),
        )
        for _ in range(4)
    ]
    assert read == [(0, True), (1, True), (2, True), (3, False)]
    journal = again(journal)
    assert [journal.read("clock.now", None, lambda: next(clock), NUMBER) for _ in range(5)] == [0, 1, 2, 3, 4]


def test_what_is_read_depends_on_what_is_asked() -> None:
    journal = VerbJournal()
    assert journal.read("region_of", "+4930", lambda: "berlin", kinds.TEXT) == "berlin"
    assert journal.read("region_of", "+4940", lambda: "hamburg", kinds.TEXT) == "hamburg"
    journal = again(journal)
    assert journal.read("region_of", "+4940", lambda: "", kinds.TEXT) == "hamburg"
    assert journal.read("region_of", "+4930", lambda: "", kinds.TEXT) == "berlin"


def test_a_flow_that_reads_more_than_it_had_before_its_next_verb_goes_another_way() -> None:
    journal = VerbJournal()
    journal.read("is_answered", None, lambda: True, kinds.BOOL)
    verb(journal, "play", "welcome")
    journal.read("is_answered", None, lambda: True, kinds.BOOL)
    journal = again(journal)
    with pytest.raises(FlowLeft, match=r'it asks for "clock\.now" where it had not'):
        journal.read("clock.now", None, lambda: 1, NUMBER)


def test_what_was_read_beside_the_verb_in_progress_is_read_anew() -> None:
    journal = VerbJournal()
    journal.read("clock.now", None, lambda: 1, NUMBER)
    journal.begin("queue", "sales")
    journal.read("clock.now", None, lambda: 2, NUMBER)
    journal = again(journal)
    assert journal.read("clock.now", None, lambda: 10, NUMBER) == 1
    journal.begin("queue", "sales")
    assert not journal.is_replaying
    assert journal.read("clock.now", None, lambda: 11, NUMBER) == 11
    assert [value.times for value in journal.keep().reads[0].values] == [1, 1]


def test_a_flow_that_is_over_too_early_has_not_come_to_where_it_was() -> None:
    journal = VerbJournal()
    verb(journal, "play", "welcome")
    journal.begin("queue", "sales")
    journal = again(journal)
    journal.begin("play", "welcome")
    assert journal.unreached == "queue"
    journal.begin("queue", "sales")
    assert journal.unreached == ""


def test_numbers_with_a_fraction_stay_exact() -> None:
    answer = LookupAnswer(fields={"balance": Decimal("12.30"), "visits": 3, "vip": True, "tags": ["a", Decimal("1.5")]})
    journal = VerbJournal()
    journal.returned(journal.begin("look_up", "crm"), answer, kinds.LOOKUP)
    journal = again(journal)
    got = journal.result(journal.begin("look_up", "crm"), kinds.LOOKUP)
    assert got == answer
    assert isinstance(got.fields["balance"], Decimal)


def test_a_journal_that_is_too_long_is_given_up_and_says_so() -> None:
    journal = VerbJournal()
    for _ in range(JOURNAL_ENTRIES_MAX):
        verb(journal, "pause", 1.0)
    assert not journal.is_too_long
    verb(journal, "pause", 1.0)
    assert journal.is_too_long
    assert journal.begin("pause", 1.0) == LEFT_OUT
    assert again(journal).is_too_long
    assert again(journal).keep() == KeptJournal(is_too_long=True)


def test_it_is_bounded_in_bytes_as_well_and_a_verb_in_progress_then_does_not_mind() -> None:
    journal = VerbJournal()
    place = journal.begin("stream", "bot")
    verb(journal, "digits", 1, "1" * JOURNAL_BYTES_MAX)
    assert journal.is_too_long
    journal.returned(place, "over", kinds.TEXT)
    assert journal.keep() == KeptJournal(is_too_long=True)


def test_an_answer_that_cannot_be_written_down_ends_it() -> None:
    journal = VerbJournal()
    journal.returned(journal.begin("stream", "bot"), 2**70, NUMBER)
    assert journal.is_too_long


def test_only_what_is_worth_a_write_is_news() -> None:
    journal = VerbJournal()
    journal.read("is_answered", None, lambda: True, kinds.BOOL)
    place = journal.begin("files", ["welcome"])
    journal.returned(place, ["welcome.wav"], kinds.TEXTS, is_news=False)
    assert not journal.told()
    verb(journal, "play", "welcome")
    assert journal.told()
    assert not journal.told()


def test_digests_are_those_of_equal_arguments() -> None:
    assert digest_of(("sales", QueueWishes(skills={"a": 1, "b": 2}))) == digest_of(
        ("sales", QueueWishes(skills={"b": 2, "a": 1}))
    )
    assert digest_of(["a"]) != digest_of(["b"])
    assert digest_of((object(),)) == digest_of((object(),))
    assert digest_of(("welcome", Decimal("1.50"))) == 2760848249, "the same in every process"


def test_what_is_withheld_is_not_written_down_and_ends_the_journal_there() -> None:
    journal = VerbJournal()
    verb(journal, "play", "card-number")
    place = journal.begin("digits", 16)
    journal.withheld(place)
    verb(journal, "play", "thanks")
    journal = again(journal)
    journal.begin("play", "card-number")
    with pytest.raises(FlowLeft, match="was not kept, as recordings were masked"):
        journal.begin("digits", 16)
