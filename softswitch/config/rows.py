"""The rows of agents.toml, queues.toml, numbers.toml and schedules.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.acd.model import EmptyFactor, NoAnswerState, SkipIf, StrategyName, WhoWaitsAtClosing
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.limits import AGENT_SOUNDS_MAX, RING_TARGETS_MAX
from softswitch.config.limits import AGENT_CONTACTS_MAX, DISPOSITIONS_MAX
from softswitch.config.settings import ChannelName, CodecName, RecordingFormat, Seconds
from softswitch.config.voicemail_rows import PhoneBoxRow

RecordingPolicy = Literal["always", "on_demand", "never"]
SKILL_LEVEL_MAX = 10
SkillLevel = Annotated[int, Meta(ge=1, le=SKILL_LEVEL_MAX)]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$")]
"""What may be a SIP user name without quoting, a file name, and a word of the command line."""
IdentifierOrEmpty = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.+-]{0,63})?$")]


SrtpPolicy = Literal["off", "preferred", "required"]
"""Whether sound is encrypted: never, if the other side can, or else the call is refused."""
DigitMode = Literal["auto", "rfc4733", "inband", "info"]
"""How digits are sent: as the other side can, as telephone events, as tones, or in SIP INFO."""


ReliableRinging = Literal["off", "supported", "required"]
"""Whether provisional responses are acknowledged (PRACK): never, where the other side asks for it, wherever it can."""
SessionTimer = Annotated[int, Meta(ge=0, le=86400)]
"""Seconds after which a call ends unless it is refreshed; 0: there is no timer."""
SESSION_TIMER_S = 1800


class TollRow(msgspec.Struct, frozen=True, kw_only=True):
    """toll = {...} of an agent, a phone or a trunk: calls to the outside, as in [toll]."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    hours: str = ""
    night_allow: tuple[str, ...] = ()
    calls_max: Annotated[int, Meta(ge=0, le=100_000)] = 0
    calls_per_day: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    minutes_per_day: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class ServingRow(msgspec.Struct, frozen=True, kw_only=True):
    """profile = {QUEUE = {...}} of an agent: how he serves one of his queues."""

    order: Annotated[int, Meta(ge=1, le=99)] = 1
    """Callers of his queues with the lowest order come first, however long others wait."""
    delay_s: Annotated[float, Meta(ge=0, le=86400)] = 0
    """He gets only callers who have waited so long."""
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    """How often he is chosen with the strategy "weighted_random", in proportion."""


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[agent]]: a person who answers calls of queues. His phone registers as sip:username@domain."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    username: IdentifierOrEmpty = ""
    """Empty: the id."""
    password: str
    number: str = ""
    """The extension colleagues dial; empty: none."""
    skills: dict[str, SkillLevel] = {}
    queues: tuple[str, ...] | None = None
    """Serves these only; None: every queue whose skills he has."""
    projects: tuple[str, ...] = ()
    """Serves queues of these only, and his own calls are for the first; none: he is there for all."""
    profile: dict[str, ServingRow] = {}
    """By queue; those that are not named have the defaults."""
    pin: Annotated[str, Meta(pattern=r"^([0-9]{4,12})?$")] = ""
    """Digits with which the agent logs in at any phone; empty: only at his own."""
    capacity: dict[ChannelName, Annotated[int, Meta(ge=0, le=AGENT_CONTACTS_MAX)]] = {}
    """Contacts of a channel at once; of those not named 1, of chats 4. Call-backs take the place of a call."""
    language: str = ""
    """Empty: the default language."""
    auto_login: bool = False
    """Logged in and ready as soon as his phone is registered."""
    srtp: SrtpPolicy = "off"
    dtmf: DigitMode = "auto"
    t38: bool = True
    prack: ReliableRinging = "supported"
    session_timer_s: SessionTimer = SESSION_TIMER_S
    follow_redirects: bool = True
    """Where the phone itself says to call instead (3xx), with the permissions of its owner."""
    codecs: tuple[CodecName, ...] = ()
    """Instead of those of [media]; empty: the same."""
    contacts_each_s: Annotated[float, Meta(ge=0, le=600)] = 0
    """Several phones of his ring in the order of their q, each for so long; 0: all at once."""
    call_waiting: bool = True
    """Phones ring for another call during one, unless their owner has switched that off (*43, #43)."""
    calls_max: Annotated[int, Meta(ge=0, le=100)] = 0
    """In so many calls the next caller hears that it is busy; 0: when the phone says so."""
    intercom: bool = False
    """Colleagues may make the phone answer by itself (*80)."""
    call_keys: bool = False
    """While he talks, *1 records, and *2 and a number transfer; a single star reaches the other side later."""
    auto_answer: bool = False
    """The phone answers calls of queues by itself."""
    site: IdentifierOrEmpty = ""
    """Where he sits, a [[site]]; empty: nowhere in particular."""
    allowed_from: tuple[str, ...] = ()
    """Networks the phone may come from; empty: any."""
    tls_only: bool = False
    """The password counts for nothing on a connection that is not encrypted."""
    watched_by: tuple[str, ...] | None = None
    """Ids of those who may see his calls, presence and mailbox; None: everybody his calls and presence."""
    pickup_groups: tuple[Identifier, ...] = ()
    """Who shares one of them may answer calls that ring here (*8, **), and the other way round."""
    teams: tuple[Identifier, ...] = ()
    """To which he belongs; supervisors are set over teams."""
    supervises: tuple[str, ...] = ()
    """Teams whose conversations may be supervised from his phone (*51 to *54); "*": everybody's."""
    toll: TollRow | None = None
    """Limits of his calls to the outside; None: those of [toll]."""
    voicemail: PhoneBoxRow = PhoneBoxRow()
    """His box."""

    @property
    def agent_id(self) -> AgentId:
        return AgentId(self.id)


class PhoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[phone]]: an extension of somebody who is no agent."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    username: IdentifierOrEmpty = ""
    """Empty: the id."""
    password: str
    number: str = ""
    """The extension colleagues dial; empty: none."""
    project: str = ""
    """Whose phone it is; empty: the centre's."""
    srtp: SrtpPolicy = "off"
    dtmf: DigitMode = "auto"
    t38: bool = True
    fax: bool = False
    """It is a fax machine: what it says and hears passes as it is."""
    prack: ReliableRinging = "supported"
    session_timer_s: SessionTimer = SESSION_TIMER_S
    follow_redirects: bool = True
    """Where the phone itself says to call instead (3xx), with the permissions of its owner."""
    codecs: tuple[CodecName, ...] = ()
    """Instead of those of [media]; empty: the same."""
    contacts_each_s: Annotated[float, Meta(ge=0, le=600)] = 0
    """Several phones of his ring in the order of their q, each for so long; 0: all at once."""
    call_waiting: bool = True
    """Phones ring for another call during one, unless their owner has switched that off (*43, #43)."""
    calls_max: Annotated[int, Meta(ge=0, le=100)] = 0
    """In so many calls the next caller hears that it is busy; 0: when the phone says so."""
    intercom: bool = False
    """Colleagues may make the phone answer by itself (*80)."""
    call_keys: bool = False
    """While he talks, *1 records, and *2 and a number transfer; a single star reaches the other side later."""
    allowed_from: tuple[str, ...] = ()
    """Networks the phone may come from; empty: any."""
    tls_only: bool = False
    """The password counts for nothing on a connection that is not encrypted."""
    watched_by: tuple[str, ...] | None = None
    """Ids of those who may see his calls, presence and mailbox; None: everybody his calls and presence."""
    pickup_groups: tuple[Identifier, ...] = ()
    """Who shares one of them may answer calls that ring here (*8, **), and the other way round."""
    supervises: tuple[str, ...] = ()
    """Teams whose conversations may be supervised from this phone (*51 to *54); "*": everybody's."""
    toll: TollRow | None = None
    """Limits of his calls to the outside; None: those of [toll]."""
    voicemail: PhoneBoxRow = PhoneBoxRow()
    """His box."""


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[group]]: phones that ring for a number, or a name, of their own."""

    id: Identifier
    number: str = ""
    """What colleagues dial; empty: only flows do, by the id."""
    project: str = ""
    """For whom it is; empty: for all."""
    members: Annotated[tuple[str, ...], Meta(max_length=RING_TARGETS_MAX)]
    """Ids of agents and phones, or outside numbers."""
    strategy: Literal["parallel", "serial", "delayed"] = "parallel"
    """All at once; one after the other; each joins those who ring already."""
    each_s: Annotated[float, Meta(ge=1, le=600)] = 15
    """How long one is rung before the next."""
    ring_s: Annotated[float, Meta(ge=1, le=3600)] | None = None
    """How long in all; None: 30 seconds, and with "serial" and "delayed" that long for the last."""


class Announcements(msgspec.Struct, frozen=True, kw_only=True):
    """announce = {...} of a queue: what callers are told while they wait."""

    first_after_s: Seconds = 20
    every_s: Annotated[float, Meta(ge=5, le=86400)] = 60
    position: bool = True
    estimated_wait: bool = True
    texts: tuple[str, ...] = ()
    """Names of prompts, one each time, in turn."""
    texts_every_s: Annotated[float, Meta(ge=5, le=86400)] = 60


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """steps = [{...}] of a queue: to whom callers are given, and for how long only to those and who came before."""

    skills: dict[str, SkillLevel] = {}
    """Required in this step beyond what the queue requires, and so is `requirement`."""
    requirement: str = ""
    preferred: dict[str, SkillLevel] = {}
    """Of the agents of this step, who has more of these comes first."""
    strategy: StrategyName | None = None
    """None: that of the queue."""
    for_s: Annotated[float, Meta(ge=0, le=86400)] | None = None
    """How long it lasts; 0: the next opens at once; None: for the last."""
    skip_if: SkipIf | None = None
    """It is over as soon as nobody is there who serves it."""


Percent = Annotated[float, Meta(ge=1, le=100)]


class RescueRow(msgspec.Struct, frozen=True, kw_only=True):
    """rescue = {...} of a queue: what is done when its service level over the last while falls below a threshold."""

    below: Percent
    """Per cent of the callers answered within `service_level_s`."""
    until: Percent
    """It is over when the level is there again."""
    window_s: Annotated[float, Meta(ge=60, le=86400)] = 900
    """How long "the last while" is."""
    hold_s: Seconds = 120
    """It lasts at least so long."""
    judged_min: Annotated[int, Meta(ge=1, le=10_000)] = 5
    """Of fewer callers the level says nothing."""
    agents: tuple[str, ...] = ()
    """They serve the queue then, if they have its skills, and not otherwise."""
    older_s: Seconds = 0
    """Its callers count as having waited so much longer, against those of other queues."""


class CallbacksRow(msgspec.Struct, frozen=True, kw_only=True):
    """callbacks = {...} of a queue: callers may be called back instead of waiting."""

    first: Literal["agent", "customer"] = "agent"
    """Who is called first: the agent, who hears it ring at the customer's; or the customer, when it is his turn."""
    attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    """So often a customer is tried who does not answer ..."""
    retry_s: Annotated[float, Meta(ge=10, le=86400)] = 600
    """... after so long each time."""
    expires_s: Annotated[float, Meta(ge=60, le=2_592_000)] = 86400
    """After this nobody is called any more."""
    hours: str = ""
    """The schedule within which customers may be called; empty: at any time."""
    through: str = ""
    """Id of the agent or phone whose trunks and limits are used; empty: the agent's own."""
    ring_s: Annotated[float, Meta(ge=5, le=120)] = 30


