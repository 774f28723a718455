"""Values into Structs: every kind of fault has its own words, and one does not hide another."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from softswitch.config.conversion import FaultList, convert_rows, convert_struct, did_you_mean, key_text
from softswitch.config.rows import Identifier
from softswitch.config.voicemail_rows import Pin


class Inner(msgspec.Struct, frozen=True):
    every_s: float = 60.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    password: str = ""
    pin: Pin = ""
    count: Annotated[int, Meta(ge=1, le=10)] = 5
    share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    flag: bool = False
    colour: Literal["red", "green"] = "red"
    kept: bool | Literal["all", "none"] = True
    skills: dict[str, Annotated[int, Meta(ge=1, le=10)]] = {}
    names: tuple[str, ...] | None = None
    inner: Inner = Inner()


def convert(table: object) -> tuple[Sample | None, list[str]]:
    faults = FaultList("sample.toml")
    sample = convert_struct(table, Sample, ("sample",), faults)
    return sample, [f"{fault.key}: {fault.reason}. {fault.remedy}" for fault in faults.in_order()]


def test_a_whole_table():
    table = {
        "id": "a",
        "count": 10,
        "share": 1,
        "flag": True,
        "colour": "green",
        "skills": {"billing": 1},
        "names": ["x", "y"],
        "inner": {"every_s": 5},
    }
    sample, faults = convert(table)
    assert faults == []
    assert sample == Sample(
        id="a", count=10, share=1.0, flag=True, colour="green", skills={"billing": 1}, names=("x", "y"),
        inner=Inner(5.0),
    )  # fmt: skip


def test_defaults():
    sample, faults = convert({"id": "a"})
    assert (sample, faults) == (Sample(id="a"), [])


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "kept",
            "some",
            'sample.kept: "some" is not possible here. Write true or false, "all" or "none"',
        ),
        ("count", 11, "sample.count: 11 is not possible here. Write a whole number from 1 to 10"),
        ("count", "5", 'sample.count: "5" is not possible here. Write a whole number from 1 to 10'),
        ("count", 5.0, "sample.count: 5.0 is not possible here. Write a whole number from 1 to 10"),
        ("count", True, "sample.count: true is not possible here. Write a whole number from 1 to 10"),
        ("share", 1.5, "sample.share: 1.5 is not possible here. Write a number from 0 to 1"),
        ("share", float("nan"), "sample.share: nan is not possible here. Write a number from 0 to 1"),
        ("flag", 1, "sample.flag: 1 is not possible here. Write true or false"),
        ("flag", "true", 'sample.flag: "true" is not possible here. Write true or false'),
        ("colour", "gren", 'sample.colour: "gren" is not possible here. Did you mean "green"?'),
        ("colour", "blue", 'sample.colour: "blue" is not possible here. Write "green" or "red"'),
        ("colour", 5, 'sample.colour: 5 is not possible here. Write "green" or "red"'),
        ("skills", ["billing"], "sample.skills: a list is not possible here. Write a table: {name = ...}"),
        ("skills", {"b": 11}, "sample.skills.b: 11 is not possible here. Write a whole number from 1 to 10"),
        ("names", "x", 'sample.names: "x" is not possible here. Write a list: ["...", "..."]'),
        ("names", ["x", 5], 'sample.names[1]: 5 is not possible here. Write a text in quotes: "..."'),
        ("inner", 5, "sample.inner: this is a single value, not a table. Write [sample.inner]"),
        ("inner", {"every": 5}, 'sample.inner.every: there is no such key. Did you mean "every_s"?'),
        ("password", 12345678, 'sample.password: a single value is not possible here. Write a text in quotes: "..."'),
        ("pin", "471", 'sample.pin: "471" is not possible here. Write 4 to 12 digits in quotes: "4711"'),
        ("colr", "red", 'sample.colr: there is no such key. Did you mean "colour"?'),
    ],
)
def test_one_fault(key: str, value: Any, expected: str):
    sample, faults = convert({"id": "a", key: value})
    assert faults == [expected]
    assert sample == Sample(id="a")  # the default stands in for what was wrong


def test_all_faults_at_once():
    _, faults = convert({"id": "a b", "count": 0, "skills": {"x": 0, "y": 11, "z": 5}, "zzz": 1})
    assert [fault.split(":")[0] for fault in faults] == [
        "sample.zzz",
        "sample.id",
        "sample.count",
        "sample.skills.x",
        "sample.skills.y",
    ]


def test_a_missing_key_leaves_no_row():
    sample, faults = convert({"name": "x"})
    assert sample is None
    assert faults[1] == "sample.id: it is missing. Add a line: id = ..."


def test_a_required_key_that_is_wrong_leaves_no_row():
    assert convert({"id": ""})[0] is None


def test_rows_keep_their_index():
    faults = FaultList("sample.toml")
    rows = convert_rows([{"id": "a"}, {}, 5, {"id": "b"}], Sample, ("sample",), faults)
    assert [(index, row.id) for index, row in rows] == [(0, "a"), (3, "b")]
    assert [fault.key for fault in faults.in_order()] == ["sample[1].id", "sample[2]"]


def test_a_table_where_rows_belong():
    faults = FaultList("sample.toml")
    assert convert_rows({"id": "a"}, Sample, ("sample",), faults) == []
    assert faults.in_order()[0].remedy == "Write [[sample]] above each row"


def test_keys_as_people_read_them():
    assert key_text(("queue", 2, "skills", "billing")) == "queue[2].skills.billing"
    assert key_text(()) == "file"


def test_faults_are_in_the_order_of_lines():
    faults = FaultList("sample.toml")
    faults.text = "\nb = 1\n\n\na = 1\n\n\n\n[[c]]\n"
    faults.add(("a",), "one", "x")
    faults.add(("c", 0, "deep"), "two", "x")
    faults.add(("b",), "three", "x")
    faults.add_at_line(1, "four", "x")
    assert [fault.file.removeprefix("sample.toml:") for fault in faults.in_order()] == ["1", "2", "5", "9"]
    assert faults.place(("c", 0)) == "c[0] (line 9)"
    assert faults.place(("d",)) == "d"


def test_a_remedy_for_an_unknown_name():
    assert did_you_mean("suport", ["support", "sales"], "No") == 'Did you mean "support"?'
    assert did_you_mean("xyz", ["support", "sales"], "No") == "No"


def test_what_is_quoted_from_a_file_stays_on_one_line():
    faults = FaultList("sample.toml")
    faults.add(("a\nb",), 'it is "x\r\ny\x1b[31m"', "z" * 10_000)
    (fault,) = faults.in_order()
    assert str(fault).isprintable()
    assert "x\\r\\ny\\x1b[31m" in fault.reason
    assert len(fault.remedy) < 400
