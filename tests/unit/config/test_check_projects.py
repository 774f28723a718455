"""What belongs to a project uses its own things and those of nobody."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.configuration import Configuration

PROJECTS = '[[project]]\nid = "acme"\ntimezone = "Europe/Moscow"\nholidays = {"12-25" = []}\n[[project]]\nid = "bolt"\n'
QUEUES = (
    '[[queue]]\nid = "shared"\n[[queue]]\nid = "bolts"\nproject = "bolt"\n'
    '[[queue]]\nid = "acmes"\nproject = "acme"\nmusic = ""\n'
)
HOURS = 'hours = {daily = ["09:00-18:00"]}\n'
SCHEDULES = f'[[schedule]]\nid = "bolt.office"\nproject = "bolt"\n{HOURS}[[schedule]]\nid = "office"\n{HOURS}'
ROUTE = '[[route]]\nnumber = "100"\nflow = "hotline"\nproject = "acme"\n'
MAIL = '[mail]\nserver = "mail.example"\nsender = "switch@mail.example"\n'
TO = 'contact = "office@bolt.example"\n'
ANNA = '[[agent]]\nid = "anna"\npassword = "kuYb6-tzzQ"\n'
MENU = '[[menu]]\nid = "acme.main"\ntext = "Choose"\nkeys = {KEYS}\n'
TO_MENU = ROUTE.replace("hotline", "main")
PHONE = '[[phone]]\nid = "hall"\npassword = "kuYb6-tzzS"\nproject = "bolt"\n'
FLOWS = ("hotline", "bolt.hotline")

Files = dict[str, str]


def load_with(directory: Path, files: Files) -> Configuration:
    whole = {"softswitch": "", "projects": PROJECTS, "queues": QUEUES, "schedules": SCHEDULES, **files}
    for name, text in whole.items():
        (directory / f"{name}.toml").write_text(text)
    return load(directory, flows=FLOWS)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"projects": PROJECTS + '[[project]]\nid = "acme"\n'}, 'project[2].id: there is a project "acme" already'),
        ({"projects": PROJECTS + '[[project]]\nid = "ru"\n'}, "project[2].id: sounds/ru holds sounds of the whole"),
        ({"projects": PROJECTS + 'language = "ru"\n'}, 'project[1].language: "ru" is not among the languages'),
        ({"projects": PROJECTS + 'contact = "acme"\n'}, 'project[1].contact: "acme" is no e-mail address'),
        ({"projects": PROJECTS + 'hours = "ofice"\n'}, 'project[1].hours: there is no schedule "ofice"'),
        ({"projects": PROJECTS + 'timezone = "Mars"\n'}, 'project[1].timezone: there is no time zone "Mars"'),
        ({"projects": PROJECTS + 'holidays = {"13-01" = []}\n'}, 'project[1].holidays.13-01: "13-01" is no date'),
        (
            {"projects": PROJECTS.replace("timezone", 'hours = "bolt.office"\ntimezone')},
            'project[0].hours: the schedule "bolt.office" belongs to project bolt, and this to project acme',
        ),
        ({"numbers": ROUTE.replace("acme", "acne")}, 'route[0].project: there is no project "acne"'),
        (
            {"numbers": ROUTE.replace('"hotline"', '"bolt.hotline"')},
            'route[0].flow: the flow "bolt.hotline" belongs to project bolt, and this to project acme',
        ),
        (
            {"numbers": ROUTE + 'hours = "bolt.office"\notherwise = "hotline"\n'},
            'route[0].hours: the schedule "bolt.office" belongs to project bolt',
        ),
        (
            {"queues": QUEUES + 'overflow = "queue:bolts"\n'},
            'queue[2].overflow: the queue "bolts" belongs to project b',
        ),
        ({"queues": QUEUES + 'exit_keys = {1 = "queue:bolts"}\n'}, "queue[2].exit_keys.1: the queue"),
        ({"queues": QUEUES + 'exit_keys = {1 = "flow:bolt.hotline"}\n'}, "queue[2].exit_keys.1: the flow"),
        ({"queues": QUEUES + 'hours = "bolt.office"\n'}, 'queue[2].hours: the schedule "bolt.office" belongs to'),
        (
            {"queues": QUEUES + 'callbacks = {hours = "bolt.office"}\n'},
            'queue[2].callbacks.hours: the schedule "bolt.office" belongs to',
        ),
        (
            {"queues": QUEUES.replace('id = "shared"\n', 'id = "shared"\noverflow = "queue:bolts"\n')},
            'queue[0].overflow: the queue "bolts" belongs to project bolt, and this to no project',
        ),
        (
            {
                "queues": QUEUES + 'rescue = {below = 50, until = 60, agents = ["anna"]}\n',
                "agents": ANNA + 'projects = ["bolt"]\n',
            },
            "queue[2].rescue.agents[0]: anna works for bolt alone",
        ),
        (
            {"queues": QUEUES + '[[queue]]\nid = "x"\nproject = "acne"\n'},
            'queue[3].project: there is no project "acne"',
        ),
        ({"schedules": SCHEDULES + 'project = "acne"\n'}, 'schedule[1].project: there is no project "acne"'),
        (
            {
                "menus": MENU.replace("KEYS", '1 = "queue:bolts", 2 = "hangup"'),
                "numbers": ROUTE.replace("hotline", "main"),
            },
            'menu[0].keys.1: the queue "bolts" belongs to project bolt, and this to project acme',
        ),
        (
            {
                "menus": MENU.replace("KEYS", '1 = ["queue:acmes", "flow:bolt.hotline"]'),
                "numbers": ROUTE.replace("hotline", "main"),
            },
            'menu[0].keys.1: the flow "bolt.hotline" belongs to project bolt',
        ),
        (
            {"menus": MENU.replace("KEYS", '1 = "hangup"') + 'default = "queue:bolts"\n', "numbers": TO_MENU},
            'menu[0].default: the queue "bolts" belongs to project bolt, and this to project acme',
        ),
        ({"callers": '[[list]]\nid = "vip"\nproject = "acne"\n'}, 'list[0].project: there is no project "acne"'),
        (
            {"lookups": '[[lookup]]\nid = "crm"\nurl = "https://crm.example"\nproject = "acne"\n'},
            "lookup[0].project: there is no project",
        ),
        ({"agents": ANNA + 'projects = ["acne"]\n'}, 'agent[0].projects[0]: there is no project "acne"'),
        (
            {"agents": ANNA + 'projects = ["acme"]\nqueues = ["acmes", "bolts"]\n'},
            'agent[0].queues[1]: the queue "bolts" belongs to project bolt, and he works for acme alone',
        ),
        (
            {"agents": ANNA + 'projects = ["acme"]\nqueues = ["shared"]\n'},
            'agent[0].queues[0]: the queue "shared" belongs to no project, and he works for acme alone',
        ),
        (
            {"softswitch": MAIL, "projects": f'{PROJECTS}{TO}digest = ["noon"]\n'},
            'project[1].digest[0]: "noon" is no time',
        ),
        (
            {"softswitch": MAIL, "projects": f'{PROJECTS}digest = ["daily 18:00"]\n'},
            "project[1].digest: nobody is there to send it to",
        ),
        ({"projects": f'{PROJECTS}{TO}digest = ["daily 18:00"]\n'}, "project[1].digest: no mail is sent"),
        ({"agents": '[[group]]\nid = "g"\nmembers = ["+49301234567"]\nproject = "x"\n'}, "group[0].project: there is"),
        (
            {"agents": f'{PHONE}[[group]]\nid = "g"\nmembers = ["hall"]\nproject = "acme"\n'},
            'group[0].members[0]: the phone "hall" belongs to project bolt, and this to project acme',
        ),
        (
            {
                "agents": '[[group]]\nid = "g"\nmembers = ["+49301234567"]\nproject = "bolt"\n',
                "menus": MENU.replace("KEYS", '1 = "dial:g"'),
                "numbers": TO_MENU,
            },
            'menu[0].keys.1: the group "g" belongs to project bolt, and this to project acme',
        ),
        ({"agents": '[[phone]]\nid = "hall"\npassword = "kuYb6-tzzS"\nproject = "x"\n'}, "phone[0].project: there is"),
    ],
)
def test_what_is_somebody_elses_is_one_fault(tmp_path: Path, files: Files, expected: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_with(tmp_path, files)
    faults = [str(fault) for fault in raised.value.faults]
    assert len(faults) == 1, faults
    assert expected in faults[0]


def test_what_is_its_own_or_nobodys_is_right_and_own_names_go_first(tmp_path: Path) -> None:
    route = ROUTE.replace("acme", "bolt") + 'hours = "office"\notherwise = "hotline"\n'
    own = QUEUES + 'overflow = "queue:shared"\nhours = "office"\n'
    configuration = load_with(tmp_path, {"numbers": route, "queues": own, "agents": ANNA + 'projects = ["acme"]\n'})
    assert [row.name for row in configuration.projects] == ["acme", "bolt"]


def test_a_menu_is_reached_and_leads_on_by_the_names_of_its_project(tmp_path: Path) -> None:
    own = QUEUES + '[[queue]]\nid = "acme.sales"\nproject = "acme"\n'
    hours = SCHEDULES.replace("bolt.office", "acme.hours").replace('"bolt"', '"acme"')
    menu = MENU.replace("KEYS", '1 = "queue:sales"') + 'hours = "hours"\nclosed = "hangup"\n'
    files = {"queues": own, "schedules": hours, "menus": menu, "numbers": TO_MENU}
    assert [row.id for row in load_with(tmp_path, files).menus] == ["acme.main"]


def test_a_schedule_has_time_zone_and_holidays_from_its_project(tmp_path: Path) -> None:
    own = f'[[schedule]]\nid = "acme.office"\nproject = "acme"\nholidays = {{"12-31" = []}}\n{HOURS}'
    configuration = load_with(tmp_path, {"schedules": own + own.replace("acme.office", "b").replace("acme", "bolt")})
    acme, bolt = configuration.schedules
    assert (acme.timezone, set(acme.holidays)) == ("Europe/Moscow", {"12-25", "12-31"})
    assert (bolt.timezone, set(bolt.holidays)) == ("UTC", {"12-31"})
