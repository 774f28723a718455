"""Encrypted streams."""
