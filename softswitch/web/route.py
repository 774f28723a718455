"""A route of the API: what is asked, what is answered, and the function that does it.

Routes are values, so that the application, OpenAPI, the table of who may (access.py) and the tests have the same ones.
A route's summary and description are the docstring of its function.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Literal, TypeVar

import msgspec

from softswitch.web.asked import Asked

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
RowT = TypeVar("RowT")

PREFIX = "/api/v1"


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route without query parameters."""


class Listing(msgspec.Struct, Generic[RowT], frozen=True):
    """All there are."""

    rows: list[RowT]


class Page(msgspec.Struct, Generic[RowT], frozen=True):
    """Some of very many. `cursor` leads to the next page; it is not there on the last one."""

    rows: list[RowT]
    cursor: str | None = None


class Done(msgspec.Struct, frozen=True):
    """It was done, or is being done."""

    done: bool = True


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A file instead of JSON. Whoever answers it looks at ranges and conditions."""

    path: str
    media_type: str
    name: str
    """What it is saved as."""
    etag: str
    is_sealed: bool = False


class RawAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Something made for this request instead of our JSON: a report."""

    body: bytes
    media_type: str
    name: str
    """What it is saved as."""


Act = Callable[[Asked[Any, Any]], Awaitable[Any]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: Method
    path: str
    """Behind `PREFIX`: "/calls/{call_id}/transfer"."""
    tag: str
    act: Act
    body: type[Any] | None = None
    query: type[Any] = NoQuery
    answer: Any
    """The type of what is answered as JSON; `FileAnswer` for a file, `RawAnswer` for what comes as it is."""
    media_types: tuple[str, ...] = ("application/json",)
    """Of what is answered."""
    status: int = 200
    summary: str
    description: str

    @property
    def key(self) -> str:
        """How the table of who may names it."""
        return f"{self.method} {self.path}"

    @property
    def is_acting(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"


class Routes:
    """The routes of one subject, in the order of their functions."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Route] = []

    def get(
        self,
        path: str,
        *,
        answer: Any,
        query: type[Any] = NoQuery,
        media_types: tuple[str, ...] = ("application/json",),
    ) -> Callable[[Act], Act]:
        return self._add("GET", path, answer=answer, query=query, media_types=media_types)

    def post(self, path: str, *, answer: Any, body: type[Any] | None = None, status: int = 200) -> Callable[[Act], Act]:
        return self._add("POST", path, answer=answer, body=body, status=status)

    def put(self, path: str, *, answer: Any, body: type[Any] | None = None) -> Callable[[Act], Act]:
        return self._add("PUT", path, answer=answer, body=body)

    def patch(self, path: str, *, answer: Any, body: type[Any]) -> Callable[[Act], Act]:
        return self._add("PATCH", path, answer=answer, body=body)

    def delete(self, path: str, *, answer: Any, query: type[Any] = NoQuery) -> Callable[[Act], Act]:
        return self._add("DELETE", path, answer=answer, query=query)

    def _add(
        self,
        method: Method,
        path: str,
        *,
        answer: Any,
        body: type[Any] | None = None,
        query: type[Any] = NoQuery,
        status: int = 200,
        media_types: tuple[str, ...] = ("application/json",),
    ) -> Callable[[Act], Act]:
        def add(act: Act) -> Act:
            summary, _, description = inspect.cleandoc(act.__doc__ or "").partition("\n\n")
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    tag=self.tag,
                    act=act,
                    body=body,
                    query=query,
                    answer=answer,
                    status=status,
                    media_types=media_types,
                    summary=" ".join(summary.split()),
                    description=" ".join(description.split()) or " ".join(summary.split()),
                )
            )
            return act

        return add
