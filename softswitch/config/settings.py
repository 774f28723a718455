"""softswitch.toml: one Struct per table of the file, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.telemetry_settings import TelemetrySection
from softswitch.config.warehouse_settings import WarehouseSection
from softswitch.config.web_settings import WebSection

RecordingFormat = Literal["wav", "flac", "opus"]
MediaPorts = Literal["dedicated", "shared"]
CodecName = Literal["PCMA", "PCMU", "G722", "OPUS", "L16/16000", "L16/8000"]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
Attachment = Literal["wav", "mp3", "opus", "none"]


ChannelName = Literal["voice", "callback", "voicemail", "chat", "email", "task"]
"""By what way contacts come."""


class SipSection(msgspec.Struct, frozen=True, kw_only=True):
    """[sip]: where phones and providers reach the switch, and how phones register."""

    domain: str = ""
    """Phones register as sip:username@domain. Empty: the machine's own address (`Configuration.with_own_ip`)."""
    listen: tuple[str, ...] = ("udp:0.0.0.0:5060", "tcp:0.0.0.0:5060")
    """transport:address:port; transports are udp, tcp, tls, ws and wss."""
    advertised_ip: str = ""
    """The address peers see, where it is not the one we listen on (behind NAT). Empty: the address of the flow."""
    digest: tuple[Literal["MD5", "SHA-256", "SHA-512-256"], ...] = ("MD5",)
    """Algorithms of the challenge, best first. Some phones give up on a challenge in an algorithm unknown to them."""
    registration_min_s: Annotated[int, Meta(ge=10, le=86400)] = 60
    registration_default_s: Annotated[int, Meta(ge=10, le=86400)] = 300
    """For a REGISTER that names no expiry."""
    registration_max_s: Annotated[int, Meta(ge=10, le=86400)] = 3600
    lamps_show_parties: bool = False
    """Whoever watches an extension's calls, or a parking slot, is told with whom it talks, or who is there."""
    mwi_unsolicited: bool = False
    """Registered phones are told of waiting messages without having subscribed."""
    dns_servers: tuple[str, ...] = ()
    """Whom to ask for the addresses of names; empty: the system's."""
    failover_s: Annotated[float, Meta(ge=0.5, le=32)] = 4.0
    """A server that says nothing for so long is left for the next one of its name."""
    websocket_origins: tuple[str, ...] = ()
    """The web pages browsers may connect from; empty: any."""


class ListenerCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """[tls.listener."wss:0.0.0.0:8089"]: another certificate than that of [tls], for one listener."""

    certificate: str
    private_key: str = ""


class TlsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[tls]: how we prove who we are on tls and wss, and whom we believe."""

    certificate: str = ""
    """A PEM file: ours, then those that signed it."""
    private_key: str = ""
    """Empty: it is in the file of the certificate."""
    ca: str = ""
    """Whom we believe. Empty: of the servers we call, those the system believes."""
    client_certificates: Literal["ignored", "required"] = "ignored"
    """Whether whoever connects to us must show one that `ca` has signed."""
    listener: dict[str, ListenerCertificate] = {}
    """By a text of [sip] listen."""


class ListenerAccess(msgspec.Struct, frozen=True, kw_only=True):
    """[guard.listener."udp:0.0.0.0:5060"]: who may speak to one listener, beside what holds for all."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class GuardSection(msgspec.Struct, frozen=True, kw_only=True):
    """[guard]: whom the switch does not listen to."""

    allow: tuple[str, ...] = ()
    """Networks that may send us SIP; empty: everybody."""
    deny: tuple[str, ...] = ()
    listener: dict[str, ListenerAccess] = {}
    """By a text of [sip] listen."""
    ban_after: Annotated[int, Meta(ge=0, le=100_000)] = 40
    """Offences (wrong passwords count 1) after which an address is banned; 0: never."""
    ban_s: Annotated[float, Meta(ge=1, le=31_536_000)] = 300
    """The first ban; each further one is four times as long."""
    ban_max_s: Annotated[float, Meta(ge=1, le=31_536_000)] = 86400
    neighbours: Annotated[int, Meta(ge=0, le=256)] = 5
    """So many banned addresses of one /24 get all of it banned; 0: never."""
    never_ban: tuple[str, ...] = ()
    """Networks that are never banned, like trunks."""


