"""What is read out, as a native speaker would say it, in every language; and that every phrase it needs exists."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.dialplan import spoken
from softswitch.prompts.catalogue import LANGUAGES, catalogue
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX
from softswitch.prompts.rendering import PAUSE, phrases
from softswitch.prompts.spoken import CURRENCIES, Spoken

SUNDAY = date(2026, 11, 29)
TUESDAY = date(1999, 8, 3)


def words(names: Sequence[str], language: str) -> str:
    known = catalogue(language)
    assert known is not None
    return " ".join("," if name == PAUSE else known.texts[name] for name in names).replace(" ,", ",")


@pytest.mark.parametrize(
    ("said", "english", "russian"),
    [
        (spoken.number(0), "zero", "ноль"),
        (spoken.number(-21), "minus twenty one", "минус двадцать один"),
        (
            spoken.number(2_001_000_005),
            "two billion one million five",
            "два миллиарда один миллион пять",
        ),
        (spoken.number(1, gender="feminine"), "one", "одна"),
        (
            spoken.number(21_001, gender="feminine", case="accusative"),
            "twenty one thousand one",
            "двадцать одну тысячу одну",
        ),
        (spoken.number(542, case="genitive"), "five hundred forty two", "пятисот сорока двух"),
        (spoken.number(1_000, case="genitive"), "one thousand", "одной тысячи"),
        (spoken.number(0, case="genitive"), "zero", "нуля"),
        (spoken.number(2.5), "two point five", "две целых пять десятых"),
        (spoken.number(Decimal("1.01")), "one point zero one", "одна целая одна сотая"),
        (spoken.number(Decimal("0.1"), case="accusative"), "zero point one", "ноль целых одну десятую"),
        (
            spoken.number(Decimal("21.021"), case="genitive"),
            "twenty one point zero two one",
            "двадцати одной целой двадцати одной тысячной",
        ),
        (spoken.number(-0.0001), "zero", "ноль"),
        (spoken.ordinal(21), "twenty first", "двадцать первый"),
        (spoken.ordinal(3, gender="feminine"), "third", "третья"),
        (spoken.ordinal(2, gender="feminine", case="accusative"), "second", "вторую"),
        (spoken.ordinal(7, gender="feminine", case="genitive"), "seventh", "седьмой"),
        (spoken.ordinal(1_100, gender="neuter"), "one thousand one hundredth", "одна тысяча сотое"),
        (spoken.ordinal(2_000, case="genitive"), "two thousandth", "двухтысячного"),
        (spoken.count(1, "new-message"), "one new message", "одно новое сообщение"),
        (spoken.count(22, "message"), "twenty two messages", "двадцать два сообщения"),
        (spoken.count(5, "day"), "five days", "пять дней"),
        (spoken.money(1, "RUB"), "one ruble", "один рубль"),
        (
            spoken.money(Decimal("1234.50"), "RUB"),
            "one thousand two hundred thirty four rubles and fifty kopecks",
            "одна тысяча двести тридцать четыре рубля пятьдесят копеек",
        ),
        (spoken.money(Decimal("0.21"), "RUB", case="accusative"), "twenty one kopecks", "двадцать одну копейку"),
        (spoken.money(101, "RUB", case="genitive"), "one hundred one rubles", "ста одного рубля"),
        (spoken.money(0, "USD"), "zero dollars", "ноль долларов"),
        (spoken.money(-2.02, "USD"), "minus two dollars and two cents", "минус два доллара два цента"),
        (spoken.money(5, "EUR"), "five euros", "пять евро"),
        (spoken.money(1.01, "GBP"), "one pound and one penny", "один фунт один пенс"),
        (spoken.money(0.005, "USD"), "one cent", "один цент"),
        (spoken.date(SUNDAY), "November twenty ninth", "двадцать девятое ноября"),
        (
            spoken.date(SUNDAY, weekday=True, year=True),
            "Sunday November twenty ninth twenty twenty six",
            "воскресенье двадцать девятое ноября две тысячи двадцать шестого года",
        ),
        (
            spoken.date(TUESDAY, weekday=True, year=True, on=True),
            "on Tuesday August third nineteen ninety nine",
            "во вторник третьего августа тысяча девятьсот девяносто девятого года",
        ),
        (spoken.date(date(2000, 1, 1), year=True), "January first two thousand", "первое января двухтысячного года"),
        (
            spoken.date(date(2005, 5, 30), year=True),
            "May thirtieth two thousand five",
            "тридцатое мая две тысячи пятого года",
        ),
        (
            spoken.date(date(1905, 2, 9), year=True),
            "February ninth nineteen oh five",
            "девятое февраля тысяча девятьсот пятого года",
        ),
        (
            spoken.date(date(1900, 2, 9), year=True),
            "February ninth nineteen hundred",
            "девятое февраля тысяча девятисотого года",
        ),
        (
            spoken.date(date(2026, 12, 2), weekday=True, case="genitive"),
            "Wednesday December second",
            "среды второго декабря",
        ),
        (spoken.time(time(15, 40)), "three forty p m", "пятнадцать часов сорок минут"),
        (spoken.time(time(9, 5)), "nine oh five a m", "девять часов пять минут"),
        (spoken.time(time(0, 0)), "midnight", "ноль часов"),
        (spoken.time(time(12, 0)), "noon", "двенадцать часов"),
        (spoken.time(time(21, 1), case="accusative"), "nine oh one p m", "двадцать один час одну минуту"),
        (spoken.time(time(18, 0), case="genitive"), "six p m", "восемнадцати часов"),
        (spoken.duration(0), "zero seconds", "ноль секунд"),
        (spoken.duration(61), "one minute and one second", "одна минута одна секунда"),
        (spoken.duration(3 * 3600 + 59), "three hours", "три часа"),
        (spoken.duration(90_061.4), "one day and one hour", "один день один час"),
        (spoken.duration(120, case="genitive"), "two minutes", "двух минут"),
        (spoken.digits("47-11*"), "four seven, one one star", "четыре семь, один один звёздочка"),
        (
            spoken.telephone("+74951234567"),
            "plus seven, four nine five, one two three, four five, six seven",
            "плюс семь, четыре девять пять, один два три, четыре пять, шесть семь",
        ),
        (spoken.telephone("112"), "one one two", "один один два"),
        (
            spoken.telephone("8 800 100"),
            "eight, eight zero zero, one zero zero",
            "восемь, восемь ноль ноль, один ноль ноль",
        ),
    ],
)
def test_a_value_reads_as_a_native_speaker_would_say_it(said: Spoken, english: str, russian: str) -> None:
    assert words(phrases(said, "en"), "en") == english
    assert words(phrases(said, "ru-RU"), "ru") == russian


@given(
    language=st.sampled_from(LANGUAGES),
    number=st.integers(-NUMBER_MAX, NUMBER_MAX),
    decimals=st.integers(0, 999),
    case=st.sampled_from(["nominative", "genitive", "accusative"]),
    gender=st.sampled_from(["masculine", "feminine", "neuter"]),
    currency=st.sampled_from(sorted(CURRENCIES)),
    day=st.dates(),
    at=st.times(),
    ordinal=st.integers(1, ORDINAL_MAX),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_every_phrase_that_can_be_named_exists(
    language: str,
    number: int,
    decimals: int,
    case: spoken.CaseName,
    gender: spoken.GenderName,
    currency: str,
    day: date,
    at: time,
    ordinal: int,
    flags: tuple[bool, bool, bool],
) -> None:
    values: list[Spoken] = [
        spoken.number(number, case=case, gender=gender),
        spoken.number(Decimal(number) + Decimal(decimals) / 1000, case=case),
        spoken.ordinal(ordinal, case=case, gender=gender),
        spoken.money(Decimal(number) / 100, currency, case=case),
        spoken.date(day, weekday=flags[0], year=flags[1], on=flags[2], case=case),
        spoken.time(at, case=case),
        spoken.duration(abs(number), case=case),
        spoken.telephone(str(number)),
    ]
    for value in values:
        assert words(phrases(value, language), language)


def test_what_is_larger_than_any_word_is_read_digit_by_digit() -> None:
    assert phrases(spoken.number(10**12), "en") == ["digit/1", *["digit/0"] * 12]
