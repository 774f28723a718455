"""From a name to phones that ring: the bindings of an extension, or a trunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.sip.settings import Target

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


def _identity(call: ActiveCall, settings: CallSettings) -> tuple[str, str]:
    """The From URI and display name our INVITE shows for this call's caller."""
    record = call.record
    return f"sip:{record.calling_number or 'anonymous'}@{settings.domain}", record.calling_name


async def ring_extension(alerting: Alerting, extension: Extension, call: ActiveCall) -> None:
    """Ring every phone registered for the extension, each along the flow it registered over.

    Nothing rings if none is registered. Raises `MediaUnavailable`.
    """
    settings = call.around.settings()
    from_uri, from_display = _identity(call, settings)
    for binding in call.around.sip.bindings(f"{extension.username}@{settings.domain}"):
        await alerting.ring(
            Target(uri=binding.contact_uri, flow=binding.flow, route=binding.path),
            extension.username,
            from_uri=from_uri,
            from_display=from_display,
            extension=extension,
        )


async def ring_trunk(alerting: Alerting, trunk: TrunkRoute, number: str, call: ActiveCall) -> None:
    """Call `number` through the trunk. Raises `MediaUnavailable`."""
    settings = call.around.settings()
    from_uri, from_display = _identity(call, settings)
    if trunk.calling_number:
        from_uri = f"sip:{trunk.calling_number}@{settings.domain}"
    transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    target = Target(uri=f"sip:{number}@{trunk.host}:{trunk.port}{transport}", flow=None, route=())
    await alerting.ring(
        target, f"trunk:{trunk.name}", from_uri=from_uri, from_display=from_display, credentials=trunk.credentials
    )
