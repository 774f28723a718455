"""What a request says, and what is said of one that cannot be read."""

from typing import Any, Literal

import msgspec
import pytest

from softswitch.web.problem import ProblemError
from softswitch.web.reading import check_path, read_body, read_query
from softswitch.web.route import NoQuery, Route


class Order(msgspec.Struct, forbid_unknown_fields=True):
    action: Literal["start", "stop"]
    seconds: float | None = None


class Query(msgspec.Struct, forbid_unknown_fields=True):
    limit: int = 50
    since: float | None = None


async def _act(asked: Any) -> None:
    """Nothing."""


def route(body: type[Any] | None = Order, query: type[Any] = NoQuery) -> Route:
    return Route(
        method="POST",
        path="/x",
        tag="x",
        act=_act,
        body=body,
        query=query,
        answer=None,
        summary="x",
        description="x",
    )


def test_a_body_is_read_into_its_type():
    read = read_body(route(), "application/json; charset=utf-8", b'{"action": "start", "seconds": 2}')
    assert read == Order("start", 2.0)
    assert read_body(route(body=None), "", b"") is None


def test_who_names_an_unknown_field_is_told_those_there_are():
    with pytest.raises(ProblemError) as of_body:
        read_body(route(), "application/json", b'{"action": "start", "more": 1}')
    assert of_body.value.problem.remedy == "There are action, seconds"
    with pytest.raises(ProblemError) as of_query:
        read_query(route(query=Query), [("colour", "red")])
    assert of_query.value.problem.remedy == "There are limit, since"
    with pytest.raises(ProblemError) as of_none:
        read_query(route(), [("colour", "red")])
    assert of_none.value.problem.remedy == "Leave it out"


@pytest.mark.parametrize(
    ("media_type", "raw", "status", "field"),
    [
        ("application/json", b'{"action": "sing"}', 422, "action"),
        ("application/json", b'{"action": "start", "seconds": "two"}', 422, "seconds"),
        ("application/json", b"{}", 422, "action"),
        ("application/json", b'{"action": "start", "more": 1}', 422, "more"),
        ("application/json", b"[]", 422, "body"),
        ("application/json", b"{", 400, "body"),
        ("application/json", b"", 400, "body"),
        ("application/json", b"\xff", 400, "body"),
        ("application/json", b"[" * 40_000, 422, "body"),
        ("text/plain", b"{}", 415, "body"),
    ],
)
def test_what_cannot_be_read_is_named(media_type: str, raw: bytes, status: int, field: str):
    with pytest.raises(ProblemError) as error:
        read_body(route(), media_type, raw)
    problem = error.value.problem
    assert (problem.status, problem.field) == (status, field)
    assert problem.reason
    assert problem.remedy


def test_a_body_where_none_is_read_is_refused():
    with pytest.raises(ProblemError, match="where none is read"):
        read_body(route(body=None), "application/json", b"{}")


def test_query_parameters_are_read_as_text():
    assert read_query(route(query=Query), [("limit", "5"), ("since", "1.5")]) == Query(5, 1.5)


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("limit", "many")], "limit"),
        ([("limit", "5"), ("limit", "6")], "limit"),
        ([("colour", "red")], "colour"),
    ],
)
def test_a_wrong_parameter_is_named(pairs: list[tuple[str, str]], field: str):
    with pytest.raises(ProblemError) as error:
        read_query(route(query=Query), pairs)
    assert (error.value.status, error.value.problem.field) == (422, field)


@pytest.mark.parametrize("word", ["", "x" * 501, "a\nb", "\x00"])
def test_a_word_in_a_path_that_no_id_can_be_is_not_found(word: str):
    with pytest.raises(ProblemError) as error:
        check_path({"call_id": word})
    assert error.value.status == 404
