"""Rooms can be told apart, and what they name exists."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.configuration import Configuration

PEOPLE = '[[agent]]\nid = "anna"\npassword = "kuYb6-tzzQ"\nnumber = "201"\n'
BOARD = '[[room]]\nid = "board"\nnumber = "8800"\nhost_pin = "471100"\nguest_pin = "815200"\n'


def load_with(directory: Path, rooms: str) -> Configuration:
    files = {"softswitch": "", "agents": PEOPLE, "conferences": rooms}
    files["projects"] = '[[project]]\nid = "acme"\ntimezone = "Europe/Moscow"\nlanguage = "en"\n'
    files["numbers"] = '[[route]]\nnumber = "88xx"\nflow = "conference"\n'
    for name, text in files.items():
        (directory / f"{name}.toml").write_text(text)
    return load(directory)


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [
        (BOARD + BOARD, 'room[1].id: there is a room "board" already'),
        (BOARD + BOARD.replace("board", "sales"), 'room[1].number: the room "board" has this number already'),
        (BOARD.replace("8800", "9900"), "room[0].number: no route leads 9900 to a flow"),
        (BOARD.replace("8800", "88x!9"), 'room[0].number: "88x!9" is no number'),
        (BOARD.replace("815200", "471100"), "room[0].guest_pin: it is the PIN of the hosts as well"),
        (BOARD.replace("471100", "47"), "room[0].host_pin"),
        ('[[room]]\nid = "lost"\n', "room[0].number: nobody can find this room"),
        (
            '[[room]]\nid = "a"\nhost_pin = "1111"\n[[room]]\nid = "b"\nguest_pin = "1111"\n',
            "room[1].guest_pin: another room without a number has this PIN",
        ),
        (BOARD + 'hosts = ["ana"]\n', 'room[0].hosts[0]: there is no agent and no phone "ana"'),
        (BOARD + 'through = "ana"\n', 'room[0].through: there is no agent and no phone "ana"'),
        (BOARD + 'participants = ["ana"]\n', 'room[0].participants[0]: nobody has the id "ana"'),
        (BOARD + 'project = "acne"\n', 'room[0].project: there is no project "acne"'),
        (BOARD + 'language = "xx"\n', 'room[0].language: nothing is spoken in "xx"'),
        (BOARD + 'timezone = "Mars"\n', 'room[0].timezone: there is no time zone "Mars"'),
        (BOARD + 'participants = ["201"]\ntimes = ["mon 9:30"]\n', 'room[0].times[0]: "mon 9:30" is no time'),
        (BOARD + 'times = ["mon 09:30"]\n', "room[0].times: nobody would be called"),
        (
            BOARD + 'participants = ["+4930123"]\ntimes = ["mon 09:30"]\n',
            "room[0].through: there is no host yet whose trunks could be used",
        ),
        (BOARD.replace("[[room]]", "[[rom]]"), "rom: this does not belong in this file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, rooms: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_with(tmp_path, rooms)
    assert expected in str(raised.value)


def test_what_may_be_left_out_is_filled_in(tmp_path: Path) -> None:
    rooms = BOARD + 'project = "acme"\nparticipants = ["anna", "201"]\ntimes = ["mon-fri 09:30"]\n'
    (room,) = load_with(tmp_path, rooms).rooms
    assert (room.name, room.timezone, room.language) == ("board", "Europe/Moscow", "en")


def test_two_rooms_with_numbers_may_have_one_pin(tmp_path: Path) -> None:
    assert len(load_with(tmp_path, BOARD + BOARD.replace("board", "sales").replace("8800", "8801")).rooms) == 2
