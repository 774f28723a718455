"""Recordings on the disk."""
