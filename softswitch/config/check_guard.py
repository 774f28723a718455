"""What must hold for [guard], and for the networks of phones: networks that are some, and listeners that exist."""

from softswitch.config.addresses import parse_network
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath


def check_guard(draft: Draft) -> None:
    faults = draft.fault_lists["softswitch.toml"]
    guard, listen = draft.settings.guard, draft.settings.sip.listen
    for key, networks in (("allow", guard.allow), ("deny", guard.deny), ("never_ban", guard.never_ban)):
        check_networks(networks, ("guard", key), faults)
    for text, access in guard.listener.items():
        path = ("guard", "listener", text)
        if text not in listen:
            remedy = did_you_mean(text, listen, f"Write one of: {', '.join(listen)}")
            faults.add(path, f'"{text}" is not among [sip] listen', remedy)
        check_networks(access.allow, (*path, "allow"), faults)
        check_networks(access.deny, (*path, "deny"), faults)
    if guard.ban_max_s < guard.ban_s:
        faults.add(("guard", "ban_max_s"), "it is shorter than the first ban", "Let ban_s <= ban_max_s")
    people = draft.fault_lists["agents.toml"]
    for kind, rows in (("agent", draft.agents), ("phone", draft.phones)):
        for index, row in rows:
            check_networks(row.allowed_from, (kind, index, "allowed_from"), people)


def check_networks(networks: tuple[str, ...], path: KeyPath, faults: FaultList) -> None:
    for index, text in enumerate(networks):
        if parse_network(text) is None:
            remedy = 'Write "203.0.113.5" or "198.51.100.0/24"'
            faults.add((*path, index), f'"{text}" is no address and no network', remedy)
