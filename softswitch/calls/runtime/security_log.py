"""The security log: one line for each unwelcome request, which fail2ban reads (docs/security.md has its filter)."""

from softswitch.base.log import get_logger
from softswitch.sip.outputs import SecurityEvent

log = get_logger("calls")


def log_security(event: SecurityEvent) -> None:
    """The keys stand in this order, and what a peer wrote behind the address: nobody gets another one banned."""
    log.warning("security", kind=event.kind, source=event.source, detail=event.detail, count=event.count)
