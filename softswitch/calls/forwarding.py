"""Where the calls of an extension go instead: what its owner has chosen, what may be followed, and what is told.

| the extension                       | `reason`       | told as (RFC 5806) | cause (RFC 4458) |
|-------------------------------------|----------------|--------------------|------------------|
| forwards every call                 | `always`       | unconditional      | 302              |
| is busy, declines, or wants no calls| `busy`         | user-busy          | 486              |
| does not answer in time             | `no_answer`    | no-answer          | 408              |
| has no phone that can be reached    | `unregistered` | unavailable        | 503              |

A chain of forwards ends by itself: nobody is asked twice, and after `FORWARDS_MAX` no more are followed, those counted
that the call has had before it came to us. A forward that may not be followed counts as none: then the phone rings, or
the caller hears that it is busy.
"""

from typing import Literal, get_args

from msgspec.structs import replace

from softswitch.base.errors import LocalError
from softswitch.calls.limits import FORWARDS_MAX
from softswitch.calls.settings import CallSettings, Extension
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.store.schema import StoredPhone

ForwardReason = Literal["always", "busy", "no_answer", "unregistered"]
REASONS: tuple[ForwardReason, ...] = get_args(ForwardReason)

DIVERSION_REASONS: dict[ForwardReason, str] = {
    "always": "unconditional",
    "busy": "user-busy",
    "no_answer": "no-answer",
    "unregistered": "unavailable",
}

NO_ANSWER_S_MIN, NO_ANSWER_S_MAX = 1.0, 300.0


class ForwardChain:
    """Who has been asked for one call so far. Made for its first target."""

    __slots__ = ("_asked", "_count")

    def __init__(self, *, came_with: int = 0, caller: str = "") -> None:
        """`came_with` forwards before it came to us; `caller` is the account that calls, to whom nothing is forwarded
        back."""
        self._count = came_with
        self._asked = {caller} if caller else set[str]()

    def asks(self, name: str) -> None:
        """This extension (its user name) or outside number is being reached."""
        self._asked.add(name)

    def follow(
        self, extension: Extension, chosen: StoredPhone, reason: ForwardReason, settings: CallSettings
    ) -> str | None:
        """Where this extension's call goes for this reason; None if nowhere. The forward is counted."""
        return self.redirect(extension, chosen.forwards.get(reason, ""), settings)

    def redirect(self, extension: Extension, target: str, settings: CallSettings) -> str | None:
        """`target` if the call of this extension may go there; None if not. The forward is counted."""
        if not target or self._count >= FORWARDS_MAX or refusal_of(extension, target, settings):
            return None
        goal = settings.extension_for(target)
        return target if self.goes_on(target if goal is None else goal.username) else None

    def goes_on(self, name: str) -> bool:
        """Whether the call may go on to this extension (its user name) or number; then it is counted."""
        if not name or name in self._asked or self._count >= FORWARDS_MAX:
            return False
        self._count += 1
        return True


def redirected_to(uri: str) -> str:
    """The number or name a 3xx's Contact means, "" for none of use. Where the Contact lives is of no interest: the
    number is dialled as if whoever was called had dialled it, with his permissions and through our own trunks."""
    try:
        target = parse_uri(uri)
    except Malformed:
        return ""
    user = target.user if isinstance(target, SipUri) else getattr(target, "digits", None)
    return (user or "").partition(";")[0]


def refusal_of(extension: Extension, target: str, settings: CallSettings) -> str:
    """Why the extension may not forward to `target`, for people; "" if it may.

    What it forwards to the outside it calls itself, with its own permissions.
    """
    goal = settings.extension_for(target)
    if goal is not None:
        return "it is the extension itself" if goal.username == extension.username else ""
    route = settings.outbound_for(target)
    if route is None:
        return f'"{target}" is no extension, and no trunk leads there'
    if extension.trunks.isdisjoint(route.trunks):
        through = " or ".join(route.trunks)
        return f"{extension.username} may not call out through {through} (permitted_callers in trunks.toml)"
    return ""


def with_forward(chosen: StoredPhone, reason: ForwardReason, target: str, after_s: float | None = None) -> StoredPhone:
    """The same with calls forwarded to `target` ("": no longer). Raises `LocalError` for a time that cannot be."""
    if after_s is not None and not NO_ANSWER_S_MIN <= after_s <= NO_ANSWER_S_MAX:
        raise LocalError(
            f"a call can be forwarded after {NO_ANSWER_S_MIN:g} to {NO_ANSWER_S_MAX:g} seconds, not after {after_s:g}"
        )
    forwards = {each: number for each, number in chosen.forwards.items() if each != reason}
    if target:
        forwards[reason] = target
    return replace(chosen, forwards=forwards, no_answer_s=chosen.no_answer_s if after_s is None else after_s)
