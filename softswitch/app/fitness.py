"""Whether this installation can take over from the switch that runs: asked before anything is touched.

| what                          | cannot work when                                                        |
|-------------------------------|-------------------------------------------------------------------------|
| the configuration, the flows  | this version finds a fault in them                                      |
| the store                     | a newer version has written it; it cannot be written at present         |
| the protocol of media workers | it is another: the workers that carry the calls would not be understood |
| how calls and queues are kept | this version cannot read it                                             |
| the switch that runs          | it is being stopped; it is too old to say what it speaks                |
"""

import msgspec

from softswitch import __version__
from softswitch.acd.snapshot_rows import VERSION
from softswitch.app.certificates import certificate_faults
from softswitch.app.settings import read
from softswitch.base.clock import SystemClock
from softswitch.base.errors import ConfigurationError, StartError
from softswitch.calls.kept.kept_call import KEPT_READABLE
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
