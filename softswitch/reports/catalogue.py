"""All reports there are, by their names."""

from softswitch.reports.by_hour import ByHour
from softswitch.reports.report import ReportKind, Source
from softswitch.reports.service_level import ServiceLevel
from softswitch.reports.terms import ReportRefused, Terms

CATALOGUE: tuple[ReportKind, ...] = (
    ReportKind(
        name="service_level",
        title="Service level",
        about="Who came, who was answered in time and who was lost, by interval and by queue.",
        source=Source.EVENTS,
        make=ServiceLevel,
        filters=("queue", "interval"),
    ),
    ReportKind(
        name="by_hour",
        title="Hours and weekdays",
        about="When contacts come, by hour of the day and day of the week, and how they fare then.",
        source=Source.EVENTS,
        make=ByHour,
    ),
)
BY_NAME = {kind.name: kind for kind in CATALOGUE}


def find_report(name: str, terms: Terms) -> ReportKind:
    """The report, if it can be made of these terms. Raises ReportRefused."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise ReportRefused(f"there is no report {name}: there are {', '.join(BY_NAME)}")
    if terms.project and not kind.is_for_projects:
        raise ReportRefused(f"{name} is about the whole centre, and not about one project: leave out the project")
    for filter_name, value in (("queue", terms.queue), ("agent", terms.agent)):
        if value and filter_name not in kind.filters:
            raise ReportRefused(f"{name} cannot be told for one {filter_name}: leave it out")
    return kind
