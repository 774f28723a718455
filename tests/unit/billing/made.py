"""Calls and tariffs for tests of bills."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from softswitch.billing.tariff import Price, Tariff
from softswitch.billing.usage import BilledCall, BilledLeg, BilledStay
from softswitch.sip.trunks.numbers import Habits

RUSSIA = Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10)
SINCE = date(2026, 1, 1)


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


NOON = at("2026-11-10T12:00:00")


def inbound(
    began_at: float = NOON, *, talk_s: float = 60.0, wait_s: float = 20.0, number: str = "88005550100"
) -> BilledCall:
    """From a trunk: 10 s of menu, `wait_s` in a queue, `talk_s` with ann, who wraps up for 5 s; recorded."""
    ended_at = began_at + 10 + wait_s + talk_s
    return BilledCall(
        call_id=f"in-{began_at}",
        started_at=began_at,
        answered_at=began_at,
        ended_at=ended_at,
        calling_number="+74951234567",
        called_number=number,
        project="acme",
        trunk="mts",
        queue_wait_s=wait_s,
        talk_s=talk_s,
        wrap_up_s=5.0,
        recorded_s=talk_s,
        sip_legs=(
            BilledLeg(
                role="caller", party="trunk:mts", number="+74951234567", dialled=number, answered_at=began_at,
                ended_at=ended_at,
            ),
            BilledLeg(role="called", party="ann", agent="ann", answered_at=began_at + 10 + wait_s, ended_at=ended_at),
        ),
        stays=(BilledStay(talk_s=talk_s, agent="ann"),),
    )  # fmt: skip


def outbound(
    began_at: float = NOON, *, seconds: float = 60.0, number: str = "84951112233", trunk: str = "mts"
) -> BilledCall:
    """A phone of ours calls a number outside, which answers after 4 s."""
    answered_at = began_at + 4
    return BilledCall(
        call_id=f"out-{began_at}-{number}",
        started_at=began_at,
        answered_at=answered_at,
        ended_at=answered_at + seconds,
        calling_number="201",
        called_number=number,
        project="acme",
        talk_s=seconds,
        sip_legs=(
            BilledLeg(
                role="caller", party="account:201", number="201", agent="ben", answered_at=answered_at,
                ended_at=answered_at + seconds,
            ),
            BilledLeg(
                role="called", party=f"trunk:{trunk}", number=number, answered_at=answered_at,
                ended_at=answered_at + seconds,
            ),
        ),
    )  # fmt: skip


def price(item: str, amount: str, **more: object) -> Price:
    return Price(item=item, price=Decimal(amount), **more)  # pyright: ignore[reportArgumentType]


def tariff(*prices: Price, project: str = "acme", since: date = SINCE, **more: object) -> Tariff:
    return Tariff(project=project, since=since, prices=prices, **more)  # pyright: ignore[reportArgumentType]
