"""The process that makes a report beside the switch, which goes on meanwhile.

    python -m softswitch.app.report_maker < order

It reads an `Order` in JSON, and the store; writes the file that the order names; and says in a line of JSON what is in
it (`Made`), or why there is none. It writes nothing into the store.
"""

import os
import sys
from typing import BinaryIO, Literal

import msgspec

from softswitch.base.giving_way import give_way
from softswitch.reports.terms import Terms

FILE_BYTES_MAX = 20 << 20
"""What mail servers take."""
NICENESS = 15
"""Calls go before it, and what keeps the switch alive."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A report to be made of what is in the store at `now`, epoch seconds."""

    store: str
    report: str
    terms: Terms
    now: float
    format: Literal["xlsx", "csv", "json"]
    path: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """`fault` says why there is no file."""

    title: str = ""
    notes: tuple[str, ...] = ()
    fault: str = ""


def main(order: Order) -> Made:
    from softswitch.base.errors import SoftswitchError
    from softswitch.reports.formats.rendering import render
    from softswitch.reports.runtime.fact_cache import FactCache
    from softswitch.reports.runtime.making import make_report
    from softswitch.store import open_reader

    try:
        with open_reader(order.store) as store:
            cache = FactCache(order.store)
            report = make_report(store, order.report, order.terms, order.now, is_running=True, cache=cache)
        os.makedirs(os.path.dirname(order.path), 0o700, exist_ok=True)
        with open(order.path, "wb") as file:
            render(report, order.format, file)
        if (size := os.path.getsize(order.path)) > FILE_BYTES_MAX:
            os.unlink(order.path)
            return Made(fault=f"it has {size >> 20} MB, more than mail servers take; choose longer intervals, or csv")
    except SoftswitchError as error:
        return Made(fault=str(error))
    except OSError as error:
        return Made(fault=error.strerror or str(error))
    return Made(title=report.title, notes=report.notes)


def answer(order: bytes, out: BinaryIO) -> None:
    give_way(NICENESS)
    out.write(msgspec.json.encode(main(msgspec.json.decode(order, type=Order))) + b"\n")
    out.flush()


if __name__ == "__main__":
    answer(sys.stdin.buffer.read(), sys.stdout.buffer)
