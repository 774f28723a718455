"""OpenAPI 3.1 of the routes, with the schemas that msgspec makes of the very types that are read and written."""

from typing import Any

import msgspec

from softswitch import __version__
from softswitch.web.limits import PATH_WORD_CHARACTERS_MAX
from softswitch.web.problem import MEDIA_TYPE, STATUS, Problem, ProblemCode
from softswitch.web.route import PREFIX, FileAnswer, RawAnswer, Route

REFERENCE = "#/components/schemas/{name}"
ALWAYS: tuple[ProblemCode, ...] = ("malformed", "unauthenticated", "forbidden", "too_many_requests", "busy")
OF_THE_SWITCH: tuple[ProblemCode, ...] = ("not_found", "not_possible", "invalid", "switch_failed")
OF_A_BODY: tuple[ProblemCode, ...] = ("too_large", "unsupported_type")
MEANINGS: dict[int, str] = {
    400: "What was sent cannot be read.",
    401: "Nobody was named who may ask: a key or a session is missing, or good no more.",
    403: "Who asks may not do this.",
    404: "There is no such thing, or it is not the caller's to see.",
    409: "It is not possible now, or a request of the same idempotency key is being carried out.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    416: "The file does not have the range.",
    422: "A value is wrong; `field` says which.",
    429: "Too many requests; `Retry-After` says when the next is welcome.",
    502: "The switch failed at it, or did not understand it.",
    503: "The switch is away or has too much to do; try again.",
}
WAYS_IN: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]


def document(routes: list[Route], *, url: str) -> dict[str, Any]:
    """The OpenAPI document."""
    types = [Problem, *(each for route in routes for each in (route.answer, route.body) if _is_json(each))]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    of_type = {id(each): schema for each, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, of_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Softswitch",
            "version": __version__,
            "description": "What can be asked of the switch. Refused requests are problem documents (RFC 9457).",
        },
        "servers": [{"url": url}],
        "security": WAYS_IN,
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key of users.toml."},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


def _is_json(each: Any) -> bool:
    return each is not None and each not in (FileAnswer, RawAnswer)


def _operation(route: Route, of_type: dict[int, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.act.__name__,
        "summary": route.summary,
        "description": route.description,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, of_type),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": of_type[id(route.body)]}},
        }
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1, "maxLength": PATH_WORD_CHARACTERS_MAX}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    (reference,), components = msgspec.json.schema_components([route.query], ref_template="{name}")
    schema = components[reference["$ref"]]
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each.get("description", ""),
            "schema": {key: value for key, value in each.items() if key != "description"},
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if not route.is_acting:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same request is answered as the first time, and done once.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
        }
    ]


def _responses(route: Route, of_type: dict[int, dict[str, Any]]) -> dict[str, Any]:
    responses: dict[str, Any] = {str(route.status): _answer(route, of_type)}
    if route.answer is FileAnswer:
        responses["206"] = {"description": "The part that was asked for.", "content": {"audio/*": {}}}
        responses["304"] = {"description": "It is as the caller has it."}
    codes: list[ProblemCode] = [*ALWAYS, *OF_THE_SWITCH, *(OF_A_BODY if route.body is not None else ())]
    if route.answer is FileAnswer:
        codes.append("range_not_satisfiable")
    problem = {"content": {MEDIA_TYPE: {"schema": of_type[id(Problem)]}}}
    for status in sorted({STATUS[code] for code in codes}):
        responses[str(status)] = {"description": MEANINGS[status], **problem}
    return responses


def _answer(route: Route, of_type: dict[int, dict[str, Any]]) -> dict[str, Any]:
    if route.answer is FileAnswer:
        return {"description": "The file.", "content": {"audio/*": {}}}
    if route.answer is RawAnswer:
        content: dict[str, Any] = {media_type: {} for media_type in route.media_types}
        return {"description": "As it was asked for.", "content": content}
    return {"description": "Done.", "content": {"application/json": {"schema": of_type[id(route.answer)]}}}
