"""From the operator's configuration to what each domain wants to be told."""

from ipaddress import ip_address

from msgspec.structs import replace

from softswitch.acd.model import (
    HangUp,
    ToFlow,
    ToQueue,
)
from softswitch.app.acd_settings import overflow_target
from softswitch.app.archive import ArchiveSettings, Keeping
from softswitch.app.caller_settings import caller_lists, region_map
from softswitch.app.codecs import working_codecs
from softswitch.app.program_settings import programs
from softswitch.app.trunks import habits, outbound_route, trunk_peer, trunk_route, trunk_session
from softswitch.app.voicemail_settings import voice_boxes
from softswitch.base.address import HostPort, TransportKind
from softswitch.base.errors import ConfigurationError, Fault
from softswitch.calls.boosts import BoostRule, number_list
from softswitch.calls.callback_book import CallbackTerms
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.conferences.times import read_time
from softswitch.calls.settings import CallSettings, Extension, Project, QueueTreatment, RecordingPolicy, RingGroup
from softswitch.calls.toll_policy import TollRules
from softswitch.config import Configuration, load, load_settings
from softswitch.config.addresses import parse_listener, parse_server
from softswitch.config.conference_rows import RoomRow
from softswitch.config.project_rows import ProjectRow
from softswitch.config.rows import AgentRow, BoostRow, CallbacksRow, GroupRow, PhoneRow, QueueRow, TollRow
from softswitch.config.settings import ListenerAccess, SoundsSection, TollSection
from softswitch.dialplan.flows import Dialplan, Flow
from softswitch.dialplan.menu_walk import menu_flows
from softswitch.dialplan.menus import compile_menu
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.runtime.loader import load_flows, shipped_directory
from softswitch.dialplan.schedule import Schedule, compile_schedule
from softswitch.dialplan.surveys import AfterQueue, compile_survey
from softswitch.sip.description.offer_answer import MediaCapabilities
from softswitch.sip.runtime.local_address import addresses_of
from softswitch.sip.runtime.stream_transport import StreamSettings
from softswitch.sip.runtime.tls import OwnCertificate, TlsPeer, TlsSettings
from softswitch.sip.settings import (
    AccessList,
    Account,
    GuardSettings,
    RegistrationPolicy,
    SessionLimits,
    SessionPolicy,
    SipSettings,
)

STATUS_WHEN_FULL = {"unavailable": 503, "busy": 486}


def sip_settings(configuration: Configuration) -> SipSettings:
    sip, limits, guard = configuration.settings.sip, configuration.settings.limits, configuration.settings.guard
    local_hosts = {host for _, local in listeners(configuration) for host in addresses_of(local.host)}
    public_hosts = {host for host in local_hosts if not ip_address(host).is_loopback}
    return SipSettings(
        domain=sip.domain,
        user_agent="softswitch",
        algorithms=tuple(sip.digest),
        accounts={
            row.username: Account(
                username=row.username,
                password=row.password,
                caller_number=row.number or row.username,
                display_name=row.name,
                session=_session(row),
                allowed_from=row.allowed_from,
                is_tls_only=row.tls_only,
                watched_by=_watchers(row, configuration),
            )
            for row in _phones(configuration)
        },
        trunks=tuple(trunk_peer(row, configuration) for row in configuration.trunks),
        advertised=dict.fromkeys(public_hosts, sip.advertised_ip) if sip.advertised_ip else {},
        failover_s=sip.failover_s,
        registration=RegistrationPolicy(
            expires_min_s=sip.registration_min_s,
            expires_default_s=sip.registration_default_s,
            expires_max_s=sip.registration_max_s,
            contacts_max=limits.contacts_per_phone,
        ),
        limits=SessionLimits(sessions_max=4 * limits.calls),
        guard=GuardSettings(
            ban_after=guard.ban_after,
            ban_s=guard.ban_s,
            ban_max_s=guard.ban_max_s,
            neighbours=guard.neighbours,
            never_ban=guard.never_ban,
        ),
        access=(
            AccessList(allow=guard.allow, deny=guard.deny),
            *(_listener_access(text, lists) for text, lists in guard.listener.items()),
        ),
        places=frozenset(configuration.settings.parking.slot_numbers),
    )


