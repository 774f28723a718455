"""The ASGI application: every route behind the gate, and every refusal as a problem document."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler, Method

from softswitch.base.log import get_logger
from softswitch.config.web_settings import WebSection
from softswitch.web.limits import BODY_BYTES_MAX
from softswitch.web.openapi import document
from softswitch.web.problem import MEDIA_TYPE, ProblemCode, ProblemError
from softswitch.web.route import PREFIX, Route
from softswitch.web.runtime.gate import Gate

AT_THE_ROOT = ("/health", "/ready", "/metrics")
"""Where those who watch a process look by default; the same as behind `PREFIX`."""

AnyRequest = Request[Any, Any, State]

_log = get_logger("web")
_OF_STATUS: dict[int, tuple[ProblemCode, str, str]] = {
    400: ("malformed", "the request cannot be read", "See /openapi.json for what can be asked"),
    404: ("not_found", "there is no such path", "See /openapi.json for those there are"),
    405: ("method_not_allowed", "the path has no such method", "See /openapi.json for those it has"),
    413: ("too_large", f"the body is larger than {BODY_BYTES_MAX} bytes", "Send less"),
}


def application(
    routes: list[Route],
    gate: Gate,
    settings: WebSection,
    *,
    others: list[ControllerRouterHandler],
    on_startup: list[Callable[[], Awaitable[None]]],
    on_shutdown: list[Callable[[], Awaitable[None]]],
) -> Litestar:
    """`others` are handlers that are no routes of JSON: of WebSockets."""
    openapi = msgspec.json.encode(document(routes, url=settings.url))

    async def show_openapi(request: AnyRequest) -> Response[bytes]:
        gate.count_address(gate.address_of(request))
        return Response(openapi, media_type=MediaType.JSON)

    return Litestar(
        route_handlers=[
            HTTPRouteHandler("/openapi.json", http_method=["GET", "HEAD"])(show_openapi),
            *(_handler(route, gate) for route in routes),
            *others,
        ],
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        exception_handlers={Exception: _problem},
        cors_config=_cors(settings),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
    )


def _handler(route: Route, gate: Gate) -> HTTPRouteHandler:
    async def handle(request: AnyRequest) -> Response[Any]:
        return await gate.serve(route, request)

    path = route.path.replace("}", ":str}")
    paths = [PREFIX + path, path] if path in AT_THE_ROOT else [PREFIX + path]
    methods: list[Method] = ["GET", "HEAD"] if route.method == "GET" else [route.method]  # uvicorn leaves the body out
    return HTTPRouteHandler(paths, http_method=methods, status_code=route.status)(handle)


def _cors(settings: WebSection) -> CORSConfig | None:
    """Scripts of other sites: only those named, who may send our cookie along."""
    if not settings.origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "x-csrf-token", "if-none-match", "range"],
        expose_headers=["retry-after", "etag", "content-range", "content-disposition"],
        allow_credentials=True,
        max_age=600,
    )


def _problem(request: AnyRequest, error: Exception) -> Response[bytes]:
    if isinstance(error, ProblemError):
        found = error
    elif isinstance(error, HTTPException) and error.status_code in _OF_STATUS:
        found = ProblemError(*_OF_STATUS[error.status_code], headers=error.headers)
    else:
        _log.error("a request failed", path=request.scope["path"], exc_info=error)
        found = ProblemError("failed", "the web process failed at this request", "Its log says where")
    return Response(
        msgspec.json.encode(found.problem),
        media_type=MEDIA_TYPE,
        status_code=found.status,
        headers={"cache-control": "no-store", **found.headers},
    )
