"""What calls need to know from the configuration: who can be reached where, how queues sound, limits.

One frozen value; a reload replaces it whole. Calls in progress look things up when they need them.
"""

from enum import Enum
from functools import cached_property

import msgspec

from softswitch.acd.model import ToFlow, ToQueue, WhoWaitsAtClosing
from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId
from softswitch.calls.boosts import BoostRule
from softswitch.calls.callback_book import CallbackTerms
from softswitch.calls.caller_lists import CallerList, RegionMap
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.digit_mode import DigitMode
from softswitch.calls.programs import Program
from softswitch.calls.ringing import EACH_S, RingStrategy
from softswitch.calls.toll_policy import TollRules
from softswitch.calls.voice_box import VoiceBox
from softswitch.sip.authentication.auth_server import Credential
from softswitch.sip.description.offer_answer import MediaCapabilities
from softswitch.sip.description.sdes import SrtpPolicy
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.routing.next_hop import is_address
from softswitch.sip.settings import PLAIN_SESSION, SessionPolicy
from softswitch.sip.trunks.identity import IdentityRules
from softswitch.sip.trunks.limits import TRUNKS_PER_ROUTE_MAX
from softswitch.sip.trunks.numbers import Habits, NumberTranslation, normalised
from softswitch.sip.trunks.selection import OutboundRoute, route_for


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that may register: a person's, and an agent's if `agent_id` says so."""

    username: str
    name: str = ""
    number: str = ""
    agent_id: AgentId | None = None
    trunks: frozenset[str] = frozenset()
    """Names of the trunks this phone may call out through; empty = no outside calls."""
    srtp: SrtpPolicy = "off"
    dtmf: DigitMode = "auto"
    t38: bool = True
    """It may offer T.38, and be offered it."""
    is_fax: bool = False
    """It is a fax machine."""
    session: SessionPolicy = PLAIN_SESSION
    codecs: tuple[str, ...] = ()
    """Instead of those of everybody; empty: the same."""
    contacts_each_s: float = 0.0
    """Several phones of his ring in the order of their q, each for so long; 0: all at once."""
    call_waiting: bool = True
    """They ring for another call during one, unless their owner has chosen otherwise."""
    calls_max: int = 0
    """In so many calls he is busy; 0: when the phones say so."""
    intercom: bool = False
    """Colleagues may make a phone of his answer by itself."""
    call_keys: bool = False
    """Keys pressed while its owner talks command the switch (calls/call_keys.py)."""
    pin: str = ""
    """With it its agent logs in at other phones; empty: he cannot."""
    auto_answer: bool = False
    """Calls of queues are answered by the phone itself."""
    language: str = ""
    """Of its owner; empty: that of the call."""
    projects: tuple[str, ...] = ()
    """For whom alone he works; none: for all. His own calls are for the first."""
    teams: frozenset[str] = frozenset()
    """Of its owner."""
    supervises: frozenset[str] = frozenset()
    """Teams whose conversations may be supervised from this phone; "*": everybody's."""
    pickup_groups: frozenset[str] = frozenset()
    """Who shares one of them may answer calls that ring here, and the other way round."""


class RingGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Extensions, or outside numbers, that are rung in place of a number or name of their own."""

    name: str
    number: str = ""
    project: str = ""
    """Whose it is; "": nobody's, for all."""
    members: tuple[str, ...] = ()
    strategy: RingStrategy = "parallel"
    each_s: float = EACH_S
    ring_s: float | None = None
    """How long at most; None: as everybody."""


class TrunkRoute(msgspec.Struct, frozen=True, kw_only=True):
    """How calls to the outside are made through one provider. `prefix` is what numbers begin with that it carries,
    unless a route names it (`CallSettings.outbound`)."""

    name: str
    host: str
    port: int = 0
    """0: what the records of the name say, else that of the transport."""
    transport: str = "udp"
    """"auto": what the records of the name prefer."""
    domain: str = ""
    """Of the provider, where it is not `host`, which is the outbound proxy then."""
    prefix: str = ""
    calling_number: str = ""
    """Shown to the network instead of the extension's own number, where the provider wants that."""
    username: str = ""
    """Our account there."""
    credentials: Credential | None = None
    """For a provider that challenges our calls; used for nobody else's challenges."""
    numbers: NumberTranslation = NumberTranslation()
    identity: IdentityRules | None = None
    """None: the number in From, at our domain, and nothing else."""
    quirks: frozenset[str] = frozenset()

    @property
    def proxy_route(self) -> str:
        """What leads to `host` when the Request-URI names another."""
        return proxy_route(self.host, self.port, self.transport)


def proxy_route(host: str, port: int, transport: str) -> str:
    """A Route value for an outbound proxy (RFC 3261 section 8.1.2)."""
    server = server_uri(host, port, transport)
    return f"<{SipUri(host=host, port=server.port, params={**server.params, 'lr': None})}>"


