"""What a lookup asks: nothing a caller's phone says leads the question anywhere else."""

from decimal import Decimal

import msgspec
import pytest

from softswitch.base.errors import LocalError
from softswitch.calls.lookups import Lookup, Question, names_in, question
from softswitch.calls.outcomes import LookupAnswer

WHO = Lookup(url="https://crm.example.com/who?number={calling_number}&order={order}")


def test_fields_are_put_in_encoded() -> None:
    fields = {"calling_number": "+7 495&admin=1#x/../", "order": 4711, "more": True}
    assert question(WHO, fields) == Question(
        "https://crm.example.com/who?number=%2B7%20495%26admin%3D1%23x%2F..%2F&order=4711"
    )


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert question(WHO, {"calling_number": "\udcff", "order": 1}).url.endswith("number=%3F&order=1")
    asked = question(Lookup(url="https://x.example/", is_post=True), {"calling_number": "\udcff"})
    assert asked.body == b'{"calling_number":"?"}'


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(LocalError, match="the URL needs order"):
        question(WHO, {"calling_number": "+1"})


def test_post_sends_everything_in_a_certain_order() -> None:
    lookup = Lookup(url="https://crm.example.com/who", is_post=True)
    first, second = question(lookup, {"b": 1, "a": "x"}), question(lookup, {"a": "x", "b": 1})
    assert first == second
    assert first.body is not None
    assert msgspec.json.decode(first.body) == {"a": "x", "b": 1}


@pytest.mark.parametrize("template", ["{", "{}", "{0}", "{a.b}", "{a!r}", "{a:5}", "}"])
def test_braces_hold_names_alone(template: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the library's own words)
        names_in(template)


def test_an_answer_is_read_by_kind() -> None:
    answer = LookupAnswer(fields={"name": "Eva", "balance": Decimal("12.30"), "vip": True, "age": 40, "odd": [1]})
    assert (answer.text("name"), answer.text("age"), answer.text("vip"), answer.text("odd", "-")) == (
        "Eva", "40", "", "-",
    )  # fmt: skip
    assert (answer.number("balance"), answer.number("age"), answer.number("name"), answer.number("none", 7)) == (
        Decimal("12.30"), 40, 0, 7,
    )  # fmt: skip
    assert answer.is_true("vip")
    assert not answer.is_true("age")
    assert not LookupAnswer(fault="late").is_found
    assert LookupAnswer(fields={"n": "NaN"}).number("n") == 0