class MediaSection(msgspec.Struct, frozen=True, kw_only=True):
    """[media]: where RTP goes."""

    ip: str = ""
    """Our local address for RTP. Empty: the machine's own address."""
    advertised_ip: str = ""
    """The address in our SDP, where it is not `ip` (behind NAT). Empty: `ip`."""
    ports: str = "20000-29999"
    media_ports: MediaPorts = "dedicated"
    """Whether callers from trunks share ports; a trunk may say otherwise."""
    timeout_s: Annotated[float, Meta(ge=0, le=86400)] = 60.0
    """A leg from which neither voice nor RTCP comes for so long is hung up; 0: never."""
    timeout_on_hold_s: Annotated[float, Meta(ge=0, le=86400)] = 3600.0
    """The same while its party has put us on hold."""
    voice_from: Literal["signalling", "anywhere"] = "signalling"
    """Which hosts' voice is accepted where it does not come from the address in the SDP (NAT)."""
    codecs: tuple[CodecName, ...] = ("PCMA", "PCMU", "G722", "OPUS")
    """In the order in which they are offered and chosen."""
    workers: Annotated[int, Meta(ge=0, le=256)] = 0
    """Media processes; 0 = one per core but one, at least one."""
    cpu_max: Annotated[float, Meta(gt=0, le=1)] = 0.9
    """A media process that uses this part of a core gets no new calls."""

    @property
    def port_range(self) -> range:
        """`ports` as a range; `load` has checked that it is one."""
        first, _, last = self.ports.partition("-")
        return range(int(first), int(last) + 1)

    @property
    def sdp_ip(self) -> str:
        """What phones are told."""
        return self.advertised_ip or self.ip


class RecordingsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[recordings]"""

    directory: str = "recordings"
    format: RecordingFormat = "wav"
    """What a recording becomes after its call."""
    keep_days: Annotated[float, Meta(ge=0, le=36500)] = 0
    """A recording is deleted after so many days; 0: never."""
    mask_max_s: Annotated[float, Meta(ge=1, le=86400)] = 300
    """A masked recording goes on after this time at the latest."""
    beep_every_s: Annotated[float, Meta(ge=0, le=3600)] = 0
    """How often recorded parties hear that they are; 0: never."""
    key_file: str = ""
    """32 bytes, or 64 hexadecimal digits, with which recordings are encrypted after the call; empty: they are not."""


class VoicemailSection(msgspec.Struct, frozen=True, kw_only=True):
    """[voicemail]: where messages are, and what holds for boxes that do not say otherwise."""

    directory: str = "voicemail"
    extensions: bool = False
    """Whether every agent and phone has a box that does not say otherwise."""
    operator: str = ""
    """Where a caller goes who presses 0; empty: nowhere."""
    attach: Attachment = "mp3"
    """In what format mails have the message with them."""
    messages_max: Annotated[int, Meta(ge=1, le=10_000)] = 100
    minutes_max: Annotated[float, Meta(ge=1, le=100_000)] = 60
    """All messages of a box together."""
    longest_s: Annotated[float, Meta(ge=5, le=3600)] = 180
    shortest_s: Annotated[float, Meta(ge=0, le=60)] = 2
    """Less is no message."""
    keep_days: Annotated[float, Meta(ge=0, le=36500)] = 0
    """A message is deleted after so many days; 0: never."""


class MailSection(msgspec.Struct, frozen=True, kw_only=True):
    """[mail]: how mail goes out, about voice messages and as digests of projects."""

    server: str = ""
    """Its name or address; empty: no mail is sent."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: 587 with starttls, 465 with tls, 25 with none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    tls_verify: bool = True
    """The server's certificate must be one the system believes."""
    username: str = ""
    password: str = ""
    sender: str = ""
    """Whom the mail is from: an address."""


