"""Requirements as people write them: what they mean, for one agent and for all, and what is wrong with them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.acd.limits import REQUIREMENT_LENGTH_MAX, REQUIREMENT_NESTING_MAX, REQUIREMENT_TERMS_MAX
from softswitch.acd.model import Skills
from softswitch.acd.requirement_columns import who_holds
from softswitch.acd.requirements import asked_skills, from_skills, holds, parse, skill_names
from softswitch.base.errors import LocalError

PEOPLE: list[Skills] = [
    {"billing": 9, "english": 1},
    {"billing": 8, "german": 2},
    {"billing": 8, "german": 3},
    {"billing": 10, "english": 5, "trainee": 1},
    {},
]


def column(skill: str) -> NDArray[np.uint8]:
    return np.array([skills.get(skill, 0) for skills in PEOPLE], np.uint8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("   ", [0, 1, 2, 3, 4]),
        ("billing", [0, 1, 2, 3]),
        ("billing >= 9", [0, 3]),
        ("billing>9", [3]),
        ("billing < 9", [1, 2, 4]),
        ("billing <= 8", [1, 2, 4]),
        ("billing = 8", [1, 2]),
        ("billing == 8", [1, 2]),
        ("billing != 8", [0, 3, 4]),
        ("not trainee", [0, 1, 2, 4]),
        ("not not trainee", [3]),
        ("billing >= 8 and (english or german >= 3) and not trainee", [0, 2]),
        ("english or german and billing = 8", [0, 1, 2, 3]),
        ("(english or german) and billing = 8", [1, 2]),
        ('"billing" and not "trainee"', [0, 1, 2]),
        ('"first line" or english >= 5', [3]),
        ("((((english))))", [0, 3]),
    ],
)
def test_who_meets_it(text: str, expected: list[int]) -> None:
    requirement = parse(text)
    assert who_holds(requirement, column, len(PEOPLE)).nonzero()[0].tolist() == expected
    assert [row for row, skills in enumerate(PEOPLE) if holds(requirement, skills)] == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("billing >=", "expected a level from 1 to 10, found the end"),
        ("billing >= 11", 'expected a level from 1 to 10, found "11" at character 12'),
        ("billing >= 0", 'expected a level from 1 to 10, found "0"'),
        ("billing >= english", "expected a level"),
        ("billing english", 'expected "and", "or" or the end, found "english" at character 9'),
        ("and billing", 'expected a skill, found "and" at character 1'),
        ("billing and", "expected a skill, found the end"),
        ("billing or or english", 'expected a skill, found "or" at character 12'),
        ("(billing", 'expected ")", found the end'),
        ("billing)", 'expected "and", "or" or the end, found ")"'),
        ("()", 'expected a skill, found ")"'),
        ("5 >= billing", 'expected a skill, found "5"'),
        ("billing  & english", '"&" at character 10 has no meaning here'),
        ('"billing', "has no meaning here"),
        ("x" * (REQUIREMENT_LENGTH_MAX + 1), "characters"),
        (" or ".join(["x"] * (REQUIREMENT_TERMS_MAX + 1)), "more than 32 skills"),
        ("(" * (REQUIREMENT_NESTING_MAX + 1) + "x", "nested more than"),
        ("not " * (REQUIREMENT_NESTING_MAX + 1) + "x", "nested more than"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(LocalError, match=r"^[^\n]*$") as caught:
        parse(text)
    assert complaint in str(caught.value)


def test_the_short_form_means_at_least() -> None:
    requirement = from_skills({"billing": 9, "english": 5})
    assert [holds(requirement, skills) for skills in PEOPLE] == [False, False, False, True, False]


def test_the_skills_it_names_and_those_it_asks_for() -> None:
    requirement = parse("billing >= 8 and (english or german != 3) and not trainee and night < 2")
    assert list(skill_names(requirement)) == ["billing", "english", "german", "trainee", "night"]
    assert list(asked_skills(requirement)) == ["billing", "english"]
