"""Where each address-of-record can be reached (RFC 3261 section 10.3, RFC 3327, RFC 5626): bindings, order and expiry.

A REGISTER is carried out wholly or not at all: everything in it is checked before anything changes.

* A Contact replaces the binding with an equal URI (section 19.1.4) or with the same +sip.instance (RFC 5626): a phone
  that came back under a new address is still one phone.
* A phone that supports outbound numbers its flows with reg-id (RFC 5626 section 6): then instance and reg-id are the
  binding, whatever its URI, and several flows lead to one phone. `phones` puts them together, the newest first. Behind
  a proxy that does not keep flows (no `ob` in a Path) this cannot work, and the phone is told so with 439.
* Within one Call-ID the CSeq must grow (10.3 step 7); a repeated or overtaken REGISTER gets 500.
* An expiry below the minimum gets 423 with Min-Expires, one above the maximum is cut down; 0 removes.
* A full address-of-record loses the binding that would expire first: a phone that takes a new port with every restart
  is not locked out by its own past.
* Parameters of a Contact that mean nothing to us are kept and given back.
* The flow a REGISTER came along is remembered with each binding; when a stream flow closes, its bindings go.

Who may register what has been decided before (reception.py).
"""

from collections.abc import Iterable, Sequence

import msgspec

from softswitch.base.address import Flow
from softswitch.base.deadlines import Deadlines
from softswitch.sip.limits import EXTENSIONS_CHARACTERS_MAX
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.legible import legible, legible_uri
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.option_tags import has_option
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.outputs import Binding, outbound_key
from softswitch.sip.registration.gruu import pub_gruu
from softswitch.sip.security.networks import source_of
from softswitch.sip.settings import RegistrationPolicy

UNDERSTOOD = frozenset({"expires", "q", "+sip.instance", "reg-id"})
"""Contact parameters that become fields of the binding."""

BindingKey = tuple[str, str]
"""Address-of-record and `Binding.key`."""

OUTBOUND = "outbound"
"""The option tag of RFC 5626."""


class Registered(msgspec.Struct, frozen=True):
    """Carried out. `bindings` are all there are now, best first; `is_changed` is False for a mere query.

    `is_outbound`: a flow of RFC 5626 was registered, which the phone must be told (Require, Flow-Timer).
    """

    bindings: list[Binding]
    is_changed: bool
    is_outbound: bool = False


