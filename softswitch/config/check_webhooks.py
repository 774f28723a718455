"""What must hold for webhooks: an address that can be sent to, kinds that there are."""

from urllib.parse import urlsplit

from softswitch.base.errors import LocalError
from softswitch.calls.told.events import events_of
from softswitch.config.draft import WEBHOOKS_FILE, Draft

SECRET_CHARACTERS_MIN = 16


def check_webhooks(draft: Draft) -> None:
    faults = draft.fault_lists[WEBHOOKS_FILE]
    projects = draft.names("projects.toml", "project")
    seen: set[str] = set()
    for index, row in draft.webhooks:
        path = ("webhook", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a webhook "{row.id}" already', "Give every webhook its own id")
        seen.add(row.id)
        if not _is_address(row.url):
            faults.add(
                (*path, "url"), "this is no address that can be sent to", 'Write one such as "https://crm.example/hook"'
            )
        if row.secret and len(row.secret) < SECRET_CHARACTERS_MIN:
            reason = f"a secret of fewer than {SECRET_CHARACTERS_MIN} characters can be guessed"
            faults.add((*path, "secret"), reason, "Write a longer one: openssl rand -hex 32")
        for place, kind in enumerate(row.kinds):
            try:
                events_of([kind])
            except LocalError as error:
                faults.add((*path, "kinds", place), str(error), "docs/events.md lists them")
        if row.project and projects is not None and row.project not in projects:
            faults.add((*path, "project"), f'there is no project "{row.project}"', "Name one of projects.toml")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        return False
