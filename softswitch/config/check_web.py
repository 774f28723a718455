"""What must hold for [web]: that it can be listened there, and that passwords do not cross a network in the clear."""

import os
from ipaddress import ip_address

from softswitch.config.addresses import parse_host_port, parse_network
from softswitch.config.conversion import FaultList
from softswitch.config.draft import Draft
from softswitch.config.web_settings import WebSection


def check_web(draft: Draft) -> None:
    web, faults = draft.settings.web, draft.fault_lists["softswitch.toml"]
    address = parse_host_port(web.listen)
    if address is None:
        faults.add(("web", "listen"), f'"{web.listen}" is no address:port', 'Write "127.0.0.1:8080"')
    elif web.enabled and not ip_address(address.host).is_loopback and not web.is_secure:
        reason = "passwords and keys would cross the network in the clear"
        remedy = 'Name a certificate, or the proxy that speaks TLS before us: public_url = "https://pbx.example.com"'
        faults.add(("web", "listen"), reason, remedy)
    if web.public_url and not _is_url(web.public_url):
        reason = f'"{web.public_url}" is no address of a web site'
        faults.add(("web", "public_url"), reason, 'Write "https://pbx.example.com", or remove the line')
    for index, origin in enumerate(web.origins):
        if not _is_url(origin) or origin.count("/") > 2 or origin != origin.lower():
            remedy = 'Write "https://crm.example.com", with the port if it is none of the usual'
            faults.add(("web", "origins", index), f'"{origin}" is no origin of web pages', remedy)
    for index, text in enumerate(web.proxies):
        if parse_network(text) is None:
            faults.add(("web", "proxies", index), f'"{text}" is no address or network', 'Write "10.0.0.0/8"')
    if web.certificate:
        _check_certificate(web, draft.directory, faults)


def _is_url(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    return scheme in ("http", "https") and bool(rest.partition("/")[0]) and text.isascii() and " " not in text


def _check_certificate(web: WebSection, directory: str, faults: FaultList) -> None:
    # Imported here: every command reads the settings, few need OpenSSL for it.
    from softswitch.sip.runtime.tls import TlsContexts, TlsFault, TlsSettings

    def absolute(name: str) -> str:
        return name and os.path.abspath(os.path.join(directory, os.path.expanduser(name)))

    try:
        TlsContexts(TlsSettings(certificate=absolute(web.certificate), private_key=absolute(web.private_key)))
    except TlsFault as fault:
        faults.add(("web", fault.part), fault.reason, fault.remedy)
