"""All subscriptions of an endpoint: which SUBSCRIBEs may be, and who watches what.

| a SUBSCRIBE                                              | otherwise                       |
|----------------------------------------------------------|---------------------------------|
| is for a package we know                                 | 489 with Allow-Events           |
| comes from an account, not from a trunk                  | 403                             |
| has a Contact we can send to                             | 400                             |
| is for an account, by user name or number, or for the    | 404                             |
| calls at one of `SipSettings.places`                     |                                 |
| which lets itself be watched by this account             | 403                             |
| by a phone that can read what we write (Accept)          | 406                             |
| for no shorter a time than the policy's                  | 423 with Min-Expires            |
| while there is room: for all, for him, for the resource  | 503 with Retry-After            |

With the first watcher of a resource comes ResourceWatched, with the last one gone ResourceUnwatched; in between whoever
runs the calls says how the resource is (`set_state`), and is asked for nothing that nobody wants to know. Who may watch
is asked anew when the settings change.
"""

from collections.abc import Iterable
from itertools import islice

import msgspec

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.events.dialog_info import DialogInfo
from softswitch.sip.events.limits import (
    ACCEPT_ELEMENTS_MAX,
    RESTORED_AFTER_S,
    RESTORED_AT_ONCE,
    RESTORED_EVERY_S,
    SUBSCRIPTIONS_MAX,
    SUBSCRIPTIONS_OF_ONE_MAX,
    SUBSCRIPTIONS_TO_ONE_MAX,
)
from softswitch.sip.events.packages import ALLOW_EVENTS, NOTHING_KNOWN, PRIVATE, EventState
from softswitch.sip.events.subscription import Subscription
from softswitch.sip.kept import KeptSubscription, text_of
from softswitch.sip.messages.legible import legible_uri
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.uri import AbsoluteUri, SipUri, Uri
from softswitch.sip.outputs import ResourceUnwatched, ResourceWatched, SubscriptionChanged
from softswitch.sip.sessions.dialog import DialogId
from softswitch.sip.settings import SipSettings

ResourceKey = tuple[str, str]
"""Event, and the user name or place."""


