"""What must hold for agents' work: reasons and dispositions are words of a list, and nothing interrupts a call."""

from collections.abc import Mapping, Sequence

from softswitch.config.check_settings import check_distinct
from softswitch.config.conversion import FaultList
from softswitch.config.draft import Draft
from softswitch.config.limits import WORD_CHARACTERS_MAX
from softswitch.config.rows import QueueRow
from softswitch.config.settings import ChannelName
from softswitch.config.toml_lines import KeyPath


def check_staff(draft: Draft) -> None:
    settings_faults = draft.fault_lists["softswitch.toml"]
    section = draft.settings.agents
    _check_words(section.not_ready_reasons, ("agents", "not_ready_reasons"), settings_faults)
    for channel, others in section.interrupted_by.items():
        path = ("agents", "interrupted_by", channel)
        if channel in ("voice", "callback") and others:
            remedy = "Remove the line: callers are never put aside for somebody else"
            settings_faults.add(path, "a call is interrupted by nothing", remedy)
        elif channel in others:
            remedy = "Remove it from the list: how many an agent has at once is said by his capacity"
            settings_faults.add((*path, others.index(channel)), f"{channel} does not interrupt itself", remedy)
        check_distinct(others, path, settings_faults)
    for index, agent in draft.agents:
        _check_capacity(("agent", index, "capacity"), agent.capacity, draft.fault_lists["agents.toml"])
    for index, row in draft.queues:
        _check_queue(index, row, draft.fault_lists["queues.toml"])


def _check_capacity(path: KeyPath, capacity: Mapping[ChannelName, int], faults: FaultList) -> None:
    if "callback" in capacity:
        remedy = "Remove it: voice = 1, or voice = 0 for an agent who has neither"
        faults.add((*path, "callback"), "a call-back takes the place of a call", remedy)
    if capacity.get("voice", 1) > 1:
        faults.add((*path, "voice"), "nobody talks to two callers at once", "Write voice = 1, or 0 for no calls")


def _check_queue(index: int, row: QueueRow, faults: FaultList) -> None:
    _check_words(row.dispositions, ("queue", index, "dispositions"), faults)
    if row.disposition_required and not row.dispositions:
        remedy = 'Write dispositions = ["sold", "not sold"], or remove this'
        faults.add(("queue", index, "disposition_required"), "there is none an agent could give", remedy)
    if row.no_answer_reason and row.no_answer_state != "not_ready":
        remedy = f'Remove it, or no_answer_state = "{row.no_answer_state}"'
        reason = f"an agent who becomes {row.no_answer_state.replace('_', ' ')} has no reason"
        faults.add(("queue", index, "no_answer_reason"), reason, remedy)
    elif len(row.no_answer_reason) > WORD_CHARACTERS_MAX:
        _too_long(("queue", index, "no_answer_reason"), faults)


def _check_words(words: Sequence[str], path: KeyPath, faults: FaultList) -> None:
    for index, word in enumerate(words):
        if not word.strip():
            faults.add((*path, index), "it is empty", "Write a word, or remove it")
        elif len(word) > WORD_CHARACTERS_MAX:
            _too_long((*path, index), faults)
    check_distinct(words, path, faults)


def _too_long(path: KeyPath, faults: FaultList) -> None:
    faults.add(path, f"it has more than {WORD_CHARACTERS_MAX} characters", "Write a shorter one")
