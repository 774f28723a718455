"""What a request says, read into the types of its route; what cannot be is a problem that names the field."""

import re
from typing import Any, TypeVar

import msgspec

from softswitch.web.limits import PATH_WORD_CHARACTERS_MAX
from softswitch.web.problem import ProblemError
from softswitch.web.route import Route

QueryT = TypeVar("QueryT")
_AT = re.compile(r"(.*?) - at `(.*)`$", re.DOTALL)
_NAMED = re.compile(r"`(\w+)`")


def read_body(route: Route, media_type: str, raw: bytes) -> Any:
    """The body as the route's type; None for a route without one."""
    if route.body is None:
        if raw:
            raise ProblemError("malformed", "a body was sent where none is read", "Leave it out", field="body")
        return None
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(
            "unsupported_type", f'the body is "{media_type[:80]}"', "Send JSON, as application/json", field="body"
        )
    try:
        return msgspec.json.decode(raw, type=route.body)
    except msgspec.ValidationError as error:
        raise _invalid(error, "body", route.body) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProblemError("malformed", f"the body is no JSON ({error})", "Send JSON in UTF-8", field="body") from error


def read_query(route: Route, pairs: list[tuple[str, str]]) -> Any:
    """Query parameters as the route's type."""
    return read_query_as(route.query, pairs)


def read_query_as(kind: type[QueryT], pairs: list[tuple[str, str]]) -> QueryT:
    """Query parameters as this type."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise ProblemError("invalid", "the parameter is there twice", "Send it once", field=name[:80])
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error, "query", kind) from error


def check_path(words: dict[str, str]) -> dict[str, str]:
    for name, word in words.items():
        if not word or len(word) > PATH_WORD_CHARACTERS_MAX or not word.isprintable():
            raise ProblemError("not_found", "there is no such thing", "See what the listings say", field=name)
    return words


def _invalid(error: msgspec.ValidationError, whole: str, kind: type[Any]) -> ProblemError:
    """msgspec says "Expected `int`, got `str` - at `$.seconds`", or names a field that is missing or unknown."""
    text = str(error)
    found = _AT.match(text)
    reason, field = (found[1], found[2].removeprefix("$").removeprefix(".")) if found else (text, "")
    named = _NAMED.search(reason) if "field" in reason else None
    if named is not None:
        field = f"{field}.{named[1]}" if field else named[1]
    reason = reason[:1].lower() + reason[1:]
    remedy = "See /openapi.json for what it may be"
    if "unknown field" in reason and found is None and issubclass(kind, msgspec.Struct):
        names = ", ".join(kind.__struct_encode_fields__)
        remedy = f"There are {names}" if names else "Leave it out"
    return ProblemError("invalid", reason, remedy, field=field or whole)
