"""The whole configuration as one frozen value: what `load` returns, complete and free of contradictions."""

import msgspec

from softswitch.config.caller_rows import CallerListRow, LookupRow, RegionRow
from softswitch.config.conference_rows import RoomRow
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


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration directory as it was read.

    Paths are absolute, and what may be left empty is filled in (names, user names, the default language), except
    `settings.sip.domain` and `settings.media.ip`, which only the machine knows: see `with_own_ip`.
    """

    directory: str
    settings: Settings = Settings()
    projects: tuple[ProjectRow, ...] = ()
    agents: tuple[AgentRow, ...] = ()
    phones: tuple[PhoneRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    sites: tuple[SiteRow, ...] = ()
    queues: tuple[QueueRow, ...] = ()
    boosts: tuple[BoostRow, ...] = ()
    routes: tuple[RouteRow, ...] = ()
    schedules: tuple[ScheduleRow, ...] = ()
    menus: tuple[MenuRow, ...] = ()
    prompts: dict[str, dict[str, str]] = {}
    """Texts by language and name; those of menus are with the menus."""
    rooms: tuple[RoomRow, ...] = ()
    trunks: tuple[TrunkRow, ...] = ()
    outbound: tuple[OutboundRow, ...] = ()
    lists: tuple[CallerListRow, ...] = ()
    """With the numbers of their files."""
    regions: tuple[RegionRow, ...] = ()
    lookups: tuple[LookupRow, ...] = ()
    programs: tuple[ProgramRow, ...] = ()
    boxes: tuple[BoxRow, ...] = ()
    surveys: tuple[SurveyRow, ...] = ()
    reports: tuple[ReportRow, ...] = ()
    """Those that are mailed."""
    users: tuple[UserRow, ...] = ()
    keys: tuple[KeyRow, ...] = ()
    """Of programs that use the HTTP API."""
    tariffs: tuple[TariffRow, ...] = ()
    webhooks: tuple[WebhookRow, ...] = ()

    def with_own_ip(self, own_ip: str) -> "Configuration":
        """The same with `own_ip` wherever the machine's own address is meant."""
        sip, media = self.settings.sip, self.settings.media
        settings = msgspec.structs.replace(
            self.settings,
            sip=msgspec.structs.replace(sip, domain=sip.domain or sip.advertised_ip or own_ip),
            media=msgspec.structs.replace(media, ip=media.ip or own_ip),
        )
        return msgspec.structs.replace(self, settings=settings)
