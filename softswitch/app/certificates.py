"""Whether our certificate is in its time: something to be told early, and no reason not to start."""

from pathlib import Path

from cryptography import x509

from softswitch.base.errors import Fault
from softswitch.config import Configuration


def certificate_fault(configuration: Configuration, wall: float) -> Fault | None:
    """What is wrong with the times of [tls] certificate at `wall`, seconds since 1970."""
    path = configuration.settings.tls.certificate
    if not path:
        return None
    certificate = x509.load_pem_x509_certificate(Path(path).read_bytes())
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends.timestamp() <= wall:
        reason = f"{path} has expired ({ends:%Y-%m-%d %H:%M} UTC): phones will not accept it"
    elif begins.timestamp() > wall:
        reason = f"{path} is not valid before {begins:%Y-%m-%d %H:%M} UTC: phones will not accept it"
    else:
        return None
    return Fault("softswitch.toml", "tls.certificate", reason, "Have it renewed, then: softswitch reload")
