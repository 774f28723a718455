"""The switch process: `python -m softswitch.app.switch DIR`, started by the supervisor.

Start: configuration, dialplans, store, media workers, registrations and agents as they were, SIP ports, control socket:
its appearance says that the switch is ready. Stop (SIGTERM): new calls get 503, calls in progress their grace time,
then BYE. SIGHUP: reload, all or nothing. Exit codes: 0 stopped, 2 configuration or start error (one line each on
standard error). SIGUSR1: end, and leave all calls to the next switch process (handing_over.py).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from softswitch.acd.events import Stamped
from softswitch.acd.inputs import AgentLoggedIn, AgentUnreachable
from softswitch.acd.outputs import AcdOutput, RoutingAsked, RoutingSettled
from softswitch.acd.runtime.hook_client import load_library
from softswitch.app.acd_settings import acd_configuration, auto_login, hook_targets
from softswitch.app.belongings import SwitchBelongings
from softswitch.app.building import build
from softswitch.app.caller_settings import lookups as configured_lookups
from softswitch.app.certificates import certificate_faults
from softswitch.app.garbage import NEW_EVERY_S, GarbageRounds
from softswitch.app.handing_over import hand_over
from softswitch.app.held_sockets import HeldSockets, renumbered
from softswitch.app.machine import own_ip
from softswitch.app.operations import SwitchOperations
from softswitch.app.parts import Parts
from softswitch.app.router_journal import boot_id
from softswitch.app.settings import (
    call_settings,
    dns_servers,
    listeners,
    read,
    reloaded,
    sip_settings,
    stream_settings,
)
from softswitch.app.sounds import operator_texts, prepare_sounds
from softswitch.app.spare import wait_to_be_needed
from softswitch.app.supervisor_protocol import supervisor_socket
from softswitch.app.voicemail_mails import mail_about
from softswitch.base.errors import ConfigurationError, SoftswitchError, StartError
from softswitch.base.ids import CallId, RecordingId
from softswitch.base.log import configure_logging, get_logger
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.runtime.adopting import read_kept, survivors_of
from softswitch.calls.runtime.succession import Succession
from softswitch.calls.runtime.telling import call_ended, message_left
from softswitch.calls.runtime.voicemail import files_in, recorded_s
from softswitch.calls.settings import CallSettings
from softswitch.calls.told.events import ConfigurationReloaded
from softswitch.calls.voice_box import VoiceBox
from softswitch.config import Configuration, differences
from softswitch.control.protocol.replies import Reloaded
from softswitch.control.runtime.server import ControlServer
from softswitch.dialplan.flows import Dialplan, changed_flows
from softswitch.dialplan.runtime.loop_watch import LoopWatch
from softswitch.dialplan.schedule import is_open
from softswitch.media.protocol import MediaEvent, RecordingFinished
from softswitch.media.recording.recording import duration_s
from softswitch.media.runtime.recording.recording_file import ClosedFile, repair_parts
from softswitch.media.runtime.recording.sealed_sound import remove_copies, seal_in_place
from softswitch.sip.outputs import SipOutput
from softswitch.sip.runtime.tls import TlsContexts
from softswitch.store.schema import END_REASON_RESTARTED
from softswitch.store.voicemail_schema import StoredMail, StoredVoiceMessage

LEAVING_S = 2.0
"""How long providers have to confirm that we are no longer registered, two round trips to the other side of the Earth
and a retransmission; a binding that stays expires by itself."""
LEAVING_LOOKS = 100

log = get_logger("switch")

GARBAGE_ROUND_S = 60.0

SPARE = "--spare"
"""In place of the directory: the process has loaded everything, and waits until it is needed (spare.py)."""

LEARN_S = 0.7
"""How long the media workers have to say what they do, where there are calls that go on: they answer in milliseconds,
and one that has died as well is told what it was doing when it is back."""


class Switch:
    """Builds the parts and wires them; owns nothing else."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._loop = asyncio.get_running_loop()
        self._parts: Parts | None = None
        self._control: ControlServer | None = None
        self._held = HeldSockets(os.environ)
        self._handing_over: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises `ConfigurationError` or `StartError`; then nothing is left running."""
        configuration, dialplan = self._read()
        configure_logging(
            level=configuration.settings.log.level, log_format=configuration.settings.log.format, program="switch"
        )
        if not await self._held.turn():
            raise StartError("the switch before goes on: this one has no turn")
        parts = build(configuration, dialplan, self, self._loop, self._held)
        self._parts = parts
        kept = read_kept(parts.records.kept_calls())
        if self._held.begins_anew:
            log.error("calls of before end", reason="the switch has died again and again with them")
        await parts.media.start()
        await parts.media.learn(LEARN_S if kept else 0.0)
        self._look_at_certificates(parts)
        parts.driver.hold_back()
        await parts.driver.start(listeners(configuration))
        self._held.let_go()
        # Before calls that go on have channels of theirs.
        parts.endpoint.trunks.start(parts.clock.now(), takes_over=self._held.takes_over)
        self._restore(parts, kept)
        parts.driver.go_on()
        self._control = ControlServer(SwitchOperations(parts), configuration.settings.control.socket)
        await self._control.start()
        self._loop.run_in_executor(None, self._repair_recordings, parts)
        self._loop.run_in_executor(None, self._look_after_voicemail, parts)
        parts.voicemail.start(self._loop)
        parts.mailing.start()
        parts.digests.refresh()
        parts.scheduled_reports.refresh()
        parts.facts_ahead.start()
        parts.archive.start()
        parts.traces.start()
        parts.acd_events.start()
        if parts.configuration.programs:
            parts.streamer.start()
        parts.switch_events.start()
        if parts.homer is not None:
            parts.homer.start()
        self._look_for_garbage(parts, GarbageRounds(lambda: not parts.controller.calls, parts.clock.now()))
        self._held.ready()
        self._held.watch(supervisor_socket(os.path.dirname(configuration.settings.control.socket)))
        log.info("ready", domain=configuration.settings.sip.domain, listen=list(configuration.settings.sip.listen))

    async def run(self) -> None:
        """Until the orderly stop is complete."""
        parts = self.running()
        for name in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(name, self._told_to_stop, parts)
        self._loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        self._loop.add_signal_handler(signal.SIGUSR1, self._told_to_hand_over, parts)
        with LoopWatch(self._loop, parts.clock):
            await parts.stop_requested.wait()
            await self._stop(parts)

    def _look_for_garbage(self, parts: Parts, rounds: GarbageRounds) -> None:
        rounds.start()

        def look() -> None:
            rounds.round(parts.clock.now())
            self._loop.call_later(GARBAGE_ROUND_S, look)

        def look_at_new() -> None:
            rounds.look_at_new()
            self._loop.call_later(NEW_EVERY_S, look_at_new)

        self._loop.call_later(GARBAGE_ROUND_S, look)
        self._loop.call_later(NEW_EVERY_S, look_at_new)

    def _told_to_stop(self, parts: Parts) -> None:
        """The second time is meant: calls in progress end now."""
        if parts.stop_requested.is_set():
            parts.controller.end_all()
        parts.stop_requested.set()

    def _told_to_hand_over(self, parts: Parts) -> None:
        self._handing_over = self._handing_over or self._loop.create_task(hand_over(parts, self._control))

    def acd_happened(self, events: Sequence[Stamped]) -> None:
        parts = self.running()
        parts.acd_events.take(events)
        parts.switch_events.take(events)
        parts.callbacks.take_events(each.event for each in events)
        parts.voice_contacts.take_events(each.event for each in events)

    def use_settings(self, settings: CallSettings) -> None:
        """Somebody sits at another phone."""
        self.running().settings = settings

    def is_open_at(self, schedule: str, at_wall: float) -> bool:
        known = self.running().dialplan.schedules.get(schedule)
        return known is not None and is_open(known, at_wall)

    def _restore(self, parts: Parts, kept: Sequence[KeptCall]) -> None:
        """What a former switch knew: calls it left in progress, registrations, agents."""
        now, wall = parts.clock.now(), parts.clock.wall()
        succession = Succession(parts.controller)
        adopted = succession.adopt(kept, "" if self._held.begins_anew else boot_id())
        parts.conferences.adopt(parts.controller.calls)
        parts.voicemail.calls_go_on(parts.controller.calls)
        parts.callbacks.adopt(parts.controller.calls.values())
        parts.voice_contacts.adopt(parts.controller.calls)
        controller = parts.controller
        lost = parts.store.end_leftover_calls(wall, frozenset(controller.calls), succession.last_records)
        parts.records.calls_lost(lost)
        for cdr in lost:
            call_ended(controller.around, cdr)
            if cdr.end_reason == END_REASON_RESTARTED:
                log.warning("call lost", call_id=cdr.call_id, reason=cdr.end_reason)
        survivors = survivors_of(call for call, _ in adopted)
        known = parts.acd.start(acd_configuration(parts.configuration), survivors)
        parts.queue_hours.refresh()
        parts.callbacks.start()
        parts.conferences.start()
        parts.voice_contacts.start()
        for agent_id in auto_login(parts.configuration):
            if agent_id not in known:
                parts.acd.apply(AgentLoggedIn(agent_id))
        bans = parts.endpoint.restore_bans(parts.records.stored_bans(), now)
        parts.controller.agents_known(parts.acd.agent_summaries())
        bindings = parts.records.stored_bindings()
        parts.controller.restored(parts.endpoint.restore_bindings(bindings, now, wall))
        lamps = parts.endpoint.restore_subscriptions(parts.records.stored_subscriptions(), now)
        self._tell_who_is_gone(parts)
        succession.resume(adopted, parts.runner.go_on)
        parts.media.settle()
        counts = {"calls": len(adopted), "registrations": len(bindings), "agents": len(known)}
        log.info("restored", **counts, subscriptions=lamps, bans=bans)

    def _tell_who_is_gone(self, parts: Parts) -> None:
        """Agents whose phones were there before, and whose registrations have run out meanwhile."""
        for agent in parts.acd.agent_summaries():
            extension = parts.settings.extension_of_agent(agent.agent_id)
            is_there = extension is not None and parts.endpoint.bindings(
                f"{extension.username}@{parts.settings.domain}"
            )
            if agent.is_reachable and not is_there:
                parts.acd.apply(AgentUnreachable(agent.agent_id))

    def _look_at_certificates(self, parts: Parts) -> None:
        for fault in certificate_faults(parts.configuration, parts.clock.wall()):
            log.warning("certificate", fault=str(fault))

    def _repair_recordings(self, parts: Parts) -> None:
        """In a thread: close and index what a crash of the machine left half-written. Files in use are left alone."""
        for file in repair_parts(parts.configuration.settings.recordings.directory):
            log.warning("recording repaired", path=file.path, fault=file.fault)
            self._loop.call_soon_threadsafe(parts.records.recording_finished, _found(file))

    def voice_message_left(self, box: VoiceBox, message: StoredVoiceMessage) -> None:
        parts = self.running()
        owner = SwitchBelongings(parts).of_voice_box(box.box)
        parts.switch_events.tell(message_left(message, parts.clock.now()), owner or "")
        if box.mail_to:
            wall = parts.clock.wall()
            parts.mailing.put(mail_about(box, message, parts.voicemail.new_id(), wall, parts.settings.language))

    def mail_sent(self, mail: StoredMail) -> None:
        if mail.deletes:
            self.running().voicemail.delete(mail.about)

    def _look_after_voicemail(self, parts: Parts) -> None:
        """In a thread: messages that a crash has cut short, and files that nothing names any more."""
        directory = parts.configuration.settings.voicemail.directory
        recovered = {file.path: duration_s(file.frames) for file in repair_parts(directory) if not file.fault}
        recovered |= {path: length for path in parts.voicemail.left_over if (length := recorded_s(path))}
        files = files_in(directory, parts.clock.wall())

        remove_copies(directory)

        def settle() -> None:
            parts.voicemail.recovered(recovered)
            self.seal_files(parts.voicemail.complete_files)
            self.remove_files(parts.voicemail.needless(files))

        self._loop.call_soon_threadsafe(settle)

    def seal_files(self, paths: Sequence[str]) -> None:
        """Encrypt them, where there is a key. In a thread: a disk may be slow, and messages may be long."""
        key_file = self.running().settings.recording_key_file
        if key_file and paths:
            self._loop.run_in_executor(None, _seal, tuple(paths), key_file)

    def remove_files(self, paths: Sequence[str]) -> None:
        """In a thread: a disk may be slow."""

        def remove() -> None:
            for path in paths:
                try:
                    os.unlink(path)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    log.error("file not removed", path=path, fault=error.strerror)

        if paths:
            self._loop.run_in_executor(None, remove)

    async def reload(self) -> Reloaded:
        """Raises `ConfigurationError` or `StartError`; then everything is as it was."""
        parts = self.running()
        configuration, dialplan = await asyncio.to_thread(self._read)
        changes = differences(parts.configuration, configuration)
        configuration = reloaded(parts.configuration, configuration)
        of_flows = changed_flows(parts.dialplan.flows, dialplan.flows)
        pending = set(changes) - set(differences(parts.configuration, configuration))
        streams = stream_settings(configuration)
        parts.driver.use_streams(streams, TlsContexts(streams.tls))
        if dns_servers(configuration) != dns_servers(parts.configuration):
            parts.driver.resolver.use(dns_servers(configuration))
        parts.endpoint.update_settings(sip_settings(configuration))
        parts.endpoint.look_up_trunks(parts.clock.now())
        parts.driver.flush()
        parts.acd_events.configure(configuration.settings.events)
        parts.switch_events.configure(configuration.settings.events)
        parts.hooks.configure(hook_targets(configuration))
        parts.lookups.configure(configured_lookups(configuration))
        parts.acd.apply(acd_configuration(configuration))
        parts.settings = parts.desks.configure(call_settings(configuration))
        parts.dialplan = dialplan
        parts.queue_hours.refresh()
        parts.controller.settings_changed()
        parts.sounds.use_texts(operator_texts(configuration), configuration.settings.sounds.default_language)
        parts.sounds.refresh()
        self._loop.run_in_executor(None, prepare_sounds, parts.sounds, configuration)
        parts.configuration = configuration
        parts.configuration_loaded_at = parts.clock.wall()
        parts.digests.refresh()
        parts.scheduled_reports.refresh()
        self._look_at_certificates(parts)
        parts.switch_events.tell(ConfigurationReloaded(parts.clock.now(), changes=len(changes) + len(of_flows)), "")
        log.info("reloaded", changes=len(changes) + len(of_flows))
        return Reloaded([*changes, *of_flows], [change for change in changes if change in pending])

    def _read(self) -> tuple[Configuration, Dialplan]:
        """In a thread: a large configuration takes a tenth of a second."""
        configuration, dialplan = read(self._directory)
        if hook_targets(configuration) or configuration.lookups:
            load_library()
        return configuration.with_own_ip(own_ip()), dialplan

    def _hung_up(self) -> None:
        task = self._loop.create_task(self._reload_and_report())
        task.add_done_callback(lambda done: done.exception())

    async def _reload_and_report(self) -> None:
        try:
            await self.reload()
        except ConfigurationError as error:
            for fault in error.faults:
                log.error("not reloaded", fault=str(fault))
        except SoftswitchError as error:
            log.error("not reloaded", fault=str(error))

    async def _stop(self, parts: Parts) -> None:
        grace_s = parts.configuration.settings.shutdown.grace_s
        log.info("stopping", calls=len(parts.controller.calls), grace_s=grace_s)
        parts.endpoint.drain(True)
        parts.drain_ends_at = parts.clock.now() + grace_s
        parts.callbacks.stop()
        parts.conferences.stop_calling()
        parts.voice_contacts.stop()
        await parts.controller.drain(grace_s)
        parts.conferences.stop()
        if self._control is not None:
            await self._control.close()
        await parts.streamer.stop()
        await parts.archive.stop()
        parts.voicemail.stop()
        await parts.digests.stop()
        await parts.scheduled_reports.stop()
        await parts.facts_ahead.stop()
        await parts.mailing.stop()
        await self._leave_providers(parts)
        await parts.driver.stop()
        self._held.close()
        await parts.media.close()
        parts.queue_hours.stop()
        parts.acd.stop()
        await parts.hooks.stop()
        await parts.lookups.stop()
        parts.acd_events.stop()
        parts.switch_events.stop()
        parts.traces.stop()
        if parts.homer is not None:
            parts.homer.stop()
        parts.store.close()
        log.info("stopped")

    async def _leave_providers(self, parts: Parts) -> None:
        """Take back what is registered with providers; one that does not answer is not waited for."""
        parts.endpoint.trunks.stop(parts.clock.now())
        parts.driver.flush()
        for _ in range(LEAVING_LOOKS):
            if parts.endpoint.trunks.is_over:
                break
            await asyncio.sleep(LEAVING_S / LEAVING_LOOKS)

    # Events of the domains

    def sip_event(self, event: SipOutput) -> None:
        self.running().controller.receive_sip(event)

    def media_event(self, event: MediaEvent) -> None:
        self.running().controller.receive_media(event)

    def acd_output(self, output: AcdOutput) -> None:
        if isinstance(output, RoutingAsked):
            self.running().hooks.ask(output)
        elif isinstance(output, RoutingSettled):
            self.running().hooks.settle(output)
        else:
            self.running().controller.receive_acd(output)

    def store_reports(self, line: str) -> None:
        """Called in the store's writer thread."""
        log.error("store", fault=line)
        self._loop.call_soon_threadsafe(self._note_store_fault, line)

    def _note_store_fault(self, line: str) -> None:
        if self._parts is not None:
            self._parts.store_fault = line
            self._parts.acd.keep_again()

    def running(self) -> Parts:
        assert self._parts is not None, "events come only after the parts were built"
        return self._parts


