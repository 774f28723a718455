"""What must hold for menus and prompts: one small configuration for each rule."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import Configuration, load

TOP = '[[menu]]\nid = "main"\ntext = "Choose."\n'
MORE = '[[menu]]\nid = "more"\ntext = "Choose more."\nkeys = {"1" = "queue:sales"}\n'
FILES = {
    "softswitch": '[sounds]\nlanguages = ["en", "ru"]\n[voicemail]\nextensions = true\n',
    "numbers": '[[route]]\nnumber = "100"\nflow = "main"\n',
    "queues": '[[queue]]\nid = "sales"\n\n[[queue]]\nid = "shop.support"\nproject = "shop"\n',
    "projects": '[[project]]\nid = "shop"\n',
    "schedules": '[[schedule]]\nid = "office"\nhours = {daily = ["09:00-18:00"]}\n',
    "conferences": '[[room]]\nid = "board"\nhost_pin = "47114711"\n',
    "agents": '[[phone]]\nid = "hall"\nnumber = "101"\npassword = "kuYb6-tzzS"\n',
}
FLOWS = {"hotline", "extra"}


def load_with(directory: Path, menus: str, **files: str) -> Configuration:
    for name, text in {**FILES, "menus": menus, **files}.items():
        (directory / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(directory, flows=FLOWS)


def faults_of(directory: Path, menus: str, **files: str) -> list[str]:
    try:
        load_with(directory, menus, **files)
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    return []


GOOD = [
    TOP + 'keys = {"1" = "conference", "2" = "conference:board"}\n',
    TOP + 'keys = {"1" = "queue:sales", "2" = ["queue:support", "flow:extra"], "1xx" = "dial", "*" = "repeat"}\n',
    TOP + 'keys = {"1" = "dial:101", "2" = "dial:hall", "3" = "dial:+4930123456", "4" = "hangup"}\n',
    TOP + 'keys = {"1" = "voicemail:101", "2" = "voicemail:hall"}\n',
    TOP + 'keys = {"1" = "dial:+4930123456 through hall", "1xxxxxxxxx" = "dial: through hall"}\n',
    TOP + 'keys = {"1" = "queue:sales"}\nhours = "office"\nclosed = ["play:greeting/closed", "hangup"]\n',
    TOP.replace('text = "Choose."', 'text = {en = "Choose.", ru = "Выберите."}')
    + 'keys = {"1" = ["language:ru", "hangup"]}',
    # menus that lead to each other in a circle, with a way out of it
    TOP + 'keys = {"1" = "menu:more"}\n' + MORE.replace("}", ', "2" = "menu:main", "*" = "back"}'),
    # run by a flow, and going back there
    TOP + 'keys = {"1" = "queue:sales"}\n' + MORE.replace("}", ', "*" = "back"}') + "from_flows = true\n",
]


@pytest.mark.parametrize("menus", GOOD)
def test_good_menus(tmp_path: Path, menus: str) -> None:
    assert faults_of(tmp_path, menus) == []


@pytest.mark.parametrize(
    ("menus", "expected"),
    [
        (TOP + 'keys = {"1" = "queue:sale"}', 'keys.1: there is no queue "sale". Did you mean "sales"?'),
        (TOP + 'keys = {"1" = "flow:extr"}', 'keys.1: there is no flow "extr". Did you mean "extra"?'),
        (TOP + 'keys = {"1" = "voicemail:hal"}', 'keys.1: there is no voicemail box "hal". Did you mean "hall"?'),
        (TOP + 'keys = {"1" = "menu:mor"}', 'keys.1: there is no menu "mor"'),
        (TOP + 'keys = {"1" = ["language:de", "hangup"]}', "keys.1[0]: there is no language among"),
        (TOP + 'keys = {"1" = "dial:102"}', 'keys.1: nobody has the number or name "102". Did you mean "101"?'),
        (TOP + 'keys = {"1" = "dial:101 through hal"}', 'keys.1: there is no phone "hal" to call through. Did you'),
        (TOP + 'keys = {"1" = "dial:101 through "}', "does not say through which phone"),
        (TOP + 'keys = {"1" = "callback:sales"}', 'keys.1: nobody is called back from the queue "sales"'),
        (TOP + 'keys = {"1" = "conference:bord"}', 'keys.1: there is no room "bord". Did you mean "board"?'),
        (TOP + 'keys = {"1" = "queue"}', '"queue" does not say which queue'),
        (TOP + 'keys = {"1" = "sales"}', '"sales" is no step; there are queue:..., dial:...'),
        (TOP + 'keys = {"1" = "hangup:now"}', '"hangup:now": nothing follows the word "hangup"'),
        (TOP + 'keys = {"1" = ["tag:=x", "hangup"]}', '"tag:=x" does not say which tag'),
        (TOP + 'keys = {"1" = "queue:sales"}\ndefault = "dial"', "default: there is no number that the caller has"),
        # keys
        (TOP + 'keys = {"a" = "queue:sales"}', 'keys.a: nobody can type "a"'),
        (TOP + 'keys = {"1x" = "queue:sales", "1n" = "hangup"}', 'keys.1n: "1x" can be typed alike'),
        (TOP, "menu[0].keys: there is nothing to choose"),
        # what nobody comes to
        (TOP + 'keys = {"1" = ["hangup", "queue:sales"]}', 'keys.1[1]: nobody comes to this step, because "hangup"'),
        (TOP + 'keys = {"1" = "queue:sales"}\nclosed = "hangup"', "closed: no hours are given, so nobody comes here"),
        (
            TOP + 'keys = {"1" = "hangup"}\ndefault = "hangup"\nafter_wrong = "hangup"\nafter_silence = "hangup"',
            "default: after_wrong and after_silence are both given",
        ),
        (TOP + 'keys = {"1" = "hangup"}\n' + MORE, 'menu[1]: nobody comes to "more": no number, queue or menu'),
        # no way out or back
        (TOP + 'keys = {"1" = "play:news", "2" = "repeat"}', "menu[0].keys: no key in it, or in the menus behind it"),
        (
            TOP + 'keys = {"1" = "menu:more", "2" = "hangup"}\n' + MORE.replace("queue:sales", "play:news"),
            "menu[1].keys: no key in it, or in the menus behind it, leads out",
        ),
        (TOP + 'keys = {"1" = "hangup", "*" = "back"}', "keys.*: no other menu leads here"),
        # hours, words, names
        (TOP + 'keys = {"1" = "hangup"}\nhours = "office"', "closed: hours are given, but not what happens outside"),
        (TOP + 'keys = {"1" = "hangup"}\nhours = "ofice"\nclosed = "hangup"', 'hours: there is no schedule "ofice"'),
        (
            TOP + 'keys = {"1" = "hangup"}\nhours = "office"\nclosed = ["play:a", "repeat"]',
            "closed[1]: the menu would still be closed",
        ),
        (TOP + 'prompt = "x"\nkeys = {"1" = "hangup"}', "prompt: a text is given as well"),
        ('[[menu]]\nid = "main"\nkeys = {"1" = "hangup"}', "text: nothing is asked"),
        (
            TOP.replace('"Choose."', '{en = "a"}') + 'keys = {"1" = "hangup"}',
            'text: there is no text in "ru", which is one of [sounds] languages',
        ),
        (
            TOP.replace('"Choose."', '{en = "a", ru = "b", de = "c"}') + 'keys = {"1" = "hangup"}',
            'text.de: "de" is none of [sounds] languages',
        ),
        (TOP + 'keys = {"1" = "hangup"}\n' + TOP + 'keys = {"1" = "hangup"}', 'there is a menu "main" already'),
        (
            '[[menu]]\nid = "hotline"\ntext = "x"\nfrom_flows = true\nkeys = {"1" = "hangup"}\n'
            + TOP
            + 'keys = {"1" = "hangup"}',
            'menu[0].id: there is a flow "hotline" in the dialplans',
        ),
    ],
)
def test_a_rule_that_is_broken_is_one_fault(tmp_path: Path, menus: str, expected: str) -> None:
    (fault,) = faults_of(tmp_path, menus)
    assert fault.startswith("menus.toml:")
    assert expected in fault


def test_numbers_and_queues_may_lead_to_menus(tmp_path: Path) -> None:
    queues = FILES["queues"] + 'overflow = "flow:main"\nexit_keys = {"1" = "flow:more"}\n'
    menus = TOP + 'keys = {"1" = "queue:sales"}\n' + MORE
    assert faults_of(tmp_path, menus, numbers="", queues=queues) == []
    (fault,) = faults_of(tmp_path, MORE, queues=queues.replace("flow:main", "hangup"))
    assert 'numbers.toml:3: route[0].flow: there is no flow "main"' in fault


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ('[de]\nx = "y"', 'prompts.toml:1: de: "de" is none of [sounds] languages'),
        ('en = "x"', "prompts.toml:1: en: this is no table"),
        ("[en]\nx = 5", "en.x: there is nothing to be said"),
        ('[en]\nx = " "', "en.x: there is nothing to be said"),
        ('[en]\n"../x" = "y"', "this is no name of a prompt"),
        (f'[en]\nx = "{"y" * 2001}"', "en.x: the text has 2001 characters"),
    ],
)
def test_a_prompt_that_cannot_be_is_one_fault(tmp_path: Path, prompts: str, expected: str) -> None:
    (fault,) = faults_of(tmp_path, TOP + 'keys = {"1" = "hangup"}', prompts=prompts)
    assert expected in fault


def test_prompts_may_be_written_one_below_the_other(tmp_path: Path) -> None:
    prompts = '[en]\n"shop/sale" = "Sale."\n[en.shop]\nopen = "Open."\n[ru]\nx = "Ы"\n'
    configuration = load_with(tmp_path, TOP + 'keys = {"1" = "hangup"}', prompts=prompts)
    assert configuration.prompts == {"en": {"shop/sale": "Sale.", "shop/open": "Open."}, "ru": {"x": "Ы"}}


def documented_menus() -> str:
    page = (Path(__file__).parents[3] / "docs" / "dialplan.md").read_text(encoding="utf-8")
    (menus,) = [text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[menu]]" in text]
    return menus


def starting_menus() -> str:
    """Those that stand in the starter as comments."""
    lines = files("softswitch.config").joinpath("starter/menus.toml").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removeprefix("#").strip() for line in lines[lines.index("# [[menu]]") :])


@pytest.mark.parametrize("menus", [documented_menus(), starting_menus()], ids=["documentation", "starter"])
def test_the_examples_that_people_copy_are_good(tmp_path: Path, menus: str) -> None:
    queues = '[[queue]]\nid = "sales"\n\n[[queue]]\nid = "support"\n'
    agents = FILES["agents"].replace('"101"', '"110"')
    softswitch = '[sounds]\nlanguages = ["en"]\n'
    for name, text in {**FILES, "menus": menus, "queues": queues, "agents": agents, "softswitch": softswitch}.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    assert len(load(tmp_path, flows=FLOWS | {"leave_message"}).menus) == 2
