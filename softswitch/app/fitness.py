"""Whether this installation can take over from the switch that runs: asked before anything is touched.

| what                          | cannot work when                                                        |
|-------------------------------|-------------------------------------------------------------------------|
| the configuration, the flows  | this version finds a fault in them                                      |
|                               | the store, a listener or a worker that calls hang on is named no more   |
| the store                     | a newer version has written it; it cannot be written at present         |
| the protocol of media workers | it is another: the workers that carry the calls would not be understood |
| how calls and queues are kept | this version cannot read it                                             |
| the switch that runs          | it is being stopped; it is too old to say what it speaks                |
"""

import msgspec

from softswitch import __version__
from softswitch.acd.snapshot_rows import VERSION
from softswitch.app.certificates import certificate_faults
from softswitch.app.machine import own_ip
from softswitch.app.run_directory import worker_sockets
from softswitch.app.settings import listeners, read
from softswitch.base.clock import SystemClock
from softswitch.base.errors import ConfigurationError, StartError
from softswitch.calls.kept.kept_call import KEPT_READABLE
from softswitch.config import Configuration
from softswitch.control.protocol.replies import Status
from softswitch.media.protocol import PROTOCOL_VERSION
from softswitch.store.environment import schema_version
from softswitch.store.migrations import Step, steps_from
from softswitch.store.schema import SCHEMA_VERSION

QUIET_HOUR = "stop the switch at a quiet hour, and start the new version"


class Fitness(msgspec.Struct, frozen=True, kw_only=True):
    """Of one installation, `python` its interpreter. `steps` are what becomes of the store, which then is of
    `schema`, and unreadable for whoever does not know that; empty if it stays as it is. One without `faults` is fit."""

    version: str
    python: str
    schema: int
    steps: list[str] = []
    faults: list[str] = []


def examine(directory: str, status: Status, python: str, store: str) -> Fitness:
    """`status` is what the switch that runs says of itself; `store` the directory of its store."""
    faults: list[str] = []
    try:
        configuration = read(directory)[0]
        faults += changes_of(configuration.with_own_ip(own_ip()), status)
        faults += [str(fault) for fault in certificate_faults(configuration, SystemClock().wall())]
    except ConfigurationError as error:
        faults += [str(fault) for fault in error.faults]
    steps: list[str] = []
    try:
        steps = [step.what for step in steps_of(schema_version(store))]
    except StartError as error:
        faults.append(str(error))
    faults += faults_of(status)
    return Fitness(version=__version__, python=python, schema=SCHEMA_VERSION, steps=steps, faults=faults)


def changes_of(configuration: Configuration, status: Status) -> list[str]:
    """What was changed since the switch began that would part it from its calls: a `reload` leaves it as it is."""
    faults: list[str] = []
    store = configuration.settings.store.directory
    if store != status.store.directory:
        faults.append(_parted(f"[store] directory is {store} now", status.store.directory))
    named = {f"{kind.value.lower()}:{local}" for kind, local in listeners(configuration)}
    for gone in status.listen:
        if gone not in named and not any(each.endswith(":0") for each in named):
            faults.append(_parted(f"[sip] listen is {', '.join(sorted(named))} now", gone))
    workers = worker_sockets(configuration)
    for row in status.workers:
        if row.name not in workers and row.streams:
            faults.append(_parted(f"[media] workers is {len(workers)} now", row.name))
    return faults


def _parted(what: str, former: str) -> str:
    return f"softswitch.toml {what}, and calls hang on {former}: put it back, or {QUIET_HOUR}"


def steps_of(schema: int) -> list[Step]:
    """From a store of this schema to ours. Raises `StartError` if there is no way."""
    if schema > SCHEMA_VERSION:
        raise StartError(
            f"the store has schema {schema}, and softswitch {__version__} knows {SCHEMA_VERSION}: a newer version has "
            "written it. Upgrade to that one or a newer, or restore a backup made before it"
        )
    return steps_from(schema, SCHEMA_VERSION)


def faults_of(status: Status) -> list[str]:
    """Why the switch that runs cannot hand over to us."""
    faults: list[str] = []
    if status.is_draining:
        faults.append("the switch is being stopped: start it again, and then upgrade")
    if status.store.fault:
        faults.append(f"the store cannot be written ({status.store.fault}): calls would be lost. Make room first")
    if not status.media_protocol:
        faults.append(f"softswitch {status.version} cannot hand its calls over: {QUIET_HOUR}")
    elif status.media_protocol != PROTOCOL_VERSION:
        faults.append(
            f"the media workers that run speak protocol {status.media_protocol}, softswitch {__version__} speaks "
            f"{PROTOCOL_VERSION}: {QUIET_HOUR}"
        )
    if status.kept_version and status.kept_version not in KEPT_READABLE:
        faults.append(
            f"softswitch {__version__} cannot read how softswitch {status.version} keeps calls "
            f"(version {status.kept_version}): {QUIET_HOUR}"
        )
    if status.router_version and status.router_version != VERSION:
        faults.append(
            f"softswitch {__version__} cannot read what softswitch {status.version} knows of queues and agents "
            f"(version {status.router_version}, this one {VERSION}): {QUIET_HOUR}"
        )
    return faults
