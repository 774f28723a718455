"""Certificates for tests: an authority of our own, and what it signs for names and addresses, as PEM files."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class CertificateFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of a certificate and its key."""

    certificate: str
    private_key: str


class Authority:
    """Signs certificates; its own is in the file `ca`. Whatever it makes is in `directory`."""

    def __init__(self, directory: Path, name: str = "Test Authority") -> None:
        self._directory = directory
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        directory.mkdir(parents=True, exist_ok=True)
        certificate = (
            _builder(self._name, self._name, self._key.public_key(), days=3650, ends_in_days=3650)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.ca = _write(directory / f"{name.lower().replace(' ', '-')}.pem", certificate.public_bytes(_PEM))

    def issue(self, file: str, names: Sequence[str], *, ends_in_days: float = 30.0) -> CertificateFiles:
        """A certificate for host names and IP addresses; `ends_in_days` below 0 is one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            _builder(subject, self._name, key.public_key(), days=60, ends_in_days=ends_in_days)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return CertificateFiles(
            certificate=_write(self._directory / f"{file}.pem", certificate.public_bytes(_PEM)),
            private_key=_write(self._directory / f"{file}.key", pem),
        )


_PEM = serialization.Encoding.PEM


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: float, ends_in_days: float
) -> x509.CertificateBuilder:
    ends_at = datetime.now(UTC) + timedelta(days=ends_in_days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends_at - timedelta(days=days))
        .not_valid_after(ends_at)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)