def _found(file: ClosedFile) -> RecordingFinished:
    """A recording that outlived its worker and its switch; its name is all that tells whose it is."""
    name = Path(file.path).stem
    return RecordingFinished(
        call_id=CallId(name.rpartition("-")[0] or name),
        recording_id=RecordingId(name),
        path=file.path,
        duration_s=duration_s(file.frames),
        size_bytes=file.size_bytes,
        fault=file.fault,
    )


async def serve(directory: str) -> None:
    switch = Switch(directory)
    await switch.start()
    await switch.run()


def _seal(paths: Sequence[str], key_file: str) -> None:
    for path in paths:
        try:
            seal_in_place(path, key_file)
        except FileNotFoundError:
            continue  # it was deleted meanwhile
        except (OSError, SoftswitchError) as error:
            log.error("voice message not encrypted", path=path, fault=str(error))


def _directory() -> str | None:
    """From the command line, or from whoever has use for a spare switch; None if nobody has."""
    if sys.argv[1:] != [SPARE]:
        return sys.argv[1]
    needed = wait_to_be_needed()
    if needed is None:
        return None
    becoming, numbers = needed
    os.environ.update(renumbered(becoming.variables, numbers))
    # What ps and top tell of it is its command line as it was at first; this is its name there.
    Path("/proc/self/comm").write_text("switch")
    return becoming.arguments[0]


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: python -m softswitch.app.switch DIR | {SPARE}", file=sys.stderr)
        return 2
    directory = _directory()
    if directory is None:
        return 0
    try:
        uvloop.run(serve(directory))
    except ConfigurationError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    except SoftswitchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
