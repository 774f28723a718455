"""All reports there are, by their names."""

from softswitch.reports.abandoned import Abandoned
from softswitch.reports.agent_performance import AgentPerformance
from softswitch.reports.agent_sessions import AgentSessions
from softswitch.reports.by_hour import ByHour
from softswitch.reports.call_list import CallList
from softswitch.reports.conference_minutes import ConferenceMinutes
from softswitch.reports.dispositions import Dispositions
from softswitch.reports.limits import LONGEST_CALL_S
from softswitch.reports.outbound import Outbound
from softswitch.reports.report import ReportKind, Source
from softswitch.reports.service_level import ServiceLevel
from softswitch.reports.surveys import Surveys
from softswitch.reports.terms import ReportRefused, Terms
from softswitch.reports.trunks import Trunks
from softswitch.reports.waits import Waits

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
    ReportKind(
        name="agent_sessions",
        title="Agents: sessions and pauses",
        about="When agents were there, what they did, how busy they were and why they were not ready.",
        source=Source.EVENTS,
        make=AgentSessions,
        is_for_projects=False,
        filters=("agent", "interval"),
    ),
    ReportKind(
        name="agent_performance",
        title="Agents: performance",
        about="What agents answered and missed, how long it took them, and what callers said of them.",
        source=Source.EVENTS,
        make=AgentPerformance,
        filters=("queue", "agent"),
    ),
    ReportKind(
        name="abandoned",
        title="Lost contacts",
        about="Who hung up waiting, from which place, after how long, and how others left who were not answered.",
        source=Source.EVENTS,
        make=Abandoned,
        filters=("queue", "interval"),
    ),
    ReportKind(
        name="waits",
        title="Distribution of waits",
        about="How waits are distributed, of those who were answered and of those who were not.",
        source=Source.EVENTS,
        make=Waits,
    ),
    ReportKind(
        name="dispositions",
        title="Dispositions",
        about="What agents said came of their contacts, by queue and by agent.",
        source=Source.EVENTS,
        make=Dispositions,
        filters=("queue", "agent"),
    ),
    ReportKind(
        name="surveys",
        title="Surveys",
        about="What callers answered, question by question, and how many answered at all.",
        source=Source.EVENTS,
        make=Surveys,
        filters=("queue", "agent"),
    ),
    ReportKind(
        name="trunks",
        title="Trunks and busy hours",
        about="Calls in and out by trunk, how many were answered, how busy its channels were, why calls failed.",
        source=Source.CALLS,
        make=Trunks,
        filters=("interval",),
        look_back_s=LONGEST_CALL_S,
    ),
    ReportKind(
        name="outbound",
        title="Calls to the outside",
        about="Calls of phones, flows and call-backs to the outside: tries, connections, conversions.",
        source=Source.CALLS,
        make=Outbound,
        filters=("queue", "agent", "interval"),
    ),
    ReportKind(
        name="calls",
        title="Calls",
        about="The calls one by one, the newest first, with their recordings.",
        source=Source.LIST,
        make=CallList,
        filters=("queue", "agent"),
    ),
    ReportKind(
        name="conferences",
        title="Conferences",
        about="Conferences that began then: how many, with whom, for how many minutes.",
        source=Source.CONFERENCES,
        make=ConferenceMinutes,
        filters=(),
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
