"""docs/configuration.md has every key with its real default, and no others."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from softswitch.config.caller_rows import CallerListRow, LookupRow, RegionRow
from softswitch.config.conference_rows import RoomRow
from softswitch.config.menu_rows import MenuRow
from softswitch.config.program_rows import ProgramRow
from softswitch.config.project_rows import ProjectRow
from softswitch.config.report_rows import ReportRow
from softswitch.config.rows import (
    AgentRow,
    Announcements,
    BoostRow,
    CallbacksRow,
    GroupRow,
    HookRow,
    PhoneRow,
    QueueRow,
    RescueRow,
    RouteRow,
    ScheduleRow,
    ServingRow,
    SiteRow,
    StepRow,
    TollRow,
)
from softswitch.config.settings import Settings
from softswitch.config.survey_rows import QuestionRow, SurveyRow
from softswitch.config.tariff_rows import PriceRow, TariffRow
from softswitch.config.trunk_rows import NumberRuleRow, OutboundRow, TrunkRow
from softswitch.config.user_rows import KeyRow, UserRow
from softswitch.config.voicemail_rows import BoxRow, PhoneBoxRow
from softswitch.config.webhook_rows import WebhookRow

DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "[[project]]": ProjectRow,
    "[[webhook]]": WebhookRow,
    "[[agent]]": AgentRow,
    "[[phone]]": PhoneRow,
    "[[group]]": GroupRow,
    "[[site]]": SiteRow,
    "[[list]]": CallerListRow,
    "[[region]]": RegionRow,
    "[[lookup]]": LookupRow,
    "[[program]]": ProgramRow,
    "[[queue]]": QueueRow,
    "profile": ServingRow,
    "steps": StepRow,
    "announce": Announcements,
    "callbacks": CallbacksRow,
    "rescue": RescueRow,
    "hook": HookRow,
    "[[boost]]": BoostRow,
    "[[route]]": RouteRow,
    "[[schedule]]": ScheduleRow,
    "[[menu]]": MenuRow,
    "[[room]]": RoomRow,
    "[[trunk]]": TrunkRow,
    "rules": NumberRuleRow,
    "[[outbound]]": OutboundRow,
    "toll of a phone or trunk": TollRow,
    "voicemail of a phone": PhoneBoxRow,
    "[[box]]": BoxRow,
    "[[survey]]": SurveyRow,
    "questions": QuestionRow,
    "[[report]]": ReportRow,
    "[[user]]": UserRow,
    "[[key]]": KeyRow,
    "[[tariff]]": TariffRow,
    "[[tariff.prices]]": PriceRow,
    **{f"[{field.name}]": field.type for field in msgspec.structs.fields(Settings)},
}

AS_VOICEMAIL = ("enabled", "operator", "attach", "messages_max", "minutes_max", "longest_s", "shortest_s", "keep_days")
IN_WORDS = {
    **{
        (heading, key): "as `[voicemail]` says"
        for heading in ("[[box]]", "voicemail of a phone")
        for key in AS_VOICEMAIL
    },
    ("[[agent]]", "voicemail"): "see below",
    ("[[phone]]", "voicemail"): "see below",
    ("[[agent]]", "toll"): "as `[toll]` says",
    ("[[phone]]", "toll"): "as `[toll]` says",
    ("[[trunk]]", "toll"): "none",
    ("[[agent]]", "queues"): "all",
    ("[[agent]]", "watched_by"): "everybody",
    ("[[phone]]", "watched_by"): "everybody",
    ("[[queue]]", "announce"): "see below",
    ("[[trunk]]", "media_ports"): "as `[media]` says",
    ("[[trunk]]", "country_code"): "as `[numbers]` says",
    ("[[trunk]]", "national_prefix"): "as `[numbers]` says",
    ("[[trunk]]", "international_prefix"): "as `[numbers]` says",
    ("[[trunk]]", "national_digits"): "as `[numbers]` says",
}
"""Defaults that are no TOML value."""


def documented() -> dict[str, dict[str, str]]:
    """Headings with their tables: key -> default."""
    tables: dict[str, dict[str, str]] = {}
    for block in re.split(r"^### ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        heading = block.splitlines()[0]
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", block, flags=re.MULTILINE)
        assert all(meaning.strip() for _, _, meaning in rows)
        tables[heading] = {key: default.strip("`") for key, default, _ in rows}
    return tables


def as_toml(default: Any) -> str:
    match default:
        case bool():
            return str(default).lower()
        case None:
            return "none"
        case tuple() | list():
            return f"[{', '.join(as_toml(each) for each in default)}]"  # pyright: ignore[reportUnknownVariableType]
        case str():
            return f'"{default}"'
        case _:
            return str(default)


def test_every_table_is_documented():
    assert set(documented()) == set(SECTIONS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_and_its_default_are_documented(heading: str):
    expected = {
        field.name: IN_WORDS.get((heading, field.name)) or ("required" if field.required else as_toml(_default(field)))
        for field in msgspec.structs.fields(SECTIONS[heading])
    }
    assert documented()[heading] == expected


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
