"""Who may not call, and how much others may, for the control socket."""

from collections.abc import Iterable

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.control.protocol.replies import BanSet, BansLifted, Refused
from softswitch.control.protocol.rows import BanRow, LimitRow, SecurityRow
from softswitch.sip.outputs import Ban


class SecurityOperations:
    """The part of `SwitchOperations` that is about bans and limits on calls to the outside."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def security(self) -> SecurityRow:
        endpoint = self._parts.endpoint
        counters = endpoint.security_counters
        return SecurityRow(
            bans_now=len(endpoint.bans(self._parts.clock.now())),
            bans=counters.bans,
            challenged=counters.challenged,
            failures=counters.failures,
            malformed=counters.malformed,
            dropped=endpoint.statistics().dropped,
            denied=counters.denied,
            unheard=counters.unheard,
            overloaded=counters.overloaded,
            evicted=self._parts.driver.streams.evicted,
        )

    def bans(self) -> Iterable[BanRow]:
        now = self._parts.clock.now()
        return [self._ban_row(ban) for ban in self._parts.endpoint.bans(now)]

    async def add_ban(self, network: str, seconds: float, reason: str) -> BanSet | Refused:
        try:
            ban = self._parts.endpoint.ban(network, seconds, reason, self._parts.clock.now())
        except LocalError as error:
            return Refused("not_possible", str(error))
        self._parts.driver.flush()
        return BanSet(self._ban_row(ban))

    async def lift_ban(self, network: str) -> BansLifted | Refused:
        try:
            lifted = self._parts.endpoint.lift_bans(network, self._parts.clock.now())
        except LocalError as error:
            return Refused("not_possible", str(error))
        if not lifted:
            return Refused("not_found", f"nobody bans {network}: see `softswitch bans`")
        self._parts.driver.flush()
        return BansLifted([ban.network for ban in lifted])

    def limits(self) -> Iterable[LimitRow]:
        rules = self._parts.settings.toll
        for usage, calls_now in self._parts.toll.used():
            its = rules[usage.subject]
            yield LimitRow(
                subject=usage.subject,
                day=usage.day,
                calls_now=calls_now,
                calls=usage.calls,
                minutes=usage.seconds / 60,
                refused=usage.refused,
                last_refusal=usage.last_refusal,
                calls_max=its.calls_max,
                calls_per_day=its.calls_per_day,
                minutes_per_day=its.minutes_per_day,
            )

    # Private

    def _ban_row(self, ban: Ban) -> BanRow:
        return BanRow(
            network=ban.network,
            since_at=ban.since_wall,
            ends_in_s=max(0.0, ban.until_wall - self._parts.clock.wall()),
            times=ban.times,
            reason=ban.reason,
            by=ban.by,
        )
