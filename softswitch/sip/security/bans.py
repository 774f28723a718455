"""Who is not listened to for a while: sources that offended too often, and those an operator has named.

Offences add up in a score that fades by itself. When it reaches `ban_after` the source is banned: for `ban_s` the first
time, four times as long each time it comes back, at most `ban_max_s`. What was known of it fades a day after its ban.
Several banned addresses of one neighbourhood (/24) get all of it banned; an IPv6 source is a /64 from the beginning.

| offence                                              | weight                                    |
|------------------------------------------------------|-------------------------------------------|
| a scanner, by its name or its shape                  | banned at once                            |
| a wrong password, or an unknown user: the same       | 1                                         |
| registering somebody else                            | 1                                         |
| a challenge that is not answered                     | 1/4, forgiven when a password is right    |
| a malformed message                                  | 1/5                                       |
| a request over its rate                              | 1/50                                      |

Whose address is on a UDP packet, nobody has proven. So what comes in one counts less, unless it answers a nonce that
was sent to that address (auth_server.py), or comes over a stream:

| an offence that is    | from where a phone is registered, or somebody has   | from anywhere else              |
|                       | shown within two hours that he hears us there       |                                 |
|-----------------------|-----------------------------------------------------|---------------------------------|
| proven                | counts                                              | counts                          |
| not proven            | does not count                                      | counts, but not for neighbours; |
|                       |                                                     | the ban leaves a way out        |

The way out: streams are heard, and now and then a REGISTER; a right password ends the ban (guard.py).

Wrong passwords and unknown users weigh the same, or the time of the ban would tell who exists. A source from which a
password was right within two hours is forgiven five times as much: behind it may be an office, and in the office one
phone with an old password. A ban of a neighbourhood does not touch such a source. Trunks and the networks of
`never_ban` are never banned, registered phones go on being heard on their flows (endpoint.py).
"""

from collections.abc import Callable, Iterable

import msgspec

from softswitch.base.errors import LocalError
from softswitch.sip.limits import BAN_MEMORY_S, BANS_MAX, SOURCES_MAX, VERDICTS_MAX
from softswitch.sip.outputs import Ban
from softswitch.sip.security.networks import (
    IPV4_NEIGHBOURS,
    Network,
    NetworkSet,
    parse_address,
    parse_network,
    prefix_bits,
    source_of,
)
from softswitch.sip.settings import GuardSettings

WEIGHTS = {"authentication": 1.0, "forbidden": 1.0, "challenge": 0.25, "malformed": 0.2, "flood": 0.02}
FADING_S = 600.0
"""A full score fades in so long."""
GROWTH = 4.0
FORGIVEN_S = 7200.0
"""A right password makes its source trusted for so long: somewhat longer than the longest registration."""
FORGIVENESS = 5.0
NEIGHBOURS = "neighbours"
"""The reason of a ban of a neighbourhood."""


class _Entry:
    """One banned network. `until` is monotonic; past that it is only remembered."""

    __slots__ = ("by", "is_proven", "network", "reason", "since", "times", "until")

    def __init__(
        self, network: Network, since: float, until: float, times: int, reason: str, by: str, *, is_proven: bool
    ) -> None:
        self.is_proven = is_proven
        self.network = network
        self.since = since
        self.until = until
        self.times = times
        self.reason = reason
        self.by = by