class NotRegistered(msgspec.Struct, frozen=True):
    """Refused; nothing has changed."""

    status: int
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Registrar:
    """All bindings. `wall_offset` is seconds since 1970 minus monotonic seconds."""

    __slots__ = ("_bindings", "_deadlines", "_flows", "_sources", "_wall_offset", "bindings_max", "count", "policy")

    def __init__(self, policy: RegistrationPolicy, bindings_max: int, wall_offset: float) -> None:
        self.policy = policy
        self.bindings_max = bindings_max
        self.count = 0
        """Bindings over all addresses-of-record."""
        self._wall_offset = wall_offset
        self._bindings: dict[str, dict[str, Binding]] = {}
        self._flows: dict[Flow, set[BindingKey]] = {}
        self._sources: dict[str, int] = {}
        """How many flows come from each source."""
        self._deadlines: Deadlines[BindingKey] = Deadlines()

    # Inputs

    def register(self, aor: str, request: Request, flow: Flow, now: float) -> Registered | NotRegistered:
        """Carry out a valid REGISTER by somebody who may."""
        if request.contact_is_star:
            return self._remove_all(aor, request)
        contacts = request.contacts
        if not contacts:
            return Registered(self.bindings(aor), False)
        if len(contacts) > self.policy.contacts_max:
            return NotRegistered(403, "Too Many Contacts")
        is_outbound = any("reg-id" in contact.params for contact in contacts) and supports_outbound(request)
        if is_outbound and _lacks_first_hop(request):
            return NotRegistered(439)
        wanted: list[Binding] = []
        for contact in contacts:
            binding = self._read_contact(aor, contact, request, flow, is_outbound, now)
            if isinstance(binding, NotRegistered):
                return binding
            wanted.append(binding)
        for binding in wanted:
            self._put(binding, now)
        return Registered(self.bindings(aor), True, any(binding.reg_id for binding in wanted))

    def unregister(self, aor: str, contact_uri: str | None) -> bool:
        """Remove one binding, or all of them; False if there was nothing to remove."""
        known = self._bindings.get(aor, {})
        gone = [key for key, binding in known.items() if contact_uri is None or binding.contact_uri == contact_uri]
        for key in gone:
            self._drop(aor, key)
        return bool(gone)

    def restore(self, bindings: Iterable[Binding], now: float, wall: float) -> list[str]:
        """Take over what was known before a restart, with the rest of its life; returns whose bindings still live.

        At start: what is here already is not looked at, and nothing is compared. They were different when they came.
        """
        aors: dict[str, None] = {}
        for binding in bindings:
            left_s = binding.expires_at_wall - wall
            if left_s > 0 and self.count < self.bindings_max:
                expires_at = now + left_s
                if binding.expires_at != expires_at:
                    binding = msgspec.structs.replace(binding, expires_at=expires_at)
                self._add(binding)
                aors[binding.aor] = None
        return list(aors)

    def flow_closed(self, flow: Flow) -> list[str]:
        """A stream connection is gone: so are its bindings. Returns the addresses-of-record concerned."""
        keys = list(self._flows.get(flow, ()))
        for aor, key in keys:
            self._drop(aor, key)
        return sorted({aor for aor, _ in keys})

    # Time

    def next_timeout(self) -> float | None:
        return self._deadlines.next()

    def handle_timeout(self, now: float) -> list[str]:
        """Remove what has expired; returns the addresses-of-record concerned."""
        due = self._deadlines.pop_due(now)
        for aor, key in due:
            self._drop(aor, key)
        return list(dict.fromkeys(aor for aor, _ in due))

    # Getters

    def bindings(self, aor: str) -> list[Binding]:
        """Best first: by q, then the one that expires last."""
        known = self._bindings.get(aor)
        if known is None:
            return []
        if len(known) == 1:
            return list(known.values())
        return sorted(known.values(), key=lambda binding: (-binding.q, -binding.expires_at))

    def all_bindings(self) -> list[Binding]:
        return [binding for aor in self._bindings for binding in self.bindings(aor)]

    def knows(self, flow: Flow) -> bool:
        """Whether a phone is registered along this flow."""
        return flow in self._flows

    def along(self, flow: Flow) -> list[Binding]:
        """What is registered along this flow."""
        return [self._bindings[aor][key] for aor, key in self._flows.get(flow, ())]

    def is_outbound(self, flow: Flow) -> bool:
        """Whether a phone is registered along it that was told how often to show that it is there (RFC 5626)."""
        return any(self._bindings[aor][key].reg_id for aor, key in self._flows.get(flow, ()))

    def has_source(self, source: str) -> bool:
        """Whether a phone is registered from there (networks.py)."""
        return source in self._sources

    # Private

    def _read_contact(
        self, aor: str, contact: NameAddr, request: Request, flow: Flow, is_outbound: bool, now: float
    ) -> Binding | NotRegistered:
        """The binding a Contact asks for; expires_at == now means its removal."""
        policy = self.policy
        expires_s = contact.expires
        if expires_s is None:
            expires_s = request.expires
        if expires_s is None:
            expires_s = policy.expires_default_s
        if 0 < expires_s < policy.expires_min_s:
            return NotRegistered(423, None, (("min-expires", str(policy.expires_min_s)),))
        expires_s = min(expires_s, policy.expires_max_s)
        instance = legible((contact.params.get("+sip.instance") or "").strip('"'))
        reg_id = _read_reg_id(contact) if is_outbound and instance else 0
        call_id, cseq = legible(request.call_id), request.cseq.number
        existing = self._find(aor, contact.uri_text, instance, reg_id)
        if existing is not None and existing.call_id == call_id and cseq <= existing.cseq:
            return NotRegistered(500, "CSeq Out of Order")
        if existing is None and expires_s and self.count >= self.bindings_max:
            return NotRegistered(503, "Too Many Registrations", (("retry-after", "60"),))
        return Binding(
            aor=aor,
            contact_uri=legible_uri(contact.uri_text),
            flow=flow,
            expires_at=now + expires_s,
            expires_at_wall=now + expires_s + self._wall_offset,
            call_id=call_id,
            cseq=cseq,
            q=1.0 if contact.q is None else contact.q,
            user_agent=legible(request.get("user-agent") or ""),
            path=tuple(map(legible_uri, request.get_all("path"))) if request.get("path") else (),
            instance=instance,
            extensions=_extensions(contact) if contact.params.keys() - UNDERSTOOD else "",
            reg_id=reg_id,
        )

    def _remove_all(self, aor: str, request: Request) -> Registered | NotRegistered:
        """`Contact: *` (10.3 step 6): only with Expires 0."""
        if request.expires != 0:
            return NotRegistered(400, "Contact * Needs Expires 0")
        known = self._bindings.get(aor, {})
        call_id = legible(request.call_id)
        if any(each.call_id == call_id and request.cseq.number <= each.cseq for each in known.values()):
            return NotRegistered(500, "CSeq Out of Order")
        return Registered([], self.unregister(aor, None))

    def _find(self, aor: str, contact_uri: str, instance: str, reg_id: int) -> Binding | None:
        """The binding a Contact means."""
        known = self._bindings.get(aor)
        if known is None:
            return None
        if reg_id:
            return known.get(outbound_key(instance, reg_id))
        found = known.get(legible_uri(contact_uri))
        if found is not None:
            return found
        uri = parse_uri(contact_uri)
        for binding in known.values():
            if binding.reg_id:
                continue
            if instance and binding.instance == instance:
                return binding
            other = parse_uri(binding.contact_uri)
            if isinstance(uri, SipUri) and isinstance(other, SipUri) and uri.matches(other):
                return binding
        return None

    def _put(self, binding: Binding, now: float) -> None:
        aor = binding.aor
        existing = self._find(aor, binding.contact_uri, binding.instance, binding.reg_id)
        if existing is not None:
            if existing.key == binding.key and existing.flow == binding.flow and binding.expires_at > now:
                self._bindings[aor][binding.key] = binding
                self._deadlines.set((aor, binding.key), binding.expires_at)
                return
            self._drop(aor, existing.key)
        if binding.expires_at <= now:
            return
        known = self._bindings.get(aor)
        if known is not None and len(known) >= self.policy.contacts_max:
            self._drop(aor, min(known.values(), key=lambda each: each.expires_at).key)
        self._add(binding)

    def _add(self, binding: Binding) -> None:
        aor, key = binding.aor, binding.key
        known = self._bindings.setdefault(aor, {})
        if key in known:
            self._drop(aor, key)
            known = self._bindings.setdefault(aor, {})
        known[key] = binding
        self.count += 1
        keys = self._flows.get(binding.flow)
        if keys is None:
            self._flows[binding.flow] = {(aor, key)}
            source = source_of(binding.flow.remote.host)
            self._sources[source] = self._sources.get(source, 0) + 1
        else:
            keys.add((aor, key))
        self._deadlines.set((aor, key), binding.expires_at)

    def _drop(self, aor: str, key: str) -> None:
        known = self._bindings[aor]
        binding = known.pop(key)
        self.count -= 1
        if not known:
            del self._bindings[aor]
        self._deadlines.cancel((aor, key))
        keys = self._flows[binding.flow]
        keys.discard((aor, key))
        if not keys:
            del self._flows[binding.flow]
            source = source_of(binding.flow.remote.host)
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]


