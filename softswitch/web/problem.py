"""What is said of a request that was not done: a problem document (RFC 9457) with field, reason and remedy."""

from http import HTTPStatus
from typing import Literal

import msgspec

from softswitch.base.errors import SoftswitchError
from softswitch.control.protocol.replies import RefusalCode, Refused
from softswitch.web.as_routes import as_routes

MEDIA_TYPE = "application/problem+json"

ProblemCode = Literal[
    "malformed",
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "not_acceptable",
    "not_possible",
    "conflict",
    "too_large",
    "unsupported_type",
    "range_not_satisfiable",
    "configuration",
    "too_many_requests",
    "failed",
    "switch_failed",
    "switch_away",
    "busy",
]

STATUS: dict[ProblemCode, int] = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "not_possible": 409,
    "conflict": 409,
    "too_large": 413,
    "unsupported_type": 415,
    "range_not_satisfiable": 416,
    "invalid": 422,
    "configuration": 422,
    "too_many_requests": 429,
    "failed": 500,
    "switch_failed": 502,
    "switch_away": 503,
    "busy": 503,
}
"""The status each is answered with."""

_OF_REFUSAL: dict[RefusalCode, ProblemCode] = {
    "not_found": "not_found",
    "forbidden": "forbidden",
    "not_possible": "not_possible",
    "configuration": "configuration",
    "malformed": "switch_failed",  # what the switch does not understand is of another version
    "busy": "busy",
    "failed": "switch_failed",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document. `field` names what of the request is wrong, `reason` what is, `remedy` what to do."""

    type: str
    title: str
    status: int
    detail: str
    field: str
    reason: str
    remedy: str
    faults: list[str] = []
    """Of a configuration, each of them."""


class ProblemError(SoftswitchError):
    """A request is answered with a problem."""

    def __init__(
        self,
        code: ProblemCode,
        reason: str,
        remedy: str,
        *,
        field: str = "",
        faults: list[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.code: ProblemCode = code
        self.status = STATUS[code]
        self.headers = headers or {}
        self.problem = Problem(
            type=f"urn:softswitch:problem:{code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=f"{reason}. {remedy}",
            field=field,
            reason=reason,
            remedy=remedy,
            faults=faults or [],
        )


def refused(reply: Refused) -> ProblemError:
    """What the switch has said. Its messages are reason and remedy in one, and name commands."""
    reason, remedy = _parted(as_routes(reply.message))
    return ProblemError(_OF_REFUSAL[reply.code], reason, remedy, faults=reply.faults)


def _parted(message: str) -> tuple[str, str]:
    for mark in (": ", "; ", ". "):
        reason, found, remedy = message.partition(mark)
        if found and remedy:
            return reason, remedy[0].upper() + remedy[1:].removesuffix(".")
    return message.removesuffix("."), "See what the listings say, and ask again"
