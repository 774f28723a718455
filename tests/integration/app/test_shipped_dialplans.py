"""Each of the dialplans that ship is called over real SIP, keys as RFC 4733 events, and does what it is for; and so are
the verbs that none of them uses. All at once, for they share nothing but the switch."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.control.protocol.rows import CallRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.store.schema import Cdr
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.short_prompts import replace_prompts

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
SOON_S = 15.0
CODE = "48151623"
EVA, MOBILE, CUSTOMER, UNWANTED = "+15550100", "+15550155", "+15550177", "+15550166"
FLOWS = """
from softswitch.dialplan import Call, flow

@flow
async def wait(call: Call) -> None:
    await call.queue("later")

@flow
async def asked(call: Call) -> None:
    await call.run_survey("csat")

@flow
async def away(call: Call) -> None:
    call.tag("here", str(await call.send_away("+4930123")))
"""
ROUTES = {
    "201": "office",
    "202": "hotline",
    "204": "order_desk",
    "205": "contest",
    "206": "survey",
    "207": "conference",
    "208": "wait",
    "209": "asked",
    "210": "away",
    "1xx": "extension",
    "*98": "voicemail",
}
PEOPLE = {"sam": "101", "ora": "102", "dan": "103", "eve": "104", "cat": "105"}


def files(port: int, outside: int) -> dict[str, str]:
    def agent(name: str, extra: str) -> str:
        return (
            f'[[agent]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{PEOPLE[name]}"\nauto_login = true\n{extra}'
        )

    def phone(name: str, extra: str) -> str:
        return f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\n{extra}'

    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "16000-17999"\nworkers = 2\n[voicemail]\nshortest_s = 0.5\n',
        "agents.toml": agent("sam", 'queues = ["sales"]\n')
        + agent("ora", 'queues = ["orders"]\nskills = {orders = 9}\n')
        + agent("cat", 'queues = ["later"]\n')
        + phone("dan", 'number = "103"\n')
        + phone("eve", 'number = "104"\nvoicemail = {enabled = true, pin = "8152"}\n')
        + phone("line", "")
        + phone("acme.line", 'project = "acme"\n')
        + f'[[group]]\nid = "acme.mobile"\nmembers = ["{MOBILE}"]\n',
        "queues.toml": '[[queue]]\nid = "sales"\nwrap_up_s = 0\n[[queue]]\nid = "support"\n'
        '[[queue]]\nid = "orders"\nwrap_up_s = 0\n[[queue]]\nid = "general"\n'
        '[[queue]]\nid = "later"\nwrap_up_s = 0\ncallbacks = {through = "line"}\n'
        'exit_keys = {"1" = "flow:leave_message", "2" = "flow:callback_offer"}\n',
        "numbers.toml": "".join(
            f'[[route]]\nnumber = "{dialled}"\nflow = "{name}"\n' for dialled, name in ROUTES.items()
        )
        + '[[route]]\nnumber = "203"\nflow = "virtual_secretary"\nproject = "acme"\n',
        "schedules.toml": '[[schedule]]\nid = "office"\nhours = {daily = ["00:00-24:00"]}\n',
        "projects.toml": '[[project]]\nid = "acme"\nname = "Acme"\n',
        "voicemail.toml": '[[box]]\nid = "acme.secretary"\nproject = "acme"\n',
        "callers.toml": f'[[list]]\nid = "acme.important"\nnumbers = ["{EVA}"]\n'
        f'[[list]]\nid = "acme.unwanted"\nnumbers = ["{UNWANTED}"]\n'
        '[[list]]\nid = "contest-codes"\nfile = "codes.csv"\n[[list]]\nid = "contest-used"\n'
        '[[list]]\nid = "contest-guesses"\n',
        "codes.csv": f"{CODE},a bicycle\n",
        "surveys.toml": '[[survey]]\nid = "csat"\n'
        'questions = [{id = "agent", prompt = "survey/question"}, '
        '{id = "solved", prompt = "survey/solved", scale = "yes_no"}]\n',
        "conferences.toml": '[[room]]\nid = "board"\nnumber = "207"\nhost_pin = "4711"\nguest_pin = "8152"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\nhost = "127.0.0.2"\n'
        f'port = {outside}\nprefix = "+"\npermitted_callers = ["line", "acme.line"]\n',
        "dialplans/verbs.py": FLOWS,
    }


class Story:
    def __init__(self, switch: RunningSwitch, phones: Phones, people: dict[str, Phone], voice: str) -> None:
        self.switch = switch
        self.phones = phones
        self.people = people
        self.voice = voice

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(round(SOON_S / 0.05)):
            if condition():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("not in time")

    def calls(self) -> list[CallRow]:
        with self.switch.control() as client:
            return client.calls()

    async def call(self, number: str, keys: str = "", *, by: str = "+15550199") -> Line:
        line = await self.phones.dial(number, calling_number=by)
        assert await asyncio.wait_for(line.answered(), SOON_S), number
        await asyncio.sleep(0.3)
        if keys:
            line.press_events(keys)
        return line

    async def picks_up(self, phone: Phone) -> Line:
        line = await asyncio.wait_for(phone.next_call(), SOON_S)
        await line.answer()
        await asyncio.sleep(0.5)
        return line

    async def speaks(self, line: Line) -> None:
        await asyncio.sleep(1.0)
        line.say([self.voice])
        await asyncio.wait_for(line.silent(), SOON_S)
        line.press_events("#")

    async def is_over(self, *lines: Line) -> None:
        for line in lines:
            await asyncio.wait_for(line.ended(), SOON_S)


async def office(story: Story) -> None:
    caller = await story.call("201", "103")
    at_dan = await story.picks_up(story.people["dan"])
    at_dan.hang_up()
    await story.is_over(caller, at_dan)


async def hotline(story: Story) -> None:
    caller = await story.call("202", "1")
    at_sam = await story.picks_up(story.people["sam"])
    at_sam.hang_up()
    await story.is_over(at_sam)
    await asyncio.sleep(0.5)
    caller.press_events("5")
    await story.is_over(caller)


async def put_through(story: Story) -> None:
    mobile = story.phones.outside(MOBILE)
    caller = await story.call("203", by=EVA)
    await story.speaks(caller)
    at_mobile = await story.picks_up(mobile)
    at_mobile.press_events("1")
    await story.until(lambda: any(row.flow == "virtual_secretary" and row.state == "talking" for row in story.calls()))
    at_mobile.hang_up()
    await story.is_over(caller, at_mobile)


async def message_for_a_client(story: Story) -> None:
    caller = await story.call("203")
    await story.speaks(caller)
    caller.press_events("1")
    await story.is_over(caller)


async def refused(story: Story) -> None:
    caller = await story.phones.dial("203", calling_number=UNWANTED)
    assert (await asyncio.wait_for(caller.ended(), SOON_S)).status == 603


async def order_desk(story: Story) -> None:
    caller = await story.call("204", "2")
    await asyncio.sleep(0.5)
    caller.press_events("4711#")
    at_ora = await story.picks_up(story.people["ora"])
    at_ora.hang_up()
    await story.is_over(at_ora)
    await asyncio.sleep(0.5)
    caller.press_events("4")
    await story.is_over(caller)


async def contest(story: Story) -> None:
    await story.is_over(await story.call("205", "00000000" + CODE))


async def survey(story: Story) -> None:
    caller = await story.call("206")
    for key in "159":
        await asyncio.sleep(0.8)
        caller.press_events(key)
    await story.speaks(caller)
    await story.is_over(caller)


async def conference(story: Story) -> None:
    def present() -> list[str]:
        with story.switch.control() as client:
            return [each.role for row in client.conferences() for each in row.participants]

    host = await story.call("207", "4711#")
    guest = await story.call("207", "8152#", by=EVA)
    await story.until(lambda: sorted(present()) == ["guest", "host"])
    host.press_events("*#9")
    await story.is_over(host, guest)


async def voicemail(story: Story) -> None:
    caller = await story.phones.dial("104", calling_number="+15550104")
    (await asyncio.wait_for(story.people["eve"].next_call(), SOON_S)).reject(486)
    assert await asyncio.wait_for(caller.answered(), SOON_S)
    await story.speaks(caller)
    caller.press_events("1")
    await story.is_over(caller)
    listening = await story.call("*98", "104#")
    await asyncio.sleep(0.8)
    listening.press_events("8152#")
    await asyncio.sleep(1.5)
    listening.press_events("1")
    await asyncio.sleep(1.5)
    listening.press_events("7")

    def states() -> list[str]:
        with story.switch.control() as client:
            return [row.state for row in client.voice_messages("104")]

    await story.until(lambda: states() == ["deleted"])
    listening.hang_up()


async def leave_message(story: Story) -> None:
    caller = await story.call("208", "1")
    await story.speaks(caller)
    await story.is_over(caller)


async def called_back(story: Story) -> None:
    """He asks for it by key, hangs up, is called back as soon as somebody is there, and talks."""
    customer = story.phones.outside(CUSTOMER)
    caller = await story.call("208", "2", by=CUSTOMER)
    await asyncio.sleep(1.0)
    caller.press_events("1")
    await story.is_over(caller)
    cat = await story.phones.register("cat", PASSWORD)
    at_cat = await story.picks_up(cat)
    at_customer = await story.picks_up(customer)
    await story.until(lambda: any(row.flow == "callback" and row.state == "talking" for row in story.calls()))
    await asyncio.sleep(1.0)
    at_customer.hang_up()
    await story.is_over(at_cat)

    def results() -> list[tuple[str, str, str]]:
        with story.switch.control() as client:
            return [(row.number, row.state, row.result) for row in client.callbacks()]

    await story.until(lambda: results() == [(CUSTOMER, "over", "served")])


async def run_survey(story: Story) -> None:
    caller = await story.call("209")
    for key in "42":
        await asyncio.sleep(0.8)
        caller.press_events(key)
    await story.is_over(caller)


async def send_away(story: Story) -> None:
    caller = await story.call("210")
    await story.is_over(caller)
    assert caller.sent_to == "+4930123"


STORIES: list[Callable[[Story], Awaitable[None]]] = [
    office, hotline, put_through, message_for_a_client, refused, order_desk, contest, survey, conference, voicemail,
    leave_message, called_back, run_survey, send_away,
]  # fmt: skip


def test_dialplans_that_ship(tmp_path: Path) -> None:
    port, outside = free_port(), free_port()
    at = np.arange(2 * 8000) / 8000
    voice = tmp_path / "voice.wav"
    write_wav(voice, (0.2 * np.sin(2 * np.pi * 440 * at)).astype(np.float32))
    replace_prompts(tmp_path / "centre")

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        address = HostPort("127.0.0.1", port)
        async with Phones(address, folder=folder, trunk_host="127.0.0.2", trunk_port=outside) as phones:
            people = {name: await phones.register(name, PASSWORD) for name in PEOPLE if name != "cat"}
            story = Story(switch, phones, people, str(voice))
            results = await asyncio.gather(*(each(story) for each in STORIES), return_exceptions=True)
        failed = {each.__name__: result for each, result in zip(STORIES, results, strict=True) if result is not None}
        assert not failed, failed

    with RunningSwitch(tmp_path / "centre", files(port, outside)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        cdrs = list(store.cdrs.ascending())
        minutes = list(store.minutes.ascending())
    assert not any(cdr.fault for cdr in cdrs)
    assert [len(each.stays) for each in minutes] == [2]
    check({number: [cdr for cdr in cdrs if cdr.called_number == number] for number in (*ROUTES, "203")}, cdrs)


def check(by_number: dict[str, list[Cdr]], cdrs: list[Cdr]) -> None:
    one = {number: records[0] for number, records in by_number.items() if len(records) == 1}
    assert one["201"].talk_s > 0.3
    assert (one["202"].queue, one["202"].agent, one["202"].scores) == ("sales", "sam", {"satisfaction": 5})
    assert sorted(cdr.tags["secretary"] for cdr in by_number["203"]) == ["message", "put through", "refused"]
    desk = one["204"]
    assert (desk.queue, desk.agent, desk.scores) == ("orders", "ora", {"satisfaction": 4})
    assert desk.tags == {"topic": "placed order", "order": "4711"}
    assert one["205"].tags == {"code": CODE, "prize": "a bicycle"}
    assert one["206"].scores == {"solved": 1, "satisfaction": 5, "recommend": 9}
    assert "comment" in one["206"].tags
    waited = {cdr.calling_number: cdr for cdr in by_number["208"]}
    assert waited["+15550199"].tags["message"].endswith(".wav")
    assert one["209"].scores == {"csat.agent": 4, "csat.solved": 0}
    assert (one["210"].transferred_to, one["210"].tags) == ("+4930123", {})
    (callback,) = [cdr for cdr in cdrs if cdr.flow == "callback"]
    assert (callback.called_number, callback.agent, callback.queue) == (CUSTOMER, "cat", "later")
    assert callback.talk_s > 0.5
