"""A configuration directory: read, converted, checked, and completed.

All files are optional but softswitch.toml, which may be empty. Everything that is wrong is reported at once; only
references into a file that cannot be read at all are left unchecked.
"""

import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from softswitch.base.errors import ConfigurationError, Fault
from softswitch.config.caller_rows import CallerListRow, LookupRow, RegionRow
from softswitch.config.check_callbacks import check_callbacks
from softswitch.config.check_callers import check_callers, check_lookups
from softswitch.config.check_groups import check_groups
from softswitch.config.check_guard import check_guard
from softswitch.config.check_people import check_people
from softswitch.config.check_programs import check_programs
from softswitch.config.check_prompts import check_prompts, read_prompts
from softswitch.config.check_queues import check_queues
from softswitch.config.check_settings import check_settings
from softswitch.config.check_sites import check_sites
from softswitch.config.check_staff import check_staff
from softswitch.config.check_steps import check_steps
from softswitch.config.check_surveys import check_surveys
from softswitch.config.check_tariffs import check_tariffs
from softswitch.config.check_telemetry import check_telemetry
from softswitch.config.check_toll import check_toll
from softswitch.config.check_trunks import check_trunks
from softswitch.config.check_users import check_users
from softswitch.config.check_voicemail import check_voicemail
from softswitch.config.check_warehouse import check_warehouse
from softswitch.config.check_web import check_web
from softswitch.config.check_webhooks import check_webhooks
from softswitch.config.conference_rows import RoomRow
from softswitch.config.configuration import Configuration
from softswitch.config.conversion import FaultList, convert_rows, convert_struct, did_you_mean, one_line
from softswitch.config.draft import FILES, SETTINGS_FILE, USERS_FILE, WEBHOOKS_FILE, Draft
from softswitch.config.limits import FILE_BYTES_MAX
from softswitch.config.menu_rows import MenuRow
from softswitch.config.program_rows import ProgramRow
from softswitch.config.project_rows import ProjectRow
from softswitch.config.report_rows import ReportRow
from softswitch.config.rows import AgentRow, BoostRow, GroupRow, PhoneRow, QueueRow, RouteRow, ScheduleRow, SiteRow
from softswitch.config.settings import Settings
from softswitch.config.survey_rows import SurveyRow
from softswitch.config.tariff_rows import TariffRow
from softswitch.config.trunk_rows import OutboundRow, TrunkRow
from softswitch.config.user_rows import KeyRow, UserRow
from softswitch.config.voicemail_rows import BoxRow
from softswitch.config.webhook_rows import WebhookRow

P = TypeVar("P", AgentRow, PhoneRow)
S = TypeVar("S", bound=msgspec.Struct)


def load(directory: str | os.PathLike[str], *, flows: Collection[str] | None = None) -> Configuration:
    """Read a configuration directory. Raises `ConfigurationError` with every fault.

    With `flows` (the names of those there are) it is a fault to refer to another.
    """
    path = Path(os.path.abspath(directory))
    _require_directory(path)
    draft = Draft(str(path), flows)
    for name in FILES:
        _convert_file(name, draft)
    _check(draft)
    if faults := [*_stray_files(path), *draft.faults()]:
        raise ConfigurationError(faults)
    return _complete(draft)


def load_settings(directory: str | os.PathLike[str]) -> Settings:
    """softswitch.toml alone: for what must work while other files are being changed. Raises `ConfigurationError`."""
    path = Path(os.path.abspath(directory))
    _require_directory(path)
    draft = Draft(str(path))
    _convert_file(SETTINGS_FILE, draft)
    check_settings(draft)
    check_web(draft)
    check_warehouse(draft)
    check_telemetry(draft)
    if faults := draft.faults():
        raise ConfigurationError(faults)
    return _complete_settings(draft.settings, draft.directory)


def load_users(directory: str | os.PathLike[str]) -> tuple[list[UserRow], list[KeyRow]]:
    """users.toml alone, which takes force without a reload. Raises `ConfigurationError`."""
    path = Path(os.path.abspath(directory))
    draft = Draft(str(path))
    _convert_file(USERS_FILE, draft)
    check_users(draft)
    if faults := draft.faults():
        raise ConfigurationError(faults)
    return [row for _, row in draft.users], [row for _, row in draft.keys]


