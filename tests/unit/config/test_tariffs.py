"""tariffs.toml: what is a contradiction, what is worth a warning, and what becomes of the rows."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.tariffs import tariff_book, tariff_warnings

Write = Callable[[str], Path]
PROJECTS = '[[project]]\nid = "acme"\ntimezone = "Europe/Moscow"\n[[project]]\nid = "beta"\n'
OTHERS = {
    "projects.toml": PROJECTS,
    "callers.toml": '[[region]]\nid = "moscow"\nprefixes = ["+7495", "+7499"]\n',
    "trunks.toml": '[[trunk]]\nname = "mts"\nhost = "192.0.2.1"\n',
    "agents.toml": '[[agent]]\nid = "ann"\npassword = "x-1-Secret"\nprojects = ["acme"]\n',
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    (tmp_path / "softswitch.toml").write_text("")
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text)

    def with_tariffs(text: str) -> Path:
        (tmp_path / "tariffs.toml").write_text(text)
        return tmp_path

    return with_tariffs


def faults(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(directory)
    return [f"{fault.key}: {fault.reason}" for fault in caught.value.faults]


FULL = """
[[tariff]]
project = "acme"
since = 2026-11-01
currency = "RUB"
vat_percent = 20
minimum = "30000"
prices = [
    {item = "inbound", name = "8-800", price = "1.20", prefixes = ["+7800"]},
    {item = "outbound", price = 0.9, regions = ["moscow"], first_s = 60, step_s = 60},
    {item = "outbound", price = "14.50", trunk = "mts", connection = "0.5"},
    {item = "agent", price = "6.50", free_minutes = 1000},
    {item = "platform", price = "0.30", direction = "inbound"},
    {item = "seat", price = 4500},
    {item = "monthly", name = "Support", price = 5000, quantity = 2},
]
"""


def test_a_tariff_with_all_there_is(write: Write) -> None:
    configuration = load(write(FULL))
    (tariff,) = tariff_book(configuration).of("acme")
    assert (tariff.since, tariff.currency, tariff.minimum) == (date(2026, 11, 1), "RUB", 30000)
    inbound, moscow, elsewhere, *_, seat, support = tariff.prices
    assert (inbound.prefixes, moscow.prefixes, elsewhere.prefixes) == (("7800",), ("7495", "7499"), ())
    assert moscow.price == Decimal("0.9")
    assert (seat.quantity, support.quantity) == (1, 2)
    assert tariff_book(configuration).customer("acme").timezone == "Europe/Moscow"


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("since = 2026-01-01\nuntil = 2026-01-01", "until: it ends on 2026-01-01, before it has begun"),
        ('since = 2026-01-01\nproject = "nobody"', 'project: there is no project "nobody"'),
        ('since = "soon"', 'since: "soon" is not possible here'),
        ('project = "acme"', "since: it is missing"),
        ("since = 2026-01-01\nvat_percent = 101", "vat_percent: 101 is not possible here"),
        ("since = 2026-01-01\nminimum = -1", "minimum: -1 is not possible here"),
        ('since = 2026-01-01\nminimum = "nan"', "minimum: NaN is not possible here"),
        ('since = 2026-01-01\ncurrency = "eur"', 'currency: "eur" is not possible here'),
    ],
)
def test_what_a_tariff_cannot_be(write: Write, keys: str, fault: str) -> None:
    assert faults(write(f"[[tariff]]\n{keys}\n")) == [f"tariff[0].{fault}"]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ('item = "agent"', "price: it is missing"),
        ('item = "agnt", price = 1', 'item: "agnt" is not possible here'),
        ('item = "agent", price = -1', "price: -1 is not possible here"),
        ('item = "agent", price = 1, prefixes = ["7"]', 'prefixes: this means nothing for "agent"'),
        ('item = "seat", price = 1, first_s = 60', 'first_s: this means nothing for "seat"'),
        ('item = "agent", price = 1, quantity = 2', 'quantity: this means nothing for "agent"'),
        ('item = "outbound", price = 1, prefixes = ["x"]', 'prefixes[0]: "x" is no beginning of a number'),
        ('item = "outbound", price = 1, regions = ["moskau"]', 'regions[0]: there is no region "moskau"'),
        ('item = "outbound", price = 1, trunk = "mgts"', 'trunk: there is no trunk "mgts"'),
    ],
)
def test_what_a_price_cannot_be(write: Write, keys: str, fault: str) -> None:
    text = f"[[tariff]]\nsince = 2026-01-01\nprices = [{{{keys}}}]\n"
    assert faults(write(text)) == [f"tariff[0].prices[0].{fault}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("since = 2026-01-01", "since = 2026-01-01"),
        ("since = 2026-01-01\nuntil = 2026-03-02", "since = 2026-03-01"),
        ("since = 2026-03-01", "since = 2026-01-01\nuntil = 2026-04-01"),
    ],
)
def test_two_tariffs_at_a_time_are_one_too_many(write: Write, first: str, second: str) -> None:
    text = f'[[tariff]]\nproject = "acme"\n{first}\n[[tariff]]\nproject = "acme"\n{second}\n'
    (fault,) = faults(write(text))
    assert "holds on 2026-0" in fault
    assert "as well" in fault


def test_one_currency_and_one_price_for_the_same(write: Write) -> None:
    text = (
        '[[tariff]]\nproject = "acme"\nsince = 2026-01-01\nprices = [\n'
        '{item = "outbound", price = 1, prefixes = ["+7"]},\n{item = "outbound", price = 2, prefixes = ["7"]},\n'
        '{item = "seat", price = 1}, {item = "seat", price = 2}]\n'
        '[[tariff]]\nproject = "acme"\nsince = 2026-02-01\ncurrency = "RUB"\n'
    )
    found = faults(write(text))
    assert [fault.partition(":")[0] for fault in found] == ["tariff[0].prices[1]", "tariff[1].currency"]


def warned(write: Write, text: str) -> list[str]:
    return list(tariff_warnings(load(write(text)), date(2026, 6, 1)))


def test_who_is_never_charged_is_named(write: Write) -> None:
    (warning,) = warned(write, '[[tariff]]\nproject = "acme"\nsince = 2026-01-01\n')
    assert 'project "beta" has no tariff' in warning
    assert warned(write, "[[tariff]]\nsince = 2026-01-01\n") == []
    assert warned(write, "") == [], "where there are no tariffs at all nobody is billed"


def test_days_without_a_tariff_are_named(write: Write) -> None:
    text = (
        '[[tariff]]\nsince = 2026-01-01\n[[tariff]]\nproject = "acme"\nsince = 2026-01-01\nuntil = 2026-02-01\n'
        '[[tariff]]\nproject = "acme"\nsince = 2026-03-01\nuntil = 2026-05-01\n'
    )
    gap, over = warned(write, text)
    assert "from 2026-02-01 to 2026-03-01" in gap
    assert "has ended on 2026-05-01" in over
