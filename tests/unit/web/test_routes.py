"""Every route has a row that says who may, says what it does, and is described as it is."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from softswitch.web.access import ACCESS
from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.openapi import document
from softswitch.web.route import PREFIX, Route

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"
ROLES = ("admin", "supervisor", "agent", "project")


def test_every_route_has_a_row_and_every_row_a_route():
    assert sorted(ACCESS) == sorted(route.key for route in ROUTES)


def test_no_two_routes_are_the_same():
    assert len({route.key for route in ROUTES}) == len(ROUTES)
    assert len({route.act.__name__ for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_a_route_says_what_it_does(route: Route):
    assert route.summary.endswith(".")
    assert route.description.endswith(".")


def who_may(route: Route) -> str:
    columns = ACCESS[route.key]
    if "nobody" in columns:
        return "everybody"
    return "all" if len(columns) == len(ROLES) else ", ".join(role for role in ROLES if role in columns)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_a_route_is_in_the_document_with_who_may(route: Route):
    row = f"| `{route.key}` | {who_may(route)} | {route.summary} |"
    assert row in DOCUMENT.read_text().splitlines(), f"docs/api.md lacks the row: {row}"


def test_the_document_has_no_others():
    keys = re.findall(r"^\| `([A-Z]+ /\S*)` \|", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert keys == [route.key for route in ROUTES]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(ROUTES, url="https://pbx.example.com")


def test_openapi_names_every_route(described: dict[str, Any]):
    named = {f"{method.upper()} {path}" for path, each in described["paths"].items() for method in each}
    assert named == {f"{route.method} {PREFIX}{route.path}" for route in ROUTES}
    assert described["openapi"] == "3.1.0"


def test_what_openapi_refers_to_is_there(described: dict[str, Any]):
    text = msgspec.json.encode(described).decode()
    schemas = described["components"]["schemas"]
    referred = {part.partition('"')[0] for part in text.split('"$ref":"#/components/schemas/')[1:]}
    assert referred <= set(schemas)


def test_every_refusal_is_described_as_a_problem(described: dict[str, Any]):
    for each in described["paths"].values():
        for operation in each.values():
            assert {"400", "401", "403", "404", "422", "429", "503"} <= set(operation["responses"])