def load_webhooks(directory: str | os.PathLike[str]) -> list[WebhookRow]:
    """webhooks.toml alone, which takes force without a reload. Raises `ConfigurationError`."""
    draft = Draft(os.path.abspath(directory))
    for name in ("projects.toml", WEBHOOKS_FILE):
        _convert_file(name, draft)
    check_webhooks(draft)
    if faults := draft.fault_lists[WEBHOOKS_FILE].in_order():
        raise ConfigurationError(faults)
    return [row for _, row in draft.webhooks]


def users_faults(directory: str | os.PathLike[str], text: str) -> list[Fault]:
    """What is wrong with users.toml if it were so; what it refers to is looked for in the other files."""
    draft = Draft(os.path.abspath(directory))
    for name in ("agents.toml", "projects.toml"):
        _convert_file(name, draft)
    table = _parse(text.encode(), draft.fault_lists[USERS_FILE])
    if table is not None:
        _convert_table(USERS_FILE, table, draft)
        check_users(draft)
    return draft.fault_lists[USERS_FILE].in_order()


def _require_directory(path: Path) -> None:
    if not (path / SETTINGS_FILE).is_file():
        remedy = f"Name the directory of the configuration, or make one: softswitch init {path}"
        raise ConfigurationError([Fault(str(path), SETTINGS_FILE, "there is no such file here", remedy)])


def _stray_files(path: Path) -> list[Fault]:
    """A misspelt file name would otherwise be an empty file."""
    return [
        Fault(
            one_line(each.name),
            "file",
            "nothing reads a file of this name",
            did_you_mean(each.name, FILES, "Rename it"),
        )
        for each in sorted(path.glob("*.toml"))
        if each.name not in FILES
    ]


def _check(draft: Draft) -> None:
    # Imported here: the dialplan brings the whole switch along, and `load_settings` must be quick.
    from softswitch.config.check_conferences import check_conferences
    from softswitch.config.check_menus import check_menus
    from softswitch.config.check_outbound import check_outbound
    from softswitch.config.check_projects import check_projects
    from softswitch.config.check_reports import check_reports
    from softswitch.config.check_routes import check_routes, check_schedules

    check_settings(draft)
    check_web(draft)
    check_warehouse(draft)
    check_telemetry(draft)
    check_guard(draft)
    _know_menus(draft)
    check_toll(draft)
    check_people(draft)
    check_groups(draft)
    check_queues(draft)
    check_staff(draft)
    check_users(draft)
    check_webhooks(draft)
    check_sites(draft)
    check_callbacks(draft)
    check_steps(draft)
    check_schedules(draft)
    check_routes(draft)
    check_menus(draft)
    check_prompts(draft)
    check_trunks(draft)
    check_callers(draft)
    check_lookups(draft)
    check_programs(draft)
    check_outbound(draft)
    check_projects(draft)
    check_conferences(draft)
    check_voicemail(draft)
    check_surveys(draft)
    check_reports(draft)
    check_tariffs(draft)


def _read(path: Path, faults: FaultList) -> dict[str, object] | None:
    """The file as a table; None if it cannot be read. A file that is not there is empty."""
    try:
        raw = path.read_bytes() if path.exists() else b""
    except OSError as error:
        faults.add((), f"the file cannot be read: {error.strerror}", "Make it readable for the switch")
        return None
    return _parse(raw, faults)


