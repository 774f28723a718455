"""Bills of client companies."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.web.asked import Asked
from softswitch.web.endpoints.reports import MEDIA_TYPES
from softswitch.web.problem import ProblemError
from softswitch.web.route import RawAnswer, Routes

routes = Routes("bills")

NO_SUCH_PROJECT = 'there is no project "'
"""How the command begins to say so."""


class BillQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which month; otherwise of the last one that is over. `calls`: with every call that is charged."""

    month: Annotated[str, Meta(pattern=r"^\d{4}-\d\d$", examples=["2026-11"])] | None = None
    format: Literal["json", "xlsx"] = "json"
    calls: bool = False


@routes.get(
    "/bills/{project}",
    answer=RawAnswer,
    query=BillQuery,
    media_types=(MEDIA_TYPES["json"], MEDIA_TYPES["xlsx"]),
)
async def make_bill(asked: Asked[None, BillQuery]) -> RawAnswer:
    """A client company's bill for a month.

    As JSON or a workbook, in a process of its own; docs/billing.md says what is in it.
    """
    project, query, own = asked.path["project"], asked.query, asked.caller.project
    if own not in ("", project):
        raise _not_there()
    options = [f"--format={query.format}"]
    if query.month is not None:
        options.append(f"--month={query.month}")
    if query.calls:
        options.append("--calls")
    done = await asked.services.commands.run("bill", *options, "--", project)
    if done.exit_code:
        reason = (done.errors.strip().splitlines() or ["the bill could not be made"])[-1][:300]
        if NO_SUCH_PROJECT in reason:
            raise _not_there()
        raise ProblemError("not_possible", reason, "docs/billing.md says what a bill needs", field="project")
    month = query.month or "last"
    return RawAnswer(
        body=done.output, media_type=MEDIA_TYPES[query.format], name=f"bill-{project}-{month}.{query.format}"
    )


def _not_there() -> ProblemError:
    return ProblemError("not_found", "there is no such project", "GET /api/v1/projects lists them", field="project")
