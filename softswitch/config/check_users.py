"""What must hold for users and keys: each has an id of its own, and what its role is about."""

from collections.abc import Collection
from datetime import datetime

from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import USERS_FILE, Draft
from softswitch.config.toml_lines import KeyPath
from softswitch.config.user_rows import KeyRow, RightsRow, UserRow

EVERYBODY = "*"
ABOUT = {"supervisor": "teams", "agent": "agent", "project": "project"}
"""The key that a role must have, and that no other may."""


def check_users(draft: Draft) -> None:
    faults = draft.fault_lists[USERS_FILE]
    rows: list[tuple[KeyPath, UserRow | KeyRow]] = [
        *((("user", index), row) for index, row in draft.users),
        *((("key", index), row) for index, row in draft.keys),
    ]
    seen: set[tuple[str, str]] = set()
    for path, row in rows:
        kind = str(path[0])
        if (kind, row.id) in seen:
            faults.add((*path, "id"), f'there is a {kind} "{row.id}" already', f"Give every {kind} its own id")
        seen.add((kind, row.id))
        _check_rights(row, path, draft, faults)
        if isinstance(row, UserRow) and row.password and not row.password.startswith("$argon2id$"):
            remedy = f"Let it be made: softswitch users password {row.id}"
            faults.add((*path, "password"), "this is no argon2 hash of a password", remedy)
        if isinstance(row, KeyRow) and row.expires and not _is_date(row.expires):
            faults.add((*path, "expires"), f'"{row.expires}" is no date', 'Write one such as "2027-12-31"')
    hashes = [row.hash for _, row in draft.keys]
    for index, row in draft.keys:
        if hashes.count(row.hash) > 1:
            faults.add(("key", index, "hash"), "another key has the same", "Give each program a key of its own")


def _check_rights(row: RightsRow, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    for role, key in ABOUT.items():
        value = getattr(row, key)
        if row.role == role and not value:
            faults.add((*path, key), f'role = "{role}" must say which {key}', f"Write {key}")
        elif value and row.role != role:
            faults.add((*path, key), f'this is for role = "{role}"', "Remove it, or change the role")
    if row.commands and row.role != "project":
        faults.add((*path, "commands"), 'this is for role = "project"; others may act', "Remove it")
    agents = draft.names("agents.toml", "agent")
    projects = draft.names("projects.toml", "project")
    _check_known((*path, "agent"), row.agent, agents, "agent", "agents.toml", faults)
    _check_known((*path, "project"), row.project, projects, "project", "projects.toml", faults)
    if "agents.toml" in draft.tables:
        teams = {team for _, agent in draft.agents for team in agent.teams}
        for index, team in enumerate(row.teams):
            if team != EVERYBODY and team not in teams:
                remedy = did_you_mean(team, teams, 'Write it among the teams of agents, or "*" for everybody')
                faults.add((*path, "teams", index), f'no agent belongs to a team "{team}"', remedy)


def _check_known(
    path: KeyPath, name: str, known: Collection[str] | None, kind: str, file: str, faults: FaultList
) -> None:
    if name and known is not None and name not in known:
        remedy = did_you_mean(name, known, f"Add it to {file}, or remove it here")
        faults.add(path, f'there is no {kind} "{name}"', remedy)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
