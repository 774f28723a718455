"""`softswitch upgrade`: put another version in the place of the running one, while calls go on."""

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click
import msgspec

from softswitch.cli.directory import (
    config_option,
    connect,
    control_socket,
    directory_argument,
    find_directory,
    store_directory,
)
from softswitch.cli.failure import CONFIGURATION, FAILED, NO_SWITCH_RUNNING, Failure
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import count

if TYPE_CHECKING:
    from softswitch.app.fitness import Fitness
    from softswitch.app.supervisor_protocol import Supervised

EXAMINED_WITHIN_S = 60.0
FOLLOWS_WITHIN_S = 30.0
"""The supervisor becomes the new version within a second; a machine may be busy."""
POLL_S = 0.1
WAIT_POLL_S = 1.0


class StepDone(msgspec.Struct, frozen=True):
    """One line of progress, and when it began."""

    what: str
    after_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` says. `outdated` are media workers that go on with the version of before until they are empty."""

    outcome: str
    reason: str
    from_version: str
    to_version: str
    python: str
    calls: int
    took_s: float
    steps: list[StepDone]
    outdated: list[str]


@click.command
@directory_argument
@config_option
@click.option("--python", metavar="PATH", help="The interpreter of the new version; otherwise the one of this command.")
@click.option("--venv", metavar="DIR", help="The virtual environment of the new version.")
@click.option("--check", "only_checks", is_flag=True, help="Only say whether it can take over.")
@click.option("--wait", is_flag=True, help="Until the last media worker is of the new version as well.")
@json_option
def upgrade(
    directory: str | None,
    config: str | None,
    python: str | None,
    venv: str | None,
    only_checks: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Put another version in the place of the running one; calls go on."""
    if python and venv:
        raise Failure("--python and --venv say the same: give one of them", CONFIGURATION)
    found = find_directory(directory or config)
    chosen = _interpreter(python, venv)
    fitness = _examine(found) if chosen == _own() else _examined_by(chosen, found)
    if only_checks:
        if as_json:
            show_json(fitness)
        else:
            _say(fitness)
        sys.exit(CONFIGURATION if fitness.faults else 0)
    if fitness.faults:
        raise Failure("\n".join(fitness.faults), CONFIGURATION)
    _carry_out(found, fitness, wait=wait, as_json=as_json)


def _carry_out(directory: str, fitness: "Fitness", *, wait: bool, as_json: bool) -> None:
    from softswitch.app import supervisor_client
    from softswitch.app.supervisor_protocol import Step, Upgrade, Upgraded

    run_directory = os.path.dirname(control_socket(directory))
    began_at = time.monotonic()
    steps: list[StepDone] = []

    def tell(what: str) -> None:
        steps.append(StepDone(what, round(time.monotonic() - began_at, 3)))
        if not as_json:
            click.echo(f"{steps[-1].after_s:6.2f} s  {what}")

    try:
        before = supervisor_client.ask_supervisor(run_directory)
    except supervisor_client.NoSupervisor as error:
        raise Failure(f"{error}: is softswitch serve running?", NO_SWITCH_RUNNING) from error
    tell(f"{before.version} -> {fitness.version}: {_fit(fitness)}")
    end = Upgraded("failed")
    request = Upgrade(python=fitness.python, can_return=not fitness.steps)
    for reply in supervisor_client.upgrade(run_directory, request):
        if isinstance(reply, Step):
            tell(reply.what)
        else:
            end = reply
    after = _follow(run_directory, before, is_changing=end.outcome == "upgraded")
    calls = _calls(directory) if end.outcome in ("upgraded", "returned") else 0
    took_s = time.monotonic() - began_at
    if end.outcome == "upgraded":
        tell(f"the switch is {fitness.version}: {count(calls, 'call')} in progress")
        if after is None:
            reason = (
                "the switch is the new version, its supervisor is not there: see its log, and start softswitch serve"
            )
            end = Upgraded("failed", reason)
        else:
            tell(f"the supervisor is {after.version}")
            after = _waited(run_directory, after) if wait else after
            if after.outdated:
                tell(f"go on with the version of before until they are empty: {', '.join(after.outdated)}")
    if as_json:
        show_json(
            Report(
                outcome=end.outcome,
                reason=end.reason,
                from_version=before.version,
                to_version=fitness.version,
                python=fitness.python,
                calls=calls,
                took_s=round(took_s, 3),
                steps=steps,
                outdated=[] if after is None else after.outdated,
            )
        )
    if end.outcome != "upgraded":
        raise Failure(_failed(end.outcome, end.reason, before.version), FAILED)


def _failed(outcome: str, reason: str, version: str) -> str:
    match outcome:
        case "returned":
            return f"Not upgraded: {reason}. {version} runs again, and calls go on"
        case "refused":
            return f"Not upgraded, and nothing was touched: {reason}"
        case _:
            return reason or "The upgrade failed: the log says why"


def _follow(run_directory: str, before: "Supervised", *, is_changing: bool) -> "Supervised | None":
    """The supervisor once it is the new version; None if it does not come."""
    from softswitch.app.supervisor_client import NoSupervisor, ask_supervisor

    deadline = time.monotonic() + FOLLOWS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            now = ask_supervisor(run_directory)
        except NoSupervisor:
            pass
        else:
            if not is_changing or now.began_at != before.began_at:
                return now
        time.sleep(POLL_S)
    return None


def _waited(run_directory: str, supervised: "Supervised") -> "Supervised":
    """Until no worker is outdated."""
    from softswitch.app.supervisor_client import ask_supervisor

    while supervised.outdated:
        time.sleep(WAIT_POLL_S)
        supervised = ask_supervisor(run_directory)
    return supervised


def _calls(directory: str) -> int:
    from softswitch.base.errors import SoftswitchError
    from softswitch.control.protocol.replies import Status
    from softswitch.control.protocol.requests import GetStatus

    try:
        with connect(directory) as client:
            return client.ask(GetStatus(), Status).calls
    except SoftswitchError:
        return 0


def _examine(directory: str) -> "Fitness":
    """This installation. Raises `NoSwitchRunning`."""
    from softswitch.app.fitness import examine
    from softswitch.control.protocol.replies import Status
    from softswitch.control.protocol.requests import GetStatus

    with connect(directory) as client:
        status = client.ask(GetStatus(), Status)
    return examine(directory, status, _own(), store_directory(directory))


def _examined_by(python: str, directory: str) -> "Fitness":
    """Another installation, by itself. Raises `Failure`."""
    from softswitch.app.fitness import Fitness

    arguments = [python, "-P", "-m", "softswitch", "upgrade", directory, "--check", "--json"]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=EXAMINED_WITHIN_S, check=False)
    except OSError as error:
        raise Failure(f"{python} cannot be run: {error.strerror}", CONFIGURATION) from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{python} has said nothing for {EXAMINED_WITHIN_S:.0f} s", CONFIGURATION) from error
    try:
        return msgspec.json.decode(done.stdout, type=Fitness)
    except msgspec.MsgspecError as error:
        if done.returncode == NO_SWITCH_RUNNING:
            raise Failure(done.stderr.strip(), NO_SWITCH_RUNNING) from error
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise Failure(
            f"there is no softswitch in {python} that can take over ({last}): install one, or stop and start",
            CONFIGURATION,
        ) from error


def _say(fitness: "Fitness") -> None:
    for fault in fitness.faults:
        click.echo(fault, err=True)
    if not fitness.faults:
        click.echo(f"softswitch {fitness.version} can take over: {_fit(fitness)}")


def _fit(fitness: "Fitness") -> str:
    if not fitness.steps:
        return f"the configuration is good, the store keeps schema {fitness.schema}"
    what = "; ".join(fitness.steps)
    return f"the configuration is good, the store gets schema {fitness.schema} ({what}): there is no way back"


def _interpreter(python: str | None, venv: str | None) -> str:
    """As an absolute path whose folder is no symbolic link: the link may soon lead to another version."""
    chosen = os.path.join(venv, "bin", "python") if venv else python
    if chosen is None:
        return _own()
    if not os.access(chosen, os.X_OK):
        raise Failure(f"{chosen} is no interpreter that can be run", CONFIGURATION)
    return os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(chosen))), os.path.basename(chosen))


def _own() -> str:
    return sys.executable
