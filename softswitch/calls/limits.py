"""Every bound of calls that a peer, or a flow on his behalf, could otherwise make grow."""

RING_TARGETS_MAX = 32
"""Phones or groups that one `dial` names: each rings with a stream and a leg of its own, so this many calls' worth."""
