"""Digest, as the one who asks and as the one who answers."""
