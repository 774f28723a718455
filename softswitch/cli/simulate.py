"""`softswitch simulate`: a day in the queues, before it happens.

Configuration and records are read; the switch, if one runs, is not spoken to.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import click
from msgspec.structs import replace

from softswitch.base.ids import QueueId
from softswitch.cli.directory import chosen_project, config_option, find_directory, store_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import json_option, show_json
from softswitch.cli.simulation_tables import show_report, show_staffing

if TYPE_CHECKING:
    from softswitch.acd.inputs import ConfigurationSet
    from softswitch.acd.simulation.arrivals import Arrival, Habits, PastCall
    from softswitch.acd.simulation.day import Scenario
    from softswitch.acd.simulation.staffing import Target

TALK = "exponential:180"
PATIENCE = "exponential:300"
"""Of callers of whom nothing is known."""


class Source(NamedTuple):
    """Which of the options says where the calls come from. One of them does."""

    record: str | None
    day: str | None
    arrivals: str | None
    forecast: str | None
    calls: int | None
    hours: float
    queues: tuple[str, ...]


@click.command
@config_option
@click.option("--from", "record", type=click.Choice(["cdr"]), help="The calls of queues as they were recorded.")
@click.option("--day", metavar="YYYY-MM-DD", help="With --from cdr: of this day only.")
@click.option("--arrivals", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Calls from a CSV file.")
@click.option(
    "--forecast", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Calls expected, from a CSV file."
)
@click.option("--calls", metavar="N", type=click.IntRange(1), help="So many calls, at any time alike.")
@click.option("--hours", default=8.0, show_default=True, type=click.FloatRange(0.01, 8784), help="With --calls.")
@click.option("--queue", "queues", metavar="QUEUE", multiple=True, help="With --calls: into these only.")
@click.option("--agents", metavar="WHO", help="12, or sales=8,support=4; otherwise those of the configuration.")
@click.option(
    "--shifts", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Who works when, from a CSV file."
)
@click.option("--talk", metavar="DURATION", help="Of conversations; otherwise as recorded, or exponential:180.")
@click.option("--patience", metavar="DURATION", help="Of callers; otherwise as recorded, or exponential:300.")
@click.option("--answer", metavar="DURATION", default="0", help="How long agents' phones ring before the answer.")
@click.option("--interval", metavar="MINUTES", default=30.0, show_default=True, type=click.FloatRange(1, 1440))
@click.option("--staff", metavar="80/20", help="Look for the number of agents that answers 80 % within 20 seconds.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Other callers.")
@json_option
def simulate(
    config: str | None,
    record: str | None,
    day: str | None,
    arrivals: str | None,
    forecast: str | None,
    calls: int | None,
    hours: float,
    queues: tuple[str, ...],
    agents: str | None,
    shifts: str | None,
    talk: str | None,
    patience: str | None,
    answer: str,
    interval: float,
    staff: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """A day in the queues, before it happens.

    Runs calls through the queues and agents of a configuration in virtual time and reports as a real day would, with
    what Erlang's formulas say of the same calls. DURATION is "180", "exponential:180" or "lognormal:180,120" (seconds).
    """
    from softswitch.acd.simulation.call_lists import read_shifts
    from softswitch.acd.simulation.day import Scenario, run_day
    from softswitch.acd.simulation.durations import parse_duration
    from softswitch.acd.simulation.staffing import parse_target
    from softswitch.app.acd_settings import acd_configuration
    from softswitch.app.simulation import agents_of
    from softswitch.base.clock import SystemClock
    from softswitch.cli.check import checked_configuration

    directory = find_directory(config)
    if chosen_project():
        raise Failure("this command simulates the queues and agents of all projects: leave out --project")
    source = Source(record, day, arrivals, forecast, calls, hours, queues)
    _check_usage(source, agents, shifts, staff)
    target = None if staff is None else parse_target(staff)
    configuration = acd_configuration(checked_configuration(directory))
    past = _recorded(directory, day) if record else None
    scenario = Scenario(
        configuration=configuration,
        arrivals=_arrivals(source, configuration, past, _habits(talk, patience, past), interval * 60, seed),
        answer=parse_duration(answer),
        interval_s=interval * 60,
        seed=seed,
    )
    if target is not None:
        _look_for_agents(scenario, target, as_json=as_json)
        return
    scenario = replace(scenario, configuration=replace(configuration, agents=agents_of(agents, configuration)))
    if shifts is not None:
        with open(shifts, encoding="utf-8-sig") as file:
            scenario = replace(scenario, shifts=read_shifts(shifts, file))
    report = run_day(scenario, SystemClock())
    if as_json:
        show_json(report)
    else:
        show_report(report)


def _check_usage(source: Source, agents: str | None, shifts: str | None, staff: str | None) -> None:
    """Options that exclude or need each other."""
    named = [
        option
        for option, value in (
            ("--from cdr", source.record),
            ("--arrivals", source.arrivals),
            ("--forecast", source.forecast),
            ("--calls", source.calls),
        )
        if value is not None
    ]
    if len(named) != 1:
        said = " and ".join(named) or "none of them"
        raise click.UsageError(
            f"say once where calls come from (--from cdr, --arrivals, --forecast, --calls), not {said}"
        )
    if source.day is not None and source.record is None:
        raise click.UsageError("--day goes with --from cdr")
    if source.queues and source.calls is None:
        raise click.UsageError("--queue goes with --calls")
    if staff is not None and (agents is not None or shifts is not None):
        raise click.UsageError("--staff looks for the number of agents: leave out --agents and --shifts")
    if agents is not None and shifts is not None:
        raise click.UsageError("--shifts says when the configured agents work: leave out --agents")


# Where calls come from


def _recorded(directory: str, day: str | None) -> "list[PastCall]":
    from softswitch.app.simulation import past_calls
    from softswitch.store import open_reader

    start, stop = (None, None) if day is None else _day(day)
    with open_reader(store_directory(directory)) as store:
        calls = past_calls(store.cdrs.ascending(start, stop))
    if not calls:
        when = "" if day is None else f" on {day}"
        raise Failure(f"no recorded call has come into a queue{when}: try --calls 500", CONFIGURATION)
    return calls


def _day(day: str) -> tuple[tuple[float, str], tuple[float, str]]:
    """The keys of records between which the day lies."""
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").astimezone()
    except ValueError:
        raise click.UsageError(f"{day!r} is no day: write it like 2026-11-30") from None
    following = (midnight.replace(tzinfo=None) + timedelta(days=1)).astimezone()
    return (midnight.timestamp(), ""), (following.timestamp(), "")


def _habits(talk: str | None, patience: str | None, past: "Sequence[PastCall] | None") -> "Habits":
    """How callers behave, as it was said, else as it was recorded, else as callers usually do."""
    from softswitch.acd.simulation.arrivals import Habits
    from softswitch.acd.simulation.durations import Exponential, parse_duration
    from softswitch.app.simulation import observed_patience_s, observed_talk

    if past is None:
        return Habits(talk=parse_duration(talk or TALK), patience=parse_duration(patience or PATIENCE))
    return Habits(
        talk=observed_talk(past) if talk is None else parse_duration(talk),
        patience=Exponential(observed_patience_s(past)) if patience is None else parse_duration(patience),
    )


def _arrivals(
    source: Source,
    configuration: "ConfigurationSet",
    past: "Sequence[PastCall] | None",
    habits: "Habits",
    interval_s: float,
    seed: int,
) -> "list[Arrival]":
    from softswitch.acd.simulation.arrivals import as_they_came, exactly, expected_calls
    from softswitch.acd.simulation.call_lists import read_calls, read_forecast

    if past is not None:
        known = {queue.queue_id for queue in configuration.queues}
        return as_they_came([call for call in past if call.queue_id in known], otherwise=habits, seed=seed)
    if source.arrivals is not None:
        with open(source.arrivals, encoding="utf-8-sig") as file:
            return read_calls(source.arrivals, file, habits=habits, seed=seed)
    if source.forecast is not None:
        with open(source.forecast, encoding="utf-8-sig") as file:
            demands = read_forecast(source.forecast, file, interval_s=interval_s)
        return expected_calls(demands, habits, seed=seed)
    queue_ids = [QueueId(name) for name in source.queues] or [queue.queue_id for queue in configuration.queues]
    if not queue_ids:
        raise Failure("queues.toml has no queue for calls to come into", CONFIGURATION)
    return exactly(source.calls or 0, queue_ids, span_s=source.hours * 3600, habits=habits, seed=seed)


# How many agents


def _look_for_agents(scenario: "Scenario", target: "Target", *, as_json: bool) -> None:
    from softswitch.acd.simulation.day import staff
    from softswitch.app.simulation import pattern
    from softswitch.base.clock import SystemClock

    found = staff(scenario, target, pattern(scenario.configuration), SystemClock())
    if as_json:
        show_json(found)
    else:
        show_staffing(found)
