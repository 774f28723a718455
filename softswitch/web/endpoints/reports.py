"""Reports: of the calls, queues, agents and trunks of a time."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier
from softswitch.reports.catalogue import CATALOGUE
from softswitch.web.asked import Asked
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, RawAnswer, Routes

routes = Routes("reports")

Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$", examples=["2026-11-29", "2026-11-29T14:00"])]
Zone = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_+/-]*$")]
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report there is. `filters` are what it can be told for."""

    name: str
    title: str
    about: str
    filters: list[str]
    is_for_projects: bool


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[since, until) in `zone`, or the `last_days` whole days; otherwise today until now."""

    since: Moment | None = None
    until: Moment | None = None
    last_days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    zone: Zone = ""
    project: Identifier | None = None
    queue: Identifier | None = None
    agent: Identifier | None = None
    interval: Literal["15", "30", "60", "day"] = "60"
    limit: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    table: Identifier | None = None
    format: Literal["json", "csv", "xlsx"] = "json"


@routes.get("/reports", answer=Listing[ReportRow])
async def list_reports(asked: Asked[None, NoQuery]) -> Listing[ReportRow]:
    """Reports there are, and what they can be told for."""
    return Listing(
        [
            ReportRow(
                name=kind.name,
                title=kind.title,
                about=kind.about,
                filters=list(kind.filters),
                is_for_projects=kind.is_for_projects,
            )
            for kind in CATALOGUE
        ]
    )


@routes.get("/reports/{report}", answer=RawAnswer, query=ReportQuery, media_types=tuple(MEDIA_TYPES.values()))
async def make_report(asked: Asked[None, ReportQuery]) -> RawAnswer:
    """Make a report.

    As JSON, CSV or a workbook, in a process of its own. Supervisors name a queue or an agent of theirs.
    """
    report = asked.path["report"]
    if report not in {kind.name for kind in CATALOGUE}:
        raise ProblemError("not_found", "there is no such report", "GET /api/v1/reports lists them", field="report")
    await _check_own(asked)
    done = await asked.services.commands.run("report", report, *_options(asked.query, asked.caller.project))
    if done.exit_code:
        lines = [line for line in done.errors.splitlines() if line.strip()]
        reason = lines[-1][:300] if lines else "the report could not be made"
        raise ProblemError("invalid", reason, "docs/reports.md says what it can be told for", field="query")
    media_type = MEDIA_TYPES[asked.query.format]
    return RawAnswer(body=done.output, media_type=media_type, name=f"{report}.{asked.query.format}")


async def _check_own(asked: Asked[None, ReportQuery]) -> None:
    """A supervisor's is what is of a queue or an agent of his."""
    query = asked.query
    if asked.caller.role == "supervisor":
        owner = await asked.switch.owner()
        named = [("queue", query.queue), ("agent", query.agent)]
        given = [(field, value) for field, value in named if value]
        if not given:
            raise ProblemError(
                "invalid", "nothing says of whom it is to tell", "Name a queue or an agent", field="queue"
            )
        for field, value in given:
            queue, agent = (value, None) if field == "queue" else (None, value)
            if not owner.sees(agent=agent, queue=queue, project=""):
                raise ProblemError("not_found", f"you have no such {field}", "GET /api/v1/agents, /queues", field=field)
    if asked.caller.role == "project" and query.project not in (None, asked.caller.project):
        raise ProblemError("not_found", "there is no such project", "Leave it out", field="project")


def _options(query: ReportQuery, project: str) -> list[str]:
    said = {
        "since": query.since,
        "until": query.until,
        "last-days": query.last_days,
        "zone": query.zone or None,
        "project": project or query.project,
        "queue": query.queue,
        "agent": query.agent,
        "interval": query.interval,
        "limit": query.limit,
        "table": query.table,
        "format": query.format,
    }
    return [f"--{name}={value}" for name, value in said.items() if value is not None]
