"""What must hold for [tls] and for whoever uses it: the files can be used, and no listener goes without a certificate.

That a certificate has expired does not keep the switch from starting, where calls without TLS would go on: it is said
by `softswitch check` and in the log.
"""

import os

from softswitch.config.addresses import parse_listener
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.settings import TlsSection
from softswitch.config.toml_lines import KeyPath

BROWSERS_REFUSE = (5060, 5061)


def check_tls(draft: Draft) -> None:
    faults = draft.fault_lists["softswitch.toml"]
    tls = draft.settings.tls
    for index, text in enumerate(draft.settings.sip.listen):
        listener = parse_listener(text)
        if listener is None:
            continue
        kind, address = listener
        if kind.is_secure and not tls.certificate and text not in tls.listener:
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
        _check_files(tls, tls.certificate, tls.private_key, ("tls",), draft)
    for text, own in tls.listener.items():
        if _shows_certificate(text, draft.settings.sip.listen, faults):
            _check_files(tls, own.certificate, own.private_key, ("tls", "listener", text), draft)


def _shows_certificate(text: str, listen: tuple[str, ...], faults: FaultList) -> bool:
    """Whether there is such a listener, and it is one of TLS."""
    listener = parse_listener(text)
    if text not in listen:
        remedy = did_you_mean(text, listen, f"Write one of: {', '.join(listen)}")
        faults.add(("tls", "listener", text), f'"{text}" is not among [sip] listen', remedy)
        return False
    if listener is None or not listener[0].is_secure:
        remedy = "Remove it, or listen with tls or wss there"
        faults.add(("tls", "listener", text), f'"{text}" shows no certificate', remedy)
        return False
    return True


def _check_files(tls: TlsSection, certificate: str, private_key: str, path: KeyPath, draft: Draft) -> None:
    # Imported here: every command reads the settings, few need OpenSSL for it.
    from softswitch.sip.runtime.tls import TlsContexts, TlsFault, TlsSettings

    def absolute(name: str) -> str:
        return name and os.path.abspath(os.path.join(draft.directory, os.path.expanduser(name)))

    try:
        TlsContexts(
            TlsSettings(
                certificate=absolute(certificate),
                private_key=absolute(private_key),
                ca=absolute(tls.ca),
                is_client_certificate_required=tls.client_certificates == "required",
            )
        )
    except TlsFault as fault:
        key = path if fault.part in ("certificate", "private_key") else ("tls",)
        draft.fault_lists["softswitch.toml"].add((*key, fault.part), fault.reason, fault.remedy)
