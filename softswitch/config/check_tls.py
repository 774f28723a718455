"""What must hold for [tls] and for whoever uses it: the files can be used, and no listener goes without a certificate.

That a certificate has expired does not keep the switch from starting, where calls without TLS would go on: it is said
by `softswitch check` and in the log.
"""

import os

from softswitch.config.addresses import parse_listener
from softswitch.config.conversion import FaultList
from softswitch.config.draft import Draft
from softswitch.config.settings import TlsSection

BROWSERS_REFUSE = (5060, 5061)


def check_tls(draft: Draft) -> None:
    faults = draft.fault_lists["softswitch.toml"]
    tls = draft.settings.tls
    for index, text in enumerate(draft.settings.sip.listen):
        listener = parse_listener(text)
        if listener is None:
            continue
        kind, address = listener
        if kind.is_secure and not tls.certificate:
            reason = f'"{text}" needs a certificate, and [tls] names none'
            faults.add(("sip", "listen", index), reason, 'Write [tls] certificate = "...", or remove the listener')
        if kind.is_web and address.port in BROWSERS_REFUSE:
            reason = f"browsers refuse to open a WebSocket to port {address.port}"
            faults.add(("sip", "listen", index), reason, 'Write another, such as "wss:0.0.0.0:8089"')
    for index, origin in enumerate(draft.settings.sip.websocket_origins):
        scheme, _, host = origin.partition("://")
        if scheme not in ("http", "https") or not host or "/" in host or origin != origin.lower():
            remedy = 'Write "https://phone.example.com", with the port if it is none of the usual'
            faults.add(("sip", "websocket_origins", index), f'"{origin}" is no origin of web pages', remedy)
    if tls.certificate or tls.ca:
        _check_files(tls, draft.directory, faults)


def _check_files(tls: TlsSection, directory: str, faults: FaultList) -> None:
    # Imported here: every command reads the settings, few need OpenSSL for it.
    from softswitch.sip.runtime.tls import TlsContexts, TlsFault, TlsSettings

    def absolute(path: str) -> str:
        return path and os.path.abspath(os.path.join(directory, os.path.expanduser(path)))

    try:
        TlsContexts(
            TlsSettings(
                certificate=absolute(tls.certificate),
                private_key=absolute(tls.private_key),
                ca=absolute(tls.ca),
                is_client_certificate_required=tls.client_certificates == "required",
            )
        )
    except TlsFault as fault:
        faults.add(("tls", fault.part), fault.reason, fault.remedy)
