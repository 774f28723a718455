"""Test doubles that open sockets."""