def dns_servers(configuration: Configuration) -> list[HostPort]:
    parsed = [parse_server(text) for text in configuration.settings.sip.dns_servers]
    return [server for server in parsed if server is not None]


def stream_settings(configuration: Configuration) -> StreamSettings:
    sip, tls = configuration.settings.sip, configuration.settings.tls
    return StreamSettings(
        tls=TlsSettings(
            certificate=tls.certificate,
            private_key=tls.private_key,
            ca=tls.ca,
            is_client_certificate_required=tls.client_certificates == "required",
            peers={
                trunk.host.lower(): TlsPeer(is_verified=trunk.tls_verify, ca=trunk.tls_ca)
                for trunk in configuration.trunks
                if trunk.transport == "tls"
            },
            listeners={
                listener: OwnCertificate(certificate=own.certificate, private_key=own.private_key, key=text)
                for text, own in tls.listener.items()
                if (listener := parse_listener(text)) is not None
            },
        ),
        origins=sip.websocket_origins,
    )


def _listener_access(text: str, lists: ListenerAccess) -> AccessList:
    listener = parse_listener(text)
    assert listener is not None, "checked by load"
    return AccessList(kind=listener[0], local=listener[1], allow=lists.allow, deny=lists.deny)


def call_settings(configuration: Configuration) -> CallSettings:
    settings = configuration.settings
    return CallSettings(
        domain=settings.sip.domain,
        media_ip=settings.media.sdp_ip,
        recordings_directory=settings.recordings.directory,
        capabilities=MediaCapabilities(codecs=working_codecs(settings.media.codecs)),
        voicemail_directory=settings.voicemail.directory,
        recording_key_file=settings.recordings.key_file,
        voice_boxes=voice_boxes(configuration),
        mask_max_s=settings.recordings.mask_max_s,
        beep_every_s=settings.recordings.beep_every_s,
        language=settings.sounds.default_language or settings.sounds.languages[0],
        calls_max=settings.limits.calls,
        toll=_toll_rules(configuration),
        traces_max=settings.trace.keep_calls,
        trace_days=settings.trace.keep_days,
        lamps_show_parties=settings.sip.lamps_show_parties,
        is_mwi_unsolicited=settings.sip.mwi_unsolicited,
        extensions={row.username: _extension(row, configuration) for row in _phones(configuration)},
        parking_slots=settings.parking.slot_numbers,
        parking_s=settings.parking.timeout_s,
        groups={row.id: _group(row, configuration) for row in configuration.groups},
        trunks=tuple(trunk_route(row, configuration) for row in configuration.trunks if row.host),
        outbound=tuple(outbound_route(row) for row in configuration.outbound),
        habits=habits(settings.numbers),
        projects={row.id: _project(row) for row in configuration.projects},
        programs=programs(configuration),
        streams_max=settings.limits.streams,
        agent_projects={row.agent_id: row.projects for row in configuration.agents},
        is_voice_from_anywhere=settings.media.voice_from == "anywhere",
        sharing_parties=frozenset(
            f"trunk:{trunk.name}"
            for trunk in configuration.trunks
            if (trunk.media_ports or settings.media.media_ports) == "shared"
        ),
        queues={
            row.id: QueueTreatment(
                project=row.project,
                music=_music(row, settings.sounds),
                recording=None if row.record is None else _recording_policy(row.record),
                beep_every_s=settings.recordings.beep_every_s if row.beep_every_s is None else row.beep_every_s,
                hours=row.hours,
                at_closing=row.at_closing,
                closing_prompt=row.closing_prompt,
                exit_keys={key: _exit(target) for key, target in row.exit_keys.items()},
                prefers_site=row.prefer_site,
                agent_hears=row.agent_hears,
                callbacks=None if row.callbacks is None else _callback_terms(row.callbacks, configuration),
            )
            for row in configuration.queues
        },
        supervision_tone=settings.agents.supervision_tone,
        not_ready_reasons=settings.agents.not_ready_reasons,
        caller_lists=caller_lists(configuration, habits(settings.numbers)),
        regions=region_map(configuration),
        conferences={row.id: _room(row, configuration) for row in configuration.rooms},
        minutes_days=settings.conferences.keep_minutes_days,
        boosts=tuple(
            BoostRule(
                boost_s=row.boost_s,
                queues=_queues_of(row, configuration),
                callers=number_list(row.callers),
                called=number_list(row.called),
                lists=row.lists,
                regions=frozenset(row.regions),
            )
            for row in configuration.boosts
        ),
        site_of_region={region: row.id for row in configuration.sites for region in row.regions},
        codecs_of_trunks={trunk.name: working_codecs(trunk.codecs) for trunk in configuration.trunks if trunk.codecs},
        sessions_of_trunks={trunk.name: trunk_session(trunk) for trunk in configuration.trunks},
        srtp_of_trunks={trunk.name: trunk.srtp for trunk in configuration.trunks if trunk.srtp != "off"},
        trunks_without_t38=frozenset(trunk.name for trunk in configuration.trunks if not trunk.t38),
        dtmf_of_trunks={trunk.name: trunk.dtmf for trunk in configuration.trunks if trunk.dtmf != "auto"},
    )


