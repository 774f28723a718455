"""What the endpoint is told of one trunk: how it is registered and watched, how much it carries, how its calls read."""

import msgspec

from softswitch.sip.authentication.digest import Credential
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.health import HealthSettings
from softswitch.sip.trunks.identity import CalledNumberFrom
from softswitch.sip.trunks.numbers import NumberTranslation


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What we send the provider on our own: REGISTER and OPTIONS.

    `registrar` and `options_uri` are Request-URIs, `account_uri` the address-of-record that is bound, whose user part
    our Contact gets. `route` leads to an outbound proxy, if there is one.
    """

    registrar: str
    account_uri: str
    options_uri: str
    route: tuple[str, ...] = ()
    is_registering: bool = False
    expires_s: int = 600
    credentials: Credential | None = None
    health: HealthSettings = HealthSettings()


class ArrivalRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the provider's INVITEs are read."""

    called_number_from: CalledNumberFrom = "request-uri"
    is_trusted: bool = True
    """His assertions of who calls are believed."""
    numbers: NumberTranslation = NumberTranslation()


class TrunkSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One trunk at this moment, for people. Times in seconds; `registration` "" for one that does not register."""

    name: str
    health: str
    registration: str
    registration_reason: str
    expires_in_s: float | None
    round_trip_ms: float | None
    """Of the last OPTIONS that were answered."""
    used_in: int
    used_out: int
    capacity: CapacitySettings
    calls_in: int
    calls_out: int
    refused: int
    """For lack of room, since start."""
    last_failure: str
    last_failure_ago_s: float | None
