"""The report of a simulation for people."""

import click

from softswitch.acd.simulation.comparison import Comparison, Figures
from softswitch.acd.simulation.day import Staffing
from softswitch.acd.simulation.report import AgentReport, QueueReport, SimulationReport
from softswitch.acd.simulation.site_load import SiteReport
from softswitch.cli.render import Column, show_table
from softswitch.cli.words import count, duration, percentage

AGENTS_SHOWN_MAX = 40
"""Of more the table has the busiest and the idlest; `--json` has all."""


def show_report(report: SimulationReport) -> None:
    """Everything: queues, intervals, agents, and what Erlang says."""
    speed = f", {report.simulated_s / report.run_s:,.0f} times as fast as life" if report.run_s else ""
    click.echo(
        f"{count(report.calls, 'call')} in {duration(report.simulated_s)}, seed {report.seed}; "
        f"run in {report.run_s:.1f} s{speed}."
    )
    if not report.queues:
        return
    _show_queues(report)
    click.echo(f"\nAgents; occupancy: {report.formulas['occupancy']}")
    show_table(_agents_shown(report), _AGENTS)
    if report.sites:
        click.echo("\nSites; full: no further call could be carried")
        show_table(report.sites, _SITES)
    for comparison in report.comparisons:
        _show_comparison(comparison)


def show_staffing(found: Staffing) -> None:
    """The number of agents, what the formulas say, and the day with so many."""
    target = f"{found.target_share * 100:g} % within {found.target_within_s:g} s"
    click.echo(f"{count(found.agents, 'agent')} for {target}: {found.service_level * 100:.1f} % as simulated.")
    by_a = "" if found.erlang_a is None else f", by Erlang A {found.erlang_a}"
    click.echo(
        f"The busiest {duration(found.interval_s)} has {count(found.busiest_calls, 'call')} of {found.handle_s:.0f} s; "
        f"for these alone it takes by Erlang C {found.erlang_c}{by_a}.\n"
    )
    show_report(found.report)


def _show_queues(report: SimulationReport) -> None:
    click.echo("\nQueues, from beginning to end")
    show_table(report.queues, _QUEUES)
    levels = sorted({row.service_level_s for row in report.queues})
    seconds = ", ".join(f"{level:g}" for level in levels)
    click.echo(f"Level: {report.formulas['service_level']}; T = {seconds} s.")
    click.echo(f"Speed: {report.formulas['average_speed_of_answer_s']}.")
    click.echo("\nBy interval")
    show_table(report.intervals, [Column("From", _clock_time, is_number=True), *_QUEUES])


def _clock_time(row: QueueReport) -> str:
    minutes = round((row.from_s or 0.0) / 60)
    days, rest = divmod(minutes, 24 * 60)
    return f"{days} d {rest // 60}:{rest % 60:02}" if days else f"{rest // 60}:{rest % 60:02}"


def _agents_shown(report: SimulationReport) -> list[AgentReport]:
    if len(report.agents) <= AGENTS_SHOWN_MAX:
        return report.agents
    by_occupancy = sorted(report.agents, key=lambda day: -(day.figures["occupancy"] or 0.0))
    half = AGENTS_SHOWN_MAX // 2
    click.echo(f"The {half} busiest and the {half} idlest of {len(report.agents)}")
    return by_occupancy[:half] + by_occupancy[-half:]


def _show_comparison(comparison: Comparison) -> None:
    patience = "nobody hung up" if comparison.patience_s is None else f"patience {comparison.patience_s:.0f} s"
    click.echo(
        f"\n{', '.join(comparison.queue_ids)}: {count(comparison.calls, 'call')}, {comparison.agents:.1f} agents, "
        f"{comparison.handle_s:.0f} s each, {patience}; level within {comparison.service_level_s:g} s"
    )
    rows = (
        ("as simulated", comparison.simulated, ""),
        ("Erlang C (nobody hangs up)", comparison.erlang_c, "more calls than so many agents can ever take"),
        ("Erlang A", comparison.erlang_a, "nobody hung up, or nobody was there"),
    )
    for name, figures, why_not in rows:
        click.echo(f"  {name:<28}{_figures(figures) if figures is not None else f'does not apply: {why_not}'}")


def _figures(figures: Figures) -> str:
    return (
        f"level {_percent(figures.service_level)}  speed {figures.average_speed_of_answer_s or 0.0:6.1f} s  "
        f"lost {_percent(figures.abandoned)}  occupancy {_percent(figures.occupancy)}"
    )


def _percent(share: float | None) -> str:
    return "      " if share is None else f"{share * 100:5.1f} %"


_QUEUES: list[Column[QueueReport]] = [
    Column("Queue", lambda row: row.queue_id, is_flexible=True),
    Column("Offered", lambda row: str(row.offered), is_number=True),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("Lost", lambda row: str(row.abandoned), is_number=True),
    Column("Overflowed", lambda row: str(row.overflowed), is_number=True, is_wide=True),
    Column("Refused", lambda row: str(row.refused), is_number=True, is_wide=True),
    Column("Level", lambda row: percentage(row.figures["service_level"]), is_number=True),
    Column("Speed", lambda row: duration(row.figures["average_speed_of_answer_s"]), is_number=True),
    Column("Longest", lambda row: duration(row.longest_wait_s), is_number=True),
]

_SITES: list[Column[SiteReport]] = [
    Column("Site", lambda row: row.site_id, is_flexible=True),
    Column("Most calls", lambda row: str(row.most_calls), is_number=True),
    Column("At most", lambda row: "" if row.max_calls is None else str(row.max_calls), is_number=True),
    Column("Full for", lambda row: duration(row.full_s) if row.max_calls is not None else "", is_number=True),
]

_AGENTS: list[Column[AgentReport]] = [
    Column("Agent", lambda row: row.agent_id, is_flexible=True),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("There", lambda row: duration(row.logged_in_s), is_number=True),
    Column("Talking", lambda row: duration(row.talking_s), is_number=True),
    Column("Wrap-up", lambda row: duration(row.wrap_up_s), is_number=True),
    Column("Ready", lambda row: duration(row.ready_s), is_number=True),
    Column("Occupancy", lambda row: percentage(row.figures["occupancy"]), is_number=True),
]
