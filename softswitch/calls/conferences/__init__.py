"""Telephone conferences without sockets and clocks: rooms, keys, PINs, invitations, times."""
