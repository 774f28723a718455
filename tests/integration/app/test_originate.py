"""A call that a program makes, over real SIP: two phones ring one after the other and hear each other; the program is
told what happens."""

import asyncio
from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.calls.told.call_events import CallEnded
from softswitch.calls.told.events import kind_of
from softswitch.control.protocol.call_orders import CallSet, HoldCall, NoteCall, Originate
from softswitch.control.protocol.requests import WatchEvents
from softswitch.control.runtime.client import ControlRefused
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": f'[[phone]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\n'
        f'[[phone]]\nid = "boris"\npassword = "{PASSWORD}"\nnumber = "102"\n',
        "numbers.toml": '[[route]]\nnumber = "1xx"\nflow = "extension"\n',
    }


def test_click_to_call_over_sip(tmp_path: Path) -> None:
    port = free_port()

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        anna, boris = await phones.register("anna", PASSWORD), await phones.register("boris", PASSWORD)
        with switch.control() as client:
            with pytest.raises(ControlRefused, match='leads to "nobody"'):
                client.ask(Originate(first="nobody", to="102"), CallSet)
            call = client.ask(Originate(first="anna", to="102", variables={"customer": "4711"}), CallSet).call
        first = await asyncio.wait_for(anna.next_call(), 10)
        await first.answer()
        second = await asyncio.wait_for(boris.next_call(), 10)
        await second.answer()
        with switch.control() as client:
            switch.wait_until(lambda: client.calls()[0].state == "talking", 10)
            assert client.ask(HoldCall(call.call_id, True), CallSet).call.is_on_hold
            assert not client.ask(HoldCall(call.call_id, False), CallSet).call.is_on_hold
            client.ask(NoteCall(call.call_id, {"ticket": "T-7"}), CallSet)
        first.hang_up()
        await asyncio.wait_for(second.ended(), 10)
        with switch.control() as client:
            switch.wait_until(lambda: not client.calls(), 10)
            frames = list(client.watch_events(WatchEvents(after=0, kinds=["call", "phone"], is_following=False)))
        told = [row.event for frame in frames for row in frame.rows]
        kinds = [kind_of(event) for event in told if kind_of(event) != "call.ringing"]
        assert kinds[:2] == ["phone.registered", "phone.registered"]
        assert kinds[2:] == [
            *("call.began", "call.answered", "call.bridged", "call.held", "call.resumed"),
            *("call.tagged", "call.parted", "call.ended"),
        ]
        ended = told[-1]
        assert isinstance(ended, CallEnded)
        assert (ended.calling_number, ended.called_number, ended.tags) == ("101", "102", {"ticket": "T-7"})

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, host="127.0.0.2") as phones:
            await scenario(switch, phones)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        (cdr,) = store.cdrs.ascending()
        assert cdr.call_id
        assert store.switch_events.count() >= 1