def archive_settings(configuration: Configuration) -> ArchiveSettings:
    section = configuration.settings.recordings
    otherwise = Keeping(format=section.format, days=section.keep_days)
    projects = {row.id: _keeping(row, otherwise) for row in configuration.projects}
    return ArchiveSettings(
        otherwise=otherwise,
        projects=projects,
        queues={
            row.id: _keeping(row, projects.get(row.project, otherwise))
            for row in configuration.queues
            if row.project or row.recording_format is not None or row.keep_recordings_days is not None
        },
        key_file=section.key_file,
    )


def _keeping(row: QueueRow | ProjectRow, otherwise: Keeping) -> Keeping:
    """As it says itself, else as what it belongs to."""
    days = row.keep_recordings_days
    return Keeping(format=row.recording_format or otherwise.format, days=otherwise.days if days is None else days)


def read(directory: str) -> tuple[Configuration, Dialplan]:
    """Everything the operator has written. Raises `ConfigurationError` with every fault of files and flows at once."""
    flows, faults = _flows(directory)
    try:
        configuration = load(directory, flows=flows)
    except ConfigurationError as error:
        raise ConfigurationError([*error.faults, *faults]) from error
    if faults:
        raise ConfigurationError(faults)
    return configuration, _dialplan(configuration, {**(flows or {}), **_menu_flows(configuration)})


def reloaded(running: Configuration, written: Configuration) -> Configuration:
    """What a reload puts in force: what is written, but for that of which sockets and processes were made at start."""
    old, new = running.settings, written.settings
    settings = replace(
        new,
        sip=replace(new.sip, listen=old.sip.listen),
        media=old.media,
        recordings=replace(new.recordings, directory=old.recordings.directory),
        voicemail=replace(new.voicemail, directory=old.voicemail.directory),
        store=old.store,
        control=old.control,
        web=old.web,
        warehouse=old.warehouse,
        telemetry=old.telemetry,
        log=old.log,
        trace=replace(
            new.trace,
            memory_mb=old.trace.memory_mb,
            homer=old.trace.homer,
            homer_id=old.trace.homer_id,
            homer_password=old.trace.homer_password,
        ),
        sounds=replace(
            new.sounds,
            directory=old.sounds.directory,
            asterisk_sounds=old.sounds.asterisk_sounds,
            music=old.sounds.music,
            tones=old.sounds.tones,
        ),
    )
    # A queue that names no music of its own has that of [sounds].
    queues = tuple(
        replace(row, music=old.sounds.music) if row.music == new.sounds.music else row for row in written.queues
    )
    return replace(written, settings=settings, queues=queues)


