"""`softswitch serve`: check everything, then run media workers, the switch and what is beside it under a supervisor."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterable

import click

from softswitch.app.children import Role
from softswitch.app.health import ANSWER_WITHIN_S, ASK_EVERY_S, SwitchHealth, notify
from softswitch.app.renewal import Drain, Order, Renew, outdated
from softswitch.app.run_directory import SWITCH, TELEMETRY, WAREHOUSE, WEB, RunDirectory, worker_sockets
from softswitch.app.sounds import prepare_sounds, sound_cache_directory, sound_library
from softswitch.app.supervisor import LeftSupervisor, Program, Supervisor, supervise
from softswitch.base.errors import Fault
from softswitch.base.log import configure_logging
from softswitch.cli.check import checked_configuration, summary
from softswitch.cli.directory import config_option, directory_argument, find_directory
from softswitch.config import Configuration
from softswitch.control.protocol.replies import Status, WorkerSet
from softswitch.control.protocol.requests import GetStatus, SetWorker, WorkerAction
from softswitch.control.runtime.client import ControlClient, ControlFailed, ControlRefused, NoSwitchRunning

WORKER_KILL_AFTER_S = 5.0
"""A worker closes its recordings within a second or so."""

SWITCH_KILL_AFTER_GRACE_S = 5.0
"""After the grace for calls the switch says BYE to whoever is left and writes the last CDRs."""

WAREHOUSE_KILL_AFTER_S = 10.0
"""Of the switch's last records a fraction of a second is copied; a database that does not answer is not waited for."""

TELEMETRY_KILL_AFTER_S = 10.0
"""The same of the last traces; what is not exported then is after the next start."""

WEB_KILL_AFTER_S = 5.0
"""It answers what it has begun within two seconds."""

_PYTHON = (sys.executable, "-P", "-m")
"""-P: no file of the current directory takes the place of one of ours."""

RENEW_EVERY_S = 1.0

READY_POLL_S = 0.02
READY_LATE_S = 30.0


@click.command
@directory_argument
@config_option
def serve(directory: str | None, config: str | None) -> None:
    """Run the switch of a configuration directory."""
    left = LeftSupervisor.found_in(os.environ)
    configuration = checked_configuration(find_directory(directory or config))
    run_directory = RunDirectory(os.path.dirname(configuration.settings.control.socket))
    run_directory.lock(None if left is None else left.lock)
    is_first = not sound_cache_directory(configuration).is_dir()
    if is_first:
        click.echo("Speaking the prompts, once: this takes a few seconds")
        _prepare_sounds(configuration)
    log = configuration.settings.log
    configure_logging(level=log.level, log_format=log.format)
    sys.exit(asyncio.run(_run(configuration, run_directory, left, refresh_sounds=not is_first)))


async def _run(
    configuration: Configuration, run_directory: RunDirectory, left: LeftSupervisor | None, *, refresh_sounds: bool
) -> int:
    """Until everything has ended. Meanwhile the switch is watched; new recordings are converted if so asked."""
    sounds = asyncio.create_task(asyncio.to_thread(_prepare_sounds, configuration)) if refresh_sounds else None
    try:
        return await supervise(
            _programs(configuration),
            run_directory,
            lambda each: _look_after(configuration, each),
            itself=(*_PYTHON, "softswitch", "serve", configuration.directory),
            left=left,
        )
    finally:
        if sounds is not None:
            sounds.cancel()
            await asyncio.gather(sounds, return_exceptions=True)


def _programs(configuration: Configuration) -> list[Program]:
    """The command lines of the children."""
    settings = configuration.settings
    workers = [
        Program(
            Role(name=name, stop_rank=1, kill_after_s=WORKER_KILL_AFTER_S, carries_calls=True),
            (
                *_PYTHON,
                "softswitch.media.runtime.worker",
                "--socket",
                socket,
                "--name",
                name,
                "--log-level",
                settings.log.level,
            ),
            spare=(*_PYTHON, "softswitch.media.runtime.worker", "--spare"),
        )
        for name, socket in worker_sockets(configuration).items()
    ]
    kill_after_s = settings.shutdown.grace_s + SWITCH_KILL_AFTER_GRACE_S
    switch = Role(name=SWITCH, stop_rank=0, kill_after_s=kill_after_s, reloads=True)
    command = (*_PYTHON, "softswitch.app.switch")
    programs = [*workers, Program(switch, (*command, configuration.directory), (*command, "--spare"))]
    if settings.web.enabled:
        web = Role(name=WEB, stop_rank=0, kill_after_s=WEB_KILL_AFTER_S)
        programs.append(Program(web, (*_PYTHON, "softswitch.web", configuration.directory)))
    if settings.warehouse.dsn:
        # After the switch, whose last records it copies.
        warehouse = Role(name=WAREHOUSE, stop_rank=1, kill_after_s=WAREHOUSE_KILL_AFTER_S)
        programs.append(Program(warehouse, (*_PYTHON, "softswitch.app.warehouse", configuration.directory)))
    if settings.telemetry.endpoint:
        telemetry = Role(name=TELEMETRY, stop_rank=1, kill_after_s=TELEMETRY_KILL_AFTER_S)
        programs.append(Program(telemetry, (*_PYTHON, "softswitch.app.telemetry", configuration.directory)))
    return programs


