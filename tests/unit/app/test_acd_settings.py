"""What the ACD is told of the configuration."""

from pathlib import Path

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Channel, RoutingPolicy
from softswitch.app.acd_settings import WATCHDOG_S, acd_configuration
from softswitch.config import load

PASSWORD = 'password = "kuYb6-tzzQ"'


def configuration(directory: Path, *, settings: str = "", agent: str = "", queue: str = "") -> ConfigurationSet:
    (directory / "softswitch.toml").write_text(settings)
    (directory / "agents.toml").write_text(f'[[agent]]\nid = "anna"\n{PASSWORD}\n{agent}\n')
    (directory / "queues.toml").write_text(f'[[queue]]\nid = "support"\n{queue}\n')
    return acd_configuration(load(directory))


def test_without_a_word_agents_take_every_channel_and_calls_interrupt_what_can_wait(tmp_path: Path) -> None:
    told = configuration(tmp_path)
    assert told.agents[0].capacity == {
        Channel.VOICE: 1,
        Channel.VOICEMAIL: 1,
        Channel.CHAT: 4,
        Channel.EMAIL: 1,
        Channel.TASK: 1,
    }
    assert told.policy == RoutingPolicy(watchdog_s=WATCHDOG_S)
    assert Channel.VOICE in told.policy.interrupted_by[Channel.EMAIL]


def test_a_capacity_changes_only_what_it_names(tmp_path: Path) -> None:
    told = configuration(tmp_path, agent="capacity = {chat = 2, voice = 0}")
    capacity = told.agents[0].capacity
    assert (capacity[Channel.CHAT], capacity[Channel.VOICE], capacity[Channel.EMAIL]) == (2, 0, 1)


def test_what_holds_for_all_agents(tmp_path: Path) -> None:
    told = configuration(
        tmp_path,
        settings='[agents]\nnot_ready_reasons = ["lunch"]\noutbound_calls_restart_idle = false\n'
        'breaks_restart_idle = true\n[agents.interrupted_by]\nchat = ["voice"]\nemail = []\n',
    )
    policy = told.policy
    assert policy.not_ready_reasons == ("lunch",)
    assert (policy.outbound_calls_restart_idle, policy.direct_calls_restart_idle) == (False, True)
    assert policy.breaks_restart_idle
    assert policy.interrupted_by[Channel.CHAT] == (Channel.VOICE,)
    assert policy.interrupted_by[Channel.EMAIL] == ()
    assert policy.interrupted_by[Channel.TASK] == (Channel.VOICE, Channel.CALLBACK, Channel.CHAT)


def test_what_a_queue_asks_of_its_agents(tmp_path: Path) -> None:
    told = configuration(
        tmp_path,
        queue='wrap_up_s = 20\nwrap_up_max_s = 90\ndispositions = ["sold", "lost"]\ndisposition_required = true\n'
        'no_answer_reason = "missed"\ndeclines_count = false\n',
    )
    queue = told.queues[0]
    assert (queue.wrap_up_s, queue.wrap_up_max_s) == (20, 90)
    assert (queue.dispositions, queue.is_disposition_required) == (("sold", "lost"), True)
    assert (queue.no_answer_state, queue.no_answer_reason, queue.declines_count) == ("not_ready", "missed", False)


def test_who_was_hardly_there_is_for_the_centre_to_say_and_for_each_queue(tmp_path: Path) -> None:
    settings = "[events]\nshort_abandon_s = 7\n"
    for line, expected in (("", 7), ("short_abandon_s = 0", 0)):
        assert configuration(tmp_path, settings=settings, queue=line).queues[0].short_abandon_s == expected
