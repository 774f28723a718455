"""The audit log: who did what through the API, from where, and what came of it.

A row for each request that acts, each sound that is heard, each log-in, and each request that was refused to somebody
who was let in. Those of strangers are counted by the limits and not written: they could fill the log.
"""

from typing import Any, cast

import msgspec

from softswitch.web.limits import AUDIT_WHAT_CHARACTERS_MAX

SECRET = frozenset({"password"})


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is in epoch seconds. `what` is the body of the request, without secrets; `status` that of the answer, and
    `reason` why it was refused."""

    at: float
    caller: str
    role: str
    address: str
    method: str
    path: str
    what: str = ""
    status: int = 0
    reason: str = ""


def what_of(body: Any) -> str:
    """A body in few words."""
    if body is None:
        return ""
    plain = msgspec.to_builtins(body)
    if isinstance(plain, dict):
        fields = cast(dict[str, object], plain)
        plain = {key: "***" if key in SECRET else value for key, value in fields.items()}
    text = msgspec.json.encode(plain).decode()
    return text if len(text) <= AUDIT_WHAT_CHARACTERS_MAX else text[:AUDIT_WHAT_CHARACTERS_MAX] + "..."