def _prepare_sounds(configuration: Configuration) -> None:
    """Speak and convert what is not in the cache yet. What cannot be is said, and costs only that sound."""
    for line in told_once(prepare_sounds(sound_library(configuration), configuration)):
        click.echo(line, err=True)


def told_once(faults: Iterable[Fault]) -> list[str]:
    """A line for each fault; what is wrong with many files in the same way (a full disk) is told of the first."""
    alike: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        alike.setdefault((fault.reason, fault.remedy), []).append(fault)
    return [f"{first}{f' (and {len(rest)} files more)' if rest else ''}" for first, *rest in alike.values()]


async def _look_after(configuration: Configuration, supervisor: Supervisor) -> None:
    await asyncio.gather(_watch(configuration, supervisor), _renew(configuration, supervisor))


async def _renew(configuration: Configuration, supervisor: Supervisor) -> None:
    """After an upgrade one media worker after the other becomes the new version."""
    has_looked = False
    while not has_looked or supervisor.renewal.names:
        await asyncio.sleep(RENEW_EVERY_S)
        status = await asyncio.to_thread(_ask_status, configuration)
        if status is not None and all(row.is_connected for row in status.workers) and not has_looked:
            has_looked = True
            supervisor.renewal.add(outdated(status))
        for order in supervisor.renewal.look([] if status is None else status.workers):
            if isinstance(order, Renew):
                supervisor.renew(order.name)
            else:
                await asyncio.to_thread(_set_worker, configuration, order)


def _set_worker(configuration: Configuration, order: Order) -> None:
    """A switch that is not there is told again, when it says how its workers are."""
    action: WorkerAction = "drain" if isinstance(order, Drain) else "resume"
    with contextlib.suppress(NoSwitchRunning, ControlFailed), _client(configuration) as client:
        client.ask(SetWorker(order.name, action), WorkerSet)


async def _watch(configuration: Configuration, supervisor: Supervisor) -> None:
    """One line when the switch answers at its control socket; from then on, that it goes on answering."""
    began_at = time.monotonic()
    is_late = False
    while (status := await asyncio.to_thread(_ask_status, configuration)) is None:
        await asyncio.sleep(READY_POLL_S)
        if not is_late and time.monotonic() - began_at > READY_LATE_S:
            is_late = True
            click.echo(f"The switch is not ready after {READY_LATE_S:.0f} s; its log above may say why", err=True)
    listen = ", ".join(status.listen)
    click.echo(f"Ready: phones register at sip:{status.domain} ({listen}); {summary(configuration)}")
    notify(f"READY=1\nSTATUS=Phones register at sip:{status.domain}")
    health = SwitchHealth()
    while True:
        pid = supervisor.pids.get("switch")
        if await asyncio.to_thread(_is_answered, configuration):
            health.answered(pid, time.monotonic())
        elif health.silent(pid, time.monotonic()):
            supervisor.kill("switch")
        notify("WATCHDOG=1")
        await asyncio.sleep(ASK_EVERY_S)


def _ask_status(configuration: Configuration) -> Status | None:
    try:
        with _client(configuration) as client:
            return client.ask(GetStatus(), Status)
    except (NoSwitchRunning, ControlFailed):
        return None


def _is_answered(configuration: Configuration) -> bool:
    """Also by a refusal, because it has too many clients."""
    try:
        with _client(configuration) as client:
            client.ask(GetStatus(), Status)
    except ControlRefused:
        return True
    except (NoSwitchRunning, ControlFailed):
        return False
    return True


def _client(configuration: Configuration) -> ControlClient:
    return ControlClient(configuration.settings.control.socket, configuration.directory, answer_s=ANSWER_WITHIN_S)
