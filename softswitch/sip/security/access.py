"""Who may speak to which listener at all: networks allowed and denied, before anything is read.

An empty `allow` is everybody. `deny` comes before `allow`. A listener's own lists count beside those of all listeners.
The addresses of trunks are let in everywhere: who configures a trunk wants to hear it.
"""

from collections.abc import Iterable

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.limits import VERDICTS_MAX
from softswitch.sip.security.networks import Network, NetworkSet
from softswitch.sip.settings import AccessList

WILDCARDS = ("0.0.0.0", "::")


class _Rule:
    __slots__ = ("_allow", "_deny", "_kind", "_local")

    def __init__(self, lists: AccessList) -> None:
        self._kind = lists.kind
        self._local = lists.local
        self._allow = NetworkSet(lists.allow)
        self._deny = NetworkSet(lists.deny)

    def covers(self, kind: TransportKind, local: HostPort) -> bool:
        if self._kind is None or self._local is None:
            return True
        return kind is self._kind and local.port == self._local.port and self._local.host in (local.host, *WILDCARDS)

    def refuses(self, host: str) -> bool:
        return host in self._deny or (bool(self._allow) and host not in self._allow)


class Access:
    """Built anew when the settings change."""

    __slots__ = ("_rules", "_trunks", "_verdicts")

    def __init__(self, lists: tuple[AccessList, ...], trunks: Iterable[Network]) -> None:
        self._rules = [_Rule(each) for each in lists if each.allow or each.deny]
        self._trunks = NetworkSet(trunks)
        self._verdicts: dict[tuple[TransportKind, HostPort, str], bool] = {}

    def permits(self, flow: Flow) -> bool:
        """Asked for every packet: free where there are no lists."""
        if not self._rules:
            return True
        key = (flow.kind, flow.local, flow.remote.host)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= VERDICTS_MAX:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._judge(*key)
        return verdict

    def _judge(self, kind: TransportKind, local: HostPort, host: str) -> bool:
        if host in self._trunks:
            return True
        return not any(rule.covers(kind, local) and rule.refuses(host) for rule in self._rules)
