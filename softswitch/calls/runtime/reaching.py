"""From a name to phones that ring: the bindings of an extension. Outside numbers are in trunk_calls.py."""

from collections.abc import Sequence

from softswitch.calls.intercom import auto_answer_headers
from softswitch.calls.returning import Outgoing, phone
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.settings import CallSettings, Extension
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import Binding
from softswitch.sip.registration.registrar import phones
from softswitch.sip.settings import Target
from softswitch.sip.trunks.identity import (
    ANONYMOUS_HOST,
    ANONYMOUS_NAME,
    Diversion,
    IdentityRules,
    diverted,
    read_diversions,
)


def shown_caller(call: ActiveCall, settings: CallSettings) -> tuple[SipUri, str]:
    """What our phones may show of a call's caller, who may call himself anything: a URI and a name."""
    if call.is_caller_hidden:
        return SipUri(user="anonymous", host=ANONYMOUS_HOST), ANONYMOUS_NAME
    number, name = call.caller_identity
    return SipUri(user=number or "anonymous", host=settings.domain), name


def _identity(call: ActiveCall, settings: CallSettings) -> tuple[str, str]:
    """The From URI and display name our INVITE shows for this call's caller."""
    uri, name = shown_caller(call, settings)
    return str(uri), name if call.is_caller_hidden else call.display or name


def bindings_of(extension: Extension, call: ActiveCall, settings: CallSettings) -> list[Binding]:
    """Where its phones are, the best first; where the call is for one of them, that one's."""
    bindings = call.around.sip.bindings(f"{extension.username}@{settings.domain}")
    if call.instance and call.record.called_number in (extension.username, extension.number):
        return [binding for binding in bindings if binding.instance == call.instance]
    return bindings


async def ring_extension(
    alerting: Alerting,
    extension: Extension,
    call: ActiveCall,
    *,
    display: str = "",
    bindings: Sequence[Binding] | None = None,
    diversions: Sequence[Diversion] = (),
    answers_itself: bool = False,
) -> None:
    """Ring these phones of the extension, or every one that is registered, each along the flow it registered over.

    `display` is shown in place of the caller's name, and `diversions` who has forwarded his call; `is_intercom` asks
    the phone to answer by itself. Nothing rings if none is registered. Raises as `Alerting.ring` does.
    """
    settings = call.around.settings()
    from_uri, from_display = _identity(call, settings)
    headers = _referral_headers(call, settings)
    if answers_itself:
        headers += auto_answer_headers(settings.domain)
    elif diversions:
        headers += _forward_headers(diversions, extension, call, settings)
    for flows in phones(bindings_of(extension, call, settings) if bindings is None else bindings):
        binding = flows[0]
        others = tuple(other.flow for other in flows[1:])
        leg_id = await alerting.ring(
            Target(uri=binding.contact_uri, flow=binding.flow, route=binding.path, others=others),
            extension.username,
            from_uri=from_uri,
            from_display=display or from_display,
            headers=headers,
            extension=extension,
            srtp=extension.srtp,
            dtmf=extension.dtmf,
            takes_t38=extension.t38,
            codecs=extension.codecs,
            session=extension.session,
        )
        if leg_id is not None:
            outgoing = Outgoing(phone(extension.username), "", call.came_by, call.max_forwards)
            call.around.returning.went(leg_id, outgoing)


def _referral_headers(call: ActiveCall, settings: CallSettings) -> list[tuple[str, str]]:
    """Which colleague has transferred the caller (RFC 3892); nobody outside is told."""
    extension = settings.extensions.get(call.record.transferred_by)
    if extension is None:
        return []
    return [("referred-by", f"<{SipUri(user=extension.number or extension.username, host=settings.domain)}>")]


def _forward_headers(
    diversions: Sequence[Diversion], extension: Extension, call: ActiveCall, settings: CallSettings
) -> list[tuple[str, str]]:
    """Who has passed the call on, before it came here and here."""
    rules = IdentityRules(domain=settings.domain, diversion="both")
    called = extension.number or extension.username
    return diverted([*read_diversions(call.headers), *diversions], rules, called)
