"""What must hold for call-backs: the hours and the account they name exist, and somebody may make the call."""

from softswitch.config.conversion import did_you_mean
from softswitch.config.draft import Draft


def check_callbacks(draft: Draft) -> None:
    faults = draft.fault_lists["queues.toml"]
    schedules = draft.names("schedules.toml", "schedule")
    accounts = (draft.names("agents.toml", "agent") or set()) | (draft.names("agents.toml", "phone") or set())
    for index, row in draft.queues:
        terms = row.callbacks
        if terms is None:
            continue
        path = ("queue", index, "callbacks")
        if terms.hours and schedules is not None and terms.hours not in schedules:
            remedy = did_you_mean(terms.hours, schedules, "Write an id of schedules.toml")
            faults.add((*path, "hours"), f'there is no schedule "{terms.hours}"', remedy)
        if terms.through and accounts and terms.through not in accounts:
            remedy = did_you_mean(terms.through, accounts, "Write the id of an agent or a phone of agents.toml")
            faults.add((*path, "through"), f'there is no agent and no phone "{terms.through}"', remedy)
        if terms.first == "customer" and not terms.through:
            reason = "there is no agent yet whose trunks could be used when the customer is called first"
            faults.add((*path, "through"), reason, "Write the id of an agent or phone that may call out")
