"""The configuration: checked, taken over, and what of it others need to know; and simulations of it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from softswitch.base.errors import Fault
from softswitch.config.rows import RouteRow, ScheduleRow
from softswitch.control.protocol.replies import Reloaded
from softswitch.control.protocol.requests import Reload
from softswitch.web.asked import Asked
from softswitch.web.fields import Word
from softswitch.web.problem import ProblemError
from softswitch.web.route import Listing, NoQuery, Routes

routes = Routes("configuration")

Duration = Annotated[str, Meta(max_length=40, pattern=r"^[a-z0-9:.,]+$")]


class Checked(msgspec.Struct, frozen=True):
    """Everything that is wrong with what is written; what is in force is not touched."""

    is_good: bool
    faults: list[Fault]


class Taken(msgspec.Struct, frozen=True):
    """Each change is a line for people; `restart_needed` names those that only a restart takes over."""

    changes: list[str]
    restart_needed: list[str]


class Simulation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day in the queues, as `softswitch simulate` plays it. `calls` come at any time within `hours`; with `day` those
    that were recorded then. `staff` looks for the number of agents that answers so many per cent in so many seconds."""

    calls: Annotated[int, Meta(ge=1, le=200_000)] | None = None
    hours: Annotated[float, Meta(gt=0, le=168)] = 8.0
    queues: Annotated[list[Word], Meta(max_length=100)] = []
    day: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None
    agents: Annotated[str, Meta(max_length=2000, pattern=r"^[A-Za-z0-9_.+=,-]+$")] | None = None
    talk: Duration | None = None
    patience: Duration | None = None
    staff: Annotated[str, Meta(pattern=r"^\d{1,3}/\d{1,4}$")] | None = None
    seed: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 1


class Simulated(msgspec.Struct, frozen=True):
    """What came of it, as `softswitch simulate --json` says it."""

    result: Any


@routes.post("/configuration/check", answer=Checked)
async def check_configuration(asked: Asked[None, NoQuery]) -> Checked:
    """Say everything that is wrong with the configuration as it is written."""
    done = await asked.services.commands.run("check", "--json")
    try:
        faults = msgspec.json.decode(done.output, type=list[Fault])
    except msgspec.MsgspecError as error:
        raise ProblemError("switch_failed", _last_line(done.errors), "See the log of the web process") from error
    return Checked(not faults, faults)


@routes.post("/configuration/reload", answer=Taken)
async def reload_configuration(asked: Asked[None, NoQuery]) -> Taken:
    """Take over the configuration as it is written, or not at all.

    Calls in progress go on. What is wrong is answered as faults of a problem.
    """
    done = await asked.switch.ask(Reload(), Reloaded)
    return Taken(done.changes, done.restart_needed)


@routes.get("/numbers", answer=Listing[RouteRow])
async def list_numbers(asked: Asked[None, NoQuery]) -> Listing[RouteRow]:
    """Numbers and what answers them, as they are written."""
    return Listing(await asked.services.written.numbers(asked.caller.project))


@routes.get("/schedules", answer=Listing[ScheduleRow])
async def list_schedules(asked: Asked[None, NoQuery]) -> Listing[ScheduleRow]:
    """Opening hours, as they are written."""
    return Listing(await asked.services.written.schedules(asked.caller.project))


@routes.post("/simulations", answer=Simulated, body=Simulation)
async def simulate(asked: Asked[Simulation, NoQuery]) -> Simulated:
    """Play a day in the queues before it happens.

    In a process of its own, for a minute at most.
    """
    done = await asked.services.commands.run("simulate", "--json", *_options(asked.body))
    if done.exit_code:
        raise ProblemError("invalid", _last_line(done.errors), "docs/acd.md says what can be simulated", field="body")
    return Simulated(msgspec.json.decode(done.output))


def _options(asked: Simulation) -> list[str]:
    options = [f"--seed={asked.seed}"]
    if (asked.calls is None) == (asked.day is None):
        raise ProblemError("invalid", "nothing says where the calls come from", "Send calls, or day", field="calls")
    if asked.calls is not None:
        options += [f"--calls={asked.calls}", f"--hours={asked.hours}"]
        options += [f"--queue={queue}" for queue in asked.queues]
    else:
        options += ["--from=cdr", f"--day={asked.day}"]
    for name in ("agents", "talk", "patience", "staff"):
        value = getattr(asked, name)
        if value is not None:
            options.append(f"--{name}={value}")
    return options


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "the command ended without a word"