def _flows(directory: str) -> tuple[dict[str, Flow] | None, list[Fault]]:
    """The flows there are; None if softswitch.toml, which says where they are, is itself faulty."""
    try:
        settings = load_settings(directory)
    except ConfigurationError:
        return None, []
    return load_flows([settings.dialplans.directory, shipped_directory()])


def _menu_flows(configuration: Configuration) -> dict[str, Flow]:
    """`load` has checked that all can be compiled."""
    return menu_flows([compile_menu(row) for row in configuration.menus])


def _dialplan(configuration: Configuration, flows: dict[str, Flow]) -> Dialplan:
    """`load` has checked all that is put together here."""
    numbers = NumberPlan.compile(configuration.routes)
    assert isinstance(numbers, NumberPlan), "compiled before, by load"
    compiled = [compile_schedule(row) for row in configuration.schedules]
    schedules = {schedule.id: schedule for schedule in compiled if isinstance(schedule, Schedule)}
    return Dialplan(
        numbers=numbers,
        flows=flows,
        schedules=schedules,
        surveys={row.id: compile_survey(row) for row in configuration.surveys},
        after_queues={row.id: AfterQueue(row.survey, row.survey_percent) for row in configuration.queues if row.survey},
    )


def listeners(configuration: Configuration) -> list[tuple[TransportKind, HostPort]]:
    """Where SIP is listened for; `load` has checked that each can be read."""
    parsed = [parse_listener(text) for text in configuration.settings.sip.listen]
    return [listener for listener in parsed if listener is not None]


def _phones(configuration: Configuration) -> list[AgentRow | PhoneRow]:
    return [*configuration.agents, *configuration.phones]


def _session(row: AgentRow | PhoneRow) -> SessionPolicy:
    return SessionPolicy(
        reliable=row.prack, session_expires_s=row.session_timer_s, follows_redirects=row.follow_redirects
    )


def _watchers(row: AgentRow | PhoneRow, configuration: Configuration) -> tuple[str, ...] | None:
    """The user names of those who may watch a phone."""
    if row.watched_by is None:
        return None
    return tuple(each.username for each in _phones(configuration) if each.id in row.watched_by)


def _toll_rules(configuration: Configuration) -> dict[str, TollRules]:
    """Of those who have any: who has no limits costs nothing."""
    section = configuration.settings.toll
    rows: list[tuple[str, TollRow | TollSection]] = [
        *((f"phone:{row.username}", row.toll or section) for row in _phones(configuration)),
        *((f"trunk:{trunk.name}", trunk.toll) for trunk in configuration.trunks),
    ]
    rules = {
        subject: TollRules(
            allow=row.allow,
            deny=row.deny,
            hours=row.hours,
            night_allow=row.night_allow,
            calls_max=row.calls_max,
            calls_per_day=row.calls_per_day,
            minutes_per_day=row.minutes_per_day,
            timezone=section.timezone,
        )
        for subject, row in rows
    }
    unlimited = TollRules(timezone=section.timezone)
    return {subject: each for subject, each in rules.items() if each != unlimited}


def _project(row: ProjectRow) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        contact=row.contact,
        language=row.language,
        timezone=row.timezone or "UTC",
        hours=row.hours,
        recording=None if row.record is None else RecordingPolicy(row.record),
        recording_notice=row.recording_notice,
        music=row.music,
        calling_number=row.calling_number,
        calls_max=row.max_calls,
        status_when_full=STATUS_WHEN_FULL[row.when_full],
    )


def projects_of(row: AgentRow | PhoneRow) -> tuple[str, ...]:
    """For whom alone somebody works; none: for all."""
    if isinstance(row, AgentRow):
        return row.projects
    return (row.project,) if row.project else ()