def phones(bindings: Sequence[Binding]) -> list[list[Binding]]:
    """The bindings of an address-of-record by phone: the flows of one in the order to be tried (RFC 5626 section 7)."""
    if not any(binding.reg_id for binding in bindings):
        return [[binding] for binding in bindings]
    by_phone: dict[str, list[Binding]] = {}
    for binding in bindings:
        by_phone.setdefault(binding.instance if binding.reg_id else binding.key, []).append(binding)
    return list(by_phone.values())


def supports_outbound(request: Request) -> bool:
    """Whether the phone says that it knows RFC 5626."""
    return has_option(request, "supported", OUTBOUND)


def _lacks_first_hop(request: Request) -> bool:
    """It came through a proxy that does not say it will keep flows (RFC 5626 section 6)."""
    via = request.get_all("via")
    if len(via) < 2:
        return False
    return not any(is_outbound_uri(path) for path in request.get_all("path"))


def is_outbound_uri(text: str) -> bool:
    """Whether a URI, in angle brackets, has the parameter `ob`."""
    return any(part.lower() == "ob" for part in text.partition("<")[2].partition(">")[0].split(";")[1:])


def _read_reg_id(contact: NameAddr) -> int:
    """1 to 2**31 - 1; 0 for what is none."""
    text = contact.params.get("reg-id") or ""
    return int(text) if len(text) <= 10 and text.isascii() and text.isdigit() and int(text) < 2**31 else 0


def contact_values(bindings: list[Binding], now: float, *, has_gruu: bool = False) -> tuple[tuple[str, str], ...]:
    """Contact headers of a 200 to REGISTER: every binding with the seconds it has left (section 10.3 step 8).

    With `has_gruu` the phone wants to know what leads to it alone (RFC 5627).
    """
    return tuple(
        ("contact", _contact_value(binding, now) + (pub_gruu(binding) if has_gruu else "")) for binding in bindings
    )


def _contact_value(binding: Binding, now: float) -> str:
    text = f"<{binding.contact_uri}>;expires={max(0, round(binding.expires_at - now))}"
    if binding.q != 1.0:
        text += f";q={binding.q:.3g}"
    if binding.instance:
        text += f';+sip.instance="{binding.instance}"'
    if binding.reg_id:
        text += f";reg-id={binding.reg_id}"
    return text + binding.extensions


def _extensions(contact: NameAddr) -> str:
    """The parameters we only give back (section 10.3 step 7 keeps the Contact as it was)."""
    others = {name: value for name, value in contact.params.items() if name not in UNDERSTOOD}
    text = legible("".join(f";{name}" if value is None else f";{name}={value}" for name, value in others.items()))
    return text if len(text) <= EXTENSIONS_CHARACTERS_MAX else ""
