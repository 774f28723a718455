"""What must hold for agents and phones: nobody is mistaken for somebody else, and nobody's password is guessed."""

import re

from softswitch.calls.supervision import EVERYBODY
from softswitch.config.check_settings import check_distinct, check_session_timer
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.limits import PASSWORD_CHARACTERS_MIN
from softswitch.config.rows import AgentRow, PhoneRow
from softswitch.config.toml_lines import KeyPath

_EXTENSION = re.compile(r"\+?[0-9]{1,32}")
_COMMON_PASSWORDS = frozenset({
    "12345678", "123456789", "1234567890", "abcd1234", "asterisk", "changeme", "freeswitch", "iloveyou", "passw0rd",
    "password", "password1", "qwerty123", "qwertyuiop", "secret123", "softswitch", "test1234", "voip1234", "1q2w3e4r",
})  # fmt: skip
"""What scanners try first, of those long enough to be accepted otherwise."""


def check_people(draft: Draft) -> None:
    faults = draft.fault_lists["agents.toml"]
    people: list[tuple[KeyPath, AgentRow | PhoneRow]] = [
        *((("agent", index), row) for index, row in draft.agents),
        *((("phone", index), row) for index, row in draft.phones),
    ]
    twice = _check_unique("id", [((*path, "id"), row.id) for path, row in people], faults)
    named = [((*path, "username"), row.username or row.id) for path, row in people if row.username or path not in twice]
    _check_unique("username", named, faults)
    numbers = [((*path, "number"), row.number) for path, row in people if row.number]
    _check_unique("number", numbers, faults)
    _check_numbers(people, {row.username or row.id: path for path, row in people}, draft, faults)
    for path, row in people:
        if reason := weakness(row.password, row.username or row.id, row.id, row.number):
            faults.add((*path, "password"), reason, "Make one: openssl rand -hex 10")
        check_distinct(row.codecs, (*path, "codecs"), faults)
        check_session_timer(row.session_timer_s, (*path, "session_timer_s"), faults)
        _check_watchers(row, path, {each.id for _, each in people}, faults)
        _check_supervised(row, path, {team for _, agent in draft.agents for team in agent.teams}, faults)
    _check_languages(draft, faults)


def _check_watchers(row: AgentRow | PhoneRow, path: KeyPath, ids: set[str], faults: FaultList) -> None:
    for position, watcher in enumerate(row.watched_by or ()):
        if watcher not in ids:
            remedy = did_you_mean(watcher, ids, "Write ids of agents and phones")
            faults.add((*path, "watched_by", position), f'nobody has the id "{watcher}"', remedy)


def weakness(password: str, *names: str) -> str | None:
    """Why a password is too easy to guess, or None. `names` are what a guesser knows of its owner."""
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return f"the password has fewer than {PASSWORD_CHARACTERS_MIN} characters"
    lowered = password.lower()
    if any(name and lowered in (name.lower(), name.lower() * 2, name.lower()[::-1]) for name in names):
        return "the password is the user's own name or number"
    if lowered in _COMMON_PASSWORDS or len(set(password)) < 4:
        return "the password is among the first that are guessed"
    return None


def _check_unique(what: str, values: list[tuple[KeyPath, str]], faults: FaultList) -> set[KeyPath]:
    """Returns the rows whose value another row has had before."""
    first: dict[str, KeyPath] = {}
    twice: set[KeyPath] = set()
    for path, value in values:
        if value in first:
            owner = faults.place(first[value][:-1])
            faults.add(path, f'the {what} "{value}" is that of {owner} already', f"Everybody needs his own {what}")
            twice.add(path[:-1])
        else:
            first[value] = path
    return twice


def _check_numbers(
    people: list[tuple[KeyPath, AgentRow | PhoneRow]], usernames: dict[str, KeyPath], draft: Draft, faults: FaultList
) -> None:
    """A number that leads to two places: another's user name, or a route."""
    routes = {row.number: index for index, row in draft.routes}
    for path, row in people:
        if not row.number:
            continue
        if not _EXTENSION.fullmatch(row.number):
            faults.add((*path, "number"), f'"{row.number}" is no extension', 'Write digits, such as "101"')
        elif row.number in routes:
            reason = f'"{row.number}" is also the number of route[{routes[row.number]}] in numbers.toml'
            faults.add((*path, "number"), reason, "Change one of the two")
        elif usernames.get(row.number, path) != path:
            reason = f'"{row.number}" is also the username of {faults.place(usernames[row.number])}'
            faults.add((*path, "number"), reason, "Change one of the two")


def _check_languages(draft: Draft, faults: FaultList) -> None:
    known = draft.settings.sounds.languages
    for index, row in draft.agents:
        if row.language and row.language not in known:
            otherwise = f"Add it to [sounds] languages, or write one of: {', '.join(known)}"
            reason = f'"{row.language}" is not among the languages of softswitch.toml'
            faults.add(("agent", index, "language"), reason, did_you_mean(row.language, known, otherwise))


def _check_supervised(row: AgentRow | PhoneRow, path: KeyPath, teams: set[str], faults: FaultList) -> None:
    for position, team in enumerate(row.supervises):
        if team != EVERYBODY and team not in teams:
            remedy = did_you_mean(team, teams, 'Write it among the teams of agents, or "*" for everybody')
            faults.add((*path, "supervises", position), f'no agent belongs to a team "{team}"', remedy)
