"""All checks of `softswitch doctor`, in the order in which they are told."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from softswitch import __version__
from softswitch.app.doctor import peers
from softswitch.app.doctor.certificates import certificate_findings
from softswitch.app.doctor.clocks import clock_findings, kept_state
from softswitch.app.doctor.disk import disk_findings, existing
from softswitch.app.doctor.finding import Finding
from softswitch.app.doctor.kernel import kernel_findings
from softswitch.app.doctor.ports import listener_findings, media_findings
from softswitch.app.doctor.running import running_findings
from softswitch.app.machine import own_ip
from softswitch.app.run_directory import worker_sockets
from softswitch.app.settings import listeners
from softswitch.app.sounds import prepare_sounds, sound_library
from softswitch.base.address import TransportKind
from softswitch.config import Configuration
from softswitch.config.addresses import parse_host_port
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.rows import TrunkRow

ROOT = Path("/")


def examine(
    configuration: Configuration, running: tuple[Status, Sequence[TrunkRow]] | None, *, asks_others: bool
) -> Iterator[Finding]:
    """A finding at a time, so that it can be shown while the next is looked for. `configuration` has been checked.

    `running` is what the switch of this configuration says, None if none runs. With `asks_others` names are looked up
    and connections made.
    """
    settings = configuration.settings
    configuration = configuration.with_own_ip(own_ip())
    yield from kernel_findings(
        ROOT,
        files_hard=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        calls_max=settings.limits.calls,
        workers=len(worker_sockets(configuration)),
    )
    if running is None:
        yield from listener_findings(listeners(configuration), ROOT)
        web = parse_host_port(settings.web.listen) if settings.web.enabled else None
        if web is not None:
            yield from listener_findings([(TransportKind.TCP, web)], ROOT, key="[web] listen")
    yield from media_findings(settings.media.port_range, settings.limits.calls, ROOT, is_running=running is not None)
    yield from clock_findings(time.time(), kept_state())
    yield from certificate_findings(configuration, time.time())
    yield from _sound_findings(configuration)
    directories = {
        "store": settings.store.directory,
        "recordings": settings.recordings.directory,
        "voicemail": settings.voicemail.directory,
    }
    yield from disk_findings(directories, (ROOT / "proc/mounts").read_text(), time.perf_counter)
    if asks_others:
        yield from peers.nat_findings(configuration, peers.resolve_name)
        yield from peers.name_findings(configuration, peers.resolve_name)
        for service in peers.services(configuration):
            yield peers.connecting_finding(service, peers.connect_once)
    if running is not None:
        yield from running_findings(*running, __version__)


def _sound_findings(configuration: Configuration) -> Iterator[Finding]:
    """Every prompt the configuration names is made if it is not there yet, as at a start."""
    if find_spec("espeakng_loader") is None:
        yield Finding(
            "sounds",
            "warning",
            "there is no speech: texts that were not recorded cannot be spoken",
            "pip install 'softswitch[speech]'",
        )
    directory = Path(configuration.settings.sounds.directory)
    cache = Path(os.path.dirname(configuration.settings.store.directory))
    if not os.access(existing(str(cache)), os.W_OK):
        yield Finding(
            "sounds", "fault", f"{cache} cannot be written: no prompt can be made", "chown it, or move [store]"
        )
        return
    faults = prepare_sounds(sound_library(configuration), configuration)
    for fault in faults:
        yield Finding("sounds", "warning", f"{fault.file}: {fault.reason}", fault.remedy)
    if not faults:
        languages = ", ".join(configuration.settings.sounds.languages)
        yield Finding("sounds", "good", f"every prompt is there ({languages}; your own are in {directory})")
