"""Certificates that will end soon, or are of another name than phones are told."""

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from softswitch.app.certificates import certificate_files
from softswitch.app.doctor.finding import Finding
from softswitch.config import Configuration

SOON_S = 21 * 86400.0
"""Renewing by ACME begins a month before the end: one that has less has not been renewed."""


def certificate_findings(configuration: Configuration, wall: float) -> Iterator[Finding]:
    """`configuration` has been checked: every certificate can be read."""
    for key, path in certificate_files(configuration).items():
        certificate = x509.load_pem_x509_certificate(Path(path).read_bytes())
        days = (certificate.not_valid_after_utc.timestamp() - wall) / 86400
        if days <= 0 or certificate.not_valid_before_utc.timestamp() > wall:
            yield Finding("certificates", "fault", f"{key}: {path} is not valid now", "Have it renewed")
        elif days * 86400 < SOON_S:
            yield Finding("certificates", "warning", f"{key}: {path} ends in {days:.0f} days", "Have it renewed")
        else:
            yield Finding("certificates", "good", f"{key}: {path} is good for {days:.0f} days")
        domain = configuration.settings.sip.domain
        if not key.startswith("web.") and not _is_for(certificate, domain):
            yield Finding(
                "certificates",
                "warning",
                f"{key}: {path} is not for {domain}, where phones register: many refuse it",
                "Have one made for that name, or set [sip] domain to the name in it",
            )


def _is_for(certificate: x509.Certificate, domain: str) -> bool:
    """Whether the name, or a wildcard for it, is among the subject's alternative names (RFC 5922 section 7)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    hosts = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    hosts |= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    _, _, above = domain.lower().partition(".")
    return domain.lower() in hosts or f"*.{above}" in hosts