def _extension(row: AgentRow | PhoneRow, configuration: Configuration) -> Extension:
    return Extension(
        username=row.username,
        name=row.name,
        number=row.number,
        agent_id=row.agent_id if isinstance(row, AgentRow) else None,
        trunks=frozenset(trunk.name for trunk in configuration.trunks if trunk.permits(row.id)),
        srtp=row.srtp,
        dtmf=row.dtmf,
        t38=row.t38,
        is_fax=isinstance(row, PhoneRow) and row.fax,
        session=_session(row),
        codecs=working_codecs(row.codecs),
        contacts_each_s=row.contacts_each_s,
        call_waiting=row.call_waiting,
        calls_max=row.calls_max,
        intercom=row.intercom,
        pin=row.pin if isinstance(row, AgentRow) else "",
        auto_answer=isinstance(row, AgentRow) and row.auto_answer,
        language=row.language if isinstance(row, AgentRow) else "",
        projects=projects_of(row),
        teams=frozenset(row.teams) if isinstance(row, AgentRow) else frozenset(),
        supervises=frozenset(row.supervises),
        call_keys=row.call_keys,
        pickup_groups=frozenset(row.pickup_groups),
    )


def _group(row: GroupRow, configuration: Configuration) -> RingGroup:
    usernames = {each.id: each.username for each in _phones(configuration)}
    return RingGroup(
        name=row.id,
        number=row.number,
        project=row.project,
        members=tuple(usernames.get(member, member) for member in row.members),
        strategy=row.strategy,
        each_s=row.each_s,
        ring_s=row.ring_s,
    )


def _music(row: QueueRow, sounds: SoundsSection) -> str:
    """The name the sound library knows it by; what [sounds] names, be it a path, is its "default"."""
    return "default" if row.music in ("", sounds.music) else row.music


def _recording_policy(record: bool | str) -> RecordingPolicy:
    if isinstance(record, bool):
        return RecordingPolicy.ALWAYS if record else RecordingPolicy.NEVER
    return RecordingPolicy(record)


def _queues_of(row: BoostRow, configuration: Configuration) -> frozenset[str]:
    """The queues in which callers come earlier; none: all."""
    return frozenset(row.queues) | {queue.id for queue in configuration.queues if queue.project in row.projects}


def _callback_terms(row: CallbacksRow, configuration: Configuration) -> CallbackTerms:
    usernames = {each.id: each.username for each in _phones(configuration)}
    return CallbackTerms(
        customer_first=row.first == "customer",
        attempts=row.attempts,
        retry_s=row.retry_s,
        expires_s=row.expires_s,
        hours=row.hours,
        through=usernames.get(row.through, row.through),
        ring_s=row.ring_s,
    )


def _room(row: RoomRow, configuration: Configuration) -> RoomTerms:
    usernames = {each.id: each.username for each in _phones(configuration)}
    times = [read_time(text, row.timezone) for text in row.times]
    return RoomTerms(
        room_id=row.id,
        name=row.name,
        project=row.project,
        number=row.number,
        host_pin=row.host_pin,
        guest_pin=row.guest_pin,
        hosts=frozenset(usernames.get(name, name) for name in row.hosts),
        maximum=row.maximum,
        waits_for_host=row.wait_for_host,
        ends_with_host=row.end_with_host,
        host_grace_s=row.host_grace_s,
        is_lecture=row.lecture,
        records=row.record,
        announces=row.announce,
        rejoin_s=row.rejoin_s,
        music=row.music or "default",
        language=row.language,
        participants=tuple(usernames.get(name, name) for name in row.participants),
        through=usernames.get(row.through, row.through),
        ring_s=row.ring_s,
        attempts=row.attempts,
        retry_s=row.retry_s,
        times=tuple(each for each in times if each is not None),
    )


def _exit(text: str) -> ToQueue | ToFlow | None:
    """Where a key leads; None: back to the flow."""
    target = overflow_target(text)
    return None if isinstance(target, HangUp) else target
