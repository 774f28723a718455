"""TLS without sockets: two channels that hand each other their ciphertext, and files that cannot be used."""

from pathlib import Path

import pytest

from softswitch.sip.runtime.tls import TlsBroken, TlsChannel, TlsContexts, TlsFault, TlsPeer, TlsSettings
from softswitch.testing.certificates import Authority, CertificateFiles

NAME = "pbx.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def files(authority: Authority) -> CertificateFiles:
    return authority.issue("pbx", [NAME, "192.0.2.1", "::1"])


def server_settings(files: CertificateFiles, ca: str = "", *, is_mutual: bool = False) -> TlsSettings:
    return TlsSettings(
        certificate=files.certificate, private_key=files.private_key, ca=ca, is_client_certificate_required=is_mutual
    )


def connect(server: TlsSettings, client: TlsSettings, name: str = NAME) -> tuple[TlsChannel, TlsChannel]:
    """Both ends after the handshake. Raises `TlsBroken`, as the one who says no."""
    server_context = TlsContexts(server).server()
    assert server_context is not None
    answering = TlsChannel(server_context, server_name=None)
    calling = TlsChannel(TlsContexts(client).client(name), server_name=name)
    calling.start()
    for _ in range(4):
        answering.receive(calling.take_output())
        calling.receive(answering.take_output())
    assert calling.is_open
    assert answering.is_open
    return calling, answering


@pytest.mark.parametrize("name", [NAME, "192.0.2.1", "::1"])
def test_what_is_said_arrives_and_the_end_is_told(authority: Authority, files: CertificateFiles, name: str) -> None:
    calling, answering = connect(server_settings(files), TlsSettings(ca=authority.ca), name)
    assert (calling.version, answering.version) == ("TLSv1.3", "TLSv1.3")
    calling.send(b"REGISTER")
    calling.send(b" sip:x")
    assert answering.receive(calling.take_output()) == b"REGISTER sip:x"
    answering.send(b"200")
    answering.close()
    assert calling.receive(answering.take_output()) == b"200"
    assert calling.has_ended


def test_ciphertext_cut_anywhere_is_put_together(authority: Authority, files: CertificateFiles) -> None:
    calling, answering = connect(server_settings(files), TlsSettings(ca=authority.ca))
    calling.send(b"x" * 40_000)
    octets = calling.take_output()
    plain = b"".join(answering.receive(octets[at : at + 777]) for at in range(0, len(octets), 777))
    assert plain == b"x" * 40_000


def test_a_server_must_show_a_certificate_for_the_name_we_called(authority: Authority, files: CertificateFiles) -> None:
    with pytest.raises(TlsBroken, match=r"certificate not accepted: Hostname mismatch.*other\.example"):
        connect(server_settings(files), TlsSettings(ca=authority.ca), "other.example")


def test_a_server_must_be_signed_by_somebody_we_believe(files: CertificateFiles) -> None:
    with pytest.raises(TlsBroken, match="certificate not accepted: unable to get local issuer certificate"):
        connect(server_settings(files), TlsSettings())


def test_an_expired_certificate_is_not_accepted(authority: Authority) -> None:
    expired = authority.issue("expired", [NAME], ends_in_days=-1)
    with pytest.raises(TlsBroken, match="certificate not accepted: certificate has expired"):
        connect(server_settings(expired), TlsSettings(ca=authority.ca))


def test_a_trunk_may_be_believed_unseen_or_by_its_own_authority(
    authority: Authority, files: CertificateFiles, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "Stranger").issue("sbc", ["elsewhere.example"])
    blind = TlsSettings(ca=authority.ca, peers={NAME: TlsPeer(is_verified=False)})
    connect(server_settings(stranger), blind)
    with pytest.raises(TlsBroken):
        connect(server_settings(stranger), blind, "sbc.example")
    other = TlsSettings(ca=str(tmp_path / "stranger.pem"), peers={NAME: TlsPeer(ca=authority.ca)})
    connect(server_settings(files), other)


def test_whoever_calls_must_show_a_certificate_if_that_is_required(
    authority: Authority, files: CertificateFiles
) -> None:
    server = server_settings(files, authority.ca, is_mutual=True)
    with pytest.raises(TlsBroken, match="peer did not return a certificate"):
        connect(server, TlsSettings(ca=authority.ca))
    connect(server, server_settings(authority.issue("phone", ["phone.example"]), authority.ca))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"REGISTER sip:pbx.example.com SIP/2.0\r\n\r\n", "no TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "no TLS"),
        (b"\x16\x03\x01\x00\x05hello", "."),
        (bytes(500), "no TLS"),
    ],
)
def test_whoever_speaks_no_tls_is_told_apart(files: CertificateFiles, octets: bytes, reason: str) -> None:
    server_context = TlsContexts(server_settings(files)).server()
    assert server_context is not None
    channel = TlsChannel(server_context, server_name=None)
    with pytest.raises(TlsBroken, match=reason):
        channel.receive(octets)


def test_files_that_cannot_be_used_are_named(authority: Authority, files: CertificateFiles, tmp_path: Path) -> None:
    def fault(certificate: str = "", private_key: str = "", ca: str = "") -> str:
        with pytest.raises(TlsFault) as caught:
            TlsContexts(TlsSettings(certificate=certificate, private_key=private_key, ca=ca))
        return str(caught.value)

    other = authority.issue("other", ["other.example"])
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    missing = str(tmp_path / "missing.pem")
    assert "certificate: " in fault(certificate=missing)
    assert "cannot be read (No such file" in fault(certificate=missing)
    assert "private_key: " in fault(certificate=files.certificate, private_key=missing)
    assert "is not the key of the certificate" in fault(certificate=files.certificate, private_key=other.private_key)
    assert "hold no certificate" in fault(certificate=str(empty), private_key=files.private_key)
    assert "holds no certificates" in fault(ca=str(empty))
    Path(other.private_key).chmod(0o644)
    assert "everybody on this machine can read the key" in fault(
        certificate=other.certificate, private_key=other.private_key
    )
    with pytest.raises(TlsFault, match="nothing to check them by"):
        TlsContexts(server_settings(files, is_mutual=True))