class BanList:
    """All bans. `wall_offset` is seconds since 1970 minus monotonic seconds.

    `is_home` says of a source (networks.py) whether a phone is registered from there.
    """

    __slots__ = (
        "_entries",
        "_exempt",
        "_is_home",
        "_last_until",
        "_scores",
        "_settings",
        "_trusted",
        "_verdicts",
        "_wall_offset",
    )

    def __init__(
        self,
        settings: GuardSettings,
        trunks: Iterable[Network],
        wall_offset: float,
        is_home: Callable[[str], bool] = lambda source: False,
    ) -> None:
        self._wall_offset = wall_offset
        self._is_home = is_home
        self._entries: dict[tuple[int, int], dict[int, _Entry]] = {}
        """By IP version and length of prefix, then by the prefix's bits."""
        self._verdicts: dict[str, float] = {}
        """Until when a host is banned, for those that were asked for since the last change."""
        self._last_until = 0.0
        self._scores: dict[str, list[float]] = {}
        """Of each host: points, the part of them that are challenges without answer, when they were counted last."""
        self._trusted: dict[str, float] = {}
        """When somebody has shown last that he hears what is sent to this source, by source."""
        self.update(settings, trunks)

    def update(self, settings: GuardSettings, trunks: Iterable[Network]) -> None:
        """Other settings or trunks; bans go on, but not of those that are exempt now."""
        self._settings = settings
        self._exempt = NetworkSet([*trunks, *settings.never_ban])
        self._verdicts.clear()

    def holds(self, host: str, now: float) -> bool:
        """Whether packets from `host` are dropped unread. Asked for every packet, so nearly free while nobody is."""
        if now >= self._last_until:
            return False
        until = self._verdicts.get(host)
        if until is None:
            if len(self._verdicts) >= VERDICTS_MAX:
                self._verdicts.clear()
            until = self._verdicts[host] = self._banned_until(host)
            if until > now and self._is_trusted(source_of(host), now):
                until = self._verdicts[host] = self._banned_until(host, is_neighbourly=True)
        return until > now

    def has_way_out(self, host: str, now: float) -> bool:
        """Whether `host`, which is banned, is so only for what nobody has proven to be its own."""
        network = parse_network(source_of(host))
        entry = self._entries.get((network.version, network.prefixlen), {}).get(prefix_bits(network))
        if entry is None or entry.is_proven:
            return False
        return self._banned_until(host, but=entry) <= now

    def offend(self, kind: str, host: str, now: float, *, is_proven: bool = True) -> Ban | None:
        """Count an offence; the ban, if this was one too many. "scanner" is one too many at once.

        `is_proven`: it is certain that the source has done it.
        """
        if self._settings.ban_after <= 0:
            return None
        source = source_of(host)
        if not is_proven and self._is_trusted(source, now):
            return None
        if kind != "scanner" and not self._is_too_much(kind, source, now):
            return None
        address = parse_address(host)
        if address is None or host in self._exempt:
            return None
        self._scores.pop(source, None)
        network = parse_network(source)
        ban = self._ban(network, kind, now, is_proven=is_proven)
        if is_proven and address.version == 4 and self._settings.neighbours > 0:
            neighbourhood = parse_network(f"{host}/{IPV4_NEIGHBOURS}")
            if self._banned_in(neighbourhood, now) >= self._settings.neighbours:
                ban = self._ban(neighbourhood, NEIGHBOURS, now, is_proven=True)
        return ban

    def note_success(self, host: str, now: float) -> Ban | None:
        """A password was right, or a request of ours was answered: challenges without an answer are forgiven, and more
        of the rest. The ban that is over with it, if it was for what nobody had proven.
        """
        source = source_of(host)
        self.trust(host, now)
        score = self._scores.get(source)
        if score is not None:
            score[0] -= score[1]
            score[1] = 0.0
        if now >= self._last_until:
            return None
        self._verdicts.pop(host, None)
        network = parse_network(source)
        entries = self._entries.get((network.version, network.prefixlen), {})
        entry = entries.get(prefix_bits(network))
        if entry is None or entry.is_proven:
            return None
        del entries[prefix_bits(network)]
        self._verdicts.clear()
        return msgspec.structs.replace(self._as_ban(entry), until_wall=now + self._wall_offset)

    def trust(self, host: str, now: float) -> None:
        """Somebody has shown that he hears what is sent to this source; bans are as they were."""
        source = source_of(host)
        self._trusted.pop(source, None)
        if len(self._trusted) >= SOURCES_MAX:
            del self._trusted[next(iter(self._trusted))]
        self._trusted[source] = now

    def add(self, text: str, seconds: float, reason: str, now: float) -> Ban:
        """An operator bans a network. Raises LocalError for one that is none, or touches who is never banned."""
        network = parse_network(text)
        if network.prefixlen < 8:
            raise LocalError(f"{network} is a large part of the Internet. Ban a smaller network.")
        if self._exempt.overlaps(network):
            raise LocalError(f"{network} is a trunk's, or in never_ban. Change the configuration first.")
        known = self._entries.get((network.version, network.prefixlen), {}).get(prefix_bits(network))
        return self._put(
            _Entry(network, now, now + seconds, known.times if known else 1, reason, "operator", is_proven=True)
        )

    def lift(self, text: str, now: float) -> list[Ban]:
        """End every ban that holds this address, or is of exactly this network, and forget them."""
        network = parse_network(text)
        lifted: list[Ban] = []
        for (version, length), entries in self._entries.items():
            if version != network.version or length > network.prefixlen:
                continue
            key = int(network.network_address) >> (network.max_prefixlen - length)
            if (entry := entries.get(key)) is not None:
                del entries[key]
                lifted.append(msgspec.structs.replace(self._as_ban(entry), until_wall=now + self._wall_offset))
        self._scores.pop(source_of(text), None)
        self._verdicts.clear()
        return lifted

    def listed(self, now: float) -> list[Ban]:
        """Bans in force, the newest first."""
        entries = [each for entries in self._entries.values() for each in entries.values() if each.until > now]
        return [self._as_ban(entry) for entry in sorted(entries, key=lambda entry: -entry.since)]

    def restore(self, bans: Iterable[Ban], now: float) -> int:
        """Take over what was known before a restart; returns how many are in force.

        What was proven is not known any more: of the switch's own bans, single sources have the way out.
        """
        count = 0
        for ban in bans:
            until = ban.until_wall - self._wall_offset
            if until + BAN_MEMORY_S <= now:
                continue
            since = ban.since_wall - self._wall_offset
            is_proven = ban.by != "switch" or ban.reason == NEIGHBOURS
            network = parse_network(ban.network)
            self._put(_Entry(network, since, until, ban.times, ban.reason, ban.by, is_proven=is_proven))
            count += until > now
        return count

    # Private

    def _is_too_much(self, kind: str, host: str, now: float) -> bool:
        score = self._scores.get(host)
        if score is None:
            if len(self._scores) >= SOURCES_MAX:
                del self._scores[next(iter(self._scores))]
            score = self._scores[host] = [0.0, 0.0, now]
        limit = float(self._settings.ban_after)
        if self._is_trusted(host, now):
            limit *= FORGIVENESS
        faded = limit * (now - score[2]) / FADING_S
        score[1] = max(0.0, score[1] - faded)
        score[0] = max(score[1], score[0] - faded) + WEIGHTS[kind]
        score[2] = now
        if kind == "challenge":
            score[1] += WEIGHTS[kind]
        return score[0] >= limit

    def _is_trusted(self, source: str, now: float) -> bool:
        return now - self._trusted.get(source, -FORGIVEN_S) < FORGIVEN_S or self._is_home(source)

    def _ban(self, network: Network, reason: str, now: float, *, is_proven: bool) -> Ban:
        """Longer than the last time."""
        known = self._entries.get((network.version, network.prefixlen), {}).get(prefix_bits(network))
        times = 1
        if known is not None and now < known.until + BAN_MEMORY_S:
            if known.until > now:
                known.is_proven = known.is_proven or is_proven
                return self._as_ban(known)
            times = known.times + 1
        settings = self._settings
        lasts_s = min(settings.ban_max_s, settings.ban_s * GROWTH ** min(times - 1, 16))
        return self._put(_Entry(network, now, now + lasts_s, times, reason, "switch", is_proven=is_proven))

    def _put(self, entry: _Entry) -> Ban:
        network = entry.network
        entries = self._entries.setdefault((network.version, network.prefixlen), {})
        entries.pop(prefix_bits(network), None)
        if sum(map(len, self._entries.values())) >= BANS_MAX:
            oldest = max(self._entries.values(), key=len)
            del oldest[next(iter(oldest))]
        entries[prefix_bits(network)] = entry
        self._last_until = max(self._last_until, entry.until)
        self._verdicts.clear()
        return self._as_ban(entry)

    def _banned_until(self, host: str, *, but: _Entry | None = None, is_neighbourly: bool = False) -> float:
        """By any ban, or any but one; `is_neighbourly`: what its neighbours have done is not asked."""
        address = parse_address(host)
        if address is None or host in self._exempt:
            return 0.0
        bits = int(address)
        until = 0.0
        for (version, length), entries in self._entries.items():
            if version == address.version:
                entry = entries.get(bits >> (address.max_prefixlen - length))
                if entry is None or entry is but or (is_neighbourly and entry.reason == NEIGHBOURS):
                    continue
                until = max(until, entry.until)
        return until

    def _banned_in(self, neighbourhood: Network, now: float) -> int:
        """How many single addresses of a /24 are banned now, for what is proven."""
        singles = self._entries.get((4, 32), {})
        first = int(neighbourhood.network_address)
        return sum(
            (entry := singles.get(bits)) is not None and entry.until > now and entry.is_proven
            for bits in range(first, first + neighbourhood.num_addresses)
        )

    def _as_ban(self, entry: _Entry) -> Ban:
        network = entry.network
        return Ban(
            network=str(network.network_address) if network.num_addresses == 1 else str(network),
            since_wall=entry.since + self._wall_offset,
            until_wall=entry.until + self._wall_offset,
            times=entry.times,
            reason=entry.reason,
            by=entry.by,
        )
