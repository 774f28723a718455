"""What a menu can be answered with."""

import pytest

from softswitch.base.errors import LocalError
from softswitch.dialplan.choices import Choices


@pytest.mark.parametrize(
    ("typed", "entry", "may_go_on"),
    [
        ("", None, True),
        ("1", "1", True),
        ("10", None, True),
        ("101", "101", False),
        ("102", "1xx", False),
        ("1011", None, False),
        ("2", "2", False),
        ("3", None, False),
        ("9", "9!", True),
        ("9123", "9!", True),
        ("*", None, True),
        ("*2", "*n", False),
    ],
)
def test_keys_lead_to_an_entry_or_may_go_on(typed: str, entry: str | None, may_go_on: bool) -> None:
    choices = Choices("12", ["1xx", "101", "9!", "*n"])
    found = choices.find(typed)
    assert (None if found is None else found.text) == entry
    assert choices.may_go_on(typed) is may_go_on


def test_only_plain_keys_can_stand_for_a_choice_that_was_not_made() -> None:
    assert Choices("21").first == "2"
    assert Choices("", ["0", "1xx"]).first == "0"
    assert Choices("", ["1xx", "0"]).first == ""


@pytest.mark.parametrize("choice", ["", "1!2", "+49", "sales", "1a"])
def test_what_nobody_can_type_is_a_fault(choice: str) -> None:
    with pytest.raises(LocalError, match="menu: "):
        Choices("", [choice])