def _parse(raw: bytes, faults: FaultList) -> dict[str, object] | None:
    if len(raw) > FILE_BYTES_MAX:
        faults.add((), f"the file is {len(raw) >> 20} MB large", f"At most {FILE_BYTES_MAX >> 20} MB are read")
        return None
    try:
        text = raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        faults.add_at_line(line, "this is not UTF-8 text", "Save the file with the encoding UTF-8")
        return None
    faults.text = text
    try:
        return cast(dict[str, object], tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        reason, line = _syntax_fault(str(error), text)
        faults.add_at_line(line, reason, 'TOML wants: key = "text", key = 5, key = true, [table], [[row]]')
        return None
    except RecursionError:  # the parser's own, at some hundred brackets
        faults.add((), "brackets are nested too deeply", "Nothing here needs more than three")
        return None


def _syntax_fault(message: str, text: str) -> tuple[str, int]:
    """The parser's message without its position, and the line."""
    reason, _, position = message.partition(" (at ")
    line = re.search(r"line (\d+)", position)
    return reason[:1].lower() + reason[1:], int(line[1]) if line else text.count("\n") + 1


class _Tables:
    """The rows of one file; what nobody asked for does not belong there."""

    def __init__(self, table: dict[str, object], faults: FaultList) -> None:
        self._table = table
        self._faults = faults
        self._names: list[str] = []

    def rows(self, name: str, struct: type[S]) -> list[tuple[int, S]]:
        self._names.append(name)
        return convert_rows(self._table.get(name, []), struct, (name,), self._faults)

    def refuse_others(self) -> None:
        listed = " and ".join(f"[[{name}]]" for name in self._names)
        for key in self._table:
            if key not in self._names:
                remedy = did_you_mean(key, self._names, f"It holds {listed}")
                self._faults.add((key,), "this does not belong in this file", remedy)


def _convert_file(name: str, draft: Draft) -> None:
    faults = draft.fault_lists[name]
    table = _read(Path(draft.directory, name), faults)
    if table is not None:
        _convert_table(name, table, draft)


def _convert_table(name: str, table: dict[str, object], draft: Draft) -> None:
    faults = draft.fault_lists[name]
    draft.tables[name] = table
    tables = _Tables(table, faults)
    match name:
        case "softswitch.toml":
            draft.settings = convert_struct(table, Settings, (), faults) or draft.settings
            return
        case "projects.toml":
            draft.projects = tables.rows("project", ProjectRow)
        case "agents.toml":
            draft.agents = tables.rows("agent", AgentRow)
            draft.phones = tables.rows("phone", PhoneRow)
            draft.groups = tables.rows("group", GroupRow)
            draft.sites = tables.rows("site", SiteRow)
        case "queues.toml":
            draft.queues = tables.rows("queue", QueueRow)
            draft.boosts = tables.rows("boost", BoostRow)
        case "numbers.toml":
            draft.routes = tables.rows("route", RouteRow)
        case "schedules.toml":
            draft.schedules = tables.rows("schedule", ScheduleRow)
        case "callers.toml":
            draft.lists = tables.rows("list", CallerListRow)
            draft.regions = tables.rows("region", RegionRow)
        case "programs.toml":
            draft.programs = tables.rows("program", ProgramRow)
        case "lookups.toml":
            draft.lookups = tables.rows("lookup", LookupRow)
        case "menus.toml":
            draft.menus = tables.rows("menu", MenuRow)
        case "prompts.toml":
            draft.prompts = read_prompts(table, faults)
            return
        case "conferences.toml":
            draft.rooms = tables.rows("room", RoomRow)
        case "voicemail.toml":
            draft.boxes = tables.rows("box", BoxRow)
        case "surveys.toml":
            draft.surveys = tables.rows("survey", SurveyRow)
        case "reports.toml":
            draft.reports = tables.rows("report", ReportRow)
        case "users.toml":
            draft.users = tables.rows("user", UserRow)
            draft.keys = tables.rows("key", KeyRow)
        case "tariffs.toml":
            draft.tariffs = tables.rows("tariff", TariffRow)
        case "webhooks.toml":
            draft.webhooks = tables.rows("webhook", WebhookRow)
        case _:
            draft.trunks = tables.rows("trunk", TrunkRow)
            draft.outbound = tables.rows("outbound", OutboundRow)
    tables.refuse_others()


def _know_menus(draft: Draft) -> None:
    """A menu is a flow of its id."""
    menus = draft.names("menus.toml", "menu")
    draft.flows = None if draft.flows is None or menus is None else {*draft.flows, *menus}


def _complete(draft: Draft) -> Configuration:
    """Fill in what may be left empty; `Configuration` says what."""
    settings = _complete_settings(draft.settings, draft.directory)
    language, music = settings.sounds.default_language, settings.sounds.music
    agents = [_complete_person(row) for _, row in draft.agents]
    queues = [row for _, row in draft.queues]
    projects = {row.id: row for _, row in draft.projects}
    return Configuration(
        directory=draft.directory,
        settings=settings,
        projects=tuple(msgspec.structs.replace(row, name=row.name or row.id) for row in projects.values()),
        agents=tuple(msgspec.structs.replace(row, language=row.language or language) for row in agents),
        phones=tuple(_complete_person(row) for _, row in draft.phones),
        groups=tuple(row for _, row in draft.groups),
        sites=tuple(msgspec.structs.replace(row, name=row.name or row.id) for _, row in draft.sites),
        boosts=tuple(row for _, row in draft.boosts),
        queues=tuple(
            msgspec.structs.replace(
                row, name=row.name or row.id, music=row.music or _music_of(projects.get(row.project)) or music
            )
            for row in queues
        ),
        routes=tuple(row for _, row in draft.routes),
        schedules=tuple(_complete_schedule(row, projects.get(row.project)) for _, row in draft.schedules),
        menus=tuple(row for _, row in draft.menus),
        prompts=draft.prompts,
        rooms=tuple(_complete_room(row, projects.get(row.project)) for _, row in draft.rooms),
        trunks=tuple(_complete_trunk(row, draft.directory) for _, row in draft.trunks),
        outbound=tuple(row for _, row in draft.outbound),
        lists=tuple(row for _, row in draft.lists),
        regions=tuple(row for _, row in draft.regions),
        programs=tuple(row for _, row in draft.programs),
        lookups=tuple(row for _, row in draft.lookups),
        surveys=tuple(row for _, row in draft.surveys),
        reports=tuple(row for _, row in draft.reports),
        tariffs=tuple(row for _, row in draft.tariffs),
        boxes=tuple(msgspec.structs.replace(row, name=row.name or row.id) for _, row in draft.boxes),
        users=tuple(msgspec.structs.replace(row, name=row.name or row.id) for _, row in draft.users),
        keys=tuple(row for _, row in draft.keys),
        webhooks=tuple(row for _, row in draft.webhooks),
    )


def _music_of(project: ProjectRow | None) -> str:
    return "" if project is None else project.music


def _complete_room(row: RoomRow, project: ProjectRow | None) -> RoomRow:
    timezone = row.timezone or ("" if project is None else project.timezone) or "UTC"
    language = row.language or ("" if project is None else project.language)
    return msgspec.structs.replace(row, name=row.name or row.id, timezone=timezone, language=language)


def _complete_schedule(row: ScheduleRow, project: ProjectRow | None) -> ScheduleRow:
    if project is None:
        return msgspec.structs.replace(row, timezone=row.timezone or "UTC")
    return msgspec.structs.replace(
        row, timezone=row.timezone or project.timezone or "UTC", holidays={**project.holidays, **row.holidays}
    )


def _complete_settings(settings: Settings, directory: str) -> Settings:
    replace = msgspec.structs.replace
    sounds = settings.sounds

    def absolute(path: str) -> str:
        return os.path.abspath(os.path.join(directory, os.path.expanduser(path)))

    return replace(
        settings,
        recordings=replace(
            settings.recordings,
            directory=absolute(settings.recordings.directory),
            key_file=settings.recordings.key_file and absolute(settings.recordings.key_file),
        ),
        voicemail=replace(settings.voicemail, directory=absolute(settings.voicemail.directory)),
        tls=replace(
            settings.tls,
            certificate=settings.tls.certificate and absolute(settings.tls.certificate),
            private_key=settings.tls.private_key and absolute(settings.tls.private_key),
            ca=settings.tls.ca and absolute(settings.tls.ca),
            listener={
                text: replace(
                    own,
                    certificate=absolute(own.certificate),
                    private_key=own.private_key and absolute(own.private_key),
                )
                for text, own in settings.tls.listener.items()
            },
        ),
        store=replace(settings.store, directory=absolute(settings.store.directory)),
        events=replace(settings.events, queue_log=settings.events.queue_log and absolute(settings.events.queue_log)),
        dialplans=replace(settings.dialplans, directory=absolute(settings.dialplans.directory)),
        control=replace(settings.control, socket=absolute(settings.control.socket)),
        web=replace(
            settings.web,
            certificate=settings.web.certificate and absolute(settings.web.certificate),
            private_key=settings.web.private_key and absolute(settings.web.private_key),
            audit_log=absolute(settings.web.audit_log),
        ),
        sounds=replace(
            sounds,
            directory=absolute(sounds.directory),
            asterisk_sounds=sounds.asterisk_sounds and absolute(sounds.asterisk_sounds),
            default_language=sounds.default_language or sounds.languages[0],
        ),
    )


def _complete_trunk(row: TrunkRow, directory: str) -> TrunkRow:
    ca = row.tls_ca and os.path.abspath(os.path.join(directory, os.path.expanduser(row.tls_ca)))
    return msgspec.structs.replace(row, tls_ca=ca)


def _complete_person(row: P) -> P:
    return msgspec.structs.replace(row, name=row.name or row.id, username=row.username or row.id)
