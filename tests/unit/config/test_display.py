"""What people are shown of a configuration: everything in force, never a password."""

import json
from datetime import date

import msgspec

from softswitch.config import Configuration, differences, effective
from softswitch.config.caller_rows import CallerListRow, LookupRow, RegionRow
from softswitch.config.conference_rows import RoomRow
from softswitch.config.rows import AgentRow, QueueRow, RouteRow
from softswitch.config.settings import LogSection, Settings
from softswitch.config.survey_rows import SurveyRow
from softswitch.config.tariff_rows import TariffRow
from softswitch.config.trunk_rows import TrunkRow
from softswitch.config.voicemail_rows import BoxRow
from softswitch.config.warehouse_settings import WarehouseSection

BEFORE = Configuration(
    directory="/etc/softswitch",
    agents=(AgentRow(id="anna", password="geheim-1"), AgentRow(id="boris", password="geheim-2")),
    queues=(QueueRow(id="support", skills={"billing": 3}),),
    routes=(RouteRow(number="100", flow="hotline"),),
    rooms=(RoomRow(id="board", number="8800", host_pin="geheim-4", guest_pin="geheim-5"),),
    trunks=(TrunkRow(name="provider", host="192.0.2.1", username="u", password="geheim-3"), TrunkRow(name="open")),
    lists=(CallerListRow(id="vip", numbers=("+15550100",)),),
    lookups=(LookupRow(id="crm", url="https://crm.example", headers={"X-Key": "geheim-7"}),),
)


def test_effective_has_defaults_and_no_password():
    shown = effective(BEFORE)
    text = json.dumps(shown)
    assert "geheim" not in text
    assert text.count('"password": "***"') == 3
    assert text.count('"password": ""') == 2  # there are none to hide: of Homer and of the mail server
    assert '"ring_timeout_s": 15' in text
    assert '"ports": "20000-29999"' in text


def test_nothing_changed():
    assert differences(BEFORE, BEFORE) == []


def test_changes_name_the_row_and_the_key():
    after = msgspec.structs.replace(
        BEFORE,
        settings=Settings(log=LogSection(level="debug")),
        agents=(AgentRow(id="boris", password="geheim-9"), AgentRow(id="clara", password="geheim-4")),
        queues=(QueueRow(id="support", skills={"billing": 5, "sales": 1}, wrap_up_s=3.0),),
        routes=(RouteRow(number="100", flow="closed"),),
        rooms=(RoomRow(id="board", number="8800", host_pin="geheim-6", guest_pin="geheim-5", maximum=20),),
    )
    assert differences(BEFORE, after) == [
        "settings.log.level: 'info' -> 'debug'",
        "agents.anna: removed",
        "agents.boris.password: changed",
        "agents.clara: added",
        "queues.support.skills.billing: 3 -> 5",
        "queues.support.skills.sales: added",
        "queues.support.wrap_up_s: 10 -> 3.0",
        "routes.100.flow: 'hotline' -> 'closed'",
        "rooms.board.host_pin: changed",
        "rooms.board.maximum: 15 -> 20",
    ]


def test_callers_lookups_boxes_and_surveys_change_too():
    after = msgspec.structs.replace(
        BEFORE,
        lists=(CallerListRow(id="vip", numbers=("+15550100", "+15550101"), notes={"+15550102": "gold"}),),
        regions=(RegionRow(id="moscow", prefixes=("+7495",)),),
        lookups=(LookupRow(id="crm", url="https://crm.example", headers={"X-Key": "geheim-8"}, deadline_ms=500),),
        boxes=(BoxRow(id="sales"),),
        surveys=(SurveyRow(id="csat", questions=()),),
    )
    assert differences(BEFORE, after) == [
        "lists.vip.numbers: changed",
        "lists.vip.notes: changed",
        "regions.moscow: added",
        "lookups.crm.deadline_ms: 1000 -> 500",
        "lookups.crm.headers: changed",
        "boxes.sales: added",
        "surveys.csat: added",
    ]


def test_tariffs_are_called_by_whose_and_since_when_they_are():
    old, new = TariffRow(project="acme", since=date(2026, 1, 1)), TariffRow(since=date(2026, 2, 1))
    before = msgspec.structs.replace(BEFORE, tariffs=(old,))
    after = msgspec.structs.replace(BEFORE, tariffs=(msgspec.structs.replace(old, currency="RUB"), new))
    assert differences(before, after) == [
        "tariffs.acme 2026-01-01.currency: 'EUR' -> 'RUB'",
        "tariffs.all 2026-02-01: added",
    ]


def test_where_the_warehouse_is_may_hold_a_password():
    settings = Settings(warehouse=WarehouseSection(dsn="postgresql://switch:geheim-9@db/calls"))
    assert "geheim" not in json.dumps(effective(msgspec.structs.replace(BEFORE, settings=settings)))


def test_a_row_that_moved_in_its_file_is_the_same():
    after = msgspec.structs.replace(BEFORE, agents=BEFORE.agents[::-1])
    assert differences(BEFORE, after) == []
