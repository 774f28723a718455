"""A configuration while it is being checked: rows with their places in the files, and the faults found so far.

A row with a fault may be missing among the rows, but its id still exists: what other files may refer to is taken from
the tables as they were read, so that one mistake is reported once.
"""

from collections.abc import Collection
from typing import cast

from softswitch.base.errors import Fault
from softswitch.config.caller_rows import CallerListRow, LookupRow, RegionRow
from softswitch.config.conference_rows import RoomRow
from softswitch.config.conversion import FaultList
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

SETTINGS_FILE = "softswitch.toml"
USERS_FILE = "users.toml"
WEBHOOKS_FILE = "webhooks.toml"
FILES = (
    SETTINGS_FILE,
    "projects.toml",
    "agents.toml",
    "queues.toml",
    "numbers.toml",
    "schedules.toml",
    "menus.toml",
    "prompts.toml",
    "conferences.toml",
    "trunks.toml",
    "callers.toml",
    "lookups.toml",
    "programs.toml",
    "voicemail.toml",
    "surveys.toml",
    "reports.toml",
    USERS_FILE,
    "tariffs.toml",
    WEBHOOKS_FILE,
)


class Draft:
    """Rows carry their index in the file, since those that could not be read are not here."""

    __slots__ = (
        "agents",
        "boosts",
        "boxes",
        "directory",
        "fault_lists",
        "flows",
        "groups",
        "keys",
        "lists",
        "lookups",
        "menus",
        "outbound",
        "phones",
        "programs",
        "projects",
        "prompts",
        "queues",
        "regions",
        "reports",
        "rooms",
        "routes",
        "schedules",
        "settings",
        "sites",
        "surveys",
        "tables",
        "tariffs",
        "trunks",
        "users",
        "webhooks",
        "written_flows",
    )

    def __init__(self, directory: str, flows: Collection[str] | None = None) -> None:
        self.directory = directory
        self.written_flows = flows
        """Names of the flows of dialplans; None: not known, so whoever refers to one is believed."""
        self.flows = flows
        """And of menus, which are flows too."""
        self.fault_lists: dict[str, FaultList] = {name: FaultList(name) for name in FILES}
        self.tables: dict[str, dict[str, object]] = {}
        """By file, as tomllib gave them; a file that could not be read at all is missing."""
        self.settings = Settings()
        self.projects: list[tuple[int, ProjectRow]] = []
        self.agents: list[tuple[int, AgentRow]] = []
        self.phones: list[tuple[int, PhoneRow]] = []
        self.groups: list[tuple[int, GroupRow]] = []
        self.sites: list[tuple[int, SiteRow]] = []
        self.queues: list[tuple[int, QueueRow]] = []
        self.boosts: list[tuple[int, BoostRow]] = []
        self.routes: list[tuple[int, RouteRow]] = []
        self.rooms: list[tuple[int, RoomRow]] = []
        self.schedules: list[tuple[int, ScheduleRow]] = []
        self.trunks: list[tuple[int, TrunkRow]] = []
        self.menus: list[tuple[int, MenuRow]] = []
        self.prompts: dict[str, dict[str, str]] = {}
        """Texts by language and name."""
        self.outbound: list[tuple[int, OutboundRow]] = []
        self.lists: list[tuple[int, CallerListRow]] = []
        self.regions: list[tuple[int, RegionRow]] = []
        self.programs: list[tuple[int, ProgramRow]] = []
        self.lookups: list[tuple[int, LookupRow]] = []
        self.surveys: list[tuple[int, SurveyRow]] = []
        self.reports: list[tuple[int, ReportRow]] = []
        self.boxes: list[tuple[int, BoxRow]] = []
        self.users: list[tuple[int, UserRow]] = []
        self.keys: list[tuple[int, KeyRow]] = []
        self.tariffs: list[tuple[int, TariffRow]] = []
        self.webhooks: list[tuple[int, WebhookRow]] = []

    def names(self, file: str, kind: str, key: str = "id") -> set[str] | None:
        """The ids in the rows of a file, whether or not these are right otherwise; None if they cannot be known."""
        if file not in self.tables:
            return None
        return {str(row[key]) for row in self.raw_rows(file, kind) if key in row}

    def raw_rows(self, file: str, kind: str) -> list[dict[str, object]]:
        rows = self.tables.get(file, {}).get(kind)
        if not isinstance(rows, list):
            return []
        return [cast(dict[str, object], row) for row in cast(list[object], rows) if isinstance(row, dict)]

    def faults(self) -> list[Fault]:
        """All of them, in the order of files and lines."""
        found: list[Fault] = []
        for fault_list in self.fault_lists.values():
            found += fault_list.in_order()
        return found
