"""A store of an older schema: its rows are rewritten in one transaction, or none is."""

from pathlib import Path

import pytest

from softswitch.store.environment import Environment, open_for_writing, schema_version
from softswitch.store.migrations import Step, steps_from
from softswitch.store.schema import SCHEMA_VERSION

ROWS = [(b"a", b"1"), (b"b", b"2"), (b"c", b"3"), (b"d", b"4")]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    environment = open_for_writing(str(tmp_path), ["things", "others"], map_size_mb=16)
    environment.write([("things", key, value) for key, value in ROWS])
    environment.write([("others", key, value) for key, value in ROWS])
    return environment


def rows(environment: Environment, table: str) -> list[tuple[bytes, bytes]]:
    return environment.scan(table, None, None, reverse=False, limit=100)


def test_steps_are_taken_in_order_and_rows_may_go(environment: Environment) -> None:
    first = Step(what="Numbers get a plus", tables={"things": lambda value: b"+" + value})
    second = Step(what="Twos and fours go", tables={"things": lambda v: None if v in (b"+2", b"+4") else v + b"!"})
    environment.migrate([first, second])
    assert rows(environment, "things") == [(b"a", b"+1!"), (b"c", b"+3!")]
    assert rows(environment, "others") == ROWS
    environment.close()


def test_a_step_that_fails_leaves_everything_as_it_was(environment: Environment) -> None:
    def fails_at_three(value: bytes) -> bytes:
        if value == b"3":
            raise ValueError(value)
        return b"new"

    with pytest.raises(ValueError, match="3"):
        environment.migrate([Step(what="Fails", tables={"others": fails_at_three, "things": lambda value: None})])
    assert (rows(environment, "things"), rows(environment, "others")) == (ROWS, ROWS)
    environment.close()


def test_an_environment_without_a_table_passes_its_step_over(environment: Environment) -> None:
    environment.migrate([Step(what="Elsewhere", tables={"cdrs": lambda value: None, "things": lambda value: b"new"})])
    assert {value for _, value in rows(environment, "things")} == {b"new"}
    environment.close()


def test_a_store_grows_for_rows_that_become_larger(environment: Environment) -> None:
    environment.migrate([Step(what="Larger", tables={"things": lambda value: value * 6_000_000})])
    assert [len(value) for _, value in rows(environment, "things")] == [6_000_000] * 4
    environment.close()


def test_the_way_leads_over_every_version() -> None:
    steps = {number: Step(what=str(number), tables={}) for number in (1, 2, 3)}
    assert [step.what for step in steps_from(1, 4, steps)] == ["1", "2", "3"]
    assert [step.what for step in steps_from(3, 4, steps)] == ["3"]
    assert steps_from(0, 4, steps) == []  # a new store
    assert steps_from(4, 4, steps) == []


def test_every_older_schema_has_a_way_to_ours(tmp_path: Path) -> None:
    for version in range(1, SCHEMA_VERSION + 1):
        steps_from(version, SCHEMA_VERSION)
    assert schema_version(str(tmp_path)) == 0
    open_for_writing(str(tmp_path), [], map_size_mb=16).close()
    assert schema_version(str(tmp_path)) == SCHEMA_VERSION