def server_uri(host: str, port: int, transport: str) -> SipUri:
    """The URI of a server; port 0 and the transport "auto" leave it to the records of its name (RFC 3263).

    UDP is what an address and a port mean without saying so, but not a name.
    """
    is_plain = transport == "auto" or (transport == "udp" and (port or is_address(host)))
    return SipUri(host=host, port=port or None, params={} if is_plain else {"transport": transport})


class RecordingPolicy(Enum):
    """Whether conversations are recorded."""

    ALWAYS = "always"
    ON_DEMAND = "on_demand"
    """Not before somebody asks for it: the flow, an operator."""
    NEVER = "never"
    """Nor even then."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A client company, as its calls see it. What is empty is as everywhere."""

    id: str
    name: str = ""
    contact: str = ""
    """An e-mail address."""
    language: str = ""
    timezone: str = "UTC"
    hours: str = ""
    """The schedule that is meant where a flow names none."""
    recording: RecordingPolicy | None = None
    """Where neither the flow nor the number nor the queue says anything."""
    recording_notice: str = ""
    """A sound before the first conversation that is recorded."""
    music: str = ""
    calling_number: str = ""
    """Shown to whoever is called for it through a trunk."""
    calls_max: int = 0
    """0: no limit."""
    status_when_full: int = 503


NO_PROJECT = Project(id="")


class QueueTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue sounds, when it is open, and what is kept of it."""

    project: str = ""
    """Whose queue it is; "": nobody's, for all."""
    music: str = "default"
    recording: RecordingPolicy | None = RecordingPolicy.ALWAYS
    """None: as the project of the call says, or always."""
    beep_every_s: float = 0.0
    """How often recorded parties hear that they are; 0: never."""
    hours: str = ""
    """The schedule outside of which it is closed; empty: it has none."""
    at_closing: WhoWaitsAtClosing = "finish"
    """What becomes of those who wait when its hours are over."""
    closing_prompt: str = "greeting/closed"
    """What they hear who are let go because it has closed."""
    exit_keys: dict[str, ToQueue | ToFlow | None] = {}
    """Where who waits goes when he presses a key; None: back to the flow that put him there."""
    callbacks: CallbackTerms | None = None
    """How it calls back; None: it does not."""
    prefers_site: bool = False
    """Callers come first to the agents of the site of their region."""
    agent_hears: tuple[str, ...] = ()
    """Sounds for the agent before he hears the caller."""