class StoreSection(msgspec.Struct, frozen=True, kw_only=True):
    """[store]: registrations, agent states, call records."""

    directory: str = "store"
    map_size_mb: Annotated[int, Meta(ge=16, le=1024 * 1024)] = 1024
    """The largest size of the store's file to begin with; it grows by itself, and takes only what is in it."""


class EventsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[events]: the ACD's diary, of which statistics and explanations are made; the switch's events for programs."""

    keep_days: Annotated[float, Meta(gt=0, le=3650)] = 90
    """Events in the store are deleted after so many days,"""
    keep_max: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 2_000_000
    """and the oldest when there are more than this; about 150 bytes each. 0: none are stored."""
    short_abandon_s: Annotated[float, Meta(ge=0, le=600)] = 5
    """Who gives up sooner is counted apart, unless his queue says something else."""
    queue_log: str = ""
    """A file in the format of Asterisk's queue_log that is written as well. Empty: none."""
    replay_days: Annotated[float, Meta(gt=0, le=365)] = 7
    """The switch's events for other programs can be read again for so many days,"""
    replay_max: Annotated[int, Meta(ge=10_000, le=100_000_000)] = 1_000_000
    """and only so many of them; some 150 bytes each, about twenty a call."""


class DialplansSection(msgspec.Struct, frozen=True, kw_only=True):
    """[dialplans]: the flows that calls run."""

    directory: str = "dialplans"
    """Your own flows; those that come with softswitch are found as well, yours first."""


class SoundsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[sounds]: prompts, music and tones."""

    directory: str = "sounds"
    """Your own recordings: sounds/en/welcome.wav replaces the spoken "welcome"."""
    languages: tuple[Literal["en", "ru"], ...] = ("en",)
    default_language: str = ""
    """For callers whose language is not known. Empty: the first of `languages`."""
    asterisk_sounds: str = ""
    """A directory in the layout of Debian's asterisk-core-sounds-*-wav. Empty: none."""
    music: str = "default"
    """Played to those who wait: a WAV file or a directory of them in sounds/music; "default" is our own piece."""
    tones: Literal["au", "br", "de", "es", "fr", "gb", "in", "it", "jp", "nl", "pl", "ru", "ua", "us"] = "us"
    """The country whose ringing and busy tones callers hear."""


class ControlSection(msgspec.Struct, frozen=True, kw_only=True):
    """[control]: how `softswitch status` and the others reach the switch."""

    socket: str = "run/control.sock"


class ParkingSection(msgspec.Struct, frozen=True, kw_only=True):
    """[parking]: where callers wait until somebody fetches them."""

    slots: str = "701-720"
    """Numbers of the slots, from and to; empty: none."""
    timeout_s: Annotated[float, Meta(ge=5, le=86400)] = 120
    """After so long the phone that has parked a caller rings."""

    @property
    def slot_numbers(self) -> tuple[str, ...]:
        """`load` has checked that they can be read."""
        first, _, last = self.slots.partition("-")
        return tuple(str(each).zfill(len(first)) for each in range(int(first), int(last) + 1)) if first else ()


class ConferencesSection(msgspec.Struct, frozen=True, kw_only=True):
    """[conferences]: of all rooms (conferences.toml)."""

    keep_minutes_days: Annotated[float, Meta(ge=0, le=36500)] = 365
    """0: for ever."""


class ShutdownSection(msgspec.Struct, frozen=True, kw_only=True):
    """[shutdown]"""

    grace_s: Seconds = 30
    """Calls in progress may go on this long after an orderly stop has begun."""


class LogSection(msgspec.Struct, frozen=True, kw_only=True):
    """[log]"""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class TraceSection(msgspec.Struct, frozen=True, kw_only=True):
    """[trace]: what is kept of SIP messages, for `softswitch trace` and `softswitch calls why`."""

    memory_mb: Annotated[int, Meta(ge=2, le=4096)] = 64
    """Of the newest messages, in the switch's memory."""
    keep_calls: Annotated[int, Meta(ge=0, le=1_000_000)] = 2000
    """Failed calls whose messages stay in the store; 0: none."""
    keep_days: Annotated[float, Meta(gt=0, le=3650)] = 30
    """How long they stay at most."""
    homer: str = ""
    """address:port that gets every message as HEP3 over UDP. Empty: none."""
    homer_id: Annotated[int, Meta(ge=0, le=4_294_967_295)] = 2001
    """What Homer knows this switch by (the capture agent's id)."""
    homer_password: str = ""


class AgentsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[agents]: what holds for all agents."""

    not_ready_reasons: tuple[str, ...] = ()
    """The only reasons to be not ready; empty: any, and none."""
    direct_calls_restart_idle: bool = True
    """Whether an agent is idle anew after a call to his extension."""
    outbound_calls_restart_idle: bool = True
    """After a call of his own."""
    breaks_restart_idle: bool = False
    """After having been not ready."""
    supervision_tone: bool = False
    """Agents hear a beep when somebody begins to supervise them."""
    interrupted_by: dict[ChannelName, tuple[ChannelName, ...]] = {}
    """Contacts of which channels interrupt one of this; channels that are not named keep the default."""


class TollSection(msgspec.Struct, frozen=True, kw_only=True):
    """[toll]: calls to the outside that nobody may make, and the limits of those who have none of their own."""

    timezone: str = "UTC"
    """In which days begin."""
    allow: tuple[str, ...] = ()
    """Beginnings of numbers that may be called; empty: all that `deny` does not name."""
    deny: tuple[str, ...] = ()
    hours: str = ""
    """A schedule, outside of which only `night_allow` may be called; empty: always."""
    night_allow: tuple[str, ...] = ()
    calls_max: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Calls to the outside at a time, of each agent and phone; 0: no limit, here and in the next two."""
    calls_per_day: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    minutes_per_day: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class LimitsSection(msgspec.Struct, frozen=True, kw_only=True):
    """[limits]: bounds an operator may have reason to move; all others are in the domains' limits.py."""

    calls: Annotated[int, Meta(ge=1, le=100_000)] = 2000
    """Calls in progress; the next INVITE gets 503 with Retry-After."""
    streams: Annotated[int, Meta(ge=0, le=1000)] = 100
    """Programs that hear or talk to callers, at a time; further ones are refused."""
    contacts_per_phone: Annotated[int, Meta(ge=1, le=100)] = 5
    """Devices that may be registered under one username at a time."""


class NumbersSection(msgspec.Struct, frozen=True, kw_only=True):
    """[numbers]: how telephone numbers are dialled here."""

    country_code: str = ""
    """Empty: numbers are taken as they are."""
    national_prefix: str = ""
    """Before national numbers: "8" in Russia, "0" in Germany."""
    international_prefix: str = ""
    """In place of "+": "810" in Russia, "00" in Germany."""
    national_digits: Annotated[int, Meta(ge=0, le=15)] = 0
    """How long national numbers are without the prefix, where all are of one length; 0: they are not."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of softswitch.toml."""

    sip: SipSection = SipSection()
    tls: TlsSection = TlsSection()
    guard: GuardSection = GuardSection()
    numbers: NumbersSection = NumbersSection()
    media: MediaSection = MediaSection()
    recordings: RecordingsSection = RecordingsSection()
    voicemail: VoicemailSection = VoicemailSection()
    mail: MailSection = MailSection()
    store: StoreSection = StoreSection()
    events: EventsSection = EventsSection()
    dialplans: DialplansSection = DialplansSection()
    sounds: SoundsSection = SoundsSection()
    control: ControlSection = ControlSection()
    web: WebSection = WebSection()
    parking: ParkingSection = ParkingSection()
    conferences: ConferencesSection = ConferencesSection()
    shutdown: ShutdownSection = ShutdownSection()
    log: LogSection = LogSection()
    trace: TraceSection = TraceSection()
    agents: AgentsSection = AgentsSection()
    toll: TollSection = TollSection()
    limits: LimitsSection = LimitsSection()
    warehouse: WarehouseSection = WarehouseSection()
    telemetry: TelemetrySection = TelemetrySection()
