"""Dialogs, and what an INVITE makes of them: inbound, outbound, answered."""
