"""Participants per core of the media engine in telephone conferences.

    python benchmarks/conference.py --rooms 60 [--size 15] [--talkers 2] [--ports shared] [--json]

A media worker process with rooms in which everybody hears all the others, alone on one core; the load on the other
(media_bench.py). `--talkers` of each room speak, the others send the faint noise of a quiet room. The floor is the same
packets over the same kind of sockets without any engine.
"""

import json

import click
import msgspec
from media_bench import (
    Engine,
    Load,
    Measured,
    Setting,
    measure_engine,
    measure_floor,
    print_table,
    raise_descriptor_limit,
)
from processes import where_and_when

from softswitch.base.ids import RoomId, StreamId
from softswitch.media.protocol import PutRoom, Room


def run_engine(setting: Setting, rooms: int, size: int) -> Measured:
    with Load(setting) as load, Engine(setting, load) as engine:
        members = [[StreamId(room * size + place) for place in range(size)] for room in range(rooms)]
        engine.command(*(PutRoom(Room(room_id=RoomId(str(room)), members=members[room])) for room in range(rooms)))
        return measure_engine(setting, load, engine)


@click.command(help=__doc__)
@click.option("--rooms", default=40)
@click.option("--size", default=15, help="Participants of a room.")
@click.option("--talkers", default=2, help="How many of them speak.")
@click.option("--ports", type=click.Choice(["dedicated", "shared"]), default="dedicated")
@click.option("--seconds", default=6.0, help="Measured time, after the settling.")
@click.option(
    "--settle", default=15.0, help="Seconds before anything counts: the jitter buffers have found their length."
)
@click.option("--no-floor", is_flag=True, help="Leave the floor out.")
@click.option("--json", "as_json", is_flag=True)
def main(
    rooms: int, size: int, talkers: int, ports: str, seconds: float, settle: float, no_floor: bool, as_json: bool
) -> None:
    raise_descriptor_limit()
    legs = rooms * size
    setting = Setting(
        laws=["PCMU", "PCMA"] * (legs // 2) + ["PCMU"] * (legs % 2),
        groups=[leg // size for leg in range(legs)],
        is_shared=ports == "shared",
        seconds=seconds,
        settle_s=settle,
        speaks=[leg % size < talkers for leg in range(legs)],
    )
    rows: dict[str, Measured] = {}
    if not no_floor:
        rows["floor"] = measure_floor(setting)
    rows["engine"] = run_engine(setting, rooms, size)
    print(f"{rooms} rooms of {size}, {talkers} of each speak, half A-law, {ports} ports")
    print_table(rows, seconds)
    if as_json:
        asked = {"benchmark": "conference", "rooms": rooms, "size": size, "talkers": talkers, "ports": ports}
        print(json.dumps(asked | figures(rows) | where_and_when()))


def figures(rows: dict[str, Measured]) -> dict[str, object]:
    ours, floor = rows["engine"], rows.get("floor")
    return {
        "cpu_us_per_leg_tick": round(ours.cpu_us_per_leg_tick, 3),
        "floor_us_per_leg_tick": round(floor.cpu_us_per_leg_tick, 3) if floor else None,
        "ratio_to_floor": round(ours.cpu_us_per_leg_tick / floor.cpu_us_per_leg_tick, 3) if floor else None,
        "participants_per_core": round(ours.legs_per_core),
        "loss": round(ours.loss, 5),
        "late_ticks": ours.late_ticks,
        "rows": {name: msgspec.to_builtins(row) for name, row in rows.items()},
    }


if __name__ == "__main__":
    main()
