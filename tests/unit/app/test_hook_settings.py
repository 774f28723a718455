"""What a queue's hook becomes: a deadline for the router, an address and a secret for who asks."""

from pathlib import Path

from softswitch.acd.runtime.hook_client import HookTarget
from softswitch.app.acd_settings import acd_configuration, hook_targets
from softswitch.base.ids import QueueId
from softswitch.config import differences, effective, load

HOOK = 'hook = {url = "https://routing.example.com/decide", deadline_ms = 150, secret = "between us"}\n'


def test_the_router_gets_the_deadline_and_the_client_the_rest(tmp_path: Path) -> None:
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "queues.toml").write_text('[[queue]]\nid = "plain"\n')
    before = load(tmp_path)
    assert (hook_targets(before), acd_configuration(before).queues[0].hook_deadline_s) == ({}, None)
    (tmp_path / "queues.toml").write_text(f'[[queue]]\nid = "plain"\n{HOOK}')
    after = load(tmp_path)
    target = HookTarget("https://routing.example.com/decide", "between us")
    assert hook_targets(after) == {QueueId("plain"): target}
    assert acd_configuration(after).queues[0].hook_deadline_s == 0.15
    shown = [str(effective(after)), *differences(before, after), *differences(after, before)]
    assert not any("between us" in text for text in shown)
