"""TLS for SIP: what we prove and demand, and one connection's encryption without I/O.

The contexts are made anew from the files at every reload; connections that are open keep the one they began with.

A `TlsChannel` takes ciphertext and gives plaintext, and the other way round, so that a connection is counted, bounded
and timed before its handshake, and a peer that speaks no TLS is one line in the log. As RFC 5922 section 7.2 wants it,
the certificate of a server we call must name the host that was called, not the address it was found at.
"""

import os
import ssl
import stat

import msgspec

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.errors import SoftswitchError

Listener = tuple[TransportKind, HostPort]
"""As it was told to listen: with the wildcard, and port 0, where that is what was said."""


class TlsPeer(msgspec.Struct, frozen=True, kw_only=True):
    """How the certificate of one server we call is checked. `ca` is a file; empty: [tls] ca, or the system's."""

    is_verified: bool = True
    ca: str = ""


class OwnCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What we show at one listener; paths are absolute, an empty `private_key` is in the file of the certificate.

    `key` is what its table is called in the configuration.
    """

    certificate: str
    private_key: str = ""
    key: str = ""


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are absolute. With an empty `certificate` only `listeners` can listen with TLS."""

    certificate: str = ""
    private_key: str = ""
    """Empty: it is in the file of the certificate."""
    ca: str = ""
    """Whom we believe; empty: for servers we call, whom the system believes."""
    is_client_certificate_required: bool = False
    peers: dict[str, TlsPeer] = {}
    """By host name or address; all others are checked."""
    listeners: dict[Listener, OwnCertificate] = {}
    """What is shown at these instead of `certificate`."""


class TlsFault(SoftswitchError):
    """Why a file of [tls] cannot be used, and what to do. `part` is the key of the configuration, in the table of
    `listener` where that is not empty."""

    def __init__(self, part: str, reason: str, remedy: str, listener: str = "") -> None:
        table = f'[tls.listener."{listener}"]' if listener else "[tls]"
        super().__init__(f"{table} {part}: {reason}. {remedy}")
        self.part = part
        self.listener = listener
        self.reason = reason
        self.remedy = remedy


class TlsBroken(Exception):
    """The peer's TLS cannot go on; the message says why, for the log."""


class TlsContexts:
    """Made of the files as they are now. Raises `TlsFault` if one of them cannot be used."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._server = _server_context(settings) if settings.certificate else None
        self._servers = {where: _listener_context(settings, own) for where, own in settings.listeners.items()}
        self._clients: dict[TlsPeer, ssl.SSLContext] = {}
        self._anybody = TlsPeer()
        for peer in (self._anybody, *settings.peers.values()):
            if peer not in self._clients:
                self._clients[peer] = _client_context(settings, peer)

    def server(self, listener: Listener | None = None) -> ssl.SSLContext | None:
        """For whoever connects to it, or to one of no certificate of its own; None if there is nothing to show."""
        return self._server if listener is None else self._servers.get(listener, self._server)

    def client(self, name: str) -> ssl.SSLContext:
        """For calling the server of this name or address."""
        return self._clients[self._settings.peers.get(name, self._anybody)]


class TlsChannel:
    """One connection's TLS. After every call, what `take_output` gives is to be sent."""

    def __init__(self, context: ssl.SSLContext, *, server_name: str | None) -> None:
        """`server_name` is whom we have called; None: somebody has called us."""
        self.is_open = False
        """The handshake is done."""
        self.has_ended = False
        """The peer has said that nothing more follows."""
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        is_server = server_name is None
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=is_server, server_hostname=server_name or None
        )

    def start(self) -> None:
        """Begin the handshake, if it is ours to begin. Raises `TlsBroken`."""
        self._shake_hands()

    def receive(self, data: bytes) -> bytes:
        """The plaintext in what came; b"" while there is none. Raises `TlsBroken`."""
        self._incoming.write(data)
        if not self.is_open:
            self._shake_hands()
        chunks: list[bytes] = []
        while self.is_open and not self.has_ended:
            try:
                chunk = self._tls.read(65_536)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                chunk = b""
            except ssl.SSLError as error:
                raise TlsBroken(_reason(error)) from None
            self.has_ended = not chunk
            chunks.append(chunk)
        return b"".join(chunks)

    def send(self, data: bytes) -> None:
        """Encrypt. Raises `TlsBroken`."""
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise TlsBroken(_reason(error)) from None

    def close(self) -> None:
        """Say that nothing more follows."""
        if self.is_open:
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                return  # the peer's own farewell is not waited for

    def take_output(self) -> bytes:
        return self._outgoing.read()

    @property
    def version(self) -> str:
        """ "TLSv1.3"; empty before the handshake is done."""
        return (self._tls.version() or "") if self.is_open else ""

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            raise TlsBroken(_reason(error)) from None
        self.is_open = True


def check_readable(path: str, part: str) -> None:
    """Raises `TlsFault` for a file that is not there or cannot be read, and for a key that everybody can read."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            file.read(1)
    except OSError as error:
        remedy = "Name the right file, and make it readable for the switch"
        raise TlsFault(part, f"{path} cannot be read ({error.strerror})", remedy) from None
    if part == "private_key" and mode & stat.S_IROTH:
        raise TlsFault(part, f"everybody on this machine can read the key {path}", f"chmod 640 {path}")


def _server_context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Renegotiation would let a peer have us do the costly part of a handshake as often as it likes.
    context.options |= ssl.OP_NO_RENEGOTIATION
    _load_own(context, settings)
    if settings.is_client_certificate_required:
        if not settings.ca:
            remedy = "Name the file of the authority that signs your phones' and peers' certificates"
            raise TlsFault("ca", "client certificates are required, but there is nothing to check them by", remedy)
        _load_ca(context, settings.ca, "ca")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _listener_context(settings: TlsSettings, own: OwnCertificate) -> ssl.SSLContext:
    shown = msgspec.structs.replace(settings, certificate=own.certificate, private_key=own.private_key)
    try:
        return _server_context(shown)
    except TlsFault as fault:
        raise TlsFault(fault.part, fault.reason, fault.remedy, own.key) from None


def _client_context(settings: TlsSettings, peer: TlsPeer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate:
        _load_own(context, settings)
    if not peer.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif peer.ca or settings.ca:
        _load_ca(context, peer.ca or settings.ca, "ca")
    else:
        context.load_default_certs()
    return context


def _load_own(context: ssl.SSLContext, settings: TlsSettings) -> None:
    check_readable(settings.certificate, "certificate")
    key = settings.private_key or settings.certificate
    check_readable(key, "private_key")
    try:
        # A key under a password would have OpenSSL ask at the terminal; an empty one makes it say no.
        context.load_cert_chain(settings.certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = f"{key} is not the key of the certificate {settings.certificate}"
            raise TlsFault("private_key", reason, "Name the key the certificate was made for") from None
        reason = f"{settings.certificate} and {key} hold no certificate with its key ({_reason(error)})"
        remedy = "Both are PEM, the certificate first and then those that signed it, the key without a password"
        raise TlsFault("certificate", reason, remedy) from None


def _load_ca(context: ssl.SSLContext, path: str, part: str) -> None:
    check_readable(path, part)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        reason = f"{path} holds no certificates ({_reason(error)})"
        raise TlsFault(part, reason, "Name a PEM file of the authorities that are to be believed") from None


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    reason = error.reason or "broken off"
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE"):
        return "no TLS"
    return reason.lower().replace("_", " ")
