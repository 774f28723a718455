"""What must hold within softswitch.toml beyond the type of each value."""

import os
from collections.abc import Sequence

from softswitch.base.address import HostPort, TransportKind
from softswitch.config.addresses import (
    is_host,
    is_ip,
    parse_host_port,
    parse_listener,
    parse_port_range,
    parse_server,
)
from softswitch.config.check_tls import check_tls
from softswitch.config.conversion import FaultList
from softswitch.config.draft import Draft
from softswitch.config.limits import MEDIA_PORTS_MIN, PARKING_SLOTS_MAX, SOCKET_PATH_BYTES_MAX
from softswitch.config.settings import MediaSection, ParkingSection, RecordingsSection, SipSection, SoundsSection
from softswitch.config.toml_lines import KeyPath
from softswitch.media.runtime.recording.recording_key import KeyFault, read_key
from softswitch.sip.settings import SESSION_EXPIRES_MAX_S, SESSION_EXPIRES_MIN_S


def check_settings(draft: Draft) -> None:
    faults = draft.fault_lists["softswitch.toml"]
    settings = draft.settings
    listeners = _check_sip(settings.sip, faults)
    check_tls(draft)
    _check_media(settings.media, listeners, faults)
    _check_sounds(settings.sounds, draft.directory, faults)
    _check_recordings(settings.recordings, draft.directory, faults)
    if settings.trace.homer and parse_host_port(settings.trace.homer) is None:
        reason = f'"{settings.trace.homer}" is no address:port'
        faults.add(("trace", "homer"), reason, 'Write one such as "192.0.2.80:9060", or remove the line')
    _check_parking(settings.parking, faults)
    socket = os.path.abspath(os.path.join(draft.directory, settings.control.socket))
    if len(os.fsencode(socket)) > SOCKET_PATH_BYTES_MAX:
        reason = f"the path of the socket, {socket}, is longer than the {SOCKET_PATH_BYTES_MAX} bytes a socket may have"
        faults.add(("control", "socket"), reason, 'Write a shorter one, such as "/run/softswitch/control.sock"')


def check_distinct(values: Sequence[str], path: KeyPath, faults: FaultList) -> None:
    """Each value of a list stands there once."""
    for index, value in enumerate(values):
        if value in values[:index]:
            faults.add((*path, index), f'"{value}" is there twice', "Remove one")


def check_session_timer(seconds: int, path: KeyPath, faults: FaultList) -> None:
    """None, or one that RFC 4028 allows."""
    if 0 < seconds < SESSION_EXPIRES_MIN_S:
        reason = f"{seconds} seconds are too short for a session timer"
        faults.add(path, reason, f"Write {SESSION_EXPIRES_MIN_S} or more, or 0 for no timer")
    elif seconds > SESSION_EXPIRES_MAX_S:
        reason = f"{seconds} seconds are too long: a call whose other end is gone would last as long"
        faults.add(path, reason, f"Write {SESSION_EXPIRES_MAX_S} or less")


def _check_sip(sip: SipSection, faults: FaultList) -> list[tuple[TransportKind, HostPort]]:
    if sip.domain and not is_host(sip.domain):
        faults.add(("sip", "domain"), f'"{sip.domain}" is no host name', 'Write a name such as "pbx.example.com"')
    _check_ip(sip.advertised_ip, ("sip", "advertised_ip"), faults)
    listeners: list[tuple[TransportKind, HostPort]] = []
    for index, text in enumerate(sip.listen):
        listener = parse_listener(text)
        if listener is None:
            remedy = 'Write "udp:0.0.0.0:5060" or "tls:192.0.2.1:5061"'
            faults.add(("sip", "listen", index), f'"{text}" is no transport:address:port', remedy)
        elif listener in listeners:
            faults.add(("sip", "listen", index), f'"{text}" is there twice', "Remove one")
        else:
            listeners.append(listener)
    for index, text in enumerate(sip.dns_servers):
        if parse_server(text) is None:
            faults.add(("sip", "dns_servers", index), f'"{text}" is no address of a name server', 'Write "192.0.2.53"')
    if not sip.listen:
        faults.add(("sip", "listen"), "it is empty, so no phone could register", 'Write ["udp:0.0.0.0:5060"]')
    if not sip.digest:
        faults.add(("sip", "digest"), "it is empty, so no phone could prove who it is", 'Write ["MD5"]')
    check_distinct(sip.digest, ("sip", "digest"), faults)
    if not sip.registration_min_s <= sip.registration_default_s <= sip.registration_max_s:
        reason = "the times of registration are not in order"
        remedy = "Let registration_min_s <= registration_default_s <= registration_max_s"
        faults.add(("sip", "registration_default_s"), reason, remedy)
    return listeners


