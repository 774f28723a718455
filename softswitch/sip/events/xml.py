"""XML bodies: written with the standard library, read with care.

What peers send is read by expat, which needs nothing but text: a document type declaration, the only place entities
can be declared, is refused before, and so is everything that is no UTF-8 or longer than any phone has reason to send.
"""

import re
import xml.etree.ElementTree as ElementTree
from xml.etree.ElementTree import Element, SubElement

from softswitch.sip.events.limits import XML_BYTES_MAX
from softswitch.sip.messages.legible import legible

DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
NOT_IN_XML = re.compile("[\ufffe\uffff]")


class Unreadable(Exception):
    """A body that is not what it says it is; the text is the reason."""


def written(root: Element) -> bytes:
    """The document with its declaration."""
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    """A new last child."""
    child = SubElement(parent, tag, {name: xml_text(value) for name, value in attributes.items()})
    if text is not None:
        child.text = xml_text(text)
    return child


def xml_text(text: str) -> str:
    """Without what XML cannot hold."""
    return NOT_IN_XML.sub("", legible(text))


def read(body: bytes) -> Element:
    """The root element. Raises Unreadable."""
    if len(body) > XML_BYTES_MAX:
        raise Unreadable("Document Too Large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("Document Is Not UTF-8") from None
    if DECLARATION.search(text):
        raise Unreadable("Document Type Declarations Are Not Read")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise Unreadable("Malformed XML") from None
    except ValueError:
        raise Unreadable("Malformed XML") from None
