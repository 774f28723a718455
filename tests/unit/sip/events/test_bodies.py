"""What NOTIFYs say, and what published documents are read as."""

import xml.etree.ElementTree as ElementTree

import pytest

from softswitch.sip.events.dialog_info import DialogInfo, WatchedDialog
from softswitch.sip.events.limits import XML_BYTES_MAX
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.events.presence import Presence, read_presence
from softswitch.sip.events.reg_event import RegisteredContact, Registration
from softswitch.sip.events.xml import Unreadable

ENTITY = "sip:201@switch.example"
DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"


def test_calls_are_told_with_whom_only_if_it_is_known() -> None:
    hidden = WatchedDialog(id="a", state="early", direction="recipient")
    shown = WatchedDialog(
        id="b", state="confirmed", direction="initiator", remote_uri="sip:5@x", remote_display='Eve "\x07&<'
    )
    root = ElementTree.fromstring(DialogInfo((hidden, shown)).render(ENTITY, 3))
    assert (root.tag, root.attrib) == (
        f"{DIALOG}dialog-info",
        {"version": "3", "state": "full", "entity": ENTITY},
    )
    first, second = root
    assert [child.tag for child in first] == [f"{DIALOG}state"]
    assert first.attrib == {"id": "a", "direction": "recipient"}
    identity = second.find(f"{DIALOG}remote/{DIALOG}identity")
    assert identity is not None
    assert (identity.text, identity.get("display")) == ("sip:5@x", 'Eve "&<')


def test_no_calls_are_one_that_is_over() -> None:
    (dialog,) = ElementTree.fromstring(DialogInfo().render(ENTITY, 0))
    assert [(child.tag, child.text) for child in dialog] == [(f"{DIALOG}state", "terminated")]


def test_messages_are_counted() -> None:
    assert MessageSummary(new=3, old=9, urgent_new=1).render(ENTITY, 0) == (
        b"Messages-Waiting: yes\r\nMessage-Account: sip:201@switch.example\r\nVoice-Message: 3/9 (1/0)\r\n"
    )


def test_registrations_name_every_contact() -> None:
    state = Registration((RegisteredContact(key="k", uri="sip:a@192.0.2.1", q=0.5),))
    ((contact,),) = ElementTree.fromstring(state.render(ENTITY, 0))
    assert (contact.get("q"), [child.text for child in contact]) == ("0.5", ["sip:a@192.0.2.1"])
    (registration,) = ElementTree.fromstring(Registration().render(ENTITY, 0))
    assert (registration.get("state"), len(registration)) == ("init", 0)


@pytest.mark.parametrize("presence", [Presence(), Presence(is_open=True, note="lünch", activity="away")])
def test_presence_is_read_as_it_was_written(presence: Presence) -> None:
    assert read_presence(presence.render(ENTITY, 0)) == presence


def test_the_first_note_counts_and_any_open_tuple() -> None:
    document = (
        b'<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" entity="x">'
        b"<p:tuple id='1'><p:status><p:basic>closed</p:basic></p:status></p:tuple>"
        b"<p:tuple id='2'><p:status><p:basic> Open </p:basic></p:status><p:note>at\n  home</p:note></p:tuple>"
        b"<p:note>later</p:note></p:presence>"
    )
    assert read_presence(document) == Presence(is_open=True, note="at home")


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE p [<!ENTITY a "b">]><presence xmlns="urn:ietf:params:xml:ns:pidf"/>',
        '<?xml version="1.0" encoding="UTF-16"?><presence/>'.encode("utf-16"),
        b"<presence/>",
        b"",
        b"\xff",
        b"<a>",
        b"<a>" * 4000,
        b"<a/>" + b" " * XML_BYTES_MAX,
        b'<?xml version="1.0" encoding="no-such"?><a/>',
    ],
)
def test_what_is_no_presence_is_refused(document: bytes) -> None:
    with pytest.raises(Unreadable):
        read_presence(document)