class NotSubscribed(msgspec.Struct, frozen=True):
    """Refused."""

    status: int
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Subscriptions:
    """One per endpoint."""

    __slots__ = ("_by_resource", "_by_watcher", "_core", "_states", "_waiting", "_wall_offset", "count")

    def __init__(self, core: SipCore, wall_offset: float) -> None:
        """`wall_offset` is seconds since 1970 minus monotonic seconds."""
        self._core = core
        self._wall_offset = wall_offset
        self.count = 0
        self._by_resource: dict[ResourceKey, dict[Subscription, None]] = {}
        self._by_watcher: dict[str, int] = {}
        self._states: dict[ResourceKey, EventState] = {}
        """Of what is watched."""
        self._waiting: dict[DialogId, KeptSubscription] = {}
        """Those of another process that have not been gone on with."""

    # Inputs from the network

    def subscribe(self, request: Request, watcher: str, flow: Flow, now: float) -> NotSubscribed | None:
        """Carry out a SUBSCRIBE outside any dialog; None if it was answered. `watcher` is "" for a trunk."""
        event = event_of(request)
        if event not in NOTHING_KNOWN:
            return NotSubscribed(489, None, (("allow-events", ALLOW_EVENTS),))
        resource = "" if not watcher else _resource_of(request.uri, event, self._core.settings)
        refusal = self._refusal(request, event, watcher, resource)
        if refusal is not None:
            return refusal
        policy = self._core.settings.events
        expires_s = policy.expires_s(request.expires)
        if expires_s is None:
            return NotSubscribed(423, None, (("min-expires", str(policy.expires_min_s)),))
        subscription = Subscription.begun(
            self._core,
            request,
            flow,
            event=event,
            resource=resource,
            watcher=watcher,
            entity=self._entity(request),
            expires_s=expires_s,
            wall_offset=self._wall_offset,
            on_over=self._over,
            now=now,
        )
        self._enter(subscription, now)
        return None

    def restore(self, kept: Iterable[KeptSubscription], now: float) -> int:
        """Go on with those of another process that may still be; returns how many. The rest is told of as over.

        Whose phone is on a stream waits for it; the others are told how things are one after the other, for all at once
        would be more than there is to do. One that is heard from is at its turn.
        """
        for each in kept:
            if self._is_past(each, now) or self.count + len(self._waiting) >= SUBSCRIPTIONS_MAX:
                self._core.outputs.append(SubscriptionChanged(each.subscription_id, None))
            elif each.source.kind.is_reliable:
                self._restore(each, now)
            else:
                self._waiting[_dialog_id(each)] = each
        if self._waiting:
            self._core.deadlines.set(self, now + RESTORED_AFTER_S)
        return self.count + len(self._waiting)

    def handle_timeout(self, now: float) -> None:
        """It is time to go on with some more."""
        for dialog_id in list(islice(self._waiting, RESTORED_AT_ONCE)):
            self.restore_one(dialog_id, now)
        if self._waiting:
            self._core.deadlines.set(self, now + RESTORED_EVERY_S)

    def restore_one(self, dialog_id: DialogId, now: float) -> bool:
        """Whether it waited to be gone on with."""
        kept = self._waiting.pop(dialog_id, None)
        if kept is not None:
            self._restore(kept, now)
        return kept is not None

    # Inputs from the user

    def set_state(self, resource: str, state: EventState, now: float) -> None:
        """How a resource is; its watchers are told what is new to them. Of one that nobody watches nothing is kept."""
        key = (state.event, resource)
        watchers = self._by_resource.get(key)
        if watchers is None or self._states.get(key) == state:
            return
        self._states[key] = state
        for subscription in list(watchers):
            subscription.show(state, now)

    def settings_changed(self) -> None:
        """Watchers who are gone or may not watch any more are taken leave of."""
        settings = self._core.settings
        for watchers in list(self._by_resource.values()):
            for each in list(watchers):
                if not _may(each.event, each.watcher, each.resource, settings):
                    each.end_soon()

    # Getters

    def all(self) -> list[Subscription]:
        return [subscription for watchers in self._by_resource.values() for subscription in watchers]

    # Private

    def _refusal(self, request: Request, event: str, watcher: str, resource: str) -> NotSubscribed | None:
        if not watcher:
            return NotSubscribed(403)
        if not request.contacts or not isinstance(request.contacts[0].uri, SipUri):
            return NotSubscribed(400, "Contact Is No SIP URI")
        if not resource:
            return NotSubscribed(404)
        if not _may(event, watcher, resource, self._core.settings):
            return NotSubscribed(403)
        if not _can_read(request, NOTHING_KNOWN[event].content_type):
            return NotSubscribed(406)
        watchers = self._by_resource.get((event, resource), {})
        if (
            self.count >= SUBSCRIPTIONS_MAX
            or self._by_watcher.get(watcher, 0) >= SUBSCRIPTIONS_OF_ONE_MAX
            or len(watchers) >= SUBSCRIPTIONS_TO_ONE_MAX
        ):
            return NotSubscribed(503, None, self._core.try_later)
        return None

    def _entity(self, request: Request) -> str:
        """The URI asked for, under our name: phones look for the very user part they subscribed to."""
        uri = request.uri
        user = getattr(uri, "user_text", None) or ""
        return legible_uri(f"sip:{user}@{self._core.settings.domain}")

    def _restore(self, kept: KeptSubscription, now: float) -> None:
        if self._is_past(kept, now):
            self._core.outputs.append(SubscriptionChanged(kept.subscription_id, None))
            return
        subscription = Subscription.restored(
            self._core, kept, wall_offset=self._wall_offset, on_over=self._over, now=now
        )
        self._enter(subscription, now)
        if not _may(kept.event, kept.watcher, kept.resource, self._core.settings):
            subscription.end_soon()

    def _is_past(self, kept: KeptSubscription, now: float) -> bool:
        is_over = kept.expires_at_wall - self._wall_offset <= now or kept.event not in NOTHING_KNOWN
        return is_over or _dialog_id(kept) in self._core.dialogs

    def _enter(self, subscription: Subscription, now: float) -> None:
        key, watcher = (subscription.event, subscription.resource), subscription.watcher
        is_first = key not in self._by_resource
        self.count += 1
        self._by_watcher[watcher] = self._by_watcher.get(watcher, 0) + 1
        self._by_resource.setdefault(key, {})[subscription] = None
        if is_first:
            self._core.outputs.append(ResourceWatched(*key))
        elif key in self._states:
            subscription.show(self._states[key], now)

    def _over(self, subscription: Subscription) -> None:
        self.count -= 1
        left = self._by_watcher[subscription.watcher] - 1
        if left:
            self._by_watcher[subscription.watcher] = left
        else:
            del self._by_watcher[subscription.watcher]
        key = (subscription.event, subscription.resource)
        watchers = self._by_resource[key]
        del watchers[subscription]
        if not watchers:
            del self._by_resource[key]
            self._states.pop(key, None)
            self._core.outputs.append(ResourceUnwatched(*key))


def _dialog_id(kept: KeptSubscription) -> DialogId:
    dialog = kept.dialog
    return text_of(dialog.call_id), text_of(dialog.local_tag), text_of(dialog.remote_tag)


def event_of(request: Request) -> str:
    """The package a request names, without parameters; "" if none."""
    return (request.get("event") or "").partition(";")[0].strip(" \t").lower()


def _resource_of(uri: Uri, event: str, settings: SipSettings) -> str:
    """The user name of the account, or the place, that is to be watched; "" if there is none."""
    account = settings.account_of(uri)
    if account is not None:
        return account.username
    user = None if isinstance(uri, AbsoluteUri) else uri.user
    return user if user and event == DialogInfo.event and user in settings.places else ""


def _may(event: str, watcher: str, resource: str, settings: SipSettings) -> bool:
    """One may watch oneself; others as the account says; what is private only who is named; calls at places everybody
    with an account."""
    if watcher not in settings.accounts:
        return False
    account = settings.accounts.get(resource)
    if account is None:
        return event == DialogInfo.event and resource in settings.places
    if watcher == resource:
        return True
    if account.watched_by is None:
        return event not in PRIVATE
    return watcher in account.watched_by


def _can_read(request: Request, content_type: str) -> bool:
    """Without an Accept the package's own type goes without saying (RFC 6665 section 8.2.1)."""
    if request.get("accept") is None:
        return True
    wanted = (content_type, content_type.partition("/")[0] + "/*", "*/*")
    accepted = request.get_all("accept")[:ACCEPT_ELEMENTS_MAX]
    return any(each.partition(";")[0].strip(" \t").lower() in wanted for each in accepted)
