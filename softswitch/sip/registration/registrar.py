"""Where each address-of-record can be reached (RFC 3261 section 10.3, RFC 3327): bindings, their order and expiry.

A REGISTER is carried out wholly or not at all: everything in it is checked before anything changes.

* A Contact replaces the binding with an equal URI (section 19.1.4) or with the same +sip.instance (RFC 5626): a phone
  that came back under a new address is still one phone.
* Within one Call-ID the CSeq must grow (10.3 step 7); a repeated or overtaken REGISTER gets 500.
* An expiry below the minimum gets 423 with Min-Expires, one above the maximum is cut down; 0 removes.
* A full address-of-record loses the binding that would expire first: a phone that takes a new port with every restart
  is not locked out by its own past.
* Parameters of a Contact that mean nothing to us are kept and given back.
* The flow a REGISTER came along is remembered with each binding; when a stream flow closes, its bindings go.

Who may register what has been decided before (reception.py).
"""

from collections.abc import Iterable

import msgspec

from softswitch.base.address import Flow
from softswitch.base.deadlines import Deadlines
from softswitch.sip.limits import EXTENSIONS_CHARACTERS_MAX
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.legible import legible, legible_uri
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.outputs import Binding
from softswitch.sip.settings import RegistrationPolicy

UNDERSTOOD = frozenset({"expires", "q", "+sip.instance"})
"""Contact parameters that become fields of the binding."""

BindingKey = tuple[str, str]
"""Address-of-record and contact URI."""


class Registered(msgspec.Struct, frozen=True):
    """Carried out. `bindings` are all there are now, best first; `is_changed` is False for a mere query."""

    bindings: list[Binding]
    is_changed: bool


class NotRegistered(msgspec.Struct, frozen=True):
    """Refused; nothing has changed."""

    status: int
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Registrar:
    """All bindings. `wall_offset` is seconds since 1970 minus monotonic seconds."""

    __slots__ = ("_bindings", "_deadlines", "_flows", "_wall_offset", "bindings_max", "count", "policy")

    def __init__(self, policy: RegistrationPolicy, bindings_max: int, wall_offset: float) -> None:
        self.policy = policy
        self.bindings_max = bindings_max
        self.count = 0
        """Bindings over all addresses-of-record."""
        self._wall_offset = wall_offset
        self._bindings: dict[str, dict[str, Binding]] = {}
        self._flows: dict[Flow, set[BindingKey]] = {}
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
        wanted: list[Binding] = []
        for contact in contacts:
            binding = self._read_contact(aor, contact, request, flow, now)
            if isinstance(binding, NotRegistered):
                return binding
            wanted.append(binding)
        for binding in wanted:
            self._put(binding, now)
        return Registered(self.bindings(aor), True)

    def unregister(self, aor: str, contact_uri: str | None) -> bool:
        """Remove one binding, or all of them; False if there was nothing to remove."""
        known = self._bindings.get(aor, {})
        gone = [uri for uri in known if contact_uri is None or uri == contact_uri]
        for uri in gone:
            self._drop(aor, uri)
        return bool(gone)

    def restore(self, bindings: Iterable[Binding], now: float, wall: float) -> int:
        """Take over what was known before a restart, with the rest of its life; returns how many still live."""
        restored = 0
        for binding in bindings:
            left_s = binding.expires_at_wall - wall
            if left_s > 0 and self.count < self.bindings_max:
                self._put(msgspec.structs.replace(binding, expires_at=now + left_s), now)
                restored += 1
        return restored

    def flow_closed(self, flow: Flow) -> list[str]:
        """A stream connection is gone: so are its bindings. Returns the addresses-of-record concerned."""
        keys = list(self._flows.get(flow, ()))
        for aor, uri in keys:
            self._drop(aor, uri)
        return sorted({aor for aor, _ in keys})

    # Time

    def next_timeout(self) -> float | None:
        return self._deadlines.next()

    def handle_timeout(self, now: float) -> list[str]:
        """Remove what has expired; returns the addresses-of-record concerned."""
        due = self._deadlines.pop_due(now)
        for aor, uri in due:
            self._drop(aor, uri)
        return list(dict.fromkeys(aor for aor, _ in due))

    # Getters

    def bindings(self, aor: str) -> list[Binding]:
        """Best first: by q, then the one that expires last."""
        known = self._bindings.get(aor)
        if known is None:
            return []
        return sorted(known.values(), key=lambda binding: (-binding.q, -binding.expires_at))

    def all_bindings(self) -> list[Binding]:
        return [binding for aor in self._bindings for binding in self.bindings(aor)]

    def knows(self, flow: Flow) -> bool:
        """Whether a phone is registered along this flow."""
        return flow in self._flows

    # Private

    def _read_contact(
        self, aor: str, contact: NameAddr, request: Request, flow: Flow, now: float
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
        call_id, cseq = legible(request.call_id), request.cseq.number
        existing = self._find(aor, contact, instance)
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

    def _find(self, aor: str, contact: NameAddr, instance: str) -> Binding | None:
        """The binding a Contact means."""
        known = self._bindings.get(aor)
        if known is None:
            return None
        found = known.get(legible_uri(contact.uri_text))
        if found is not None:
            return found
        uri = contact.uri
        for binding in known.values():
            if instance and binding.instance == instance:
                return binding
            other = parse_uri(binding.contact_uri)
            if isinstance(uri, SipUri) and isinstance(other, SipUri) and uri.matches(other):
                return binding
        return None

    def _put(self, binding: Binding, now: float) -> None:
        existing = self._find(binding.aor, NameAddr("", binding.contact_uri), binding.instance)
        if existing is not None:
            self._drop(existing.aor, existing.contact_uri)
        if binding.expires_at <= now:
            return
        known = self._bindings.setdefault(binding.aor, {})
        if len(known) >= self.policy.contacts_max:
            self._drop(binding.aor, min(known.values(), key=lambda each: each.expires_at).contact_uri)
            known = self._bindings.setdefault(binding.aor, {})
        key = (binding.aor, binding.contact_uri)
        known[binding.contact_uri] = binding
        self.count += 1
        self._flows.setdefault(binding.flow, set()).add(key)
        self._deadlines.set(key, binding.expires_at)

    def _drop(self, aor: str, uri: str) -> None:
        known = self._bindings[aor]
        binding = known.pop(uri)
        self.count -= 1
        if not known:
            del self._bindings[aor]
        self._deadlines.cancel((aor, uri))
        keys = self._flows[binding.flow]
        keys.discard((aor, uri))
        if not keys:
            del self._flows[binding.flow]


def contact_values(bindings: list[Binding], now: float) -> tuple[tuple[str, str], ...]:
    """Contact headers of a 200 to REGISTER: every binding with the seconds it has left (section 10.3 step 8)."""
    return tuple(("contact", _contact_value(binding, now)) for binding in bindings)


def _contact_value(binding: Binding, now: float) -> str:
    text = f"<{binding.contact_uri}>;expires={max(0, round(binding.expires_at - now))}"
    if binding.q != 1.0:
        text += f";q={binding.q:.3g}"
    if binding.instance:
        text += f';+sip.instance="{binding.instance}"'
    return text + binding.extensions


def _extensions(contact: NameAddr) -> str:
    """The parameters we only give back (section 10.3 step 7 keeps the Contact as it was)."""
    others = {name: value for name, value in contact.params.items() if name not in UNDERSTOOD}
    text = legible("".join(f";{name}" if value is None else f";{name}={value}" for name, value in others.items()))
    return text if len(text) <= EXTENSIONS_CHARACTERS_MAX else ""
