"""What a switch completes when it is offered twice the calls it can carry, and whether calls in progress notice.

The same switch and the same SIPp calls as in signalling.py. First the most it completes in a second, then twice that is
offered. Goodput is what is completed, BYE included; a caller who is refused (503) or loses patience is not. The bar is
nine tenths of the maximum.

    python benchmarks/overload.py [--rates 200,300,400] [--factor 2] [--seconds 15] [--json]
"""

import json
import tempfile
from pathlib import Path

import click
import msgspec
from processes import where_and_when
from signalling import CALLERS, FAILED_SHARE_MAX, TALK_S, WARM_UP_CALLS, Row, measure, print_row, softswitch
from sipp_load import Answering

from softswitch.base.address import HostPort
from softswitch.testing.runtime.free_ports import free_port


def completed_per_s(row: Row) -> float:
    """Over the time in which calls were offered."""
    return (row.calls - row.failed) / (row.calls / row.per_s)


@click.command
@click.option("--rates", default="200,300,400,500,600", help="Tried in turn for the maximum.")
@click.option("--factor", default=2.0, help="How many times the maximum is offered.")
@click.option("--seconds", default=15.0, help="How long each rate is offered.")
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object.")
def main(rates: str, factor: float, seconds: float, as_json: bool) -> None:
    """Measure the goodput of the whole switch under overload."""
    phone = HostPort("127.0.0.3", free_port("127.0.0.3"))
    callers = [HostPort(f"127.0.0.{4 + index}", free_port(f"127.0.0.{4 + index}")) for index in range(CALLERS)]
    with (
        tempfile.TemporaryDirectory(prefix="overload-") as name,
        softswitch(Path(name), phone, callers) as server,
        Answering(phone),
    ):
        measure(server, callers, calls=WARM_UP_CALLS, per_s=100.0)
        rows: list[Row] = []
        for per_s in [float(text) for text in rates.split(",")]:
            rows.append(measure(server, callers, calls=round(per_s * seconds), per_s=per_s, talk_s=TALK_S))
            print_row("maximum", rows[-1])
            if rows[-1].failed > FAILED_SHARE_MAX * rows[-1].calls:
                break
        best = max(map(completed_per_s, rows))
        offered = factor * best
        over = measure(server, callers, calls=round(offered * seconds), per_s=offered, talk_s=TALK_S)
        print_row(f"x {factor:g}", over)
    goodput = completed_per_s(over)
    print(f"{goodput:.0f} of at most {best:.0f} calls a second are completed: {100 * goodput / best:.0f} %")
    if as_json:
        result = {
            "max_goodput_per_s": round(best, 1),
            "offered_per_s": round(offered, 1),
            "goodput_per_s": round(goodput, 1),
            "goodput_share": round(goodput / best, 3),
            "rows": [msgspec.to_builtins(each) for each in (*rows, over)],
            **where_and_when(),
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
