"""Whether our certificates are in their time: something to be told early, and no reason not to start."""

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from softswitch.base.errors import Fault
from softswitch.config import Configuration


def certificate_faults(configuration: Configuration, wall: float) -> Iterator[Fault]:
    """What is wrong with the times of the certificates of [tls] at `wall`, seconds since 1970."""
    for key, path in certificate_files(configuration).items():
        certificate = x509.load_pem_x509_certificate(Path(path).read_bytes())
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if ends.timestamp() <= wall:
            reason = f"{path} has expired ({ends:%Y-%m-%d %H:%M} UTC): {_who(key)} will not accept it"
        elif begins.timestamp() > wall:
            reason = f"{path} is not valid before {begins:%Y-%m-%d %H:%M} UTC: {_who(key)} will not accept it"
        else:
            continue
        yield Fault("softswitch.toml", key, reason, "Have it renewed, then: softswitch reload")


def certificate_files(configuration: Configuration) -> dict[str, str]:
    """The paths of our certificates by the keys that name them."""
    tls = configuration.settings.tls
    named = {"tls.certificate": tls.certificate} if tls.certificate else {}
    named |= {f'tls.listener."{text}".certificate': own.certificate for text, own in tls.listener.items()}
    web = configuration.settings.web
    return named | ({"web.certificate": web.certificate} if web.enabled and web.certificate else {})


def _who(key: str) -> str:
    return "browsers" if key.startswith("web.") else "phones"
