"""Every bound of what all layers use, with its reason."""

IP_ADDRESSES_REMEMBERED = 8_192
"""Hosts last read as IP addresses: those of all phones and providers in use."""

ADDRESS_CHARACTERS_MAX = 64
"""No IP address is longer, with the zone of a link-local one."""