def _check_media(media: MediaSection, listeners: list[tuple[TransportKind, HostPort]], faults: FaultList) -> None:
    _check_ip(media.ip, ("media", "ip"), faults)
    _check_ip(media.advertised_ip, ("media", "advertised_ip"), faults)
    if not media.codecs:
        faults.add(("media", "codecs"), "it is empty, so nobody could be understood", 'Write ["PCMA", "PCMU"]')
    check_distinct(media.codecs, ("media", "codecs"), faults)
    ports = parse_port_range(media.ports)
    if ports is None:
        faults.add(("media", "ports"), f'"{media.ports}" is no range of ports', 'Write "20000-29999"')
        return
    if len(ports) < MEDIA_PORTS_MIN or ports[0] < 1024:
        reason = f'"{media.ports}" is too narrow or below 1024'
        faults.add(("media", "ports"), reason, 'A call takes 4 ports: write "20000-29999" for 2,500 calls')
    for kind, address in listeners:
        if kind is TransportKind.UDP and address.port in ports:
            reason = f'"{media.ports}" contains the SIP port {address.port}'
            faults.add(("media", "ports"), reason, "Move one of the two")


def _check_sounds(sounds: SoundsSection, directory: str, faults: FaultList) -> None:
    if not sounds.languages:
        faults.add(("sounds", "languages"), "it is empty, so nothing could be said", 'Write ["en"]')
    elif sounds.default_language and sounds.default_language not in sounds.languages:
        reason = f'"{sounds.default_language}" is not among the languages'
        faults.add(("sounds", "default_language"), reason, "Add it to languages, or choose one of them")
    if sounds.asterisk_sounds and not os.path.isdir(os.path.join(directory, sounds.asterisk_sounds)):
        reason = f'there is no directory "{sounds.asterisk_sounds}"'
        remedy = "apt-get install asterisk-core-sounds-en-wav, or remove the line"
        faults.add(("sounds", "asterisk_sounds"), reason, remedy)


def _check_recordings(recordings: RecordingsSection, directory: str, faults: FaultList) -> None:
    if recordings.key_file:
        try:
            read_key(os.path.join(directory, os.path.expanduser(recordings.key_file)))
        except KeyFault as fault:
            faults.add(("recordings", "key_file"), fault.reason, fault.remedy)


def _check_ip(text: str, path: tuple[str, str], faults: FaultList) -> None:
    if text and not is_ip(text):
        faults.add(path, f'"{text}" is no IP address', 'Write one such as "192.0.2.1", or remove the line')


def _check_parking(parking: ParkingSection, faults: FaultList) -> None:
    first, _, last = parking.slots.partition("-")
    is_range = (
        first.isascii() and first.isdigit() and last.isascii() and last.isdigit() and len(first) == len(last) < 10
    )
    if parking.slots and not (is_range and 0 <= int(last) - int(first) < PARKING_SLOTS_MAX):
        reason = f'"{parking.slots}" are no slots, or more than {PARKING_SLOTS_MAX}'
        faults.add(("parking", "slots"), reason, 'Write the first and the last number: "701-720"')
