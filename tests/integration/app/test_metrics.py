"""What is counted of a call that was really made, and that the document names every metric there is."""

import asyncio
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.cli.main import main
from softswitch.control.protocol.metrics import GetMetrics, MetricFamily, Metrics
from softswitch.control.protocol.replies import AgentSet
from softswitch.control.protocol.requests import SetAgent
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

PASSWORD = "long-enough-4711"
DOCUMENT = Path(__file__).parents[3] / "docs" / "monitoring.md"


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nqueues = ["support"]\n',
        "queues.toml": '[[queue]]\nid = "support"\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


def asked(switch: RunningSwitch) -> dict[str, MetricFamily]:
    with switch.control() as client:
        return {family.name: family for family in client.ask(GetMetrics(), Metrics).families}


def value(families: dict[str, MetricFamily], name: str, **labels: str) -> float:
    """Of one series; 0 if there is none yet."""
    return sum(sample.value for sample in families[name].samples if sample.labels == labels)


def test_a_call_is_counted_where_it_passed(tmp_path: Path) -> None:
    port = free_port()

    async def scenario(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, host="127.0.0.2") as phones:
            anna = await phones.register("anna", PASSWORD)
            with switch.control() as client:
                client.ask(SetAgent(AgentId("anna"), "login"), AgentSet)
            caller = await phones.dial("100", calling_number="+15550100")
            line = await asyncio.wait_for(anna.next_call(), 10)
            await line.answer()
            assert await caller.answered()
            during = asked(switch)
            assert value(during, "softswitch_calls") == 1
            assert value(during, "softswitch_agents", state="busy") == 1
            await asyncio.sleep(2)  # of sound, so that it can be judged
            caller.hang_up()
            await asyncio.wait_for(line.ended(), 10)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(scenario(switch))
        switch.wait_until(lambda: sum(asked(switch)["softswitch_leg_mos"].spreads[0].counts) == 2, 10.0)
        after = asked(switch)
        page = CliRunner().invoke(main, ["metrics", str(tmp_path / "centre"), "-o", str(tmp_path / "page.prom")])
        assert (page.exit_code, page.stderr) == (0, "")

    assert value(after, "softswitch_calls") == 0
    assert value(after, "softswitch_calls_ended", end="completed", by="caller") == 1
    assert value(after, "softswitch_sip_requests", method="INVITE", direction="in") == 1
    assert value(after, "softswitch_sip_requests", method="INVITE", direction="out") == 1
    assert value(after, "softswitch_sip_responses", method="INVITE", status="200", direction="out") == 1
    assert value(after, "softswitch_sip_responses", method="BYE", status="200", direction="in") == 1
    assert value(after, "softswitch_sip_responses", method="REGISTER", status="401", direction="out") == 1
    (rang,) = [
        each for each in after["softswitch_sip_first_response_seconds"].spreads if each.labels["method"] == "INVITE"
    ]
    assert sum(rang.counts) == 1
    for name in ("offered", "answered", "answered_within"):
        assert value(after, f"softswitch_queue_{name}", queue="support") == 1
    assert value(after, "softswitch_trunk_calls", trunk="outside", direction="in") == 1
    assert value(after, "softswitch_media_packets_received", worker="media-0") > 100
    assert sum(after["softswitch_media_tick_seconds"].spreads[0].counts) > 20
    assert 2 <= after["softswitch_call_talk_seconds"].spreads[0].total < 20

    shown = {family.name for family in text_string_to_metric_families((tmp_path / "page.prom").read_text())}
    assert shown == set(after)
    documented = set(re.findall(r"^\| `(softswitch_\w+)`", DOCUMENT.read_text(), re.MULTILINE))
    assert documented == {family.name + ("_total" if family.kind == "counter" else "") for family in after.values()}
