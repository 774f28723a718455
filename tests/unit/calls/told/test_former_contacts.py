"""Who has called before."""

from softswitch.base.ids import CallId
from softswitch.calls.limits import CUSTOMERS_REMEMBERED_MAX, FORMER_CONTACTS_MAX
from softswitch.calls.told.call_events import FormerContact
from softswitch.calls.told.former_contacts import FormerContacts


def call(number: int) -> FormerContact:
    return FormerContact(CallId(f"c{number}"), float(number))


def test_the_last_calls_of_a_customer_newest_first_in_whatever_order_they_are_noted() -> None:
    former = FormerContacts()
    for number in (5, 2, 9, 1, 7, 9):
        former.note("100", call(number))
    assert [each.call_id for each in former.of("100")] == ["c9", "c7", "c5"][:FORMER_CONTACTS_MAX]
    assert former.of("200") == ()


def test_who_shows_no_number_is_not_everybody_s_customer() -> None:
    former = FormerContacts()
    former.note("", call(1))
    assert former.of("") == ()


def test_of_too_many_customers_those_who_called_last_are_remembered() -> None:
    former = FormerContacts()
    for number in range(CUSTOMERS_REMEMBERED_MAX):
        former.note(str(number), call(number))
    former.note("0", call(99_999_999))
    former.note("new", call(1))
    assert former.of("1") == ()
    assert former.of("0")
    assert former.of("new")