class CallSettings(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    domain: str
    media_ip: str
    """The address phones are told to send their RTP to."""
    recordings_directory: str
    voicemail_directory: str = ""
    recording_key_file: str = ""
    """What recordings and voice messages at rest are encrypted with; "": they are not."""
    """Of messages and greetings; they are in no index of recordings."""
    voice_boxes: dict[str, VoiceBox] = {}
    """By id, which is the user name where the box is an extension's."""
    mask_max_s: float = 300.0
    """A masked recording goes on after this time at the latest."""
    beep_every_s: float = 0.0
    """Where no queue says otherwise."""
    toll: dict[str, TollRules] = {}
    """Limits of calls to the outside, by subject ("phone:anna", "trunk:provider")."""
    capabilities: MediaCapabilities = MediaCapabilities()
    language: str = "en"
    tones: str = "us"
    calls_max: int = 2000
    retry_after_s: int = 5
    """What callers beyond `calls_max` are told."""
    traces_max: int = 2000
    """Failed calls whose messages are kept; 0: none."""
    trace_days: float = 30.0
    ring_s: float = 30.0
    """How long `dial` rings when the flow does not say."""
    extensions: dict[str, Extension] = {}
    groups: dict[str, RingGroup] = {}
    parking_slots: tuple[str, ...] = ()
    parking_s: float = 120.0
    """How long somebody is parked when the flow does not say."""
    trunks: tuple[TrunkRoute, ...] = ()
    outbound: tuple[OutboundRoute, ...] = ()
    habits: Habits = Habits()
    """How numbers are dialled here."""
    sharing_parties: frozenset[str] = frozenset()
    """Whose voice comes from where their SDP says, so that they may share ports: "trunk:provider"."""
    is_voice_from_anywhere: bool = False
    """Voice that does not come from where the SDP says is accepted from any host, not only the signalling's."""
    lamps_show_parties: bool = False
    """Who watches an extension's calls, or a parking slot, reads with whom it talks, or who is there."""
    is_mwi_unsolicited: bool = False
    """Phones are told of waiting messages without having asked."""
    programs: dict[str, Program] = {}
    """That may be given calls' sound."""
    streams_max: int = 100
    """Of all calls together."""
    projects: dict[str, Project] = {}
    agent_projects: dict[AgentId, tuple[str, ...]] = {}
    """Of all agents: for whom alone each works; none: for all."""
    supervision_tone: bool = False
    """Agents hear it when somebody begins to supervise them."""
    not_ready_reasons: tuple[str, ...] = ()
    queues: dict[str, QueueTreatment] = {}
    caller_lists: dict[str, CallerList] = {}
    regions: RegionMap = RegionMap()
    conferences: dict[str, RoomTerms] = {}
    minutes_days: float = 365.0
    """How long the minutes of conferences are kept; 0: for ever."""
    boosts: tuple[BoostRule, ...] = ()
    """Who comes earlier in queues."""
    site_of_region: dict[str, str] = {}
    """By region, whose agents its callers come to first where a queue `prefers_site`."""
    srtp_of_trunks: dict[str, SrtpPolicy] = {}
    """By name, of those whose sound is not always in the clear."""
    dtmf_of_trunks: dict[str, DigitMode] = {}
    trunks_without_t38: frozenset[str] = frozenset()
    sessions_of_trunks: dict[str, SessionPolicy] = {}
    codecs_of_trunks: dict[str, tuple[str, ...]] = {}
    """By name, of those that have not everybody's."""

    def capabilities_for(self, codecs: tuple[str, ...]) -> MediaCapabilities:
        """Those of a party with these codecs of its own, or none."""
        return msgspec.structs.replace(self.capabilities, codecs=codecs) if codecs else self.capabilities

    def extension_for(self, target: str) -> Extension | None:
        """The extension with this user name, or with this number."""
        return self.extensions.get(target) or self._by_number.get(target)

    def voice_box_for(self, name: str) -> VoiceBox | None:
        """The box with this id, or with this number."""
        return self.voice_boxes.get(name) or self._box_by_number.get(name)

    def voice_box_of_queue(self, queue_id: str) -> VoiceBox | None:
        """The box whose messages are the queue's contacts, or that has its id."""
        of_queue = (box for box in self.voice_boxes.values() if queue_id and box.queue == queue_id)
        return self.voice_boxes.get(queue_id) or next(of_queue, None)

    def voice_boxes_of(self, username: str) -> list[VoiceBox]:
        """Those that an extension's phone opens without a PIN, its own first."""
        return self._boxes_by_member.get(username, [])

    def pickup_members(self, extension: Extension) -> list[Extension]:
        """The others whose calls the extension may answer."""
        if not extension.pickup_groups:
            return []
        return [
            each
            for each in self.extensions.values()
            if each.username != extension.username and not extension.pickup_groups.isdisjoint(each.pickup_groups)
        ]

    def group_for(self, target: str) -> RingGroup | None:
        """The group with this name, or with this number."""
        return self.groups.get(target) or self._group_by_number.get(target) if self.groups else None

    def extension_of_agent(self, agent_id: AgentId) -> Extension | None:
        return self._by_agent.get(agent_id)

    def learn_from(self, signalling: HostPort | None) -> str | None:
        """The host that voice may come from besides the SDP's, for the media workers; None: any."""
        if self.is_voice_from_anywhere:
            return None
        return "" if signalling is None else signalling.host

    def outbound_for(self, number: str) -> OutboundRoute | None:
        """Which trunks carry a number, by how it was dialled or by its international form."""
        return route_for(self._outbound_routes, dict.fromkeys((number, normalised(number, self.habits))))

    def trunk_named(self, name: str) -> TrunkRoute | None:
        return self._trunk_by_name.get(name)

    @cached_property
    def _trunk_by_name(self) -> dict[str, TrunkRoute]:
        return {trunk.name: trunk for trunk in self.trunks}

    @cached_property
    def _outbound_routes(self) -> list[OutboundRoute]:
        """Those that are configured, and one for each prefix of the trunks that none of them names."""
        named = {name for route in self.outbound for name in route.trunks}
        by_prefix: dict[str, list[str]] = {}
        for trunk in self.trunks:
            if trunk.name not in named:
                by_prefix.setdefault(trunk.prefix, []).append(trunk.name)
        prefixes = [
            OutboundRoute(number=f"{prefix}!", trunks=tuple(names[:TRUNKS_PER_ROUTE_MAX]))
            for prefix, names in by_prefix.items()
        ]
        return [*self.outbound, *prefixes]

    @cached_property
    def _by_number(self) -> dict[str, Extension]:
        return {each.number: each for each in reversed(self.extensions.values()) if each.number}

    @cached_property
    def _group_by_number(self) -> dict[str, RingGroup]:
        return {each.number: each for each in reversed(self.groups.values()) if each.number}

    @cached_property
    def _box_by_number(self) -> dict[str, VoiceBox]:
        return {each.number: each for each in reversed(self.voice_boxes.values()) if each.number}

    @cached_property
    def _boxes_by_member(self) -> dict[str, list[VoiceBox]]:
        found: dict[str, list[VoiceBox]] = {}
        for each in sorted(self.voice_boxes.values(), key=lambda box: not box.owner):
            for username in {each.owner, *each.members} - {""}:
                found.setdefault(username, []).append(each)
        return found

    @cached_property
    def _by_agent(self) -> dict[AgentId, Extension]:
        return {each.agent_id: each for each in reversed(self.extensions.values()) if each.agent_id is not None}