class HookRow(msgspec.Struct, frozen=True, kw_only=True):
    """hook = {...} of a queue: a service that is asked before an agent is alerted, and may choose another or veto."""

    url: str
    """http:// or https://; of https the certificate is checked."""
    deadline_ms: Annotated[int, Meta(ge=10, le=5000)] = 200
    """It has so long to answer; then the switch's own decision stands."""
    secret: str = ""
    """Signs the questions; empty: they are not signed."""


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[queue]]: where callers wait for an agent who has the skills."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    project: str = ""
    """For whom it works, an id of projects.toml; empty: for all."""
    skills: dict[str, SkillLevel] = {}
    """Required of an agent, with the lowest level that will do; none: anybody."""
    requirement: str = ""
    """Required as well, as an expression: "billing >= 8 and (english or german >= 3) and not trainee"."""
    preferred: dict[str, SkillLevel] = {}
    """Who has more of these comes first."""
    strategy: StrategyName = "longest_idle"
    """Who of several free agents is called."""
    steps: tuple[StepRow, ...] = ()
    """Whom callers are given to one after the other; empty: at once to all who have the skills."""
    ring_timeout_s: Annotated[float, Meta(ge=1, le=600)] = 15
    wrap_up_s: Seconds = 10
    wrap_up_max_s: Annotated[float, Meta(ge=0, le=3600)] = 300
    """However often it is extended, and however long a disposition is missing; never less than `wrap_up_s`."""
    dispositions: Annotated[tuple[str, ...], Meta(max_length=DISPOSITIONS_MAX)] = ()
    """What agents can say came of a contact."""
    disposition_required: bool = False
    """Wrap-up lasts until the agent has said it."""
    prefer_site: bool = False
    """Callers come first to the agents of the site of their region."""
    max_wait_s: Annotated[float, Meta(ge=1, le=86400)] = 600
    max_length: Annotated[int, Meta(ge=1, le=100_000)] = 100
    overflow: str = "hangup"
    """ "queue:ID", "flow:NAME" or "hangup": after `max_wait_s`, and where the next four say nothing else."""
    overflow_full: str = ""
    """For a caller who finds it full; empty, as in the next three: that of `overflow`."""
    overflow_empty: str = ""
    """When nobody is there for it (`join_empty`, `leave_when_empty`)."""
    overflow_closed: str = ""
    """For a caller who finds it closed, and with at_closing = "overflow" those who wait then."""
    overflow_predicted: str = ""
    """For a caller who would wait longer than `max_predicted_wait_s`."""
    max_predicted_wait_s: Annotated[float, Meta(ge=1, le=86400)] | None = None
    join_empty: tuple[EmptyFactor, ...] = ()
    """Refused while each of its agents is logged out or in one of these conditions; none: everybody is taken."""
    leave_when_empty: tuple[EmptyFactor, ...] = ()
    """And who waits leaves; none: he stays."""
    leave_when_empty_after_s: Seconds = 0
    """Not before it has been so for this time: a phone that registers anew is away for a moment."""
    hours: str = ""
    """A schedule, outside of which it is closed; empty: it is always open."""
    at_closing: WhoWaitsAtClosing = "finish"
    """Who waits then is still served, hears `closing_prompt` and is let go, or goes where `overflow_closed` leads."""
    closing_prompt: str = "greeting/closed"
    last_agent_s: Seconds = 0
    """A caller waits so long for the agent he talked to last alone, if that one is there and serves the queue."""
    keep_place_s: Seconds = 0
    """A caller who hangs up, or is cut off, while he waits and calls again within this time has his place back."""
    repeat_within_s: Seconds = 0
    """Who calls again so soon after any call ..."""
    repeat_boost_s: Seconds = 0
    """... counts as if he had waited so much longer."""
    rescue: RescueRow | None = None
    hook: HookRow | None = None
    exit_keys: dict[str, str] = {}
    """Where a caller who waits goes with a key: "queue:ID", "flow:NAME", or "return" to the flow that queued him."""
    callbacks: CallbacksRow | None = None
    """Without it nobody is called back."""
    survey: str = ""
    """What a caller is asked when his agent has hung up, an id of surveys.toml; empty: nothing."""
    survey_percent: Annotated[float, Meta(gt=0, le=100)] = 100
    """So many of a hundred callers are asked."""
    music: str = ""
    """Empty: that of [sounds]."""
    agent_hears: Annotated[tuple[str, ...], Meta(max_length=AGENT_SOUNDS_MAX)] = ()
    """Sounds for the agent before he hears the caller: a tone, the name of the client company."""
    service_level_s: Annotated[float, Meta(ge=1, le=86400)] = 20
    short_abandon_s: Annotated[float, Meta(ge=0, le=600)] | None = None
    announce: Announcements = Announcements()
    no_answer_limit: Annotated[int, Meta(ge=1, le=100)] = 1
    """An agent who lets this many calls ring in a row becomes not ready."""
    no_answer_state: NoAnswerState = "not_ready"
    """What he becomes then."""
    no_answer_reason: str = ""
    """With which reason; empty: "no answer" or "declined"."""
    declines_count: bool = True
    """Whether calls he declines count among those he lets ring."""
    record: bool | RecordingPolicy | None = None
    """Whether conversations are recorded; true is "always", false is "never"; None: as its project says, or always."""
    recording_format: RecordingFormat | None = None
    """None: that of its project, or of [recordings], here and in the next; then that of [recordings]."""
    keep_recordings_days: Annotated[float, Meta(ge=0, le=36500)] | None = None
    beep_every_s: Annotated[float, Meta(ge=0, le=3600)] | None = None

    @property
    def queue_id(self) -> QueueId:
        return QueueId(self.id)


class BoostRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[boost]]: callers who come earlier, as if they had waited longer. All that apply are added up."""

    id: Identifier
    boost_s: Annotated[float, Meta(ge=-86400, le=86400)]
    """Less than 0: later."""
    queues: tuple[str, ...] = ()
    """In these queues only; none, here and below: the condition always holds."""
    projects: tuple[str, ...] = ()
    """In the queues of these projects."""
    callers: tuple[str, ...] = ()
    """Numbers, or patterns as in numbers.toml: a list of important customers, a region."""
    called: tuple[str, ...] = ()
    """The number they have called, likewise."""
    lists: tuple[str, ...] = ()
    """Callers who are in one of these lists of callers.toml."""
    regions: tuple[str, ...] = ()
    """Callers from one of these regions of callers.toml."""


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[site]]: where agents sit."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    max_calls: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """Calls of queues its agents are alerted for, or talk in, at once; None: any number."""
    regions: tuple[str, ...] = ()
    """Regions of callers.toml whose callers come first to its agents (`prefer_site`)."""


class RouteRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[route]]: which flow a called number leads to. Compiled by dialplan/numbers.py."""

    number: str
    flow: str
    hours: str | None = None
    otherwise: str | None = None
    record: RecordingPolicy | None = None
    """For conversations of these calls; None: as the queue says."""
    project: str = ""
    """Whose number it is: the call is its, and so is all that is recorded and counted of it; empty: nobody's."""
    fax_flow: str | None = None
    """Where a caller goes who is a fax machine; None: nobody listens for faxes."""


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[schedule]]: opening hours. Compiled by dialplan/schedule.py."""

    id: Identifier
    project: str = ""
    """Whose hours they are; empty: anybody's."""
    timezone: str = ""
    """Empty: that of its project, or UTC."""
    hours: dict[str, tuple[str, ...]] = {}
    holidays: dict[str, tuple[str, ...]] = {}
